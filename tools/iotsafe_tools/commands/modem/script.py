"""AT commands one after the other, from the command line or a file."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import typer

from iotsafe_tools.console.errors import ToolError
from iotsafe_tools.ports.modem import AnyModem, find
from iotsafe_tools.ports.shapes import ModemLine

from . import connection
from .dialogue import Script

_LONGEST_LINE = 4_096  # bytes of a command in a script


def run_script(
    line: ModemLine, script: Iterable[bytes], timeout: float | None, wait: float
) -> bool:
    """Send each command of `script`; False if one of them was refused."""
    modem = AnyModem(line.uart)
    find(modem, line, connection.BOOT_MS)
    dialogue = Script(line.uart, typer.echo, timeout, modem.limits)
    good = True
    try:
        for command in script:
            good = dialogue.run(command) and good
        dialogue.listen(wait)
    finally:
        dialogue.close()
    return good


def script_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the commands in `stream`, one a line, without empty lines and comments.

    Raises ToolError for UTF-16, which some editors and shells write.
    """
    while text := stream.readline(_LONGEST_LINE):
        if text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise ToolError("the input is UTF-16", "save it as UTF-8")
        text = text.removeprefix(codecs.BOM_UTF8).rstrip(b"\r\n")
        if text.strip() and not text.lstrip().startswith(b"#"):
            yield text
