"""Timers of the modem: functions to call at a time; a tag cancels several together."""

from __future__ import annotations

import heapq
from collections.abc import Callable


class Timers:
    """A heap of (due, order, function, tag)."""

    def __init__(self) -> None:
        self._heap: list = []
        self._order = 0

    def at(self, due: float, function: Callable[[], None], tag: str = "run") -> None:
        """Call `function` at the time `due`."""
        self._order += 1
        heapq.heappush(self._heap, (due, self._order, function, tag))

    def cancel(self, tag: str) -> None:
        """Forget every timer with this tag."""
        self._heap = [item for item in self._heap if item[3] != tag]
        heapq.heapify(self._heap)

    def next_due(self) -> float | None:
        """Return the due time of the first timer."""
        return self._heap[0][0] if self._heap else None

    def run(self, now: float, call: Callable[[Callable[[], None]], None]) -> None:
        """Pass every due function to `call`."""
        while self._heap and self._heap[0][0] <= now:
            call(heapq.heappop(self._heap)[2])
