"""What a modem says that it is, and the driver for that; which names it has is in
models.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from importlib import resources
from typing import Any, TypeVar

import cellular
from cellular.errors import text

_ASKED = (b"+CGMM", b"I", b"+CGMI")
_LONGEST = 60  # characters of a name

Answer = TypeVar("Answer")


def models() -> dict[str, list[str]]:
    """Driver -> parts of names."""
    file = resources.files(__package__).joinpath("models.toml")
    return tomllib.loads(file.read_text("utf-8"))["drivers"]


def driver_of(answers: list[str]) -> str | None:
    """The name of the driver for a modem that said `answers`, or None."""
    said = "\n".join(answers).upper()
    found = (name for name, parts in models().items() if any(part in said for part in parts))
    return next(found, None)


def names_of(at: Any) -> list[str]:
    """All that the modem says about what it is."""
    return [line for command in _ASKED for line in if_answered(bare, at, command) or ()]


def if_answered(function: Callable[..., Answer], *arguments: Any) -> Answer | None:
    """What `function` gives; None where the modem refuses it, or answers nothing of use."""
    try:
        return function(*arguments)
    except (cellular.CommandError, cellular.ModemTimeout, cellular.ModemGarbled):
        return None


def bare(at: Any, command: bytes) -> list[str]:
    """The lines that the modem answers to `command`, without the name of the command in front."""
    prefix = command + b":"
    lines = []
    for line in at.command(command, b""):
        named = line.startswith(prefix)
        line = line.removeprefix(prefix).strip(b' "')
        if line and (named or not _indication(line)):
            lines.append(text(line)[:_LONGEST])
    return lines


def _indication(line: bytes) -> bool:
    """Is it what modems print by themselves, above all at their start?"""
    return line[:1] in b"+^*" or line.upper().endswith((b"RDY", b" READY"))
