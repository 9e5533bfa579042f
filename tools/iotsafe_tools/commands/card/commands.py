"""The commands on a card: `iotsafe doctor|objects|apdu|random|csr|sign`.

Each reads its options and calls the modules that do the work. Slow imports are inside.
"""

from __future__ import annotations

import base64
import contextlib
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from iotsafe_tools.console.options import PIN, AsJSON, PortCommand

if TYPE_CHECKING:
    from .client import CardClient

MAX_RANDOM = 65_536
_CHUNK = 256  # bytes that one GET RANDOM gives

CardURL = Annotated[
    str,
    typer.Option(
        envvar="IOTSAFE_PORT",
        help="Where the SIM is: /dev/ttyUSB0[?baud=N], socket://HOST:PORT, pcsc:[READER], "
        "sim:[FILE][?profile=NAME]",
    ),
]
AIDs = Annotated[
    list[str] | None, typer.Option("--aid", help="AID of the applet, hex; repeat to try several.")
]
Key = Annotated[str, typer.Argument(help="ID of the private key in hex, or label:NAME.")]
Out = Annotated[Path | None, typer.Option(help="Write the result to this file.")]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    for command in (doctor, objects, apdu, random, csr, sign):
        app.command(cls=PortCommand)(command)


def doctor(
    port: CardURL,
    key: Annotated[
        str, typer.Option(help="The private key that the device uses: ID in hex, or label:NAME.")
    ] = "",
    certificate: Annotated[str, typer.Option(help="Its certificate file: ID or label:NAME.")] = "",
    aid: AIDs = None,
    pin: PIN = None,
    as_json: AsJSON = False,
) -> None:
    """Examine channel, applet, keys and certificate, step by step, with advice."""
    from iotsafe.doctor import steps
    from iotsafe_tools.console.outcome import outcome, print_json

    from .signing import verify
    from .view import Examination

    fixed = [
        _key(text, option) if text else b""
        for option, text in (("--key", key), ("--certificate", certificate))
    ]
    with outcome("doctor", as_json), _open(port, aid, pin) as client:
        examination = Examination(client.what, shown=not as_json)
        for step in steps(client.applet, *fixed, verify=verify):
            examination.add(step)
        if as_json:
            print_json(client.report(steps=examination.steps, counts=examination.counts))
        else:
            examination.conclude()
    if examination.counts["fail"]:
        raise typer.Exit(1)


def objects(port: CardURL, aid: AIDs = None, pin: PIN = None, as_json: AsJSON = False) -> None:
    """List the applet's keys and files."""
    from iotsafe_tools.console.outcome import outcome, print_json
    from iotsafe_tools.console.view import console

    from .view import describe, objects_table

    with outcome("objects", as_json), _open(port, aid, pin) as client:
        described = [describe(info) for info in client.applet.objects()]
        if as_json:
            print_json(client.report(objects=described))
        else:
            console().print(objects_table(described))


def apdu(
    port: CardURL,
    commands: Annotated[
        list[str], typer.Argument(metavar="HEX...", help="APDUs; `-` reads them, one a line.")
    ],
    raw: Annotated[
        bool, typer.Option("--raw", help="Send them unchanged: no channel, no applet, no fetch.")
    ] = False,
    aid: AIDs = None,
    pin: PIN = None,
    as_json: AsJSON = False,
) -> None:
    """Send APDUs to the applet, on a channel of its own, and show its answers."""
    from iotsafe_tools.console.outcome import outcome, print_json

    from . import apdu as card_apdu

    texts = card_apdu.script(sys.stdin.buffer) if commands == ["-"] else commands
    try:
        wanted = card_apdu.read(texts, exact=raw)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="HEX") from None
    with outcome("apdu", as_json), _open(port, aid, pin) as client:
        if not raw:
            client.applet.open()
        done = []
        for command in wanted:
            exchange = (card_apdu.send_raw if raw else card_apdu.send)(client, command)
            done.append(exchange)
            if not as_json:
                typer.echo(f"> {exchange['command']}")
                answer = " ".join(filter(None, (exchange["data"], exchange["sw"])))
                typer.echo(f"< {answer}  {exchange['meaning']}")
        if as_json:
            print_json(client.report(exchanges=done))


def random(
    port: CardURL,
    size: Annotated[
        int, typer.Argument(min=1, max=MAX_RANDOM, metavar="N", help="Number of bytes.")
    ],
    binary: Annotated[bool, typer.Option("--raw", help="Print the bytes themselves.")] = False,
    hexed: Annotated[bool, typer.Option("--hex", help="Print hex, the default.")] = False,
    aid: AIDs = None,
    pin: PIN = None,
    as_json: AsJSON = False,
) -> None:
    """Print N random bytes from the card's generator."""
    from iotsafe_tools.console.outcome import outcome, print_json

    from .client import hexadecimal

    _one_of(("--raw", binary), ("--hex", hexed), ("--json", as_json))
    with outcome("random", as_json), _open(port, aid, pin) as client:
        data = b"".join(
            client.applet.random(min(_CHUNK, size - start)) for start in range(0, size, _CHUNK)
        )
        if as_json:
            print_json(client.report(random=hexadecimal(data)))
        elif binary:
            _bytes_out(data)
        else:
            typer.echo(hexadecimal(data))


def sign(
    port: CardURL,
    key: Key,
    file: Annotated[str | None, typer.Argument(help="The file to sign; `-` is the input.")] = None,
    digest: Annotated[str | None, typer.Option(help="SHA-256 in hex, instead of FILE.")] = None,
    mode: Annotated[
        Literal["hash", "text"], typer.Option(help="Hash here (`hash`) or in the card (`text`).")
    ] = "hash",
    jwt: Annotated[
        bool, typer.Option("--jwt", help="FILE holds claims in JSON: make a JWT (ES256).")
    ] = False,
    jwt_header: Annotated[
        str | None, typer.Option(help="Further fields of the JWT's header, a JSON object.")
    ] = None,
    out: Out = None,
    hexed: Annotated[bool, typer.Option("--hex", help="Print hex, not base64.")] = False,
    aid: AIDs = None,
    pin: PIN = None,
    as_json: AsJSON = False,
) -> None:
    """Sign a file with a key in the SIM: ECDSA over its SHA-256, in DER."""
    import iotsafe
    from iotsafe_tools.console.outcome import outcome, print_json

    from . import signing as s
    from .client import hexadecimal

    if (file is None) == (digest is None):
        raise typer.BadParameter("name a file, or give --digest", param_hint="FILE")
    if digest is not None and (jwt or mode == "text"):
        raise typer.BadParameter("this needs a file", param_hint="--digest")
    if jwt and (hexed or mode == "text"):
        raise typer.BadParameter("omit --hex and --mode with it", param_hint="--jwt")
    if jwt_header is not None and not jwt:
        raise typer.BadParameter("only for --jwt", param_hint="--jwt-header")
    name = _key(key)
    with _usage("FILE" if digest is None else "--digest"):
        if jwt:
            claims = s.json_object(s.read(file))
        elif mode == "text":
            text = iotsafe.Text(s.read(file))
        else:
            hashed = s.digest_of(file) if digest is None else s.digest_from(digest)
    with _usage("--jwt-header"):
        header = s.json_object(jwt_header) if jwt_header is not None else None
    with outcome("sign", as_json), _open(port, aid, pin) as client:
        if jwt:
            with _usage("FILE, --jwt-header"):
                token = client.applet.jwt(name, claims, header)
            fields, shown, data = {"jwt": token}, token, token.encode() + b"\n"
        else:
            if mode == "text":
                data = client.applet.compute_signature(name, text)
            else:
                data = client.applet.sign(name, hashed)
            shown = hexadecimal(data) if hexed else base64.b64encode(data).decode()
            fields = {"signature": hexadecimal(data)}
        if out is not None:
            s.write(out, data)
        if as_json:
            print_json(client.report(key=s.name_of(name), **fields))
        elif out is None:
            typer.echo(shown)


def csr(
    port: CardURL,
    key: Key,
    subject: Annotated[
        str, typer.Option(help="CN=device-1,O=Example,C=FR; may be empty if there are names.")
    ] = "",
    dns: Annotated[list[str] | None, typer.Option(help="Host name of the device.")] = None,
    uri: Annotated[list[str] | None, typer.Option(help="URI of the device.")] = None,
    ip: Annotated[list[str] | None, typer.Option(help="IP address of the device.")] = None,
    out: Out = None,
    der: Annotated[bool, typer.Option("--der", help="Write DER, not PEM.")] = False,
    aid: AIDs = None,
    pin: PIN = None,
    as_json: AsJSON = False,
) -> None:
    """Make a certification request (PKCS#10) for a key in the SIM, signed by it."""
    from iotsafe import csr as request
    from iotsafe.x509_names import attributes, general_names
    from iotsafe_tools.console.outcome import outcome, print_json

    from . import signing as s
    from .client import hexadecimal

    _one_of(("--der", der and out is None), ("--json", as_json))
    name = _key(key)
    names = [
        f"{kind}:{text}"
        for kind, given in (("DNS", dns), ("URI", uri), ("IP", ip))
        for text in given or ()
    ]
    with _usage("--subject", "; write CN=device-1,O=Example"):
        wanted = attributes(subject)
    with _usage("--dns, --uri, --ip"):
        wanted += general_names(names)
    if not wanted:
        raise typer.BadParameter(
            "a request needs a subject or a name", param_hint="--subject, --dns, --uri, --ip"
        )
    with outcome("csr", as_json), _open(port, aid, pin) as client:
        point = s.public_key(client.applet, name)
        with _usage("--subject, --dns, --uri, --ip"):  # together they may be too long
            data = request.build(
                lambda digest: client.applet.sign(name, digest), point, subject, names
            )
        pem = request.pem(data)
        if out is not None:
            s.write(out, data if der else pem.encode())
        if as_json:
            print_json(client.report(key=s.name_of(name), csr=hexadecimal(data), pem=pem))
        elif out is None and der:
            _bytes_out(data)
        elif out is None:
            typer.echo(pem, nl=False)


# -- options ------------------------------------------------------------------------------------


@contextlib.contextmanager
def _usage(option: str, advice: str = "") -> Iterator[None]:
    """Turn a ValueError in the block into a usage error of `option`, with `advice`: status 2."""
    try:
        yield
    except ValueError as error:
        raise typer.BadParameter(f"{error}{advice}", param_hint=option) from None


def _key(text: str, option: str = "KEY") -> bytes | str:
    from .signing import key_name

    with _usage(option):
        return key_name(text)


def _open(
    port: str, aids: list[str] | None, pin: str | None
) -> AbstractContextManager[CardClient]:
    """Call `open_client` with the options of a command."""
    from .client import open_client, unhex

    wanted = []
    for text in aids or ():
        with _usage("--aid"):
            wanted.append(unhex(text))
            if not 5 <= len(wanted[-1]) <= 16:
                raise ValueError(f"an AID has 5 to 16 bytes, {text} has {len(wanted[-1])}")
    return open_client(port, wanted, pin)


def _one_of(*given: tuple[str, bool]) -> None:
    """Refuse options that exclude each other."""
    names = [name for name, on in given if on]
    if len(names) > 1:
        raise typer.BadParameter("choose one of them", param_hint=" ".join(names))


def _bytes_out(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
