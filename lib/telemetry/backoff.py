"""Growing, jittered pauses between attempts."""

import random

from micropython import const

_BITS = const(16)


class Backoff:
    """`pause()` gives the next pause in ms: between half and all of a limit that doubles from
    `first_ms` to `most_ms`. `reset()` after a success. The jitter keeps a fleet that lost its
    network together from coming back together."""

    def __init__(self, first_ms=1_000, most_ms=300_000):
        self._first = first_ms
        self._most = most_ms
        self._limit = first_ms

    def reset(self):
        """The next pause is a short one."""
        self._limit = self._first

    def pause(self, most_ms=None):
        """The next pause in ms; at most `most_ms` long, and not longer after that, for a failure
        in which others have no part."""
        most = min(most_ms or self._most, self._most)
        half = min(self._limit, most) // 2
        self._limit = max(self._limit, min(self._limit * 2, most))
        return half + (half * random.getrandbits(_BITS) >> _BITS)
