"""The applet of the simulated SIM: objects, access rules, sessions, signatures, faults."""

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from iotsafe_tools.simulator.sim import Card, File, PrivateKey, Profile, PublicKey, Store
from iotsafe_tools.simulator.sim.ecc import (
    generate,
    point_of,
    public_key,
    raw_to_der,
)

DIGEST = hashlib.sha256(b"sample").digest()
SIGN = "012A00010D840101A1010391020001920104"  # session 01, key 01, mode 03, SHA-256, ECDSA
VERIFY = "012C00010D850101A1010391020001920104"
UPDATE = "012B8001229E20" + DIGEST.hex() + "00"
CLOSE = "012A010100"


def card_with_applet(store: Store | None = None, **switches) -> Card:
    card = Card(store, Profile(**switches))
    select(card)
    return card


def select(card: Card) -> None:
    transmit(card, "0070000001")
    assert transmit(card, "01A4040007A0000005590010") == "9000"


def transmit(card: Card, command: str) -> str:
    return card.transmit(bytes.fromhex(command)).hex().upper()


def apdu(header: str, data: bytes, le: str = "") -> str:
    return f"{header}{len(data):02X}{data.hex()}{le}"


def signature_of(card: Card, session: str = "01", digest: bytes = DIGEST) -> bytes:
    """Return the value of tag 33 of one signature in mode 03; the session is open."""
    answer = card.transmit(bytes.fromhex(apdu(f"012B80{session}", b"\x9e\x20" + digest, "00")))
    assert answer[-2:] == b"\x90\x00"
    assert answer[:3] == b"\x33\x00\x40"
    return answer[3:-2]


def verifies(point: bytes, digest: bytes, raw: bytes) -> bool:
    algorithm = ec.ECDSA(utils.Prehashed({32: hashes.SHA256(), 48: hashes.SHA384()}[len(digest)]))
    try:
        public_key(0x13, point).verify(raw_to_der(raw), digest, algorithm)
    except Exception:
        return False
    return True


# ---- a new SIM ---------------------------------------------------------------------------


def test_containers_of_a_new_sim():
    card = card_with_applet()
    kinds = [(item.kind.name, item.id.hex(), item.filled) for item in card.issuer.objects()]
    assert kinds == [
        ("PRIVATE", "01", True),
        ("PUBLIC", "01", True),
        ("PRIVATE", "04", False),
        ("PUBLIC", "04", False),
        ("PUBLIC", "05", False),
        ("FILE", "02", False),
        ("FILE", "03", False),
    ]
    assert transmit(card, "01CD00000385010100")[12:-4] == card.issuer.public_key().hex().upper()
    assert transmit(card, "01B000000383010200") == "6985"
    assert transmit(card, "01CBC3000383010200").endswith("4A0100" + "210102" + "20020400" + "9000")


def test_random_signatures_differ_and_verify():
    card = card_with_applet()
    point, seen = card.issuer.public_key(), set()
    for _ in range(5):
        assert transmit(card, SIGN) == "9000"
        raw = signature_of(card)
        assert verifies(point, DIGEST, raw)
        seen.add(raw)
    assert len(seen) == 5


def test_random_bytes_are_random():
    card = card_with_applet()
    one, two = (card.transmit(bytes.fromhex("0184000020")) for _ in range(2))
    assert len(one) == 34
    assert one != two


# ---- how objects are named ---------------------------------------------------------------


def test_objects_are_found_by_id_or_by_label():
    card = card_with_applet()
    by_id = transmit(card, "01CD00000385010100")
    assert transmit(card, apdu("01CD0000", b"\x75\x03KEY", "00")) == by_id


@pytest.mark.parametrize(
    ("data", "sw"),
    [
        ("850109", "6A82"),
        ("75024B45", "6A82"),
        ("840101", "6A80"),  # another type
        ("", "6A80"),
        ("8500", "6A80"),
        ("850101750349442E", "6A80"),  # both, and more
        ("85010175034B4559", "6A80"),  # ID and label
        ("8502", "6A80"),
        ("858001", "6A80"),
    ],
)
@pytest.mark.parametrize("header", ["01CD0000", "01CBC200", "01240001"])
def test_objects_that_are_not_found(header, data, sw):
    assert transmit(card_with_applet(), apdu(header, bytes.fromhex(data))) == sw


def test_ids_of_several_bytes():
    card = card_with_applet()
    card.issuer.create_key_pair(b"006", b"LONG")
    assert transmit(card, "01CD0000058503303036").startswith("6147")


@pytest.mark.parametrize(
    "command",
    [
        "01CB020000",
        "01CB000100",
        "01CB010200",
        "01CBC1010384010100",
        "0184010010",
        "01B9010003840104",
        "01CD000103850101",
        "012A02010D840101A1010391020001920104",
        "0124020103850105",
    ],
)
def test_wrong_p1_p2(command):
    assert transmit(card_with_applet(), command) == "6A86"


# ---- signature sessions ------------------------------------------------------------------


def test_update_without_init():
    card = card_with_applet()
    assert transmit(card, UPDATE) == "6985"
    assert transmit(card, "012D8001229E20" + "00" * 32) == "6985"
    assert transmit(card, "01D8800122" + "34" * 34) == "6985"


def test_init_on_an_open_session_and_after_each_way_to_end_it():
    card = card_with_applet()
    for end in (CLOSE, "012A0101", UPDATE):
        assert transmit(card, SIGN) == "9000"
        assert transmit(card, SIGN) == "6A86"
        assert transmit(card, VERIFY) == "6A86"
        assert transmit(card, end)[-4:] == "9000"
    assert transmit(card, UPDATE) == "6985"
    assert transmit(card, CLOSE) == "9000"


def test_sessions_are_bounded_and_numbers_are_free():
    card = card_with_applet(max_sessions=2)
    init = "012A00{}0D840101A1010391020001920104"
    assert transmit(card, init.format("00")) == "9000"
    assert transmit(card, init.format("FF")) == "9000"
    assert transmit(card, init.format("01")) == "6989"
    assert transmit(card, "012A01FF00") == "9000"
    assert transmit(card, init.format("01")) == "9000"
    signature_of(card, "00")
    signature_of(card, "01")


def test_a_session_belongs_to_the_command_that_opened_it():
    card = card_with_applet()
    transmit(card, VERIFY)
    assert transmit(card, UPDATE) == "6985"
    assert transmit(card, CLOSE) == "6985"
    assert transmit(card, "012C010100") == "9000"


def test_sessions_survive_select_and_channel_but_not_reset():
    card = card_with_applet()
    transmit(card, SIGN)
    transmit(card, "01A4040007A0000005590010")
    transmit(card, "0070800100")
    select(card)
    assert transmit(card, SIGN) == "6A86"
    card.power_on()
    select(card)
    assert transmit(card, SIGN) == "9000"


@pytest.mark.parametrize("cure", [UPDATE, "012B9001229E20" + "00" * 32, CLOSE])
def test_wedged_session_survives_reset_until_cured(cure):
    card = card_with_applet(wedge=True)
    transmit(card, SIGN)
    card.power_on()
    select(card)
    assert transmit(card, SIGN) == "6A86"
    assert transmit(card, cure)[-4:-2] in ("90", "61")
    assert transmit(card, SIGN) == "9000"


@pytest.mark.parametrize(
    ("data", "sw"),
    [
        ("840101A1010391020001", "6A80"),  # no algorithm
        ("840101A101039102000192010474034B4559", "6A80"),  # ID and label
        ("A1010391020001920104", "6A80"),  # no key
        ("840101A1010491020001920104", "6A80"),  # mode
        ("840101A1010391020008920104", "6A80"),  # hash
        ("840101A10103910101920104", "6A80"),  # hash of one byte
        ("840101A1010391020001920101", "6A80"),  # RSA
        ("840101A1010391020001920104A10103", "6A80"),  # twice
        ("840101A1010391020002920104", "6985"),  # the key has SHA-256 only
        ("840109A1010391020001920104", "6A82"),
        ("840104A1010391020001920104", "6985"),  # empty, and for agreement only
    ],
)
def test_init_that_is_refused(data, sw):
    card = card_with_applet()
    assert transmit(card, apdu("012A0001", bytes.fromhex(data))) == sw
    assert transmit(card, UPDATE) == "6985"


def test_parameters_in_any_order():
    card = card_with_applet()
    data = bytes.fromhex("92010491020001A10103840101")
    assert transmit(card, apdu("012A0001", data)) == "9000"
    signature_of(card)


def test_hash_that_the_applet_lacks():
    card = card_with_applet(hashes=0x0002)
    assert transmit(card, SIGN) == "6A80"


@pytest.mark.parametrize(
    ("p1", "data", "sw"),
    [
        ("80", "9E1F" + "00" * 31, "6A80"),
        ("80", "9E30" + "00" * 48, "6A80"),
        ("80", "9E00", "6A80"),
        ("80", "9E20" + "00" * 31, "6A80"),
        ("80", "9B20" + "00" * 32, "6A80"),
        ("80", "9E20" + "00" * 32 + "9D0400000000", "6A80"),
        ("80", "", "6A80"),
        ("00", "9E20" + "00" * 32, "6A86"),
        ("81", "9E20" + "00" * 32, "6A86"),
    ],
)
def test_refused_update_leaves_the_session_as_it_was(p1, data, sw):
    card = card_with_applet()
    transmit(card, SIGN)
    assert transmit(card, apdu(f"012B{p1}01", bytes.fromhex(data))) == sw
    assert verifies(card.issuer.public_key(), DIGEST, signature_of(card))


def test_lenient_card_signs_a_longer_digest_than_announced():
    card = card_with_applet(lenient_digest=True)
    digest = hashlib.sha384(b"sample").digest()
    transmit(card, SIGN)
    answer = transmit(card, apdu("012B8001", b"\x9e\x30" + digest, "00"))
    assert verifies(card.issuer.public_key(), digest, bytes.fromhex(answer)[3:-2])
    for size in range(1, 80):
        digest = bytes([0xA0 + size] * size)
        transmit(card, SIGN)
        answer = transmit(card, apdu("012B8001", bytes([0x9E, size]) + digest, "00"))
        if size > 64:
            assert answer == "6A80"
            transmit(card, CLOSE)
            continue
        # FIPS 186-4 6.4: a shorter digest is a smaller number, of a longer one 256 bits count.
        number = digest[:32].rjust(32, b"\0")
        assert verifies(card.issuer.public_key(), number, bytes.fromhex(answer)[3:-2])
    strict = card_with_applet()
    for size in set(range(1, 65)) - {32}:
        transmit(strict, SIGN)
        assert transmit(strict, apdu("012B8001", bytes([0x9E, size]) + bytes(size))) == "6A80"


# ---- verification ------------------------------------------------------------------------


def test_verify_in_each_mode_and_form():
    card = card_with_applet()
    text = bytes(range(200))
    digest = hashlib.sha256(text).digest()
    transmit(card, SIGN)
    raw = signature_of(card, digest=digest)
    for signature in (b"\x33\x40" + raw, b"\x33\x00\x40" + raw, der_object(raw)):
        assert verdict(card, "03", [b"\x9e\x20" + digest + signature]) == "9000"
    signature = b"\x33\x00\x40" + raw
    first, rest = text[:150], text[150:]
    k1 = [b"\x9b\x81\xc8" + first, rest + signature]
    k2 = [b"\x9b\x81\x96" + first, b"\x9b\x32" + rest + signature]
    plain = [b"\x9b\x96" + first, b"\x9b\x32" + rest + signature]
    alone = [b"\x9b\x81\x96" + first, b"\x9b\x32" + rest, signature]
    for blocks in (k1, k2, plain, alone):
        assert verdict(card, "01", blocks) == "9000"
        changed = [b"\x9b\x81\xc8" + b"\x01" + first[1:], rest + signature]
        assert verdict(card, "01", changed) == "6D01"


def der_object(raw: bytes) -> bytes:
    der = raw_to_der(raw)
    return bytes([0x33, len(der)]) + der


def verdict(card: Card, mode: str, blocks: list[bytes]) -> str:
    assert transmit(card, f"012C00010D850101A101{mode}91020001920104") == "9000"
    for block in blocks[:-1]:
        assert transmit(card, apdu("012D0001", block)) == "9000"
    return transmit(card, apdu("012D8001", blocks[-1]))


@pytest.mark.parametrize(
    ("signature", "sw"),
    [
        ("33004000", "6A80"),
        ("", "6A80"),
        ("3340" + "00" * 64, "6D01"),
        ("3340" + "FF" * 64, "6D01"),
        ("333F" + "11" * 63, "6A80"),
        ("3302" + "3000", "6D01"),
        ("3340" + "11" * 64 + "00", "6A80"),
    ],
)
def test_signatures_that_are_wrong_or_malformed(signature, sw):
    card = card_with_applet()
    transmit(card, VERIFY)
    data = b"\x9e\x20" + DIGEST + bytes.fromhex(signature)
    assert transmit(card, apdu("012D8001", data)) == sw


def test_refused_verify_leaves_the_text_so_far_as_it_was():
    card = card_with_applet()
    transmit(card, SIGN)
    good = b"\x33\x40" + signature_of(card)
    transmit(card, VERIFY.replace("A10103", "A10101"))
    assert transmit(card, apdu("012D0001", b"\x9b\x03sam")) == "9000"
    for wrong in (b"\x9b\x03ple\x33\x3f" + bytes(63), b"\x9b\x03ple", b"ple" + good):
        assert transmit(card, apdu("012D8001", wrong)) == "6A80"
    assert transmit(card, apdu("012D8001", b"\x9b\x03ple" + good)) == "9000"


def test_verify_needs_the_signature_function_and_a_key():
    card = card_with_applet()
    assert transmit(card, VERIFY.replace("850101", "850105")) == "6985"  # empty
    card.issuer.create_key_pair(b"\x04", functions=0x06)
    assert transmit(card, VERIFY.replace("850101", "850104")) == "6985"


# ---- key pairs ---------------------------------------------------------------------------


def test_generated_pair_works_and_is_volatile():
    card = card_with_applet()
    card.issuer.create_key_pair(b"\x04", key_type=0x14, functions=0x03)
    answer = transmit(card, "01B900000384010400")
    point = card.issuer.public_key(b"\x04")
    assert answer == "840104850104344549438641" + point.hex().upper() + "9000"
    transmit(card, SIGN.replace("840101", "840104"))
    assert verifies(point, DIGEST, signature_of(card))
    card.power_on()
    select(card)
    assert transmit(card, "01CD00000385010400") == "6985"
    assert transmit(card, SIGN.replace("840101", "840104")) == "6985"
    assert transmit(card, SIGN) == "9000"


@pytest.mark.parametrize("response", ["full", "ids", "key", "none"])
def test_generation_says_as_much_as_the_profile_wants(response):
    card = card_with_applet(keygen_response=response)
    size = {"full": 0x4D, "ids": 6, "key": 0x47, "none": 0}[response]
    assert len(transmit(card, "01B900000384010400")) == 2 * size + 4
    assert card.issuer.public_key(b"\x04")


def pair(private: dict, public: dict) -> list:
    shared = {"id": b"\x07", "label": b"PAIR", "functions": 0x02}
    return [PrivateKey(**{**shared, **private}), PublicKey(**{**shared, **public})]


@pytest.mark.parametrize(
    ("objects", "sw"),
    [
        (pair({}, {}), "9000"),
        (pair({}, {"id": b"\x08"}), "9000"),  # label links the halves
        (pair({"label": b""}, {"label": b"X"}), "9000"),  # and the ID links halves without a label
        (pair({}, {"label": b"OTHER"}), "6985"),
        (pair({"functions": 0x01}, {}), "6985"),
        (pair({}, {"functions": 0x05}), "6985"),
        (pair({}, {"access": 0x02}), "6985"),  # unreadable
        (pair({}, {"key_type": 0x23}), "6985"),  # another curve
        (pair({}, {})[:1], "6985"),
        (pair({}, {})[1:], "6A82"),
    ],
)
def test_preconditions_of_generation(objects, sw):
    card = card_with_applet(Store.memory(objects))
    assert transmit(card, "01B900000384010700")[-4:] == sw


@pytest.mark.parametrize("init", ["012A00050D840107", "012C00050D850107"])
def test_no_generation_while_a_session_uses_the_pair(init):
    card = card_with_applet()
    card.issuer.create_key_pair(b"\x07", functions=0x03)
    before = card.issuer.public_key(b"\x07")
    assert transmit(card, init + "A1010391020001920104") == "9000"
    assert transmit(card, "01B900000384010700") == "6985"
    assert card.issuer.public_key(b"\x07") == before
    assert transmit(card, "01" + init[2:4] + "010500") == "9000"
    assert transmit(card, "01B900000384010700")[-4:] == "9000"
    assert card.issuer.public_key(b"\x07") != before


def test_the_client_pair_of_a_new_sim_can_not_be_regenerated():
    card = card_with_applet()
    before = card.issuer.public_key()
    assert transmit(card, "01B900000384010100") == "6985"
    assert card.issuer.public_key() == before


def test_brainpool_pair():
    card = card_with_applet()
    point = card.issuer.create_key_pair(b"\x07", key_type=0x23)
    transmit(card, SIGN.replace("840101", "840107"))
    raw = signature_of(card)
    key = public_key(0x23, point)
    key.verify(raw_to_der(raw), DIGEST, ec.ECDSA(utils.Prehashed(hashes.SHA256())))


# ---- public keys -------------------------------------------------------------------------


def key_object(point: bytes) -> bytes:
    return b"\x34\x45\x49\x43\x86\x41" + point


def put(card: Card, *blocks: bytes, id: str = "05") -> str:
    """Open, write and close session 02; return the answer to the last block."""
    assert transmit(card, f"01240002038501{id}") == "9000"
    for block in blocks[:-1]:
        assert transmit(card, apdu("01D80002", block)) == "9000"
    answer = transmit(card, apdu("01D88002", blocks[-1]))
    assert transmit(card, "0124010200") == "9000"
    return answer


POINT = point_of(generate(0x13, lambda n: b"\x42" * n))


@pytest.mark.parametrize(
    "blocks",
    [
        [key_object(POINT)],
        [b"\x34\x43\x86\x41" + POINT],
        [key_object(POINT)[:30], key_object(POINT)[30:]],
        [
            b"\x34\x20" + key_object(POINT)[2:34],
            b"\x34\x25" + key_object(POINT)[34:],
        ],
    ],
    ids=["one block", "without 49", "K1", "K2"],
)
def test_put_public_key(blocks):
    card = card_with_applet()
    assert put(card, *blocks) == "9000"
    assert card.issuer.public_key(b"\x05") == POINT


@pytest.mark.parametrize(
    "block",
    [
        key_object(POINT[:-1] + bytes([POINT[-1] ^ 1])),  # not on the curve
        key_object(bytes(65)),
        key_object(b"\x04" + bytes(64)),
        b"\x34\x25\x49\x23\x86\x21" + bytes([2 + POINT[-1] % 2]) + POINT[1:33],  # compressed
        b"\x34\x02\x49\x00",
        b"\x34\x00",
        key_object(POINT)[:-1],
        key_object(POINT) + b"\x00",
        b"",
    ],
)
def test_put_public_key_refuses(block):
    card = card_with_applet()
    assert put(card, block) == "6A80"
    assert card.issuer.public_key(b"\x05") == b""


def test_put_public_key_needs_update_access():
    card = card_with_applet()
    before = card.issuer.public_key()
    assert transmit(card, "0124000203850101") == "6985"
    assert card.issuer.public_key() == before


def test_public_key_that_may_not_be_read():
    card = card_with_applet(Store.memory([PublicKey(id=b"\x01", access=2, point=POINT)]))
    assert transmit(card, "01CD00000385010100") == "6985"


# ---- files -------------------------------------------------------------------------------


def read_all(card: Card, command: str = "01B0{:04X}0383010200") -> bytes:
    """Read the file like a client that continues until an empty answer."""
    content = b""
    while True:
        answer = card.transmit(bytes.fromhex(command.format(len(content))))
        assert answer[-2:] == b"\x90\x00"
        if len(answer) == 2:
            return content
        content += answer[:-2]


def test_file_is_padded_to_its_container():
    card = card_with_applet()
    content = bytes(range(1, 251)) * 2
    card.issuer.write_file(b"\x02", content)
    assert read_all(card) == content + bytes(524)
    card.profile.file_padding = 0xFF
    assert read_all(card) == content + b"\xff" * 524
    card.profile.file_padding = None
    assert read_all(card) == content
    card.profile.max_read = 50
    assert read_all(card) == content
    assert len(transmit(card, "01B000000383010200")) == 104


def test_read_file_gives_no_more_than_le():
    card = card_with_applet()
    card.issuer.write_file(b"\x02", b"abcdef", size=6)
    assert transmit(card, "01B000020383010203") == b"cde".hex().upper() + "9000"
    assert transmit(card, "01B000020383010250") == b"cdef".hex().upper() + "9000"
    assert transmit(card, "01B0000203830102") == "6104"
    assert transmit(card, "01B000060383010200") == "9000"
    assert transmit(card, "01B000070383010200") == "6A86"
    assert transmit(card, "01B000000383010900") == "6A82"


def test_file_that_may_not_be_read():
    store = Store.memory([File(id=b"\x02", access=0, size=3, content=b"abc")])
    assert transmit(card_with_applet(store), "01B000000383010200") == "6985"


# ---- issuer and faults -------------------------------------------------------------------


def test_issuer_takes_a_key_over_and_returns_its_point():
    card = card_with_applet()
    key = ec.generate_private_key(ec.SECP256R1())
    assert card.issuer.create_key_pair(b"\x01", private_key=key) == point_of(key)
    assert card.issuer.public_key(b"\x01") == point_of(key)
    transmit(card, SIGN)
    assert verifies(point_of(key), DIGEST, signature_of(card))


def test_issuer_refuses_what_can_not_be():
    issuer = card_with_applet().issuer
    other_curve = ec.generate_private_key(ec.SECP384R1())
    for refused in (
        lambda: issuer.create_key_pair(b"\x01", private_key=other_curve),
        lambda: issuer.create_key_pair(b"\x01", key_type=0x99),
        lambda: issuer.create_key_pair(b"", b"X"),
        lambda: issuer.create_key_pair(b"\x01" * 21),
        lambda: issuer.create_key_pair(b"\x09", b"EPH"),  # the label is taken
        lambda: issuer.write_file(b"\x02", bytes(1025)),
        lambda: issuer.write_file(b"\x02", size=0x10000),
        lambda: issuer.public_key(b"\x09"),
        lambda: [issuer.create_key_pair(bytes([n])) for n in range(0x10, 0x20)],
    ):
        with pytest.raises(ValueError):
            refused()


def test_no_key_container_filled():
    card = card_with_applet()
    card.issuer.clear_key_pair(b"\x01")
    assert transmit(card, SIGN) == "6985"
    assert transmit(card, "01CD00000385010100") == "6985"
    assert "4A01014B01" not in transmit(card, "01CB010000")


def test_certificate_file_can_be_emptied():
    card = card_with_applet()
    card.issuer.write_file(b"\x02", b"certificate")
    assert "4A0101" in transmit(card, "01CBC3000383010200")
    card.issuer.write_file(b"\x02")
    assert "4A0100" in transmit(card, "01CBC3000383010200")
    assert transmit(card, "01B000000383010200") == "6985"


def test_flipped_byte_in_the_signature():
    card = card_with_applet(deterministic=True)
    transmit(card, SIGN)
    good = signature_of(card)
    card.profile.flip_signature_byte = 5
    transmit(card, SIGN)
    bad = signature_of(card)
    assert [i for i in range(64) if good[i] != bad[i]] == [5]
    assert not verifies(card.issuer.public_key(), DIGEST, bad)


def test_applet_without_get_data():
    card = card_with_applet(get_data=False)
    for command in ("01CB000044", "01CB010000", "01CBC3000383010200"):
        assert transmit(card, command) == "6D00"


# ---- profiles ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "switches",
    [
        {"get_response": "maybe"},
        {"signature_length": 3},
        {"channels": 0},
        {"channels": 21},
        {"success_sw": 0x6A82},
        {"list_part": 0},
        {"max_read": 257},
        {"file_padding": 256},
        {"iccid": "89"},
        {"imsi": "12345x"},
        {"open_channels": (0,)},
    ],
)
def test_profile_refuses_values_that_can_not_be(switches):
    with pytest.raises(ValueError, match=next(iter(switches))):
        Profile(**switches)
