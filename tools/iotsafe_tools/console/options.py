"""Options shared by the commands on a port, which remove secrets from the process title."""

from __future__ import annotations

import contextlib
from typing import Annotated

import typer
from typer.core import TyperCommand

_ARG_START, _ARG_END = 45, 46  # fields of /proc/self/stat after the name (proc(5): 48, 49)


def hide(secret: str | None) -> str | None:
    """Blank `secret` among this process's arguments in `ps`; return it.

    Without /proc it stays there: the environment is the better place.
    """
    if secret:
        with contextlib.suppress(OSError, ValueError, IndexError):
            _blank(secret.encode())
    return secret


def _blank(secret: bytes) -> None:
    with open("/proc/self/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    start, end = int(fields[_ARG_START]), int(fields[_ARG_END])
    with open("/proc/self/mem", "r+b", buffering=0) as memory:
        memory.seek(start)
        words = memory.read(end - start).split(b"\0")
        for word in words:
            option, mark, value = word.rpartition(b"=")
            if value == secret and (not mark or option.startswith(b"--")):
                memory.seek(start + len(word) - len(secret))
                memory.write(b"x" * len(secret))
            start += len(word) + 1


def is_pin(text: str) -> bool:
    """Return whether `text` has the form of a PIN."""
    return text.isascii() and text.isdigit() and 4 <= len(text) <= 8


def _pin(value: str | None) -> str | None:
    if value is not None and not is_pin(value):
        raise typer.BadParameter("a PIN has 4 to 8 digits", param_hint="--pin")
    return hide(value)


class PortCommand(TyperCommand):
    """A command whose error for a missing `--port`, or another `place`, has examples."""

    place = "port"
    such_as = "/dev/ttyUSB2, pcsc: or sim:"

    def parse_args(self, ctx, args: list[str]) -> list[str]:
        """Parse `args`."""
        try:
            return super().parse_args(ctx, args)
        except typer.BadParameter as error:
            param = error.param
            if type(error).__name__ == "MissingParameter" and param and param.name == self.place:
                error.message = f"Give it, such as {self.such_as}"
            raise


PIN = Annotated[
    str | None,
    typer.Option(
        envvar="IOTSAFE_SIM_PIN",
        help="PIN of a modem's SIM, if it asks for one.",
        callback=_pin,
    ),
]
AsJSON = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
