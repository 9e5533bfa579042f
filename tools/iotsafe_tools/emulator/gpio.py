"""The board's pins from outside."""

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
    """`gpio[25]` is what the chip drives the pin to: 0, 1, or None while it does not.

    `gpio[3] = 1` (0, None) drives the pin from outside; it stays so over resets and starts.
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
        """The first event after the mark `after` with which the chip drives `pin` to `value`.

        Raises EmulatorError after `timeout` seconds.
        """
        return self._board.wait_event("gpio", pin=pin, value=value, after=after, timeout=timeout)

    def note(self, event: dict[str, Any]) -> None:
        """Take up an event of the board."""
        if event["event"] != "gpio":
            return
        if event["value"] is None:
            self.driven.pop(event["pin"], None)
        else:
            self.driven[event["pin"]] = event["value"]

    def restore(self) -> None:
        """Drive the pins again in a new process."""
        for pin, value in self._outside.items():
            self._board.drive(pin, value)
