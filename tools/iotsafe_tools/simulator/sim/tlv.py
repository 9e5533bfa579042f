"""TLV data objects of the applet: one-byte tags, BER lengths (section 5.1)."""

from collections.abc import Iterable, Iterator

SIGNATURE = 0x33


class TLVError(ValueError):
    """The bytes are not the expected TLVs; the applet answers 6A80."""


def encode(tag: int, value: bytes) -> bytes:
    """Return one TLV with the shortest length field."""
    return bytes([tag]) + _length(len(value)) + value


def encode_all(items: Iterable[tuple[int, bytes]]) -> bytes:
    """Return the bytes of a sequence of (tag, value) pairs."""
    return b"".join(encode(tag, value) for tag, value in items)


def _length(n: int) -> bytes:
    if n < 0x80:
        return bytes([n])
    size = (n.bit_length() + 7) // 8
    return bytes([0x80 | size]) + n.to_bytes(size, "big")


def value_bounds(data: bytes, at: int) -> tuple[int, int]:
    """Return start and end of the value of the TLV at `at`, by its BER length (up to 83).

    The end may lie beyond the data. Raises TLVError if the header is cut off or malformed.
    """
    if at + 2 > len(data):
        raise TLVError("a TLV is cut off in its header")
    first = data[at + 1]
    if first < 0x80:
        return at + 2, at + 2 + first
    size = first & 0x7F
    if not 1 <= size <= 3:
        raise TLVError(f"{first:02X} does not begin a TLV's length")
    start = at + 2 + size
    if start > len(data):
        raise TLVError("a TLV is cut off in its length")
    return start, start + int.from_bytes(data[at + 2 : start], "big")


def decode_all(data: bytes) -> list[tuple[int, bytes]]:
    """Return the TLVs of `data` as (tag, value) pairs; TLVError unless they fill it exactly."""
    items, at = [], 0
    while at < len(data):
        start, end = value_bounds(data, at)
        if end > len(data):
            raise TLVError(f"the value of tag {data[at]:02X} is cut off")
        items.append((data[at], data[start:end]))
        at = end
    return items


def decode_exactly(data: bytes, *tags: int) -> list[bytes]:
    """Return the values of `tags`, in that order; `data` must hold each once, and nothing else.

    Raises TLVError.
    """
    items = decode_all(data)
    values = dict(items)
    if len(items) != len(tags) or values.keys() != set(tags):
        raise TLVError("the data objects do not fit the command")
    return [values[tag] for tag in tags]


def encode_signature(value: bytes, length_bytes: int) -> bytes:
    """Return data object 33, its length in two fixed bytes or in the short form, which is BER
    above 7F (section 14, item 1)."""
    if length_bytes == 1:
        return encode(SIGNATURE, value)
    return bytes([SIGNATURE]) + len(value).to_bytes(length_bytes, "big") + value


def decode_signature(data: bytes) -> bytes:
    """Return tag 33's value with any form of length; TLVError unless it fills `data`."""
    if len(data) < 2 or data[0] != SIGNATURE:
        raise TLVError("no signature (tag 33)")
    for start, size in signature_readings(data):
        if start + size == len(data):
            return data[start:]
    raise TLVError("the length of the signature is wrong")


def signature_readings(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield (start, length) of tag 33's value for each way to read its length: two bytes, BER, one
    byte."""
    first = data[1]
    if len(data) >= 3 and first <= 0x01:
        yield 3, int.from_bytes(data[1:3], "big")
    size = first - 0x80
    if 1 <= size <= 2 and len(data) >= 2 + size:
        yield 2 + size, int.from_bytes(data[2 : 2 + size], "big")
    if first:
        yield 2, first


def split_signature(data: bytes) -> tuple[bytes, bytes]:
    """Return the TLVs before tag 33, undecoded, and the signature's value. Raises TLVError."""
    at = 0
    while at < len(data) and data[at] != SIGNATURE:
        at = value_bounds(data, at)[1]
    return data[:at], decode_signature(data[at:])
