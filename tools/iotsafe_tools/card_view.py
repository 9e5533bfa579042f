"""What people see of a card: the table of its objects, the steps of the doctor."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from . import card_words as w
from .card_session import hexadecimal

_WIDE = 1000  # columns where nobody looks: a row is a line then, for grep and awk
_COLUMNS = ("kind", "id", "label", "state", "type", "usage", "functions", "size")
_STATES = {"activated": "green", "empty": "yellow"}

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
    """An ObjectInfo of the client as JSON: words, and the card's own numbers in `codes`."""
    file = info.kind == w.objects.FILE
    return {
        "kind": w.KINDS[info.kind],
        "id": hexadecimal(info.id),
        "label": w.label(info.label) if info.label else None,
        "label_bytes": hexadecimal(info.label),
        "state": w.word(w.STATES, info.state),
        "type": w.word(w.KEY_TYPES, info.key_type),
        "usage": w.word(w.FILE_USAGES if file else w.KEY_USAGES, info.usage),
        "functions": w.words(w.FUNCTIONS, info.functions),
        "access": w.words(w.ACCESS, info.access),
        "size": info.size,
        "codes": {
            "state": info.state,
            "type": info.key_type,
            "usage": info.usage,
            "functions": info.functions,
            "access": info.access,
        },
    }


def objects_table(described: Iterable[dict[str, Any]]) -> Table:
    """The objects as a table."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in _COLUMNS:
        table.add_column(name.upper(), overflow="fold", justify=_justify(name))
    for entry in described:
        table.add_row(*(_cell(name, entry[name]) for name in _COLUMNS))
    return table


def _justify(name: str) -> Any:
    return "right" if name == "size" else "left"


def _cell(name: str, value: Any) -> Text:
    text = "-" if value is None else ", ".join(value) if isinstance(value, list) else str(value)
    return Text(text, style=_STATES.get(value, "") if name == "state" else "")


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
