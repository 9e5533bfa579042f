"""The radio between the modem and its peers, as far as time shows it: the latency of bytes and
their rate. Presets by name.

The rates are about the peak of the half-duplex categories M1 and NB1 (3GPP TS 36.306, Release
13), for one module that does not move and has good coverage. The round trips come from operators'
guides and field measurements. NB-IoT takes seconds by design: TR 45.820 aims at 10 s in the worst
coverage.
"""

from __future__ import annotations

from dataclasses import dataclass

PIECE = 256
"""Most bytes that arrive together."""


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
    """One direction, which all connections of the modem share, in turn.

    A byte arrives `latency` seconds after it has passed at `rate`.
    """

    def __init__(self, rate: int, latency: float) -> None:
        self._rate, self._latency = rate, latency
        self._free = 0.0

    def arrivals(self, size: int, now: float) -> list[tuple[float, int]]:
        """Return (time, bytes) for the pieces of `size` bytes that leave now."""
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
