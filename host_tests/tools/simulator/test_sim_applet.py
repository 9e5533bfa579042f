"""The applet of the simulated SIM: containers, how they are named, files, issuer, profiles."""

import pytest
from card_apdus import DIGEST, SIGN, apdu, card_with_applet, signature_of, transmit, verifies
from cryptography.hazmat.primitives.asymmetric import ec

from iotsafe_tools.simulator.sim import Card, File, Profile, Store
from iotsafe_tools.simulator.sim.ecc import point_of

# ---- a new SIM --------------------------------------------------------------------------------


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


# ---- how objects are named --------------------------------------------------------------------


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


# ---- files ------------------------------------------------------------------------------------


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


# ---- issuer and faults ------------------------------------------------------------------------


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


# ---- profiles ---------------------------------------------------------------------------------


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
