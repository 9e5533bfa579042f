"""Data objects: lengths, the two deviations of real cards, hostile bytes (section 5)."""

from cards import from_hex, to_hex
from expect import equal, raises

from iotsafe import tlv


def walk(text):
    return [(tag, to_hex(value)) for tag, value in tlv.items(from_hex(text))]


def test_items_in_order():
    assert walk("8401 01 A10103 9A00") == [(0x84, "01"), (0xA1, "03"), (0x9A, "")]
    assert walk("") == []


def test_ber_lengths():
    for head, size in (("9B7F", 127), ("9B8180", 128), ("9B820100", 256), ("9B83000101", 257)):
        data = from_hex(head) + bytes(size)
        assert [(tag, len(value)) for tag, value in tlv.items(data)] == [(0x9B, size)]


def test_values_are_views_not_copies():
    data = bytearray(from_hex("840101"))
    value = tlv.find(data, 0x84)
    data[2] = 7
    assert value[0] == 7


def test_signature_with_one_and_with_two_length_bytes():
    body = "AB" * 64
    assert walk("3340" + body) == [(0x33, body)]
    assert walk("330040" + body) == [(0x33, body)]
    # Only tag 33 has it: an empty value of another tag is an empty value.
    assert walk("34003300") == [(0x34, ""), (0x33, "")]


def test_signature_algorithm_that_claims_one_byte_too_many():
    assert walk("920204 91020001") == [(0x92, "04"), (0x91, "0001")]
    assert walk("920104 91020001") == [(0x92, "04"), (0x91, "0001")]
    assert walk("92020400") == [(0x92, "0400")]
    assert walk("920204 90") == [(0x92, "0490")]


def test_lengths_past_the_end():
    for text in ("84", "8402 01", "840101 85", "9B81", "9B8201", "9B82FFFF00", "33", "330041AB"):
        with raises(tlv.TLVError):
            walk(text)


def test_length_bytes_that_are_not_understood():
    for text in ("9B80", "9B8400000001 00", "9BFF" + "00" * 127):
        with raises(tlv.TLVError, text="length byte"):
            walk(text)


def test_what_stands_before_the_fault_is_given():
    got = []
    with raises(tlv.TLVError, text="tag 85 claims 9 bytes, 1 are there"):
        for tag, _ in tlv.items(from_hex("840101 850901")):
            got.append(tag)
    assert got == [0x84]


def test_find_gives_the_first():
    data = from_hex("840101 840102 850103")
    equal(tlv.find(data, 0x84), b"\x01")
    equal(tlv.find(data, 0x85), b"\x03")
    assert tlv.find(data, 0x86) is None


def test_put_uses_the_shortest_length():
    for size, head in ((0, "9B00"), (127, "9B7F"), (128, "9B8180"), (255, "9B81FF")):
        equal(tlv.put(0x9B, bytes(size)), from_hex(head) + bytes(size))
    equal(tlv.put(0x9B, bytes(256)), from_hex("9B820100") + bytes(256))
    longest = memoryview(tlv.put(0x9B, bytes(65535)))  # no copy: a board has room for few
    equal(longest[:4], from_hex("9B82FFFF"))
    assert len(longest) == 4 + 65535 and not any(longest[4:])


def test_put_is_read_back():
    for size in (0, 1, 127, 128, 200, 256, 1000):
        value = bytes(i & 0xFF for i in range(size))
        equal(tlv.find(tlv.put(0x85, value), 0x85), value)
