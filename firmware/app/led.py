"""What the LED says: how far the application has come."""

import ticks

# Step -> (ms on, ms off). Slower and shorter is better; steady on means that nothing runs.
_PATTERNS = {
    "power": (100, 100),
    "sim": (100, 400),
    "network": (500, 500),
    "clock": (500, 500),
    "session": (900, 100),
    "run": (50, 2950),
    "failed": (100, 1900),
    "safe": (1, 0),
}


class LED:
    """`line(on)` switches the LED; None where there is none."""

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
        """Switch if it is time to; call it often."""
        if self._line is None:
            return
        on, off = self._pattern
        state = ticks.diff(ticks.now(), self._start) % (on + off) < on
        if state != self._on:
            self._on = state
            self._line(state)
