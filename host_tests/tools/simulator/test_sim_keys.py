"""The applet of the simulated SIM: key pairs that it generates, public keys that it is given."""

import pytest
from card_apdus import (
    DIGEST,
    SIGN,
    apdu,
    card_with_applet,
    select,
    signature_of,
    transmit,
    verifies,
)
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from iotsafe_tools.simulator.sim import Card, PrivateKey, PublicKey, Store
from iotsafe_tools.simulator.sim.ecc import generate, point_of, public_key, raw_to_der

# ---- key pairs --------------------------------------------------------------------------------


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


# ---- public keys ------------------------------------------------------------------------------


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
