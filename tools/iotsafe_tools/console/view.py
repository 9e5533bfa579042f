"""What people see of a command: lines in colour on a terminal, steps with a mark."""

from __future__ import annotations

import contextlib
import sys
from contextlib import AbstractContextManager

import typer
from rich.console import Console
from rich.text import Text

from .errors import printable

_WIDE = 1000  # columns where nobody looks: a row is a line then, for grep and awk

# State of a step -> mark and colour.
MARKS = {
    "ok": ("✓", "green"),
    "warn": ("!", "yellow"),
    "fail": ("✗", "red"),
    "skip": ("–", "dim"),  # noqa: RUF001
}
_ADVICE = " " * 15 + "→ "


def console() -> Console:
    """Standard output; in colour on a terminal, unless NO_COLOR is set."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE)


class Printer:
    """Lines on standard output as they come, each whole; none of them unless `shown`.

    What a device said may be in them: nothing of it steers the terminal.
    """

    def __init__(self, *, shown: bool) -> None:
        self._console = console() if shown else None

    def say(self, text: str, style: str = "", mark: tuple[str, str] = ("", "")) -> None:
        """One line, `mark` in front of it."""
        if self._console:
            line = Text.assemble(mark, (printable(text), style))
            with self._console.capture() as captured:
                self._console.print(line, soft_wrap=True)
            # By itself the console would print a line again that Ctrl-C meets on its way out.
            typer.echo(captured.get(), nl=False)

    def step(self, state: str, text: str, advice: str = "") -> None:
        """A step that ended in `state`, and in a line of its own what to do about it."""
        mark, style = MARKS[state]
        self.say(f" {text}", "", (mark, style))
        if advice:
            self.say(_ADVICE + advice, style)

    def waiting(self, text: str) -> AbstractContextManager[object]:
        """Shows `text` during a block, on a terminal; "": nothing."""
        if text and self._console and self._console.is_terminal:
            return self._console.status(text)
        return contextlib.nullcontext()
