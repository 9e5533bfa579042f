"""Monotonic milliseconds and sleeping, the same on MicroPython and CPython.

Everything in `lib/` that waits goes through this module (`ticks.now()`, never `time.ticks_ms()`),
so that a test can run on time of its own by replacing these functions.
"""

try:
    from time import sleep_ms as sleep
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

    def sleep(ms):
        """Sleep `ms` milliseconds."""
        _time.sleep(ms / 1000)


def after(ms):
    """The deadline `ms` milliseconds from now; pass it to `left`."""
    return add(now(), ms)


def left(deadline):
    """Milliseconds until `deadline`; 0 or less once it has passed."""
    return diff(deadline, now())
