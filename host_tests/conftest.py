"""Puts the project's sources on sys.path and runs unit tests on every runtime."""

import os
import signal
import sys
from pathlib import Path

# `runtimes` and `collector` are in this folder; the tools' package may not be installed.
_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE), str(_HERE.parent / "tools"), str(_HERE.parent / "tools" / "shims")]

import collector  # noqa: E402
import early_failures  # noqa: E402
import quick  # noqa: E402
import run_times  # noqa: E402
import spread  # noqa: E402
import summaries  # noqa: E402
from collector import pytest_pycollect_makemodule  # noqa: E402
from property_tests import configure  # noqa: E402
from quick import pytest_addoption  # noqa: E402
from runtimes import SOURCE_FOLDERS  # noqa: E402
from spread import pytest_xdist_auto_num_workers  # noqa: E402
from summaries import summarize  # noqa: E402

sys.path[:0] = [str(folder) for folder in SOURCE_FOLDERS if str(folder) not in sys.path]

from cellular import Socket  # noqa: E402

# CPython, unlike MicroPython, closes a stream when it collects it. A stream that a test left open
# would then wait, and delay the test that runs at that moment.
Socket.__del__ = lambda self: None

# A shell starts background jobs with Ctrl-C ignored, and child processes inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

configure()

# Remove the user's own settings: ports, PINs and colours, git's options.
for _name in list(os.environ):
    if _name.startswith(("IOTSAFE_", "GIT_CONFIG")) or _name in ("FORCE_COLOR", "COLUMNS"):
        del os.environ[_name]
os.environ.update(GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1")

__all__ = [
    "pytest_addoption",
    "pytest_configure",
    "pytest_pycollect_makemodule",
    "pytest_terminal_summary",
    "pytest_xdist_auto_num_workers",
    "summarize",
]


def pytest_configure(config) -> None:
    """Add our options, print failures early, and distribute the work over processes."""
    early_failures.configure(config)
    quick.configure(config)
    spread.configure(config)


def pytest_terminal_summary(terminalreporter) -> None:
    """Print the tests' own results, the run times and how many tests ran on each runtime."""
    for part in (summaries, run_times, collector):
        part.pytest_terminal_summary(terminalreporter)
