"""Monotonic milliseconds and sleeping, the same on MicroPython and CPython.

Everything in `lib/` that waits goes through this module (`ticks.now()`, never `time.ticks_ms()`),
so that a test can run on time of its own by replacing these functions.
"""

# Called while something waits, at least each second: to feed a watchdog, to blink. It may return
# the ms after which it wants to be called again at the latest. None: nobody.
idle = None

_SLICE = 1_000

try:
    from time import sleep_ms as _sleep
    from time import ticks_add as add
    from time import ticks_diff as diff
    from time import ticks_ms as now
except ImportError:  # CPython
    import time as _time

    def now():
        """Milliseconds of a monotonic clock with an arbitrary start."""
        return _time.monotonic_ns() // 1_000_000

    def add(ticks, delta):
        """The tick value `delta` ms after `ticks`."""
        return ticks + delta

    def diff(end, start):
        """Milliseconds from `start` to `end`; negative when `end` is earlier."""
        return end - start

    def _sleep(ms):
        _time.sleep(ms / 1000)


def sleep(ms):
    """Sleep `ms` milliseconds, calling `idle` before each part of it."""
    while True:
        part = min(ms, (idle and idle()) or _SLICE)
        _sleep(part)
        ms -= part
        if ms <= 0:
            return


def after(ms):
    """The deadline `ms` milliseconds from now; pass it to `left`."""
    return add(now(), ms)


def left(deadline):
    """Milliseconds until `deadline`; 0 or less once it has passed."""
    return diff(deadline, now())
