"""All commands of the applet but signatures: bytes (section 16 of the reference), answers."""

from cards import ScriptedCard, TableCard, from_hex, key_answers, to_hex
from data.worked_examples import EXAMPLES, PAIR_01_POINT, PAIR_04_POINT, PEER_POINT
from expect import equal, raises
from full_applet_script import LONG, opened, played

import iotsafe
from iotsafe import listing
from iotsafe.errors import CardError, CardProtocolError
from iotsafe.objects import FILE, PRIVATE_KEY, PUBLIC_KEY, SECRET_KEY, ObjectInfo

DH = from_hex(EXAMPLES["16.10"][0][1][:-4])
SEED = b"master secret" + bytes(range(0x20, 0x30))


def answer(name, number=0):
    return from_hex(EXAMPLES[name][number][1][:-4])


# ---- information ------------------------------------------------------------------------------


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


# ---- keys -------------------------------------------------------------------------------------


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


# ---- signatures -------------------------------------------------------------------------------


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


# ---- secrets ----------------------------------------------------------------------------------


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
