"""Runs the console command `iotsafe` as a process, for tests."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-c", "from iotsafe_tools.cli import app; app()"]
_SOURCES = ("tools", "tools/shims", "lib", "firmware")
_LONGEST = 120  # seconds; a command takes two


def environment(**more: str) -> dict[str, str]:
    """That of a user without colour, whose terminal is wide."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("IOTSAFE_")}
    path = os.pathsep.join(str(ROOT / folder) for folder in _SOURCES)
    return {**kept, "PYTHONPATH": path, "NO_COLOR": "1", "COLUMNS": "200", **more}


def iotsafe(*arguments, stdin: bytes = b"", text: bool = True, **env: str):
    """`iotsafe ARGUMENTS` to its end: a CompletedProcess, with `stdout` in bytes unless `text`."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        input=stdin,
        capture_output=True,
        env=environment(**env),
        timeout=_LONGEST,
    )
    done.stderr = done.stderr.decode()
    if text:
        done.stdout = done.stdout.decode()
    assert "Traceback" not in done.stderr, done.stderr
    return done


def answer(*arguments, status: int = 0, **options) -> dict:
    """The one JSON object that `iotsafe ARGUMENTS --json` prints; it ends with `status`."""
    done = iotsafe(*arguments, "--json", **options)
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
    assert done.stderr == ""
    return json.loads(done.stdout)


def failure(*arguments, **options) -> str:
    """The one line that `iotsafe ARGUMENTS` says as it fails, with status 1 and no output."""
    done = iotsafe(*arguments, **options)
    assert (done.returncode, done.stdout) == (1, ""), (done.returncode, done.stdout, done.stderr)
    assert done.stderr.count("\n") == 1 and done.stderr.endswith("\n")
    assert done.stderr.startswith(f"iotsafe {arguments[0]}: ")
    return done.stderr


def refusal(*arguments, **options) -> str:
    """What `iotsafe ARGUMENTS` says of a mistake in the command line, with status 2."""
    done = iotsafe(*arguments, **options)
    assert (done.returncode, done.stdout) == (2, ""), (done.returncode, done.stdout, done.stderr)
    return " ".join(line.strip("│ ") for line in done.stderr.splitlines())
