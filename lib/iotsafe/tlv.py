"""Data objects (tag, length, value) of the IoT SAFE interface, sans-I/O.

Tags are one byte. Lengths are BER, with two deviations of real cards, which this module hides from
the layers above:

- tag 33 (signature) may have a length of two fixed bytes: `33 00 40 …`, for RSA `33 01 00 …`;
- tag 92 (signature algorithm) may claim two bytes but have only one: `92 02 04 91 …`.
"""

from micropython import const

_SIGNATURE = const(0x33)
# A first length byte below this is the first of two; DER of two tiny numbers has 8 bytes.
_SHORTEST_SIGNATURE = const(8)
_SIGNATURE_ALGORITHM = const(0x92)
_HASH_ALGORITHM = const(0x91)
# Status words with which a card may refuse the form of a length.
REFUSED = (0x6A80, 0x6700, 0x6985)


class TLVError(ValueError):
    """A byte string from the card that is not a sequence of data objects."""


def items(data):
    """Yield `(tag, value)` for each data object in `data`; `value` is a memoryview into it.

    Raises TLVError if a length runs past the end.
    """
    view = memoryview(data)
    pos = 0
    end = len(view)
    while pos < end:
        tag = view[pos]
        start, length = _length(view, pos + 1, tag)
        pos = start + length
        if pos > end:
            raise TLVError("tag %02X claims %d bytes, %d are there" % (tag, length, end - start))
        yield tag, view[start:pos]


def _length(view, pos, tag):
    """Decode the length at `pos`; return (position of the value, its length)."""
    size = len(view)
    if pos >= size:
        raise TLVError("tag %02X has no length" % tag)
    first = view[pos]
    pos += 1
    if first < 0x80:
        if tag == _SIGNATURE and first < _SHORTEST_SIGNATURE and pos < size:
            return pos + 1, first << 8 | view[pos]
        if (
            tag == _SIGNATURE_ALGORITHM
            and first == 2
            and pos + 1 < size
            and view[pos + 1] == _HASH_ALGORITHM
        ):
            return pos, 1
        return pos, first
    count = first & 0x7F
    if not 1 <= count <= 3 or pos + count > size:
        raise TLVError("tag %02X has the length byte %02X" % (tag, first))
    length = 0
    for _ in range(count):
        length = length << 8 | view[pos]
        pos += 1
    return pos, length


def find(data, tag):
    """Return the value (memoryview) of the first data object `tag` in `data`, or None."""
    for found, value in items(data):
        if found == tag:
            return value
    return None


def put(tag, value, plain=False):
    """Return one data object as bytes, with the shortest BER length; see `head`."""
    return head(tag, len(value), plain) + value


def head(tag, size, plain=False):
    """Return tag and length of a data object whose value has `size` bytes, at most FFFFFF.
    `plain`: a length of 80 to FF is one byte, as some cards read it, not two (81 80)."""
    if size < 0x80 or (plain and size < 0x100):
        return bytes((tag, size))
    if size < 0x100:
        return bytes((tag, 0x81, size))
    if size < 0x10000:
        return bytes((tag, 0x82, size >> 8, size & 0xFF))
    return bytes((tag, 0x83, size >> 16, size >> 8 & 0xFF, size & 0xFF))
