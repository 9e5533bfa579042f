"""Fixtures that several files of tests share, and tables at the end of a run."""

import pytest
from emulated import boards, firmware, pico
from summaries import SUMMARIES

__all__ = ["boards", "firmware", "pico", "pytest_terminal_summary"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have to show."""
    for line in terminalreporter.config.stash.get(SUMMARIES, []):
        terminalreporter.write_line(line)
