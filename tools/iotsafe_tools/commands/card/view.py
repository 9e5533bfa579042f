"""The display of a card: the table of its objects, the steps of the doctor."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.table import Table
from rich.text import Text

from iotsafe import listing
from iotsafe_tools.console.advice import ADVICE
from iotsafe_tools.console.view import MARKS, Printer

from .client import hexadecimal

_COLUMNS = ("kind", "id", "label", "state", "type", "usage", "functions", "size")
_STATES = {"active": "green", "empty": "yellow"}

_COUNTED = {"ok": "ok", "warn": "to look at", "fail": "failed", "skip": "left out"}
_STEP = ("name", "state", "text", "reason")


def describe(info: Any) -> dict[str, Any]:
    """Return the client's ObjectInfo for JSON: its words, and the card's numbers in `codes`."""
    kind, id, label, state, key_type, usage, functions, access, size = listing.fields(info)
    return {
        "kind": kind,
        "id": id,
        "label": label,
        "label_bytes": hexadecimal(info.label),
        "state": state,
        "type": key_type,
        "usage": usage,
        "functions": functions,
        "access": access,
        "size": size,
        "codes": {
            "state": info.state,
            "type": info.key_type,
            "usage": info.usage,
            "functions": info.functions,
            "access": info.access,
        },
    }


def objects_table(described: Iterable[dict[str, Any]]) -> Table:
    """Return the objects as a table."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in _COLUMNS:
        justify = "right" if name == "size" else "left"
        table.add_column(name.upper(), overflow="fold", justify=justify)
    for entry in described:
        table.add_row(*(_cell(name, entry[name]) for name in _COLUMNS))
    return table


def _cell(name: str, value: Any) -> Text:
    text = ", ".join(value) if isinstance(value, tuple) else str(value)
    style = _STATES.get(value, "") if name == "state" else ""
    return Text("-" if value in (None, ()) else text, style=style)


class Examination:
    """Counts the steps of the doctor, and prints each if `shown`.

    `steps`: each as JSON; `counts`: number of steps in each state.
    """

    def __init__(self, what: str, *, shown: bool) -> None:
        self._printer = Printer(shown=shown)
        self.steps: list[dict[str, str]] = []
        self.counts = dict.fromkeys(MARKS, 0)
        self._printer.say(what, "bold")

    def add(self, step: Any) -> None:
        """Add one step of `iotsafe.doctor`, with the command line's advice for its reason."""
        advice = ADVICE.get(step.reason, "")
        self.counts[step.state] += 1
        self.steps.append({name: getattr(step, name) for name in _STEP} | {"advice": advice})
        self._printer.step(step.state, f"{step.name:<12} {step.text}", advice)

    def conclude(self) -> None:
        """Print the last line, with the counts."""
        counted = [f"{n} {_COUNTED[state]}" for state, n in self.counts.items() if n]
        worst = next(state for state in ("fail", "warn", "ok") if self.counts[state])
        self._printer.say(", ".join(counted), MARKS[worst][1])
