"""The serial line between a host and the modem: unlimited, or paced to a baud rate in each
direction.

`SerialLine` is sans-I/O: a shell passes it the host's bytes and fetches the modem's.
`MemoryUART` is such a shell for a host in the same process.
"""

from __future__ import annotations

import select
import time
from selectors import EVENT_READ, EVENT_WRITE

BITS_PER_BYTE = 10
"""Start bit, eight data bits, stop bit."""
SLICE = 0.002
"""Seconds between two deliveries while a paced line is busy."""
USUAL_RATE = 115200
UP_NOISE, DOWN_NOISE = 0x95, 0x6A
"""The damage of a wrong rate to the bits. It differs by direction: else an echo would be right."""
HOST_BUFFER = 4096
"""Most bytes from the host that wait for their turn on a paced line."""


class Pacer:
    """One direction of a line at `baud`: counts the bytes that have had the time to pass.

    `free` is the time at which the line has carried everything delivered so far, so the rate is
    exact on average.
    """

    def __init__(self, baud: int) -> None:
        self.byte_time = BITS_PER_BYTE / baud
        self.free = 0.0

    def begin(self, now: float) -> None:
        """Start the first byte of a burst now, or when the line is free."""
        self.free = max(self.free, now)

    def passed(self, now: float, size: int) -> int:
        """Return how many of `size` waiting bytes have passed by now; count them as delivered."""
        count = min(size, int((now - self.free) / self.byte_time + 1e-6))
        self.free += max(0, count) * self.byte_time
        return max(0, count)

    def due(self, size: int) -> float:
        """Return when to look again while `size` bytes wait."""
        return self.free + max(self.byte_time, min(size * self.byte_time, SLICE))


class SerialLine:
    """Connects a host's bytes with a modem. baud: None = no pacing.

    `rate` is that of the host's UART: 115200, whatever the pace, until the host changes it. Where
    the modem is set to another one (AT+IPR, 0 is auto-baud), each side receives garbage.
    """

    def __init__(self, modem, baud: int | None = None) -> None:
        self.modem = modem
        self.baud = baud
        self._up = Pacer(baud) if baud else None
        self._down = Pacer(baud) if baud else None
        self._from_host = bytearray()
        self._sending = False
        self.rate = USUAL_RATE
        self._printing_at = modem.values["+IPR"][0]

    def set_rate(self, rate: int) -> None:
        """Reopen the host's UART at another rate."""
        self.rate = rate
        self._from_host.clear()
        if self.baud:
            self.baud = rate
            self._up, self._down = Pacer(rate), Pacer(rate)
            self._sending = False

    def _garbled(self, data: bytes, rate: int, noise: int) -> bytes:
        """Return the bytes that arrive of `data` while the modem's UART is at `rate`."""
        if rate in (0, self.rate):
            return data
        return bytes(byte ^ noise for byte in data)

    def room(self) -> int:
        """Return how many bytes the host may send now."""
        return HOST_BUFFER - len(self._from_host)

    def write(self, data: bytes) -> None:
        """Take bytes from the host."""
        data = self._garbled(data, self.modem.values["+IPR"][0], UP_NOISE)
        if self._up is None:
            self.modem.feed(data)
            return
        if not self._from_host:
            self._up.begin(self.modem.clock())
        self._from_host += data

    def service(self) -> None:
        """Deliver the bytes that have arrived at the modem, and run it."""
        if self._from_host:
            count = self._up.passed(self.modem.clock(), len(self._from_host))
            if count:
                self.modem.feed(bytes(self._from_host[:count]))
                del self._from_host[:count]
        self.modem.service()

    def read(self, limit: int | None = None) -> bytes:
        """Return the bytes that have arrived at the host, at most `limit`."""
        data = self._arrived(limit)
        return self._garbled(data, self._printing_at, DOWN_NOISE) if data else data

    def _arrived(self, limit: int | None) -> bytes:
        waiting = self.modem.uart.waiting
        if not waiting:  # bytes printed before keep the rate of that time
            self._printing_at = self.modem.values["+IPR"][0]
        if self._down is None or not waiting:
            self._sending = False
            return self.modem.take(limit) if waiting else b""
        now = self.modem.clock()
        if not self._sending:
            self._sending = True
            self._down.begin(now)
        size = waiting if limit is None else min(limit, waiting)
        return self.modem.take(self._down.passed(now, size))

    def next_due(self) -> float | None:
        """Return the time at which `service` or `read` has work."""
        dues = [self.modem.next_due()]
        if self._from_host:
            dues.append(self._up.due(len(self._from_host)))
        if self.modem.uart.waiting and self._down:
            dues.append(self._down.due(self.modem.uart.waiting))
        return min((due for due in dues if due is not None), default=None)


def interest(modem) -> tuple[list, list]:
    """Return the modem's sockets to wait for as `select.select` takes them: (read, write)."""
    items = modem.selectables()
    readers = [sock for sock, events in items if events & EVENT_READ]
    return readers, [sock for sock, events in items if events & EVENT_WRITE]


class MemoryUART:
    """A modem in the same process in the shape of machine.UART; each call runs the modem.

    baud: pace both directions. timeout: seconds that `read` and `readinto` wait for the first
    byte. The buffer of received bytes has no limit, as if the host had hardware flow control.
    """

    def __init__(self, modem, baud: int | None = None, timeout: float = 0.0) -> None:
        self.line = SerialLine(modem, baud)
        self.timeout = timeout
        self._rx = bytearray()

    def init(self, baudrate: int) -> None:
        """Change the rate; bytes that were not read are lost."""
        self._poll()
        self._rx.clear()
        self.line.set_rate(baudrate)

    def any(self) -> int:
        """Return how many bytes can be read now."""
        self._poll()
        return len(self._rx)

    def read(self, size: int = -1) -> bytes | None:
        """Return at most `size` bytes (-1: all); None if there are none."""
        self._wait()
        if not self._rx:
            return None
        data = bytes(self._rx[:size] if size >= 0 else self._rx)
        del self._rx[: len(data)]
        return data

    def readinto(self, buffer, size: int | None = None) -> int | None:
        """Fill `buffer` (at most `size` bytes); return how many, None if there are none."""
        view = memoryview(buffer)
        data = self.read(len(view) if size is None else min(size, len(view)))
        if data is None:
            return None
        view[: len(data)] = data
        return len(data)

    def write(self, buffer) -> int:
        """Send everything; return its length."""
        data = bytes(buffer)
        for start in range(0, len(data), HOST_BUFFER):
            while self.line.room() < HOST_BUFFER and self.line.baud:
                self._poll()
            self.line.write(data[start : start + HOST_BUFFER])
        self._poll()
        return len(data)

    def _poll(self) -> None:
        self.line.service()
        self._rx += self.line.read()

    def _wait(self) -> None:
        self._poll()
        due = time.monotonic() + self.timeout
        while not self._rx and (left := due - time.monotonic()) > 0:
            wanted = self.line.next_due()
            if wanted is not None:
                left = min(left, max(0.0, wanted - self.line.modem.clock()))
            select.select(*interest(self.line.modem), (), left)
            self._poll()
