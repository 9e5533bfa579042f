"""The radio between the modem and its peers, as it shows in time: how long bytes are on their
way, and how many pass in a second. Presets by name.

The rates are about the peak of the half-duplex categories M1 and NB1 (3GPP TS 36.306, Release 13),
as one still, well covered module has them; the round trips are what operators' guides and field
measurements tell. NB-IoT has seconds of it by design: TR 45.820 aims at 10 s where it reaches
worst.
"""

from __future__ import annotations

from dataclasses import dataclass

PIECE = 256
"""Bytes that arrive together, at most."""


@dataclass(frozen=True)
class Preset:
    """round_trip in seconds, rates in bits per second, act as in +CEREG."""

    round_trip: float
    up: int
    down: int
    act: int


PRESETS = {
    "lte-m": Preset(round_trip=0.12, up=375_000, down=300_000, act=7),  # Cat-M1, half duplex
    "nb-iot": Preset(round_trip=1.6, up=60_000, down=25_000, act=9),  # Cat-NB1, multi-tone
}
NONE = "none"


class Way:
    """One direction, which all connections of the modem share: one after the other.

    A byte arrives `latency` seconds after it has passed at `rate`.
    """

    def __init__(self, rate: int, latency: float) -> None:
        self._rate, self._latency = rate, latency
        self._free = 0.0

    def arrivals(self, size: int, now: float) -> list[tuple[float, int]]:
        """(time, bytes) of the pieces of `size` bytes that set out now."""
        found = []
        while size:
            piece = min(size, PIECE)
            self._free = max(self._free, now) + piece * 8 / self._rate
            found.append((self._free + self._latency, piece))
            size -= piece
        return found


class Air:
    """Both ways of a preset."""

    def __init__(self, preset: Preset) -> None:
        self.round_trip = preset.round_trip
        self.up = Way(preset.up, preset.round_trip / 2)
        self.down = Way(preset.down, preset.round_trip / 2)
