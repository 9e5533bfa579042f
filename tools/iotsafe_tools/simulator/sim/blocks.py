"""A value that arrives in several APDUs, in either dialect of section 10.2.

K1 "split TLV": the first block has the tag and the length of the whole value, the next blocks are
bare bytes. K2 "TLV per block": each block is a complete TLV. The first block decides: its
announced length runs past the block (K1) or ends with it (K2). Lengths above 7F come as BER or as
one plain byte (section 14, item 10); the reading that fits the block wins.
"""

from dataclasses import dataclass, replace

from .tlv import SIGNATURE, TLVError, length_readings, signature_readings


@dataclass(frozen=True)
class Blocks:
    """The progress of the value of `tag`; `take` returns the state after one more block."""

    tag: int
    limit: int  # the longest value, in bytes
    lengths: str = "both"  # the forms of lengths above 7F that are read, see `tlv`
    total: int = 0  # bytes taken so far
    owed: int = 0  # bytes that a K1 header has announced and that are still to come

    def take(
        self, block: bytes, *, last: bool, signed: bool = False
    ) -> tuple["Blocks", bytes, bytes]:
        """Take one block; return (next state, bytes of the value, bytes after the value).

        With `signed`, data object 33 follows the value, at the latest in the last block. Another
        block may continue it; the third item has the part in this block. Without `signed`, nothing
        may follow. Raises TLVError and leaves this state usable.
        """
        if self.owed:
            size = min(self.owed, len(block))
            start, owed = 0, self.owed - size
        elif self.total and signed and block[:1] == bytes([SIGNATURE]):
            start = size = owed = 0
        else:
            start, size, owed = self._header(block, last, signed)
        chunk, rest = block[start : start + size], block[start + size :]
        if last and owed:
            raise TLVError(f"the value of tag {self.tag:02X} is cut off")
        if last and signed and not rest:
            raise TLVError("no signature (tag 33)")
        if rest and not (signed and rest[0] == SIGNATURE):
            raise TLVError(f"bytes follow the value of tag {self.tag:02X}")
        total = self.total + size
        if not 0 < total + owed <= self.limit:
            raise TLVError(f"the value of tag {self.tag:02X} is empty or too long")
        return replace(self, total=total, owed=owed), chunk, rest

    def _header(self, block: bytes, last: bool, signed: bool) -> tuple[int, int, int]:
        """Return the value's start in `block`, its bytes there, and its bytes still to come."""
        if len(block) < 2 or block[0] != self.tag:
            raise TLVError(f"tag {self.tag:02X} is missing")
        readings = list(length_readings(block, self.lengths))
        for start, size in readings:
            rest = block[start + size :]
            if start + size == len(block) or (signed and _is_signature(rest, last)):
                return start, size, 0
        if not last:
            for start, size in readings:
                here = len(block) - start
                if size > here:
                    return start, here, size - here
        raise TLVError(f"the length of tag {self.tag:02X} does not fit the block")


def _is_signature(data: bytes, last: bool) -> bool:
    """Whether `data` is a data object 33, complete or (before the last block) its beginning."""
    if len(data) < 2 or data[0] != SIGNATURE:
        return False
    ends = [start + size for start, size in signature_readings(data)]
    return len(data) in ends or (not last and max(ends, default=0) > len(data))
