"""What tests leave to be printed at the end of the run, from whichever process they ran in."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

_PROPERTY = "summary"


@pytest.fixture
def summarize(record_property) -> Callable[[str, Any], None]:
    """summarize("module.function", row): `function(rows)` makes the lines of the rows that all
    tests gave for it. A row consists of lists, dicts, strings and numbers."""

    def add(function: str, row: Any) -> None:
        record_property(_PROPERTY, (function, row))

    return add


def as_they_are(rows: list[str]) -> list[str]:
    """The lines that tests gave."""
    return rows


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have to show."""
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
