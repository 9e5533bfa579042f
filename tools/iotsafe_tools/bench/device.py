"""Runs on MicroPython: connects, publishes, reconnects, and prints a mark after each phase.

The host waits for the lines that begin with `BENCH`. Usage: device.py RECONNECTS
"""

import gc
import os
import sys

import board

import ticks
from app import config, supervisor


def mark(name, **numbers):
    """Tell the host that a phase has ended; wait until the host creates the file `go`."""
    fields = " ".join("%s=%d" % item for item in numbers.items())
    print("BENCH", name, fields)
    while True:
        try:
            os.remove("go")
            return
        except OSError:
            ticks.sleep(1)


def timed(application, *steps):
    """Do `steps`; return the time they took, in ms."""
    start = ticks.now()
    for step in steps:
        application.do(step)
    return ticks.diff(ticks.now(), start)


def publish(application):
    """Publish one reading as the application does."""
    application.publisher.publish({"seq": 1, "temp": 21.5})
    gc.collect()
    mark("publish", heap=gc.mem_alloc())


def repeat(application, times):
    """Reconnect `times` times; report the number of failures and the heap's growth in bytes."""
    gc.collect()
    before = gc.mem_alloc()
    failures = 0
    for _ in range(times):
        application.stop()
        try:
            application.do("session")
        except OSError as e:
            print("reconnect failed:", e)
            failures += 1
    gc.collect()
    mark("repeated", failures=failures, growth=gc.mem_alloc() - before)


def main(times):
    application = supervisor.Supervisor(board, config.load(board.path("config.json")))
    mark("power", ms=timed(application, "power"))
    mark("sim", ms=timed(application, "sim"))
    mark("network", ms=timed(application, "network"))
    mark("connect", ms=timed(application, "session"))
    publish(application)
    application.stop()
    mark("closed")
    mark("reconnect", ms=timed(application, "session"))
    publish(application)
    repeat(application, times)
    application.stop()


main(int(sys.argv[1]))
