"""Runs campaigns side by side within a budget: one process each, as many at a time as cores."""

import contextlib
import json
import os
import random
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from . import paths
from .table import CORES, Campaign

SEEDS = 10**9
"""A campaign starts at a random number below this one and counts on from there."""
PATIENCE = 30
"""Seconds that a campaign gets to end its child processes when it is stopped."""


@dataclass
class Run:
    """A campaign of this soak and its result.

    `seconds`: its time; `wanted`: the least number of cases; `failures`: (seed, text).
    """

    campaign: Campaign
    seed: int
    seconds: float
    wanted: int
    cases: int = 0
    took: float = 0.0
    failures: list[tuple[int, str]] = field(default_factory=list)
    state: str = "waits"
    """waits, runs, ended, stopped."""
    started: float = 0.0
    next: int = 0
    """Seed of the current case."""
    heard: float = 0.0
    """When the last case ended."""
    process: subprocess.Popen | None = None
    rest: bytes = b""
    """The beginning of an incomplete line."""

    @property
    def verdict(self) -> str:
        """The result in a word or two; only "ok" is good."""
        if self.failures:
            return f"FAILED, {len(self.failures)}"
        if self.state != "ended":
            return {"waits": "not begun"}.get(self.state, "stopped")
        return "ok" if self.cases >= self.wanted else "TOO FEW"

    @property
    def command(self) -> list[str]:
        """The command of the worker's process."""
        name = self.campaign.name
        options = [f"--seed={self.seed}", f"--seconds={self.seconds:.1f}"]
        return [sys.executable, "-m", "soak.worker", name, *options]


def planned(campaigns: list[Campaign], minutes: float, seed: int | None = None) -> list[Run]:
    """Return the runs for `minutes`, from random seeds or from `seed`; the longest first."""
    chance = random.SystemRandom()
    runs = [
        Run(
            campaign,
            chance.randrange(SEEDS) if seed is None else seed,
            campaign.seconds(minutes),
            campaign.wanted(minutes),
        )
        for campaign in campaigns
    ]
    return sorted(runs, key=lambda run: (not run.campaign.waits, -run.seconds))


class Runner:
    """Runs `runs`; calls `print_line` with a line whenever one begins, ends or fails.

    `cores`: how many campaigns that compute run at a time.
    """

    def __init__(
        self, runs: list[Run], print_line: Callable[[str], None], cores: int = CORES
    ) -> None:
        self.runs = runs
        self._print_line = print_line
        self._cores = cores
        self._selector = selectors.DefaultSelector()

    def run(self) -> None:
        """Run until all have ended. However this call ends, no process is left."""
        try:
            while any(run.state in ("waits", "runs") for run in self.runs):
                self._begin_some()
                for key, _ in self._selector.select(0.5):
                    self._read(key.data)
                self._look_for_hangs()
        finally:
            self._stop_all()

    def _begin_some(self) -> None:
        busy = sum(run.state == "runs" and not run.campaign.waits for run in self.runs)
        for run in self.runs:
            if run.state != "waits":
                continue
            if run.campaign.waits or busy < self._cores:
                busy += not run.campaign.waits
                self._begin(run)

    def _begin(self, run: Run) -> None:
        paths.BUILD.joinpath("log").mkdir(parents=True, exist_ok=True)
        with open(log_of(run.campaign), "wb") as log:
            run.process = subprocess.Popen(
                run.command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=paths.ROOT,
                env={**os.environ, "PYTHONPATH": str(paths.HOST_TESTS)},
                process_group=0,
            )
        run.state, run.next = "runs", run.seed
        run.started = run.heard = time.monotonic()
        os.set_blocking(run.process.stdout.fileno(), False)
        self._selector.register(run.process.stdout, selectors.EVENT_READ, run)
        self._print_line(f"{run.campaign.name:10} begins: {run.seconds:.0f} s, seed {run.seed}")

    def _read(self, run: Run) -> None:
        data = run.process.stdout.read()
        if data:
            *lines, run.rest = (run.rest + data).split(b"\n")
            for line in lines:
                self._heard(run, json.loads(line))
        elif data == b"":
            status = run.process.wait()
            if status and not run.failures:
                self._failed(run, run.next, f"{_how(status)}\n{_end_of(log_of(run.campaign))}")
            self._ended(run, "ended")

    def _heard(self, run: Run, line: dict) -> None:
        run.heard = time.monotonic()
        run.next = line["seed"] + 1
        run.cases += line.get("cases", 0)
        if "failed" in line:
            self._failed(run, line["seed"], line["failed"])

    def _failed(self, run: Run, seed: int, text: str) -> None:
        run.failures.append((seed, text))
        self._print_line(
            f"{run.campaign.name:10} FAILED: {repeat_command(run.campaign, seed)}\n{text}\n"
        )

    def _ended(self, run: Run, state: str) -> None:
        self._selector.unregister(run.process.stdout)
        run.process.stdout.close()
        run.state, run.took = state, time.monotonic() - run.started
        self._print_line(
            f"{run.campaign.name:10} {run.verdict}: {run.cases} cases in {run.took:.0f} s"
        )

    def _look_for_hangs(self) -> None:
        for run in self.runs:
            if run.state == "runs" and time.monotonic() - run.heard > run.campaign.longest:
                self._failed(
                    run, run.next, f"it hangs: did not end within {run.campaign.longest:.0f} s"
                )
                stop([run.process])
                self._ended(run, "ended")

    def _stop_all(self) -> None:
        running = [run for run in self.runs if run.state == "runs"]
        stop([run.process for run in running])
        for run in running:
            self._ended(run, "stopped")


def stop(processes: list[subprocess.Popen]) -> None:
    """Let the processes end their child processes; then kill the rest of their groups."""
    _signal(processes, signal.SIGTERM)
    due = time.monotonic() + PATIENCE
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, due - time.monotonic()))
    _signal(processes, signal.SIGKILL)
    for process in processes:
        process.wait()


def _signal(processes: list[subprocess.Popen], number: int) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            if number == signal.SIGTERM:
                process.send_signal(number)  # the worker ends its children in order
            else:
                os.killpg(process.pid, number)


def repeat_command(campaign: Campaign, seed: int) -> str:
    """Return the command that repeats a case."""
    return f"make soak CAMPAIGN={campaign.name} SEED={seed}"


def log_of(campaign: Campaign):
    """Return the file with the output of its cases."""
    return paths.BUILD / "log" / f"soak-{campaign.name}.log"


def _how(status: int) -> str:
    return f"killed by signal {-status}" if status < 0 else f"ended with status {status}"


def _end_of(log, size: int = 2000) -> str:
    return log.read_text(errors="replace")[-size:] if log.exists() else ""
