"""The modem's real-time clock: 1980 after a boot until the network, NTP or the host sets it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

UNSET = datetime(1980, 1, 6, tzinfo=UTC)


class WallClock:
    """Runs on the modem's time base; `quarters` is the time zone in quarter hours east."""

    def __init__(self, modem) -> None:
        self.modem = modem
        self.reset()

    def reset(self) -> None:
        """Set the state after a boot."""
        self._base, self._since, self.quarters = UNSET, self.modem.now, 0

    def set(self, moment: datetime, quarters: int) -> None:
        """Set the clock to an aware time."""
        self._base, self._since, self.quarters = moment.astimezone(UTC), self.modem.now, quarters

    def network(self) -> datetime:
        """Return the time that network and NTP servers send, UTC."""
        return self.modem.options.wall_clock()

    def local(self) -> datetime:
        """Return the clock's local time."""
        seconds = self.modem.now - self._since + self.quarters * 900
        return self._base + timedelta(seconds=seconds)

    def at(self, quarters: int) -> datetime:
        """Return the network's time in another zone."""
        return self.network() + timedelta(minutes=15 * quarters)

    def text(self) -> str:
        """Return the text of +CCLK: "yy/MM/dd,hh:mm:ss±zz"."""
        return f"{self.local():%y/%m/%d,%H:%M:%S}{self.quarters:+03d}"
