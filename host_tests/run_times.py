"""Reports the time of a run: the slowest tests, and each folder."""

from collections import Counter
from pathlib import PurePosixPath

import pytest

_SLOWEST = 10
_LENGTH = 110  # characters of a name; a parameter may be a whole message


def seconds(terminalreporter: pytest.TerminalReporter) -> Counter[str]:
    """Return the seconds of each test that ran, by node id, with set-up and teardown."""
    spent: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                spent[report.nodeid] += report.duration
    return spent


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the slowest tests and the time per folder. With several processes the sum is longer
    than the run."""
    spent = seconds(terminalreporter)
    if len(spent) <= _SLOWEST:
        return
    terminalreporter.write_line("slowest tests:")
    for nodeid, time in spent.most_common(_SLOWEST):
        terminalreporter.write_line(f"{time:8.1f} s  {nodeid[:_LENGTH]}")
    folders: Counter[str] = Counter()
    tests: Counter[str] = Counter()
    for nodeid, time in spent.items():
        folder = str(PurePosixPath(nodeid.partition("::")[0]).parent)
        folders[folder] += time
        tests[folder] += 1
    for folder, time in folders.most_common():
        terminalreporter.write_line(f"{time:8.1f} s  {folder}, {tests[folder]} tests")
