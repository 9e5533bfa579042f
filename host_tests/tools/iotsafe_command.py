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
    """Return the environment of a user without colours and with a wide terminal."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("IOTSAFE_")}
    path = os.pathsep.join(str(ROOT / folder) for folder in _SOURCES)
    return {**kept, "PYTHONPATH": path, "NO_COLOR": "1", "COLUMNS": "200", **more}


def iotsafe(*arguments, stdin: bytes = b"", text: bool = True, **env: str):
    """Run `iotsafe ARGUMENTS` to its end; return a CompletedProcess, with `stdout` in bytes unless
    `text`."""
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
    """Return the one JSON object that `iotsafe ARGUMENTS --json` prints; it ends with `status`."""
    done = iotsafe(*arguments, "--json", **options)
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
    assert done.stderr == ""
    return json.loads(done.stdout)


def failure(*arguments, **options) -> str:
    """Return the one error line of `iotsafe ARGUMENTS`, which must end with status 1 and no
    output."""
    done = iotsafe(*arguments, **options)
    assert (done.returncode, done.stdout) == (1, ""), (done.returncode, done.stdout, done.stderr)
    assert done.stderr.count("\n") == 1 and done.stderr.endswith("\n")
    assert done.stderr.startswith(f"iotsafe {arguments[0]}: ")
    return done.stderr


def refusal(*arguments, **options) -> str:
    """Return the error of `iotsafe ARGUMENTS` about its command line; it must end with status
    2."""
    done = iotsafe(*arguments, **options)
    assert (done.returncode, done.stdout) == (2, ""), (done.returncode, done.stdout, done.stderr)
    return " ".join(line.strip("│ ") for line in done.stderr.splitlines())
