"""A simulated modem and the driver for it, in virtual time and one process."""

import contextlib
import select
from collections.abc import Iterator

import pytest
from modem_bench import StubCard

import cellular
import ticks
from iotsafe_tools.simulator.modem import MemoryUART, Modem, Network
from iotsafe_tools.simulator.modem.line import interest


class World:
    """A simulated modem and the driver for it, on a clock that moves when the driver sleeps."""

    def __init__(
        self, personality: str = "sim7080", network: Network | None = None, **options
    ) -> None:
        self.now = 0.0
        self.events: list[dict] = []
        self.modem = Modem(
            StubCard(),
            network=network or Network(),
            clock=lambda: self.now,
            on_event=self.events.append,
            personality=personality,
            **options,
        )
        self.uart = MemoryUART(self.modem)
        self.driver = cellular.driver(personality)(self.uart, self.press)
        self.pressed: list[float] = []

    def press(self, down: bool) -> None:
        if down:
            self.pressed.append(self.now)
        self.modem.power_key(down)

    def sleep(self, ms: int) -> None:
        end = self.now + ms / 1000
        while (due := self.modem.next_due()) is not None and due <= end:
            self.now = max(self.now, due)
            self.modem.service()
        self.now = end
        readers, writers = interest(self.modem)
        if readers or writers:  # real sockets: their peers need real time
            select.select(readers, writers, (), 0.001)
        self.modem.service()

    def value(self, name: str) -> tuple:
        return self.modem.values[name]

    def attached(self):
        assert self.driver.connect("internet") == "10.94.36.44"
        return self.driver


@contextlib.contextmanager
def world(*arguments, **options) -> Iterator[World]:
    """Context manager: a `World` whose time `ticks` shows."""
    patch = pytest.MonkeyPatch()
    made = World(*arguments, **options)
    patch.setattr(ticks, "now", lambda: int(made.now * 1000))
    patch.setattr(ticks, "sleep", made.sleep)
    try:
        yield made
        errors = [event for event in made.events if event["kind"] == "error"]
        assert made.modem.counters["handler_errors"] == 0, errors
    finally:
        patch.undo()
        made.modem.close()
