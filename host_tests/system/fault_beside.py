"""A second connection beside the session of the device, whose every byte says where it belongs.

The device sends a piece of it with each reading and gets as much back. Both ends know the bytes
by number and place, so one that is lost, doubled, late or of another connection shows.
"""

import functools
import random
from itertools import zip_longest

PORT = 7
PIECE = 50
"""Bytes each way with each reading."""
WAIT = 5.0
"""Seconds for them to come back."""
UP, DOWN = 0x80, 0xC0
"""What the bytes each way are above; none of either is in the text of a modem."""


@functools.cache
def pattern(number: int) -> bytes:
    """What repeats itself in connection `number`, after so many bytes that nobody takes one round
    for another."""
    return random.Random(number).randbytes(4093)


def stream(number: int, way: int, size: int) -> bytes:
    """The first `size` bytes of connection `number` (0..63); the first is the number."""
    round_ = pattern(number)
    rest = (round_ * (1 + size // len(round_)))[:size]
    return bytes([way + number] + [way + byte % 64 for byte in rest[1:]]) if size else b""


TEXT = bytes((10, 13, *range(32, 127)))
"""What commands consist of."""


class Mirror:
    """The far end. `strange`: it got what was not for it; `spoilt`: it got commands, which a modem
    takes for the payload that it waits for when its prompt came too late. Either is the end."""

    due = float("inf")

    def __init__(self) -> None:
        self.closed = self.strange = self.spoilt = False
        self.out = bytearray()
        self._got = bytearray()

    def passed(self, now: float) -> None:
        """Time means nothing to it."""

    def received(self, data: bytes, now: float) -> None:
        """Bytes of the device."""
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

    `strange`: bytes that were not for it; `errors`: what its calls raised; `passed`: bytes.
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
        """One piece each way; whatever fails closes the connection, and the next piece opens
        another."""
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
        """False: the far end closed."""
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
