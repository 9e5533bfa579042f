"""`iotsafe setup`: the dialogue of a board's first start, from the host.

Questions, rules and steps are the board's own (`firmware/app/first_boot.py`, `config.py`); this
file asks. It logs nothing; the secrets go only from the prompt to the board.
"""

from __future__ import annotations

import ast
import contextlib
import getpass
import ssl
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import typer
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from rich.console import Console
from rich.text import Text

from app import first_boot
from iotsafe.bundle import certificates
from iotsafe.der import Certificate

from .link import BoardError, BoardLink

# Field of the config -> option of the command.
OPTIONS = {
    "modem.apn": "--apn",
    "modem.pin": "--pin",
    "mqtt.host": "--host",
    "mqtt.port": "--mqtt-port",
    "mqtt.client_id": "--client-id",
    "mqtt.user": "--user",
    "mqtt.password": "--password",
    "mqtt.topic": "--topic",
    "telemetry.period": "--period",
}
_SECRET = ("modem.pin", "mqtt.password")
_MOST = 8192  # bytes of a file; the board must hold them and its parsed copy
_CHAIN = ("chain.pem", "chain2.pem")  # used in turn, as the files of the CA
_SILENCE = 240.0  # seconds; a modem may search that long for a network without output
_MARK = "= "  # in front of the result of a step

_IS_OURS = """
import sys
try:
    import board
    from app import first_boot
    print("ours" if hasattr(first_boot, "ca_files") else "old")
except ImportError:
    print("none")
print(sys.implementation._machine if hasattr(sys.implementation, "_machine") else sys.platform)
"""


_CHAIN_BEFORE = """
from app import config
try:
    print(repr(config.load(board.path("config.json"))["sim.chain"]))
except config.ConfigError:
    print("''")
"""
_FROM_THE_SIM = """
import binascii, iotsafe
read = iotsafe.CertificateCache(board.path("certificate.der")).load()
print(binascii.hexlify(read or b"").decode())
"""


class Aborted(Exception):
    """The user, or a missing answer, ended the setup; nothing was written. One line."""


def _question(text: str, default: Any, hidden: bool = False) -> str:
    """Ask; raise typer.Abort at Ctrl-C and at the end of the input.

    Prints a hidden question after switching echo off. typer prints it before, so that characters
    typed in between are shown, and then lost.
    """
    if not hidden:
        shown = "" if default is None else str(default)
        return typer.prompt(text, default=shown, show_default=bool(shown))
    try:
        return getpass.getpass(f"{text}: ")
    except (KeyboardInterrupt, EOFError):
        raise typer.Abort from None


def check(given: Mapping[str, str]) -> None:
    """Check `given` (field -> text) with the board's rules.

    Raises typer.BadParameter with the board's words.
    """
    for path, _, default, kind in first_boot.QUESTIONS:
        if path in given:
            _, problem = first_boot.parse(path, given[path], default, kind)
            if problem:
                raise typer.BadParameter(f"{OPTIONS[path]} {problem}")


def read_ca(path: Path) -> bytes:
    """Return the certificates in file `path` as PEM for the board, and nothing else of the file.

    Names on stderr what cannot be read. Raises typer.BadParameter.
    """
    found, problems = _certificates(path)
    for problem in problems:
        typer.echo(f"{path}: a certificate is left out: {problem}", err=True)
    return _as_pem(path, found, "leave only the CA in it")


def read_chain(path: Path) -> bytes:
    """Return the certificates of the issuers in file `path`, as `read_ca`.

    Each must be issued by the next one. Raises typer.BadParameter, also for what cannot be read:
    without it the chain ends.
    """
    found, problems = _certificates(path)
    if problems:
        raise typer.BadParameter(f"{path}: {problems[0]}")
    if gap := break_in(found):
        raise typer.BadParameter(f"{path}: {gap}")
    return _as_pem(path, found, "leave only the issuers in it")


def break_in(chain: Sequence[bytes]) -> str | None:
    """Return what is wrong with `chain` (DER), in which each must be issued by the next one."""
    for one, issuer in pairwise(map(x509.load_der_x509_certificate, chain)):
        try:
            one.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature):
            subject, named, given = (
                name.rfc4514_string() for name in (one.subject, one.issuer, issuer.subject)
            )
            return f"{subject} was issued by {named}, but {given} comes next"
    return None


def _certificates(path: Path) -> tuple[list[bytes], list[str]]:
    """Return the certificates in file `path`, DER, and what is wrong with the others. The board's
    own reader finds them."""
    problems: list[str] = []
    found: list[bytes] = []
    try:
        for der in certificates(path.read_bytes(), problems):
            try:
                Certificate(der)
                found.append(der)
            except ValueError as error:
                problems.append(str(error))
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise typer.BadParameter(f"{path}: {error}") from None
    if not found:
        raise typer.BadParameter(f"{path}: {problems[0]}")
    return found, problems


def _as_pem(path: Path, found: Sequence[bytes], remedy: str) -> bytes:
    data = "".join(map(ssl.DER_cert_to_PEM_cert, found)).encode()
    if len(data) > _MOST:
        raise typer.BadParameter(f"{path}: more than {_MOST} bytes; {remedy}")
    return data


class Dialogue:
    """The dialogue. `given`: answers by field; `ask`: whether a user can answer the others."""

    def __init__(self, link: BoardLink, given: Mapping[str, str], ask: bool) -> None:
        self._link = link
        self._given = given
        self._ask = ask
        self._console = Console(highlight=False)

    def perform(
        self, ca: bytes | None, chain: bytes | None = None, *, test: bool, keep: bool
    ) -> None:
        """Run the whole dialogue. `ca`: None asks for a file, or leaves the board's. `chain`: the
        certificates of the issuers; None leaves the board's. `keep`: keep the config even if the
        test fails. Raises BoardError, Aborted."""
        used, free = self._begin()
        before = self._chain_before()
        settings = self._settings()
        if ca is None and self._ask:
            ca = self._ask_ca()
        if ca is not None:
            self._link.send("ca", ca)
            self._link.run(f"first_boot.write(board, {free!r}, ca)\ndel ca")
            used = free
        first_boot.put(settings, "mqtt.ca", used)
        sources = before
        if chain is not None:
            sources = _CHAIN[_CHAIN[0] in before]
            self._link.send("chain", chain)
            self._link.run(f"first_boot.write(board, {sources!r}, chain)\ndel chain")
        first_boot.put(settings, "sim.chain", sources)
        passed = not test or self._test(settings)
        if chain is not None:
            passed = self._continues(chain) and passed
        if not passed and not keep and not (self._ask and typer.confirm("Keep it all the same?")):
            raise Aborted(
                "the test failed: the board keeps its old config; --keep writes the new one"
            )
        self._link.run(f"first_boot.keep(board, {settings!r})")
        if before in _CHAIN and before != sources:
            self._link.run(f"first_boot.files.remove(board.path({before!r}))")
        self._say("config.json is written; the board now starts with it", "green")

    def _say(self, text: str, style: str = "") -> None:
        self._console.print(Text(text, style=style), soft_wrap=True)

    def _begin(self) -> tuple[str, str]:
        whose, machine = self._link.run(_IS_OURS)[-2:]
        if whose != "ours":
            runs = "an older firmware of ours" if whose == "old" else "another firmware than ours"
            raise BoardError(f"the board ({machine}) runs {runs}: use make flash or make deploy")
        self._say(f"{machine}: stopped for setup")
        found = self._link.run("print(repr(first_boot.ca_files(board)))")
        return ast.literal_eval(found[-1])

    def _chain_before(self) -> str | list[str]:
        """Return `sim.chain` of the board's current config."""
        found = self._link.run(_CHAIN_BEFORE)
        return ast.literal_eval(found[-1])

    def _continues(self, chain: bytes) -> bool:
        """Return whether `chain` continues the certificate that the board read from the SIM last;
        also if it has read none."""
        read = bytes.fromhex(self._link.run(_FROM_THE_SIM)[-1])
        gap = None
        with contextlib.suppress(ValueError):  # no certificate was read
            gap = break_in([*certificates(read), *certificates(chain)])
        if gap:
            self._say(f"  ✗ --chain does not continue the certificate of the SIM: {gap}", "red")
        return not gap

    def _settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = {"version": 1}
        for path, question, default, kind in first_boot.QUESTIONS:
            first_boot.put(settings, path, self._answer(path, question, default, kind))
        return settings

    def _answer(self, path: str, question: str, default: Any, kind: type) -> Any:
        text = self._given.get(path)
        if text is None and not self._ask:
            text = ""
        while True:
            if text is None:
                text = _question(question, default, hidden=path in _SECRET)
            value, problem = first_boot.parse(path, text, default, kind)
            if not problem:
                return value
            if not self._ask:
                raise Aborted(f"{OPTIONS[path]} {problem}")
            self._say(f"  {OPTIONS[path][2:]} {problem}", "red")
            text = None

    def _ask_ca(self) -> bytes | None:
        while True:
            name = _question(
                "File with the CA certificate of the server, empty to leave the board's", None
            ).strip()
            if not name:
                return None
            try:
                return read_ca(Path(name).expanduser())
            except typer.BadParameter as error:
                self._say(f"  {error}", "red")

    def _test(self, settings: Mapping[str, Any]) -> bool:
        self._say("The board tests modem, SIM and cloud:")
        code = (
            f"print(first_boot.trial(board, {settings!r}, lambda text: print({_MARK!r} + text)))"
        )
        return self._link.run(code, self._progress, _SILENCE)[-1] == "True"

    def _progress(self, line: str) -> None:
        if line.startswith(_MARK):
            works = line.endswith(" works")
            text = ("✓ " if works else "✗ ") + line.removeprefix(_MARK)
            self._say("  " + text, "green" if works else "red")
        elif line not in ("True", "False"):
            self._say("    " + line, "dim")
