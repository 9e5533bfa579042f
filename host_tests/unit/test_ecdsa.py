"""Signatures in DER, parsed strictly."""

from cards import from_hex
from data.worked_examples import EXAMPLES
from expect import raises
from software_key import _R

from iotsafe.ecdsa import numbers

DER = from_hex(EXAMPLES["16.12 DER"][1][1][4:-4])
S = 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8


def test_the_signature_of_the_worked_example():
    assert numbers(DER) == (_R, S)
    assert numbers(memoryview(DER)) == (_R, S)


def test_shortest_forms():
    assert numbers(from_hex("3006 020101 02017F")) == (1, 0x7F)
    assert numbers(from_hex("3008 02020080 020200FF")) == (0x80, 0xFF)
    most = "022100" + "FF" * 32
    assert numbers(from_hex("3046" + most + most)) == (2**256 - 1, 2**256 - 1)
    # 64 bytes, which must not be read as r and s side by side
    assert numbers(from_hex("303E" + ("021D01" + "00" * 28) * 2)) == (1 << 224, 1 << 224)


def test_what_is_no_signature_to_the_letter():
    for text in (
        "",
        "30",
        "3000",
        "3100",
        "3003020101",
        "3006 020100 020101",  # 0
        "3006 020101 020100",
        "3006 0201FF 020101",  # negative
        "3006 020101 020180",
        "3007 02020001 020101",  # a superfluous zero
        "3007 020101 0202007F",
        "3005 0200 020101",
        "3005 020101 0200",
        "308106 020101 020101",  # long lengths
        "3007 02810101 020101",
        "3080 020101 020101 0000",
        "3006 030101 020101",  # other tags
        "3006 020101 030101",
        "3106 020101 020101",
        "3006 020101 020101 00",  # a byte more
        "3007 020101 020101 00",
        "3009 020101 020101 020101",
        "3005 020101 020101",
        "3006 020101 020201",
        "3006 0203010203 01",
        "3027 022201" + "00" * 33 + "020101",  # too long
        "3026 022101" + "00" * 32 + "020101",
        "3026 020101 022101" + "00" * 32,
        "30FF" + "00" * 255,
    ):
        with raises(ValueError):
            numbers(from_hex(text))


def test_each_cut_and_each_longer_signature():
    for size in range(len(DER)):
        with raises(ValueError):
            numbers(DER[:size])
        if size > 2:  # the sequence has the length, r or s does not
            with raises(ValueError):
                numbers(b"\x30" + bytes((size - 2,)) + DER[2:size])
    for tail in (b"\0", b"\x90\0", DER):
        with raises(ValueError):
            numbers(DER + tail)


def test_each_changed_byte():
    changed = bytearray(DER)
    for at in range(len(DER)):
        for new in (0x00, 0x7F, 0x80, 0xFF, DER[at] ^ 1):
            changed[at] = new
            try:
                r, s = numbers(changed)
            except ValueError:
                continue
            assert 0 < r < 2**256 and 0 < s < 2**256
        changed[at] = DER[at]
