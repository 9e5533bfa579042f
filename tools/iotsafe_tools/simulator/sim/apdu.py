"""Command APDUs in, replies out (ISO/IEC 7816-3 section 12, short lengths only)."""

from dataclasses import dataclass

from . import status
from .status import Refused

LAST_CHANNEL = 19


@dataclass(frozen=True)
class Command:
    """One command APDU, taken apart.

    `le` is the number of bytes that the terminal expects: None when Le is absent, 256 for 00.
    """

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    le: int | None = None

    @property
    def p1p2(self) -> int:
        """P1 and P2 as one number."""
        return self.p1 << 8 | self.p2

    @property
    def last_block(self) -> bool:
        """Whether P1 of an update announces the last block (80) or not (00). Ignores bit 5 (10.2).

        Raises Refused 6A86 for other values.
        """
        if self.p1 & 0x6F:
            raise Refused(status.WRONG_P1P2)
        return bool(self.p1 & 0x80)

    @property
    def proprietary(self) -> bool:
        """Whether the class is 8X or CX, as opposed to 0X or 4X."""
        return bool(self.cla & 0x80)

    @property
    def channel(self) -> int | None:
        """Logical channel of the class byte, 0..19; None if the card lacks the class.

        Classes with secure messaging or ISO command chaining are not supported.
        """
        low = self.cla & 0x7F
        if low <= 0x03:
            return low
        if 0x40 <= low <= 0x4F:
            return low - 0x40 + 4
        return None

    @property
    def content(self) -> tuple[int, int, int, int, bytes]:
        """All but Le: the part that a host repeats unchanged after 6Cxx."""
        return self.cla, self.ins, self.p1, self.p2, self.data

    def expect_no_data(self) -> None:
        """Raise Refused 6700 if the command carries data."""
        if self.data:
            raise Refused(status.WRONG_LENGTH)

    def expect_p1p2(self, *allowed: int) -> None:
        """Raise Refused 6A86 unless P1 P2 is one of `allowed`."""
        if self.p1p2 not in allowed:
            raise Refused(status.WRONG_P1P2)


def parse(apdu: bytes) -> Command:
    """Parse a command of 4..261 bytes; raise Refused 6700 if Lc contradicts the length."""
    if len(apdu) < 4:
        raise Refused(status.WRONG_LENGTH)
    header = apdu[:4]
    if len(apdu) == 4:
        return Command(*header)
    p3 = apdu[4]
    if len(apdu) == 5:
        return Command(*header, le=p3 or 256)
    end = 5 + p3
    if p3 and len(apdu) == end:
        return Command(*header, apdu[5:end])
    if p3 and len(apdu) == end + 1:
        return Command(*header, apdu[5:end], apdu[end] or 256)
    raise Refused(status.WRONG_LENGTH)


def over_t0(apdu: bytes) -> bytes:
    """Return a command as a card with T=0 sees it (ISO/IEC 7816-3, 12.2): with a fifth byte, and
    without Le after data."""
    if len(apdu) == 4:
        return apdu + b"\0"
    if len(apdu) > 5 and apdu[4] and len(apdu) == 6 + apdu[4]:
        return apdu[:-1]
    return apdu


@dataclass(frozen=True)
class Reply:
    """The reply to a command: `data`, then the status word `sw`.

    `cut`: the command has already cut the data to Le (READ FILE, GET RANDOM), so that short data
    do not cause 6Cxx.
    """

    data: bytes = b""
    sw: int = status.OK
    cut: bool = False
