"""`iotsafe issuer`: sends the issuer's commands (issuer_control.py) to a lab."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import shlex
import socket
import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from iotsafe_tools.simulator.modem.control import LINE_LIMIT

from .issuer_control import FILE_BYTES

TIMEOUT = 60.0
"""Seconds; an RSA key takes several."""
# A command on the wire, in an error.
_WIRE = re.compile(r"\bcard (?=(objects|create)\b)")
_ANSWER_LIMIT = 4_000_000
_COLUMNS = ("kind", "id", "label", "state", "type", "functions")


class IssuerError(Exception):
    """The lab does not answer, or refuses; the message says what to do."""


def perform(control: str, words: Sequence[str]) -> dict[str, Any]:
    """Let the lab at `control` ("tcp:HOST:PORT") carry out a command; return its answer's fields.

    `write KIND ID FILE` sends a file's bytes, or the DER of a PEM certificate. Raises IssuerError.
    """
    line = "card " + shlex.join(_with_file(words))
    if "\n" in line or "\r" in line:
        raise IssuerError("a command is one line")
    answer = ask(control, line)
    if "error" in answer:
        raise IssuerError(_WIRE.sub("iotsafe issuer ", answer["error"]))
    return {name: value for name, value in answer.items() if name != "ok"}


def ask(control: str, line: str) -> dict[str, Any]:
    """Send one line to a control port; return the answer. Raises IssuerError."""
    kind, _, rest = control.partition(":")
    host, _, port = rest.rpartition(":")
    if kind != "tcp" or not host or not port.isdecimal() or int(port) > 65535:
        raise IssuerError(
            f"no control port {control!r}; use tcp:HOST:PORT, as iotsafe lab prints it"
        )
    try:
        with _connected(host.strip("[]"), int(port)) as stream:
            stream.write(line.encode() + b"\n")
            stream.flush()
            text = stream.readline(_ANSWER_LIMIT)
        answer = json.loads(text)
    except OSError as error:
        raise IssuerError(
            f"the lab at {control} does not answer ({error.strerror or error}); does it run, "
            f"with --control {control}?"
        ) from None
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise IssuerError(f"the program at {control} is not a lab")
    return answer


@contextlib.contextmanager
def _connected(host: str, port: int) -> Iterator[Any]:
    with (
        socket.create_connection((host, port), TIMEOUT) as connection,
        connection.makefile("rwb") as stream,
    ):
        yield stream


def _with_file(words: Sequence[str]) -> list[str]:
    """Return the words, with the name of a file to write replaced by its bytes."""
    if len(words) != 4 or words[0] != "write" or words[3].startswith(("hex=", "base64=")):
        return list(words)
    try:
        with Path(words[3]).open("rb") as file:
            data = file.read(LINE_LIMIT)
    except OSError as error:
        raise IssuerError(f"{words[3]} cannot be read: {error.strerror}") from None
    if data.startswith(b"-----BEGIN CERTIFICATE-----"):
        try:
            data = ssl.PEM_cert_to_DER_cert(data.decode("ascii").strip())
        except ValueError:
            raise IssuerError(f"{words[3]} is not a PEM certificate") from None
    if len(data) > FILE_BYTES:
        raise IssuerError(f"{words[3]} is longer than a file on a card can be: {FILE_BYTES} bytes")
    return [*words[:3], "base64=" + base64.b64encode(data).decode()]


def show(fields: dict[str, Any], console: Console) -> None:
    """Print an answer: the objects as a table, the rest line by line."""
    if "objects" not in fields:
        rows = fields.get("profile", fields) or {"done": True}
        for name, value in rows.items():
            console.print(f"{name}: {_text(value)}", markup=False, highlight=False)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in _COLUMNS:
        table.add_column(name, overflow="fold")
    for item in fields["objects"]:
        table.add_row(*(_cell(item, name) for name in _COLUMNS))
    console.print(table, markup=False)


def _cell(item: dict[str, Any], name: str) -> str:
    if name == "state" and item["administration"]:
        return f"{item[name]}, administered"
    if name == "type" and item["kind"] == "file":
        return f"{item['bytes']} of {item['size']} bytes"
    return _text(item.get(name, ""))


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
