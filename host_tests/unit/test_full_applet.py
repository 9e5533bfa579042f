"""All commands of the applet: exact bytes (section 16 of the applet reference), parsed answers."""

import io

from cards import ScriptedCard, TableCard, from_hex, key_answers, to_hex
from data.worked_examples import (
    EXAMPLES,
    PAIR_01_POINT,
    PAIR_04_POINT,
    PEER_POINT,
    TEXT_300,
)
from expect import equal, raises

import iotsafe
from iotsafe import listing, signing
from iotsafe.errors import CardError, CardProtocolError
from iotsafe.objects import FILE, PRIVATE_KEY, PUBLIC_KEY, SECRET_KEY, ObjectInfo

SIGNATURE = from_hex(EXAMPLES["16.12 DER"][1][1][4:-4])
SIGNATURE_300 = signing.signature(from_hex(EXAMPLES["16.15 K1"][2][1][6:-4]))
SIGNATURE_100 = signing.signature(from_hex(EXAMPLES["16.14"][1][1][6:-4]))
DIGEST = from_hex(EXAMPLES["16.12"][1][0][14:-2])
DH = from_hex(EXAMPLES["16.10"][0][1][:-4])
SEED = b"master secret" + bytes(range(0x20, 0x30))


def opened(*steps):
    """Return a card with `steps` after opening, and the whole applet on it."""
    card = ScriptedCard(*EXAMPLES["16.2"][:2])
    applet = iotsafe.FullApplet(card).open()
    card.then(*steps)
    return card, applet


def played(name, call, first=None, last=None):
    """Return the result of `call(applet)` with the examples `name`, which it must use up."""
    card, applet = opened(*EXAMPLES[name][first:last])
    result = call(applet)
    card.done()
    return result


def answer(name, number=0):
    return from_hex(EXAMPLES[name][number][1][:-4])


# ---- information -----------------------------------------------------------------------------


def test_capabilities_in_both_forms():
    for name in ("16.4 wrong Le", "16.4 61/6F"):
        if name == "16.4 61/6F":
            _, applet = opened(("01CB000000", EXAMPLES[name][0][1]))
            got = applet.capabilities()
        else:
            got = played(name, lambda applet: applet.capabilities())
        assert got.version == 0x10 and got.identifier == bytes(range(32))
        assert (got.max_files, got.max_private_keys) == (8, 4)
        assert (got.max_public_keys, got.max_secret_keys, got.max_sessions) == (4, 2, 4)
        assert (got.functions, got.hashes, got.algorithms) == (0x0F, 7, 4)
        assert (got.agreements, got.derivations) == (1, 3)
        assert got.names("hashes") == ("SHA-256", "SHA-384", "SHA-512")
        assert "version     1.0" in repr(got) and "derivations PRF, HKDF" in repr(got)


def test_capabilities_with_a_hash_of_one_byte_and_a_long_identifier():
    # One applet makes both mistakes: 0E for an identifier of 13 bytes, one byte of hashes.
    for data in ("1001 10 110E" + "AA" * 13, "110E" + "AA" * 13, "1001 10 110D" + "AA" * 13):
        data = data.replace("1001 10", "100110")
        _, applet = opened(("01CB000000", data + "B10108B20104910101B701029000"))
        got = applet.capabilities()
        assert (got.max_files, got.max_private_keys, got.hashes) == (8, 4, 1)
        assert got.max_sessions == 2 and got.functions is None
        assert got.names("functions") is None and "functions   ?\n" in repr(got)
        assert got.identifier[:13] == b"\xaa" * 13


def test_numbers_of_two_bytes():
    _, applet = opened(("01CB000000", "9102 0305 B10108 9000".replace(" ", "")))
    got = applet.capabilities()
    assert got.hashes == 0x0305 and got.names("hashes") == ("SHA-256", "SHA-512")


def test_invalid_capabilities():
    for data in ("", "FF", "9105", "B10108B2", "7001AA"):
        _, applet = opened(("01CB000000", data + "9000"))
        with raises(CardProtocolError, text="GET DATA"):
            applet.capabilities()


def test_object_list_prints_as_a_table():
    _, applet = opened(EXAMPLES["16.5 L1"][0])
    listed = applet.objects()
    lines = repr(listed).split("\n")
    assert len(lines) == 8, lines
    assert lines[0].split() == [
        "object",
        "ID",
        "label",
        "state",
        "type",
        "usage",
        "may",
        "access",
        "bytes",
    ]
    assert lines[1].split()[:6] == ["private", "key", "01", "ID", "active", "P-256"], lines
    peer = next(line for line in lines if "PEER" in line)
    assert "empty" in peer and "sign, agree" in peer and "read, update" in peer, peer
    fields = {info.label: listing.fields(info) for info in listed}
    assert fields[b"PEER"][6:] == (("sign", "agree"), ("read", "update"), None), fields
    assert fields[b"CERT"][4:6] == (None, "certificate") and fields[b"CERT"][8] == 300, fields
    assert listing.fields(ObjectInfo(FILE))[2:] == (None,) * 7
    file = next(line for line in lines if line.startswith("file"))
    assert file.split() == ["file", "02", "CERT", "active", "certificate", "read", "300"], file


def test_object_data_of_each_kind():
    kinds = ((PRIVATE_KEY, b"\1"), (PUBLIC_KEY, b"\4"), (FILE, b"\2"), (SECRET_KEY, b"\6"))
    for number in range(4):
        kind, ref = kinds[number]
        info = played(
            "16.6", lambda applet, k=kind, r=ref: applet.object_info(k, r), number, number + 1
        )
        assert info.kind == kind and info.id == ref
    file = played("16.6", lambda applet: applet.object_info(FILE, "CERT"), 4, 5)
    assert (file.id, file.size, file.usage) == (b"\2", 300, 2)
    for name in ("16.6 bare", "16.6 without 21"):
        assert played(name, lambda applet: applet.object_info(FILE, b"\2")).size == 300
    secret = played("16.6", lambda applet: applet.object_info(SECRET_KEY, b"\6"), 3, 4)
    assert (secret.key_type, secret.functions, secret.derivations) == (0xA0, 8, 1)


def test_object_data_of_something_else():
    for data in ("", "C11D", "830102", EXAMPLES["16.6"][1][1][:-4]):
        _, applet = opened(("01CBC1000384010100", data + "9000"))
        with raises(CardProtocolError, text="GET DATA"):
            applet.object_info(PRIVATE_KEY, b"\1")


# ---- keys ------------------------------------------------------------------------------------


def test_key_generation():
    pair = played("16.7", lambda applet: applet.generate_key_pair(b"\4"))
    assert (pair.private_id, pair.public_id) == (b"\4", b"\4")
    equal(pair.point, from_hex(PAIR_04_POINT))
    assert repr(pair) == "<key pair, private key 04, public key 04>"
    pair = played("16.7 key only", lambda applet: applet.generate_key_pair(b"\4"))
    assert (pair.private_id, pair.public_id) == (None, None)
    equal(pair.point, from_hex(PAIR_04_POINT))


def test_what_may_change_the_card_is_not_repeated():
    class Damaged(OSError):
        again = True

    card, applet = opened((EXAMPLES["16.7"][0][0], Damaged(5)))
    with raises(Damaged):
        applet.generate_key_pair(b"\4")
    card.done()


def test_key_generation_with_get_response():
    (command, waiting), fetch = EXAMPLES["16.7 fetch"]
    card, applet = opened((command + "00", waiting), fetch)
    equal(applet.generate_key_pair(b"\4").point, from_hex(PAIR_04_POINT))
    card.done()


def test_key_generation_that_answers_nothing():
    # The client selects the public half by the ID that the card gives, otherwise by its own name.
    read = "01CD0000%s00", "344549438641" + PAIR_04_POINT + "9000"
    for given, ref, name in (
        ("", b"\4", "03850104"),
        ("", "EPH", "057503455048"),
        ("84010485010A", b"\4", "0385010A"),
        ("840104", "EPH", "057503455048"),
    ):
        half = "03840104" if ref == b"\4" else "057403455048"
        card, applet = opened(("01B90000%s00" % half, given + "9000"))
        card.then((read[0] % name, read[1]))
        equal(applet.generate_key_pair(ref).point, from_hex(PAIR_04_POINT))
        card.done()


def test_key_generation_with_new_ids():
    data = "8403303036 8503303037 344549438641".replace(" ", "") + PAIR_04_POINT
    _, applet = opened(("01B900000384010400", data + "9000"))
    pair = applet.generate_key_pair(b"\4")
    assert (pair.private_id, pair.public_id) == (b"006", b"007")


def test_key_generation_refused_or_malformed():
    for sw in ("6985", "6982", "6A80", "6984"):
        _, applet = opened(("01B900000384010400", sw))
        with raises(CardError, text="GENERATE KEY PAIR private key 04: the SIM answered " + sw):
            applet.generate_key_pair(b"\4")
    for data in ("8400", "3401", "3400", "8415" + "AA" * 21, "344549438641" + "02" + "11" * 64):
        _, applet = opened(("01B900000384010400", data + "9000"))
        with raises(CardProtocolError, text="GENERATE KEY PAIR"):
            applet.generate_key_pair(b"\4")


def test_put_public_key():
    steps = [(c.replace("24000203", "24000103"), sw) for c, sw in EXAMPLES["16.9"]]
    steps[1] = (steps[1][0].replace("01D88002", "01D88001"), "9000")
    steps[2] = ("0124010100", "9000")
    card, applet = opened(*steps)
    applet.put_public_key(b"\5", from_hex(PEER_POINT))
    card.done()
    card, applet = opened()
    applet.session = 2
    card.then(*EXAMPLES["16.9"])
    applet.put_public_key(b"\5", from_hex(PEER_POINT))
    card.done()


def test_put_public_key_refused_closes_the_session():
    steps = list(EXAMPLES["16.9"])
    steps[1] = (steps[1][0], "6A80")
    card, applet = opened(*steps)
    applet.session = 2
    with raises(CardError, text="PUT PUBLIC KEY public key 05: the SIM answered 6A80"):
        applet.put_public_key(b"\5", from_hex(PEER_POINT))
    card.done()
    for point in (b"", bytes(65), from_hex(PEER_POINT)[:64]):
        with raises(ValueError, text="65 bytes"):
            applet.put_public_key(b"\5", point)


# ---- signatures ------------------------------------------------------------------------------


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


LONG = bytes(range(200))
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


def test_long_secrets_in_the_other_form_of_their_length():
    secret = to_hex(LONG[:130])
    ber, plain = "D18182" + secret, "D182" + secret
    hkdf = "D50100910200" + "0100"
    card, applet = opened(("014A00008C" + ber + hkdf, "6A80"))
    card.then(("014A00008B" + plain + hkdf, "AB" * 32 + "9000"))
    assert applet.compute_hkdf(LONG[:130], b"\0") == b"\xab" * 32
    prf = "D20161D30104" + "00"
    card.then(("014800008A" + plain + prf, "6700"), ("014800008B" + ber + prf, "010203049000"))
    assert applet.compute_prf(b"a", 4, LONG[:130]) == b"\1\2\3\4"
    card.then(("014800008B" + ber + prf, "6A82"))  # another refusal says nothing about lengths
    with raises(CardError):
        applet.compute_prf(b"a", 4, LONG[:130])
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


# ---- secrets ---------------------------------------------------------------------------------


def test_key_agreement():
    equal(played("16.10", lambda applet: applet.compute_dh(b"\4", b"\5")), DH)
    text = "COMPUTE DH private key 04 with public key 05: the SIM answered 6985"
    with raises(CardError, text=text):
        played("16.10 empty", lambda applet: applet.compute_dh(b"\4", b"\5"))
    for data in ("", "AB" * 31, "AB" * 33):
        _, applet = opened((EXAMPLES["16.10"][0][0], data + "9000"))
        with raises(CardProtocolError, text="bytes for 32"):
            applet.compute_dh(b"\4", b"\5")


def test_pseudo_random_function():
    secret = from_hex("9BBE436BA940F017B17652849A71DB35")
    seed = b"test label" + from_hex("A0BA9F936CDA311827A6F796FFD5198C")
    equal(
        played("16.17 general", lambda applet: applet.compute_prf(seed, 100, secret)),
        answer("16.17 general"),
    )
    got = played("16.17 PSK-plain", lambda applet: applet.compute_prf(SEED, 48, key=b"\6"))
    equal(got, answer("16.17 PSK-plain"))
    got = played(
        "16.17 PSK-ECDHE", lambda applet: applet.compute_prf(SEED, 48, key=b"\6", premaster=DH)
    )
    equal(got, answer("16.17 PSK-ECDHE"))
    _, applet = opened()
    for arguments in ((SEED, 0, secret), (SEED, 256, secret), (SEED, 1), (SEED, 1, secret, b"\6")):
        with raises(ValueError):
            applet.compute_prf(*arguments)


def test_hkdf():
    got = played("16.18 early secret", lambda applet: applet.compute_hkdf(b""))
    equal(got, answer("16.18 early secret"))
    salt = from_hex("6F2615A108C702C5678F54FC9DBAB69716C076189C48250CEBEAC3576C3611BA")
    got = played("16.18 handshake secret", lambda applet: applet.compute_hkdf(DH, salt))
    equal(got, answer("16.18 handshake secret"))
    got = played(
        "16.18 RFC 5869", lambda applet: applet.compute_hkdf(b"\x0b" * 22, bytes(range(13)))
    )
    equal(got, answer("16.18 RFC 5869"))
    for hash, size in ((2, 48), (4, 64)):
        zeros = "%02X" % size + "00" * size
        apdu = "D1" + zeros + "D5" + zeros + "910200%02X" % hash
        command = "014A0000%02X" % (len(apdu) // 2) + apdu + "00"
        _, applet = opened((command, "AB" * size + "9000"))
        equal(applet.compute_hkdf(b"", hash=hash), b"\xab" * size)
    _, applet = opened()
    with raises(ValueError):
        applet.compute_hkdf(b"", hash=3)


# ---- requests and tokens ----------------------------------------------------------------------


def test_request_and_token_by_id_and_by_label():
    digests = []

    class Card(TableCard):
        def _answer(self, command):
            if command[1] == 0x2A:
                return b"\x90\x00"
            if command[1] == 0x2B:
                digests.append(command[7:39])
                return b"\x33\x40" + bytes(range(1, 65)) + b"\x90\x00"
            return super()._answer(command)

    listed = "74034B45598403303036" + "75034B45598503303037"
    table = (("01CB010000", listed + "9000"), key_answers("303037", PAIR_01_POINT))
    point = from_hex(PAIR_01_POINT)
    for ref in (b"006", "KEY"):
        applet = iotsafe.FullApplet(Card(table))
        request = applet.csr(ref, "CN=device-1", ("DNS:device.example",))
        assert point in request and b"device.example" in request
        token = applet.jwt(ref, {"sub": "device-1"})
        assert token.count(".") == 2 and len(digests[-1]) == 32
    with raises(ValueError, text="the card lists no private key 01"):
        iotsafe.FullApplet(Card(table)).csr(b"\1", "CN=x")
    # A card without a list has the public key under the same ID.
    applet = iotsafe.FullApplet(Card((("01CB010000", "6A86"), key_answers("01", PAIR_01_POINT))))
    assert point in applet.csr(b"\1", "CN=device-1")


# ---- the whole applet -------------------------------------------------------------------------


def test_nothing_is_sent_before_the_first_command():
    card = TableCard((EXAMPLES["16.3"][0],))
    applet = iotsafe.FullApplet(card)
    assert repr(applet) == "<IoT SAFE applet, not open, 0 exchanges>" and card.log == []
    equal(applet.random(16), answer("16.3"))
    assert repr(applet) == "<IoT SAFE applet, AID A0000005590010, 3 exchanges>"


def test_a_modem_or_its_channel():
    class Modem:
        def sim(self):
            return card

    card = TableCard((EXAMPLES["16.3"][0],))
    equal(iotsafe.FullApplet(Modem()).random(16), answer("16.3"))


def test_a_channel_that_is_given():
    card = ScriptedCard(("00A4040007A0000005590010", "9000"), ("0084000001", "AA9000"))
    applet = iotsafe.FullApplet(card, number=0)
    equal(applet.random(1), b"\xaa")
    applet.close()
    card.done()


def test_names_that_are_not_there():
    for name in ("nothing", "_nothing"):
        with raises(AttributeError):
            getattr(iotsafe, name)
    assert iotsafe.FullApplet is iotsafe.full_applet.FullApplet
    assert iotsafe.K2 == 2 and PAIR_01_POINT


def test_the_error_for_a_former_name_has_the_new_one():
    for old, new in (
        ("choose", "find_identity"),
        ("open", "FullApplet"),
        ("Safe", "FullApplet"),
        ("safe", "full_applet"),
        ("verdict", "engine_errors"),
    ):
        with raises(AttributeError, text="iotsafe.%s is now iotsafe.%s" % (old, new)):
            getattr(iotsafe, old)
        assert getattr(iotsafe, new)
