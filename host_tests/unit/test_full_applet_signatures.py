"""Signatures of the whole applet in each mode, their verification, and the forms of a length."""

import io

from cards import from_hex, to_hex
from data.worked_examples import EXAMPLES, TEXT_300
from expect import equal, raises
from full_applet_script import LONG, opened, played

import iotsafe
from iotsafe import signing
from iotsafe.errors import CardError, CardProtocolError

SIGNATURE = from_hex(EXAMPLES["16.12 DER"][1][1][4:-4])
SIGNATURE_300 = signing.signature(from_hex(EXAMPLES["16.15 K1"][2][1][6:-4]))
SIGNATURE_100 = signing.signature(from_hex(EXAMPLES["16.14"][1][1][6:-4]))
DIGEST = from_hex(EXAMPLES["16.12"][1][0][14:-2])

# ---- signatures -------------------------------------------------------------------------------


def test_signatures_in_each_mode():
    block = bytes(range(0x40, 0x64))
    state = from_hex("FC99A2DF88F42A7A7BB9D18033CDC6A20256755F9D5B9A5044A9CC315ABE84A7")
    for name, what, want in (
        ("16.12", iotsafe.Digest(DIGEST), SIGNATURE),
        ("16.13", iotsafe.Text(b"sample"), SIGNATURE),
        ("16.14", iotsafe.LastBlock(block, state, 64), SIGNATURE_100),
    ):
        # Not the third exchange: the last update has closed the session.
        got = played(name, lambda applet, w=what: applet.compute_signature(b"\1", w), 0, 2)
        equal(got, want)


def test_signatures_over_long_texts():
    text = from_hex(TEXT_300)
    for name, dialect in (("16.15 K1", iotsafe.K1), ("16.15 K2", iotsafe.K2)):
        what = iotsafe.Text(text, dialect=dialect)
        got = played(name, lambda applet, w=what: applet.compute_signature(b"\1", w), 0, 3)
        equal(got, SIGNATURE_300)


class Stream:
    """A stream that gives a few bytes at a time."""

    def __init__(self, data, most):
        self._data = data
        self._most = most

    def readinto(self, buffer):
        part = self._data[: min(self._most, len(buffer))]
        buffer[: len(part)] = part
        self._data = self._data[len(part) :]
        return len(part)


def test_signature_over_a_stream():
    for most in (1, 7, 251, 1000):
        what = iotsafe.Text(Stream(from_hex(TEXT_300), most), 300)
        got = played("16.15 K1", lambda applet, w=what: applet.compute_signature(b"\1", w), 0, 3)
        equal(got, SIGNATURE_300)


def test_a_stream_that_ends_early_closes_the_session():
    first, second = EXAMPLES["16.15 K1"][:2]
    card, applet = opened(first, second, ("012A010100", "9000"))
    with raises(ValueError, text="the text ends 40 bytes early"):
        applet.compute_signature(b"\1", iotsafe.Text(Stream(from_hex(TEXT_300)[:260], 99), 300))
    card.done()


def blocks(what, tail=b""):
    """Return the data sent, block by block."""
    body = memoryview(bytearray(255))
    sent = []
    ends = []
    for size, last in what.blocks(body, tail):
        ends.append(last)
        assert 0 < size <= 255
        sent.append(bytes(body[:size]))
        for i in range(255):
            body[i] = 0xEE
    assert ends == [False] * (len(ends) - 1) + [True]
    return sent


def test_each_length_around_the_end_of_a_block():
    tail = b"\x33\x00\x40" + bytes(64)
    for size in (
        1,
        127,
        128,
        180,
        183,
        184,
        185,
        186,
        187,
        251,
        252,
        253,
        254,
        255,
        256,
        506,
        507,
    ):
        text = bytes((7 * i) & 0xFF for i in range(size))
        for end in (b"", tail):
            k1 = blocks(iotsafe.Text(text), end)
            assert all(len(block) == 255 for block in k1[:-1])
            equal(b"".join(k1), signing.tlv.put(0x9B, text) + end)
            k2 = blocks(iotsafe.Text(text, dialect=iotsafe.K2), end)
            parts = []
            for number, block in enumerate(k2):
                length = block[1]
                assert block[0] == 0x9B and length
                rest = block[2 + length :]
                assert rest == (end if number == len(k2) - 1 else b""), (size, number)
                parts.append(block[2 : 2 + length])
            equal(b"".join(parts), text)


def test_texts_that_cannot_be_signed():
    for make in (
        lambda: iotsafe.Text(b""),
        lambda: iotsafe.Text(Stream(b"x", 1)),
        lambda: iotsafe.Text(Stream(b"x", 1), 1 << 24),
        lambda: iotsafe.Digest(bytes(31)),
        lambda: iotsafe.LastBlock(b"", bytes(32), 0),
        lambda: iotsafe.LastBlock(bytes(129), bytes(32), 0),
        lambda: iotsafe.LastBlock(b"x", bytes(31), 0),
        lambda: iotsafe.LastBlock(b"x", bytes(65), 0),
        lambda: iotsafe.LastBlock(b"x", bytes(32), 1 << 32),
    ):
        with raises(ValueError):
            make()
    for size, state, count in ((1, 32, 0), (128, 64, 0xFFFFFFFF)):
        (block,) = blocks(iotsafe.LastBlock(bytes(size), bytes(state), count))
        assert block[-4:] == count.to_bytes(4, "big")


def test_hash_and_algorithm_are_announced():
    digest = bytes(range(48))
    card, applet = opened(
        ("012A00010D840101A1010391020002920101", "9000"),
        ("012B8001329E30" + to_hex(digest) + "00", "330100" + "AB" * 253 + "6106"),
        ("01C0000006", "AB" * 3 + "9000"),
    )
    got = applet.compute_signature(
        b"\1", iotsafe.Digest(digest), iotsafe.SHA384, iotsafe.RSA_PKCS1
    )
    equal(got, b"\xab" * 256)
    card.done()
    card, applet = opened(("012A00010D840101A1010391020001920102", "9000"))
    card.then((EXAMPLES["16.12"][1][0], "330040" + "AB" * 64 + "9000"), ("012A010100", "9000"))
    with raises(CardProtocolError, text="an RSA signature of 64 bytes"):
        applet.compute_signature(b"\1", iotsafe.Digest(DIGEST), algorithm=iotsafe.RSA_PSS)


def test_verification():
    for name, good in (("16.16", True), ("16.16 wrong signature", False)):
        init, (update, sw) = EXAMPLES[name][:2]
        value = from_hex(update[-128:])
        card, applet = opened(init, (update, sw))
        if not good:
            card.then(("012C010100", "9000"))
        assert applet.verify_signature(b"\1", iotsafe.Digest(DIGEST), value) is good
        card.done()
    # In DER, as `sign` returns it.
    card, applet = opened(*EXAMPLES["16.16"][:2])
    assert applet.verify_signature(b"\1", iotsafe.Digest(DIGEST), SIGNATURE)
    card.done()


def test_verification_by_a_card_that_wants_one_length_byte():
    init, (update, _), close = EXAMPLES["16.16"]
    card, applet = opened(init, (update, "6A80"), close, *EXAMPLES["16.16 one-byte length"][:2])
    assert applet.verify_signature(b"\1", iotsafe.Digest(DIGEST), SIGNATURE)
    card.done()


SIGN_TEXT = ("012A00010D840101A1010191020001920104", "9000")
VERIFY_TEXT = ("012C00010D850101A1010191020001920104", "9000")


def test_a_long_text_in_the_other_form_of_its_length():
    for sw in ("6A80", "6700", "6985"):
        ber = "012B8001CB 9B81C8" + to_hex(LONG) + "00"
        plain = "012B8001CA 9BC8" + to_hex(LONG) + "00"
        card, applet = opened(SIGN_TEXT, (ber, sw), ("012A010100", "9000"))
        card.then(SIGN_TEXT, (plain, "3340" + "11" * 64 + "9000"))
        applet.compute_signature(b"\1", iotsafe.Text(LONG))
        # The applet remembers the form, and goes back to the first when it is refused.
        card.then(SIGN_TEXT, (plain, sw), ("012A010100", "9000"))
        card.then(SIGN_TEXT, (ber, "3340" + "11" * 64 + "9000"))
        applet.compute_signature(b"\1", iotsafe.Text(LONG))
        card.then(SIGN_TEXT, (ber, "3340" + "11" * 64 + "9000"))
        applet.compute_signature(b"\1", iotsafe.Text(LONG))
        card.done()


def test_a_text_and_its_signature_in_all_forms():
    raw = to_hex(signing.raw_signature(SIGNATURE))
    text = to_hex(LONG[:150])
    close = ("012C010100", "9000")
    card, applet = opened()
    for head, tail in (("9B8196", "330040"), ("9B8196", "3340"), ("9B96", "330040")):
        size = (len(head + text + tail + raw)) // 2
        card.then(VERIFY_TEXT, ("012D8001%02X" % size + head + text + tail + raw, "6A80"), close)
    card.then(VERIFY_TEXT, ("012D8001DA9B96" + text + "3340" + raw, "9000"))
    file = io.BytesIO(b"head" + LONG)
    file.seek(4)
    assert applet.verify_signature(b"\1", iotsafe.Text(file, 150), SIGNATURE)
    card.then(VERIFY_TEXT, ("012D8001479B03616263" + "3340" + raw, "6D01"), close)
    assert not applet.verify_signature(b"\1", iotsafe.Text(b"abc"), SIGNATURE)
    card.done()
    # A stream that cannot go back is sent once.
    card, applet = opened(VERIFY_TEXT)
    card.then(("012D8001DC9B8196" + text + "330040" + raw, "6A80"), close)
    with raises(CardError):
        applet.verify_signature(b"\1", iotsafe.Text(Stream(LONG[:150], 99), 150), SIGNATURE)
    card.done()


def test_nothing_but_success_is_verified():
    init, (update, _), close = EXAMPLES["16.16"]
    short = EXAMPLES["16.16 one-byte length"][1][0]
    for sw in ("6F00", "6984", "6A82", "6400"):
        _, applet = opened(init, (update, sw), close)
        with raises(CardError):
            applet.verify_signature(b"\1", iotsafe.Digest(DIGEST), SIGNATURE)
    card, applet = opened(init, (update, "6985"), close, init, (short, "6985"), close)
    with raises(CardError):
        applet.verify_signature(b"\1", iotsafe.Digest(DIGEST), SIGNATURE)
    card.done()
    card, applet = opened()
    with raises(ValueError):
        applet.verify_signature(b"\1", iotsafe.Digest(DIGEST), b"no signature")
    card.done()


def test_raw_signatures():
    for r, s in ((1, 1), (1 << 255, 255), (255, (1 << 256) - 1)):
        raw = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        equal(signing.raw_signature(signing.signature(raw)), raw)
