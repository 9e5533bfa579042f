"""Growing, jittered pauses between attempts."""

import random

from micropython import const

_BITS = const(16)


class Backoff:
    """`pause()` returns the next pause in ms: between half and all of a limit that doubles from
    `first_ms` to `most_ms`. Call `reset()` after a success. Because of the jitter, a fleet that
    lost its network at once does not come back at once."""

    def __init__(self, first_ms=1_000, most_ms=300_000):
        self._first = first_ms
        self._most = most_ms
        self._limit = first_ms

    def reset(self):
        """Make the next pause a short one."""
        self._limit = self._first

    def pause(self, most_ms=None):
        """Return the next pause in ms. With `most_ms` it is at most that long, and does not
        lengthen the pauses after it: for a failure that does not involve the network."""
        most = min(most_ms or self._most, self._most)
        half = min(self._limit, most) // 2
        self._limit = max(self._limit, min(self._limit * 2, most))
        return half + (half * random.getrandbits(_BITS) >> _BITS)
