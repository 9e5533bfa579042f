"""The LED, which shows the application's current step."""

from micropython import const

import ticks

# State -> (ms on, ms off); README.md has the same table.
_PATTERNS = {
    "power": (100, 100),
    "sim": (100, 400),
    "network": (500, 500),
    "clock": (500, 500),
    "session": (900, 100),
    "run": (50, 2950),
    "rest": (20, 9980),
    "failed": (100, 1900),
    "safe": (1_000, 0),
}
_LATER = const(1_000)


class LED:
    """The board's LED. `line(on)` switches it; None if the board has no LED."""

    def __init__(self, line):
        self._line = line
        self._pattern = _PATTERNS["power"]
        self._start = ticks.now()
        self._on = None

    def show(self, state):
        """Show `state`, a step of the supervisor, "failed" or "safe", from now on."""
        self._pattern = _PATTERNS[state]
        self._start = ticks.now()
        self.update()

    def update(self):
        """Switch the LED if that is due; return the ms until the next switch, at most 1000."""
        if self._line is None:
            return _LATER
        on, off = self._pattern
        at = ticks.diff(ticks.now(), self._start) % (on + off)
        state = at < on
        if state != self._on:
            self._on = state
            try:
                self._line(state)
            except OSError:  # an LED on another chip that does not answer is not essential
                pass
        return min((on if state else on + off) - at, _LATER)
