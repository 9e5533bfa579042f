"""The board's pins, seen from outside."""

from typing import Any, Protocol


class PinDriver(Protocol):
    """What is needed of a board."""

    @property
    def running(self) -> bool: ...
    def drive(self, pin: int, value: int | None) -> None: ...
    def wait_event(
        self, name: str, *, after: int = 0, timeout: float = 120.0, **fields: Any
    ) -> dict[str, Any]: ...


class Gpio:
    """`gpio[25]` is the level that the chip drives: 0, 1, or None while it does not drive the pin.

    `gpio[3] = 1` (or 0, None) drives the pin from outside, also across resets and starts.
    """

    def __init__(self, board: PinDriver) -> None:
        self._board = board
        self._outside: dict[int, int] = {}
        self.driven: dict[int, int] = {}

    def __getitem__(self, pin: int) -> int | None:
        return self.driven.get(pin)

    def __setitem__(self, pin: int, value: int | None) -> None:
        self._outside.pop(pin, None)
        if value is not None:
            self._outside[pin] = value
        if self._board.running:
            self._board.drive(pin, value)

    def wait(
        self, pin: int, value: int | None, *, after: int = 0, timeout: float = 120.0
    ) -> dict[str, Any]:
        """Return the first event after the mark `after` that drives `pin` to `value`; wait for it.

        Raises EmulatorError after `timeout` seconds.
        """
        return self._board.wait_event("gpio", pin=pin, value=value, after=after, timeout=timeout)

    def note(self, event: dict[str, Any]) -> None:
        """Record an event of the board."""
        if event["event"] != "gpio":
            return
        if event["value"] is None:
            self.driven.pop(event["pin"], None)
        else:
            self.driven[event["pin"]] = event["value"]

    def restore(self) -> None:
        """Drive the pins again after the emulator has restarted."""
        for pin, value in self._outside.items():
            self._board.drive(pin, value)
