"""Collects lines that tests print at the end of the run, from all processes."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

_PROPERTY = "summary"


@pytest.fixture
def summarize(record_property) -> Callable[[str, Any], None]:
    """The fixture `summarize("module.function", row)`: `function(rows)` makes lines of all tests'
    rows. A row consists of lists, dicts, strings and numbers."""

    def add(function: str, row: Any) -> None:
        record_property(_PROPERTY, (function, row))

    return add


def as_they_are(rows: list[str]) -> list[str]:
    """Return the lines that the tests gave."""
    return rows


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the lines of all tests."""
    found: dict[str, list] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "teardown":
                for name, value in report.user_properties:
                    if name == _PROPERTY:
                        function, row = value
                        found.setdefault(function, []).append(row)
    for path, rows in found.items():
        module, _, function = path.rpartition(".")
        for line in getattr(import_module(module), function)(rows):
            terminalreporter.write_line(line)
