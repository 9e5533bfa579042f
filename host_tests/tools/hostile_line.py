"""For state machines: the simulated modem on a line in virtual time, with a fault at any byte.

A fault strikes once, at the nth byte from now on that passes in one direction. The line serves
real sockets behind the modem during each sleep.
"""

import contextlib
from collections.abc import Callable

from modem_bench import Bench

import ticks

_SHORT = 20  # ms; a nap as in a polling loop
_LONGEST = 1_000  # ms of such a nap after a long silence, never past the next event


class HostileLine:
    """Has the methods of machine.UART for the modem of a Bench. `grain`: the most bytes of one
    read. `struck`: the faults that have struck so far. `options`: those of the modem."""

    def __init__(self, *, grain: int = 4096, **options) -> None:
        self.bench = Bench(echo=True, **options)
        self.modem = self.bench.modem
        self.grain = grain
        self.struck: list[str] = []
        self._armed: dict[str, tuple[int, str, Callable[[int], bytes | None]]] = {}
        self._held = bytearray()
        self._silent = 0.0  # time of the last event
        self._mute_until = 0.0
        self._served = -1.0  # time when the modem was last served, -1 if it got input since
        self._stack = contextlib.ExitStack()

    # -- faults ----------------------------------------------------------------------------------

    def arm(self, kind: str, way: str, nth: int, seconds: float = 0.0, urc: str = "") -> None:
        """`kind`: lose (never a digit before the last byte), double, urc, delay (the following
        bytes come `seconds` later), reset (from the nth byte on, no byte from before the reset
        passes). `way`: up or down."""
        actions: dict[str, Callable[[int], bytes | None]] = {
            "lose": lambda byte: b"",
            "double": lambda byte: bytes([byte, byte]),
            "reset": self._reset,
            "urc": lambda byte: self._urc(byte, urc),
            "delay": lambda byte: self._delay(byte, seconds),
        }
        self._armed[way] = (nth, kind, actions[kind])

    def clear(self) -> None:
        """Disarm all faults, and release delayed bytes."""
        self._armed.clear()
        self._mute_until = 0.0

    def _reset(self, byte: int) -> None:
        self.modem.power_state.reset("fault")
        self.modem.take()

    def _urc(self, byte: int, text: str) -> bytes:
        self.modem.urc(text)
        return bytes([byte])

    def _delay(self, byte: int, seconds: float) -> bytes:
        self._mute_until = self.bench.time + seconds
        return bytes([byte])

    def _pass(self, way: str, data: bytes) -> bytes:
        """Return the part of `data` that passes."""
        if way not in self._armed:
            return data
        nth, kind, action = self._armed[way]
        if nth >= len(data):
            self._armed[way] = (nth - len(data), kind, action)
            return data
        if kind == "lose":  # without checksums a shorter number is a valid number, too
            while nth < len(data) - 1 and 48 <= data[nth] <= 57:
                nth += 1
        del self._armed[way]
        self.struck.append(kind)
        instead = action(data[nth])
        rest = b"" if instead is None else instead + data[nth + 1 :]
        return data[:nth] + rest

    # -- the UART --------------------------------------------------------------------------------

    def _serve(self) -> None:
        self.modem.service()
        if data := self.modem.take():
            self._held += self._pass("down", data)
            self._silent = self.bench.time
        self._served = self.bench.time

    def any(self) -> int:
        """Return the number of readable bytes; 1 if a read gives few of them, as on the unix port.
        A modem that was already served at this time has no new bytes before time passes."""
        if self._served != self.bench.time or self.modem.uart.waiting:
            self._serve()
        if self.bench.time < self._mute_until or not self._held:
            return 0
        return 1 if self.grain < len(self._held) else len(self._held)

    def readinto(self, buffer) -> int | None:
        """Fill `buffer`; return the count, None if there are no bytes."""
        size = min(len(self._held), self.grain, len(buffer)) if self.any() else 0
        buffer[:size] = self._held[:size]
        del self._held[:size]
        return size or None

    def write(self, data) -> int:
        """Send everything."""
        self._silent = self.bench.time
        self._served = -1.0
        self.modem.feed(self._pass("up", bytes(data)))
        return len(data)

    # -- time ------------------------------------------------------------------------------------

    def now(self) -> int:
        """Replaces `ticks.now`."""
        return int(self.bench.time * 1000)

    def sleep(self, ms: int) -> None:
        """Replaces `ticks.sleep`: time passes; the longer the silence before, the longer the
        nap."""
        end = self.bench.time + ms / 1000
        if ms <= _SHORT:
            end += min((self.bench.time - self._silent) / 20, _LONGEST / 1000)
        while (due := self.modem.next_due()) is not None and due < end:
            if due <= self.bench.time:
                self._serve()
                if self.modem.next_due() == due:
                    break
                continue
            end = max(due, self.bench.time + ms / 1000) if ms <= _SHORT else end
            self.bench.time = due
            self._serve()
        self.bench.time = max(self.bench.time, end)
        self._serve()

    def __enter__(self) -> "HostileLine":
        for name in ("now", "sleep"):
            before = getattr(ticks, name)
            self._stack.callback(setattr, ticks, name, before)
            setattr(ticks, name, getattr(self, name))
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()
        self.modem.close()
