"""`python -m soak.worker NAME`: the cases of one campaign, in a process of its own.

Each case has a number as its seed; the seeds of a run are consecutive. The worker writes a line of
JSON for each case to standard output: {"seed": …, "cases": …} or {"seed": …, "failed": text}. The
output of the cases goes to standard error.
"""

import argparse
import importlib
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from . import paths, table

MOST_FAILURES = 3
"""A campaign ends after so many failures."""

STOPPED = 143
"""Exit status after SIGTERM."""

Case = Callable[[int], int]
"""Runs the case of a seed; returns the number of cases."""


def main(argv: list[str] | None = None) -> int:
    """Run cases until the time is over, or one alone; return 1 if one failed."""
    parser = argparse.ArgumentParser(prog="soak.worker", description=__doc__)
    parser.add_argument("name", choices=table.names())
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=0, help="0: one case alone, explained")
    arguments = parser.parse_args(argv)
    if os.environ.get("PYTHONHASHSEED") != "0":
        _again_with_fixed_hashes(sys.argv[1:] if argv is None else argv)
    report = os.fdopen(os.dup(1), "w", buffering=1) if arguments.seconds else sys.stdout
    stopped = []

    def stop(*_: object) -> None:
        """End a case like Ctrl-C, and with it the case's child processes."""
        stopped.append(True)
        raise KeyboardInterrupt

    if arguments.seconds:
        os.dup2(2, 1)
        signal.signal(signal.SIGTERM, stop)  # the runner's
    paths.provide()
    with tempfile.TemporaryDirectory(prefix=f"soak-{arguments.name}-") as folder:
        case = prepare(arguments.name, Path(folder), alone=not arguments.seconds)

        def until_stopped(number: int) -> int:
            """Do a case. A finaliser may have swallowed the exception of `stop`."""
            if not stopped:
                cases = case(number)
            if stopped:
                raise KeyboardInterrupt
            return cases

        if arguments.seconds:
            try:
                return repeat(until_stopped, arguments.seed, arguments.seconds, report.write)
            except KeyboardInterrupt:
                return STOPPED
        cases = case(arguments.seed)
        print(f"{arguments.name}: seed {arguments.seed}, {cases} cases, none failed")
        return 0


def _again_with_fixed_hashes(argv: list[str]) -> None:
    """Start again with fixed hashes. Otherwise the order of a set of strings differs from process
    to process, and with it the cases that hypothesis draws."""
    environment = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONPATH": str(paths.HOST_TESTS)}
    os.execve(sys.executable, [sys.executable, "-m", "soak.worker", *argv], environment)


def prepare(name: str, folder: Path, alone: bool) -> Case:
    """Return the case function of a campaign. `alone`: the worker calls it once, to explain the
    case."""
    module, _, argument = table.named(name).cases.partition(":")
    campaign = importlib.import_module(f"soak.campaigns.{module}")
    return campaign.prepare(folder, alone, *([argument] if argument else []))


def repeat(case: Case, seed: int, seconds: float, print_line: Callable[[str], object]) -> int:
    """Run cases from `seed` on until `seconds` are over. Except for the first, begin no case that
    would end too late."""
    end = time.monotonic() + seconds
    longest = failures = 0
    while failures < MOST_FAILURES:
        start = time.monotonic()
        if longest and start + longest > end:
            break
        try:
            line = {"seed": seed, "cases": case(seed)}
        except Exception as error:
            failures += 1
            line = {"seed": seed, "failed": describe(error)}
        print_line(json.dumps(line) + "\n")
        longest = max(longest, time.monotonic() - start)
        seed += 1
    return 1 if failures else 0


def describe(error: Exception) -> str:
    """Describe a failure and its place in the code, for a person."""
    return "".join(traceback.format_exception(error)).strip()


if __name__ == "__main__":
    sys.exit(main())
