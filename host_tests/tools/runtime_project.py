"""A folder with unit test files of its own, and pytest run in it: for the tests of the collector
and the runtimes."""

import contextlib
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

HOST_TESTS = Path(__file__).resolve().parents[1]

CONFTEST = f"""
import sys
sys.path.insert(0, {str(HOST_TESTS)!r})
from collector import pytest_pycollect_makemodule, pytest_terminal_summary
"""

# With these variables, pytest repeats each failure in full in its summary.
_ENV = {name: os.environ[name] for name in os.environ.keys() - {"CI", "BUILD_NUMBER"}}


class Project:
    """A folder with unit test files, and pytest run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "host_tests" / "unit").mkdir(parents=True)
        (folder / "host_tests" / "conftest.py").write_text(CONFTEST)
        (folder / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n")

    def write(self, name: str, text: str) -> None:
        path = self.folder / "host_tests" / "unit" / name
        path.write_text(textwrap.dedent(text))

    def run(self, *arguments: str, **env: str) -> str:
        """Return the output of pytest -v with a summary of every outcome, without terminal
        colours."""
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-v", "-rA", "-p", "pytest_timeout", *arguments],
            cwd=self.folder,
            env={**_ENV, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **env},
            capture_output=True,
            text=True,
            timeout=240,
        )
        return done.stdout + done.stderr


def outcomes(output: str) -> dict[str, str]:
    """Return {"test_a[cpython]": "PASSED", ...} from the summary: the progress lines have gaps
    where a time-out prints the stacks of all threads."""
    found = re.findall(r"^(PASSED|FAILED|ERROR) \S+?::(\S+)", output, re.MULTILINE)
    return {name: outcome for outcome, name in found}


def command_lines(words: str) -> str:
    """Return the command lines of all processes that contain `words`."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has ended
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return "\n".join(line for line in lines if words in line)
