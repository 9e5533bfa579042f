"""TLV data objects of the applet: one-byte tags, BER lengths (section 5.1).

Some clients write a length of 80 to FF as one plain byte (section 14, item 10). Functions with
`lengths` read "ber", "plain" or "both" of these; of both the reading that fits the data wins.
"""

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


def decode_all(data: bytes, lengths: str = "ber") -> list[tuple[int, bytes]]:
    """Return the TLVs of `data` as (tag, value) pairs; TLVError unless they fill it exactly."""
    items, at = [], 0
    while at < len(data):
        if lengths != "ber" and at + 1 < len(data) and data[at + 1] >= 0x80:
            return items + _with_plain(data, at, lengths)
        start, end = value_bounds(data, at)
        if end > len(data):
            raise TLVError(f"the value of tag {data[at]:02X} is cut off")
        items.append((data[at], data[start:end]))
        at = end
    return items


def _with_plain(data: bytes, at: int, lengths: str) -> list[tuple[int, bytes]]:
    """Decode the TLVs from `at` on; the first has a length byte above 7F."""
    for start, size in length_readings(data[at:], lengths):
        end = at + start + size
        if end > len(data):
            continue
        try:
            return [(data[at], data[at + start : end]), *decode_all(data[end:], lengths)]
        except TLVError:
            continue
    raise TLVError(f"the length of tag {data[at]:02X} does not fit")


def length_readings(data: bytes, lengths: str) -> Iterator[tuple[int, int]]:
    """Yield (start, size) of the value of the TLV in `data` for each way to read its length, BER
    first."""
    first = data[1]
    size = first - 0x80
    shortest = 2 if lengths == "plain" else 1  # above FF there is BER only
    if shortest <= size <= 3 and len(data) >= 2 + size:
        yield 2 + size, int.from_bytes(data[2 : 2 + size], "big")
    if first < 0x80 or lengths != "ber":
        yield 2, first


def decode_exactly(data: bytes, *tags: int, lengths: str = "ber") -> list[bytes]:
    """Return the values of `tags`, in that order; `data` must hold each once, and nothing else.

    Raises TLVError.
    """
    items = decode_all(data, lengths)
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


def decode_signature(data: bytes, forms: str = "both") -> bytes:
    """Return tag 33's value; TLVError unless it fills `data`. forms: see `signature_readings`."""
    if len(data) < 2 or data[0] != SIGNATURE:
        raise TLVError("no signature (tag 33)")
    for start, size in signature_readings(data, forms):
        if start + size == len(data):
            return data[start:]
    raise TLVError("the length of the signature is wrong")


def signature_readings(data: bytes, forms: str = "both") -> Iterator[tuple[int, int]]:
    """Yield (start, length) of tag 33's value for each way to read its length: two bytes ("two"),
    BER or one byte ("one")."""
    first = data[1]
    if forms != "one" and len(data) >= 3 and first <= 0x01:
        yield 3, int.from_bytes(data[1:3], "big")
    if forms == "two":
        return
    size = first - 0x80
    if 1 <= size <= 2 and len(data) >= 2 + size:
        yield 2 + size, int.from_bytes(data[2 : 2 + size], "big")
    if first:
        yield 2, first


def split_signature(data: bytes, lengths: str, forms: str) -> tuple[bytes, bytes]:
    """Return the TLVs before tag 33, undecoded, and the signature's value. Raises TLVError."""
    at = data.find(SIGNATURE)
    while at >= 0:
        try:
            decode_all(data[:at], lengths)
            return data[:at], decode_signature(data[at:], forms)
        except TLVError:
            at = data.find(SIGNATURE, at + 1)
    raise TLVError("the data objects and the signature do not fit")
