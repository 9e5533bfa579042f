"""Prints each failure when it happens: pytest prints them at the end of the run only."""

import pytest

_LENGTH = 200  # characters of a message


class EarlyFailures:
    """A plug-in of the process that prints."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Print the name of a test that failed, and the error in a line."""
        if not report.failed:
            return
        crash = getattr(report.longrepr, "reprcrash", None)
        text = crash.message if crash else str(report.longrepr)
        lines = text.strip().splitlines() or [""]
        printer = self._config.pluginmanager.get_plugin("terminalreporter")
        printer.write(f"\nFAILED {report.nodeid}: {lines[0 if crash else -1][:_LENGTH]}\n")


def configure(config: pytest.Config) -> None:
    """Register the plug-in, but not in the processes that only run tests."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(EarlyFailures(config))
