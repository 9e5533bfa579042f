"""A second connection beside the device's session; each byte shows its connection and position.

With each reading the device sends a piece of this connection's byte sequence and gets as many
bytes back. Both ends can compute the sequence, so they notice a byte that is lost, doubled, late
or from another connection.
"""

import functools
import random
from itertools import zip_longest

PORT = 7
PIECE = 50
"""Bytes each way with each reading."""
WAIT = 5.0
"""Seconds within which they must come back."""
UP, DOWN = 0x80, 0xC0
"""Lower bounds of the bytes each way. A modem's text contains no such byte."""


@functools.cache
def pattern(number: int) -> bytes:
    """Return the repeating pattern of connection `number`. It is long enough that a byte of one
    repetition cannot pass for one of another."""
    return random.Random(number).randbytes(4093)


def stream(number: int, way: int, size: int) -> bytes:
    """Return the first `size` bytes of connection `number` (0..63); byte 0 is the number."""
    round_ = pattern(number)
    rest = (round_ * (1 + size // len(round_)))[:size]
    return bytes([way + number] + [way + byte % 64 for byte in rest[1:]]) if size else b""


TEXT = bytes((10, 13, *range(32, 127)))
"""The characters of AT commands."""


class Mirror:
    """The far end. `strange`: it received bytes of another connection. `spoilt`: it received AT
    commands, which a modem sends as payload when its prompt came too late. Both close the
    connection."""

    due = float("inf")

    def __init__(self) -> None:
        self.closed = self.strange = self.spoilt = False
        self.out = bytearray()
        self._got = bytearray()

    def passed(self, now: float) -> None:
        """Do nothing: the mirror does not depend on time."""

    def received(self, data: bytes, now: float) -> None:
        """Take bytes from the device and answer with as many."""
        before = len(self._got)
        self._got += data
        number = self._got[0] - UP
        wanted = stream(number, UP, len(self._got)) if number in range(64) else b""
        if self._got == wanted:
            self.out += stream(number, DOWN, len(self._got))[before:]
            return
        pairs = zip_longest(self._got, wanted)
        same = next(place for place, (got, want) in enumerate(pairs) if got != want)
        self.spoilt = not self._got[same:].translate(None, TEXT)
        self.strange = not self.spoilt
        self.closed = True


class Beside:
    """The device's end, on the sockets of `modem`.

    `strange`: received bytes of another connection; `errors`: exceptions of its calls; `passed`:
    number of bytes exchanged.
    """

    def __init__(self, modem) -> None:
        self._modem = modem
        self._socket = None
        self._number = -1
        self._got = b""
        self.busy = False
        self.errors: list[BaseException] = []
        self.strange: list[bytes] = []
        self.passed = 0

    def exchange(self) -> None:
        """Exchange one piece each way. A failure closes the connection; the next piece opens a new
        one."""
        self.busy = True
        try:
            over = not self._exchange()
        except Exception as error:
            self.errors.append(error)
            over = True
        if over:
            self._socket.close()
            self._socket = None
        self.busy = False

    def _exchange(self) -> bool:
        """Exchange one piece; return False if the far end closed."""
        if self._socket is None:
            self._number = (self._number + 1) % 64
            self._got = b""
            self._socket = self._modem.socket()
            self._socket.settimeout(WAIT)
            self._socket.connect(("mirror.test", PORT))
        size = len(self._got) + PIECE
        self._socket.write(stream(self._number, UP, size)[len(self._got) :])
        self._socket.flush()
        while len(self._got) < size:
            data = self._socket.read(PIECE)
            self._got += data
            if self._got != stream(self._number, DOWN, len(self._got)):
                self.strange.append(data)
            if not data:
                return False
        self.passed += PIECE
        return True
