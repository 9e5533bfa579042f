"""The display of a command: lines in colour on a terminal, steps with a mark."""

from __future__ import annotations

import contextlib
import sys
from contextlib import AbstractContextManager

import typer
from rich.console import Console
from rich.text import Text

from .errors import printable

_WIDE = 1000  # columns without a terminal: one line a row, for grep and awk

# State of a step -> mark and colour.
MARKS = {
    "ok": ("✓", "green"),
    "warn": ("!", "yellow"),
    "fail": ("✗", "red"),
    "skip": ("–", "dim"),  # noqa: RUF001
}
_ADVICE = " " * 15 + "→ "


def console() -> Console:
    """Return standard output; in colour on a terminal, unless NO_COLOR is set."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE)


class Printer:
    """Prints complete lines to standard output at once, or nothing unless `shown`.

    Text from a device cannot steer the terminal.
    """

    def __init__(self, *, shown: bool) -> None:
        self._console = console() if shown else None

    def say(self, text: str, style: str = "", mark: tuple[str, str] = ("", "")) -> None:
        """Print one line, with `mark` in front."""
        if self._console:
            line = Text.assemble(mark, (printable(text), style))
            with self._console.capture() as captured:
                self._console.print(line, soft_wrap=True)
            # Otherwise the console would print a line again after a Ctrl-C during its output.
            typer.echo(captured.get(), nl=False)

    def step(self, state: str, text: str, advice: str = "") -> None:
        """Print a step that ended in `state`, and the advice in a line of its own."""
        mark, style = MARKS[state]
        self.say(f" {text}", "", (mark, style))
        if advice:
            self.say(_ADVICE + advice, style)

    def waiting(self, text: str) -> AbstractContextManager[object]:
        """Show `text` on a terminal during a block; "": nothing."""
        if text and self._console and self._console.is_terminal:
            return self._console.status(text)
        return contextlib.nullcontext()
