"""A modem's identity, and the driver for it; models.toml has the names."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from importlib import resources
from typing import Any, TypeVar

import cellular
from cellular.errors import text

_IDENTITY_COMMANDS = (b"+CGMM", b"I", b"+CGMI")
_LONGEST = 60  # characters of a name

Answer = TypeVar("Answer")


def models() -> dict[str, list[str]]:
    """Return driver -> parts of names."""
    file = resources.files(__package__).joinpath("models.toml")
    return tomllib.loads(file.read_text("utf-8"))["drivers"]


def driver_of(answers: list[str]) -> str | None:
    """Return the name of the driver for a modem with these identity `answers`, or None."""
    reported = "\n".join(answers).upper()
    found = (name for name, parts in models().items() if any(part in reported for part in parts))
    return next(found, None)


def names_of(at: Any) -> list[str]:
    """Return the modem's answers to all identity commands."""
    return [
        line for command in _IDENTITY_COMMANDS for line in if_answered(bare, at, command) or ()
    ]


def if_answered(function: Callable[..., Answer], *arguments: Any) -> Answer | None:
    """Call `function`; return None if the modem refuses, or its answer is not usable."""
    try:
        return function(*arguments)
    except (cellular.CommandError, cellular.ModemTimeout, cellular.ModemGarbled):
        return None


def bare(at: Any, command: bytes) -> list[str]:
    """Return the modem's answer to `command`, without the command's name in front."""
    prefix = command + b":"
    lines = []
    for line in at.command(command, b""):
        named = line.startswith(prefix)
        line = line.removeprefix(prefix).strip(b' "')
        if line and (named or not _indication(line)):
            lines.append(text(line)[:_LONGEST])
    return lines


def _indication(line: bytes) -> bool:
    """Return whether `line` looks unsolicited, like the start-up lines of modems."""
    return line[:1] in b"+^*" or line.upper().endswith((b"RDY", b" READY"))
