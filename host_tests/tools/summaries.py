"""Lines that tests leave to be printed at the end of the run."""

import pytest

SUMMARIES = pytest.StashKey[list[str]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have to show, once, in whatever folders they are."""
    lines = terminalreporter.config.stash.setdefault(SUMMARIES, [])
    for line in lines:
        terminalreporter.write_line(line)
    lines.clear()
