"""What people see of a card: the table of its objects, the steps of the doctor."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from iotsafe import listing

from .card_session import hexadecimal

_WIDE = 1000  # columns where nobody looks: a row is a line then, for grep and awk
_COLUMNS = ("kind", "id", "label", "state", "type", "usage", "functions", "size")
_STATES = {"active": "green", "empty": "yellow"}

# State of a step -> mark and colour.
_MARKS = {
    "ok": ("✓", "green"),
    "warn": ("!", "yellow"),
    "fail": ("✗", "red"),
    "skip": ("–", "dim"),  # noqa: RUF001
}
_COUNTED = {"ok": "ok", "warn": "to look at", "fail": "failed", "skip": "left out"}


def console() -> Console:
    """Standard output; in colour on a terminal, unless NO_COLOR is set."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE)


def describe(info: Any) -> dict[str, Any]:
    """An ObjectInfo of the client as JSON: its words, and the card's own numbers in `codes`."""
    kind, id, label, state, key_type, usage, functions, access, _ = listing.row(info)
    return {
        "kind": kind,
        "id": id,
        "label": label or None,
        "label_bytes": hexadecimal(info.label),
        "state": state or None,
        "type": key_type or None,
        "usage": usage or None,
        "functions": _words(functions),
        "access": _words(access),
        "size": info.size,
        "codes": {
            "state": info.state,
            "type": info.key_type,
            "usage": info.usage,
            "functions": info.functions,
            "access": info.access,
        },
    }


def _words(text: str) -> list[str] | None:
    """The client's list of words: "" where the card does not say, "-" for none."""
    return None if not text else [] if text == "-" else text.split(", ")


def objects_table(described: Iterable[dict[str, Any]]) -> Table:
    """The objects as a table."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in _COLUMNS:
        justify = "right" if name == "size" else "left"
        table.add_column(name.upper(), overflow="fold", justify=justify)
    for entry in described:
        table.add_row(*(_cell(name, entry[name]) for name in _COLUMNS))
    return table


def _cell(name: str, value: Any) -> Text:
    text = ", ".join(value) if isinstance(value, list) else str(value)
    style = _STATES.get(value, "") if name == "state" else ""
    return Text("-" if value in (None, []) else text, style=style)


class Doctor:
    """The steps of an examination, shown as they come."""

    def __init__(self) -> None:
        self._console = console()
        self.counts = dict.fromkeys(_MARKS, 0)

    def step(self, step: Any, *, shown: bool) -> dict[str, Any]:
        """Count `step` (`name`, `state`, `text`, `advice`), show it, and return it as JSON."""
        self.counts[step.state] += 1
        if shown:
            mark, style = _MARKS[step.state]
            line = Text.assemble((mark, style), f" {step.name:<14} ", step.text)
            self._console.print(line, soft_wrap=True)
            if step.advice:
                self._console.print(Text(f"    {step.advice}", style="bold"), soft_wrap=True)
        return {
            "name": step.name,
            "state": step.state,
            "text": step.text,
            "advice": step.advice or "",
        }

    def summary(self) -> Text:
        """The line under it all."""
        parts = [f"{n} {_COUNTED[state]}" for state, n in self.counts.items() if n]
        style = "red" if self.counts["fail"] else "yellow" if self.counts["warn"] else "green"
        return Text(f"{sum(self.counts.values())} steps: {', '.join(parts)}", style=style)
