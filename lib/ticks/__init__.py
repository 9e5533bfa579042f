"""Monotonic milliseconds and sleeping, the same on MicroPython and CPython.

All code in `lib/` that waits goes through this module (`ticks.now()`, never `time.ticks_ms()`), so
that a test can control the time: it replaces these functions.
"""

# A callback for the time of waiting, or None. `sleep` calls it at least once a second: to feed a
# watchdog, to blink. It may return the ms after which the next call is due at the latest.
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
        """Return the milliseconds of a monotonic clock with an arbitrary start."""
        return _time.monotonic_ns() // 1_000_000

    def add(ticks, delta):
        """Return the tick value `delta` ms after `ticks`."""
        return ticks + delta

    def diff(end, start):
        """Return the milliseconds from `start` to `end`; negative if `end` is earlier."""
        return end - start

    def _sleep(ms):
        _time.sleep(ms / 1000)


def sleep(ms):
    """Sleep `ms` milliseconds, in parts; call `idle` before each part."""
    while True:
        part = min(ms, (idle and idle()) or _SLICE)
        _sleep(part)
        ms -= part
        if ms <= 0:
            return


def after(ms):
    """Return the deadline `ms` milliseconds from now, for `left`."""
    return add(now(), ms)


def left(deadline):
    """Return the milliseconds until `deadline`; 0 or less once it has passed."""
    return diff(deadline, now())
