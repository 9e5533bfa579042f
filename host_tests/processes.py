"""Checks for tests whether a process, child or not, has ended."""

import os
import select
from pathlib import Path


def await_end(pid: int) -> None:
    """Wait until process `pid` has ended (a zombie counts as ended); fail after 10 s."""
    try:
        watch = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    poll = select.poll()
    poll.register(watch, select.POLLIN)
    ended = poll.poll(10_000)
    os.close(watch)
    assert ended, f"process {pid} still runs: {Path(f'/proc/{pid}/cmdline').read_bytes()}"


def runs(pid: int) -> bool:
    """Return whether process `pid` runs now (a zombie does not)."""
    try:
        watch = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    poll = select.poll()
    poll.register(watch, select.POLLIN)
    ended = poll.poll(0)
    os.close(watch)
    return not ended
