"""Reads the two numbers of an ECDSA signature in strict DER."""

from micropython import const

_INTEGER = const(0x02)
_SEQUENCE = const(0x30)
_MAX_INTEGER = const(33)  # 32 bytes, and a zero before a high bit


def numbers(signature):
    """Return r and s (ints, not 0) of an ECDSA-Sig-Value (RFC 3279 2.2.3) on a 256-bit curve.

    `signature` must be strict DER: shortest lengths, shortest integers, no further byte.
    Raises ValueError for anything else.
    """
    view = memoryview(signature)
    size = len(view)
    if size < 2 or view[0] != _SEQUENCE or view[1] != size - 2:
        raise ValueError("the signature is not one DER sequence")
    r, pos = _number(view, 2, size)
    s, pos = _number(view, pos, size)
    if pos != size:
        raise ValueError("%d bytes after r and s" % (size - pos))
    return r, s


def _number(view, pos, size):
    """Return the INTEGER at `pos`, and its end."""
    start = pos + 2
    if start > size or view[pos] != _INTEGER:
        raise ValueError("the signature lacks r or s")
    length = view[pos + 1]
    if not 1 <= length <= _MAX_INTEGER or start + length > size:
        raise ValueError("r and s are numbers of 1 to 32 bytes")
    first = view[start]
    if first & 0x80 or (length == _MAX_INTEGER and first):
        raise ValueError("r and s are positive numbers of at most 32 bytes")
    if first == 0 and (length == 1 or not view[start + 1] & 0x80):
        raise ValueError("r or s is 0, or is not in its shortest form")
    return int.from_bytes(view[start : start + length], "big"), start + length
