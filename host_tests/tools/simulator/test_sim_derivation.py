"""COMPUTE DH, PRF and HKDF of the simulated SIM: values, and the keys that they may use."""

import hashlib
import hmac

import pytest
from card_apdus import select, transmit
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

from iotsafe_tools.simulator.sim import Card, PrivateKey, Profile, PublicKey, SecretKey, Store
from iotsafe_tools.simulator.sim.ecc import generate, point_of
from iotsafe_tools.simulator.sim.objects import Kind

KEYS = {
    key_type: (
        generate(key_type, lambda n: b"\x42" * n),
        generate(key_type, lambda n: b"\x53" * n),
    )
    for key_type in (0x13, 0x14, 0x23, 0x24)
}
PSK = bytes(range(16))


def card_with(*objects, **switches) -> Card:
    card = Card(Store.memory(objects), Profile(**switches))
    select(card)
    return card


def apdu(header: str, *items: tuple[int, bytes], le: str = "00") -> str:
    data = b"".join(bytes([tag, len(value)]) + value for tag, value in items)
    return f"{header}{len(data):02X}{data.hex()}{le}"


# ---- COMPUTE DH --------------------------------------------------------------------------

DH = "014600000684010785010800"


def private(**changes) -> PrivateKey:
    fields = {"key_type": 0x14, "functions": 0x04, "agreement": 1, **changes}
    return PrivateKey(id=b"\x07", label=b"MINE", **{"key": KEYS[fields["key_type"]][0], **fields})


def public(**changes) -> PublicKey:
    fields = {"key_type": 0x14, "functions": 0x05, **changes}
    point = point_of(KEYS[fields["key_type"]][1])
    return PublicKey(id=b"\x08", label=b"PEER", **{"point": point, **fields})


@pytest.mark.parametrize("key_type", KEYS)
def test_both_sides_agree(key_type):
    card = card_with(private(key_type=key_type), public(key_type=key_type))
    mine, peer = KEYS[key_type]
    shared = peer.exchange(ec.ECDH(), mine.public_key()).hex().upper()
    assert transmit(card, DH) == shared + "9000"
    for names in (
        [(0x74, b"MINE"), (0x75, b"PEER")],
        [(0x85, b"\x08"), (0x74, b"MINE")],
        [(0x75, b"PEER"), (0x84, b"\x07")],
    ):
        assert transmit(card, apdu("01460000", *names)) == shared + "9000"
    assert transmit(card, DH[:-2]) == "6120"


def test_a_volatile_key_agrees_with_a_persistent_one():
    assert transmit(card_with(private(), public(key_type=0x13)), DH)[-4:] == "9000"


@pytest.mark.parametrize(
    ("objects", "sw"),
    [
        ((private(key=None), public()), "6985"),
        ((private(), public(point=b"")), "6985"),
        ((private(functions=0x03), public()), "6985"),
        ((private(), public(functions=0x03)), "6985"),
        ((private(agreement=0), public()), "6985"),
        ((private(), public(key_type=0x24)), "6985"),  # another curve
        ((private(active=False), public()), "6985"),
        ((private(), public(active=False)), "6985"),
        ((private(),), "6A82"),
        ((public(),), "6A82"),
    ],
)
def test_keys_that_can_not_agree(objects, sw):
    assert transmit(card_with(*objects), DH) == sw


@pytest.mark.parametrize(
    ("items", "sw"),
    [
        ([(0x84, b"\x07")], "6A80"),
        ([(0x85, b"\x08")], "6A80"),
        ([(0x84, b"\x07"), (0x74, b"MINE"), (0x85, b"\x08")], "6A80"),
        ([(0x84, b"\x07"), (0x85, b"\x08"), (0xD1, b"")], "6A80"),
        ([(0x84, b"\x07"), (0x84, b"\x07"), (0x85, b"\x08")], "6A80"),
    ],
)
def test_other_data_objects_for_dh(items, sw):
    assert transmit(card_with(private(), public()), apdu("01460000", *items)) == sw


# ---- COMPUTE PRF -------------------------------------------------------------------------


def p_sha256(secret: bytes, seed: bytes, size: int) -> bytes:
    out, a = b"", seed
    while len(out) < size:
        a = hmac.new(secret, a, hashlib.sha256).digest()
        out += hmac.new(secret, a + seed, hashlib.sha256).digest()
    return out[:size]


def secret_key(**changes) -> SecretKey:
    return SecretKey(id=b"\x06", label=b"PSK", **{"derivation": 3, "value": PSK, **changes})


BY_ID, BY_LABEL = (0x86, b"\x06"), (0x76, b"PSK")
SEED = b"extended master secret" + bytes(range(32))
SHARED = bytes(range(100, 132))


@pytest.mark.parametrize("size", [1, 32, 33, 48, 255])
def test_prf_in_each_mode(size):
    card = card_with(secret_key())
    rest = [(0xD2, SEED), (0xD3, bytes([size]))]
    premaster = b"\x00\x10" + bytes(16) + b"\x00\x10" + PSK
    with_dh = b"\x00\x20" + SHARED + b"\x00\x10" + PSK
    for header, items, secret in (
        ("01480000", [(0xD1, b"given"), *rest], b"given"),
        ("01480000", [(0xD1, b""), *rest], b""),
        ("01480100", [BY_ID, *rest], premaster),
        ("01480100", [BY_LABEL, *rest], premaster),
        ("01480200", [BY_ID, (0xD4, SHARED), *rest], with_dh),
    ):
        want = p_sha256(secret, SEED, size).hex().upper() + "9000"
        assert transmit(card, apdu(header, *items)) == want


LAST = [(0xD2, SEED), (0xD3, b"\x10")]


@pytest.mark.parametrize(
    ("header", "items", "sw"),
    [
        ("01480300", [(0xD1, PSK), *LAST], "6A86"),
        ("01480001", [(0xD1, PSK), *LAST], "6A86"),
        ("01480000", LAST, "6A80"),
        ("01480000", [BY_ID, *LAST], "6A80"),
        ("01480000", [(0xD1, PSK), BY_ID, *LAST], "6A80"),
        ("01480000", [(0xD1, PSK), (0xD2, SEED)], "6A80"),
        ("01480000", [(0xD1, PSK), (0xD3, b"\x10")], "6A80"),
        ("01480000", [(0xD1, PSK), (0xD2, SEED), (0xD3, b"\x00")], "6A80"),
        ("01480000", [(0xD1, PSK), (0xD2, SEED), (0xD3, b"\x00\x10")], "6A80"),
        ("01480000", [(0xD1, PSK), (0xD4, SHARED), *LAST], "6A80"),
        ("01480100", [(0xD1, PSK), *LAST], "6A80"),
        ("01480100", [BY_ID, BY_LABEL, *LAST], "6A80"),
        ("01480100", [BY_ID, (0xD4, SHARED), *LAST], "6A80"),
        ("01480100", [(0x86, b"\x07"), *LAST], "6A82"),
        ("01480200", [BY_ID, *LAST], "6A80"),
        ("01480200", [(0xD4, SHARED), *LAST], "6A80"),
    ],
)
def test_prf_that_is_refused(header, items, sw):
    assert transmit(card_with(secret_key()), apdu(header, *items)) == sw


@pytest.mark.parametrize(
    "changes",
    [{"value": b""}, {"active": False}, {"functions": 0x07}, {"derivation": 2}],
)
def test_secret_key_that_may_not_be_used_for_prf(changes):
    assert transmit(card_with(secret_key(**changes)), apdu("01480100", BY_ID, *LAST)) == "6985"


def test_secret_key_without_list_of_derivations_may_be_used_for_all():
    card = card_with(secret_key(derivation=None))
    assert transmit(card, apdu("01480100", BY_ID, *LAST))[-4:] == "9000"


# ---- COMPUTE HKDF ------------------------------------------------------------------------

HASHES = {1: hashes.SHA256(), 2: hashes.SHA384(), 4: hashes.SHA512()}


@pytest.mark.parametrize("number", HASHES)
def test_hkdf_with_each_hash(number):
    card, hash_ = card_with(secret_key()), (0x91, number.to_bytes(2, "big"))
    name = HASHES[number].name
    for salt in (b"salt", b"", bytes(HASHES[number].digest_size)):
        want = hmac.new(salt, b"key", name).hexdigest().upper() + "9000"
        assert transmit(card, apdu("014A0000", (0xD1, b"key"), (0xD5, salt), hash_)) == want
        by_reference = hmac.new(salt, PSK, name).hexdigest().upper() + "9000"
        assert transmit(card, apdu("014A0000", BY_LABEL, (0xD5, salt), hash_)) == by_reference


def test_hkdf_is_the_first_half_of_the_whole():
    answer = card_with().transmit(bytes.fromhex(apdu("014A0000", (0xD1, b"k"), (0xD5, b"s"), SHA)))
    whole = HKDF(hashes.SHA256(), 42, b"s", b"info").derive(b"k")
    assert HKDFExpand(hashes.SHA256(), 42, b"info").derive(answer[:-2]) == whole


SHA = (0x91, b"\x00\x01")


@pytest.mark.parametrize(
    ("items", "sw"),
    [
        ([(0xD1, b"k"), SHA], "6A80"),
        ([(0xD5, b"s"), SHA], "6A80"),
        ([(0xD1, b"k"), (0xD5, b"s")], "6A80"),
        ([(0xD1, b"k"), (0xD5, b"s"), (0x91, b"\x01")], "6A80"),
        ([(0xD1, b"k"), (0xD5, b"s"), (0x91, b"\x00\x08")], "6A80"),
        ([(0xD1, b"k"), (0xD5, b"s"), (0x91, b"\x00\x03")], "6A80"),
        ([(0xD1, b"k"), (0xD5, b"s"), SHA, SHA], "6A80"),
        ([(0xD1, b"k"), BY_ID, (0xD5, b"s"), SHA], "6A80"),
        ([(0x86, b"\x09"), (0xD5, b"s"), SHA], "6A82"),
    ],
)
def test_hkdf_that_is_refused(items, sw):
    assert transmit(card_with(secret_key()), apdu("014A0000", *items)) == sw


def test_hkdf_by_reference_needs_the_derivation():
    card = card_with(secret_key(derivation=1))
    assert transmit(card, apdu("014A0000", BY_ID, (0xD5, b"s"), SHA)) == "6985"


def test_hkdf_on_a_card_that_takes_no_empty_salt_and_has_one_hash():
    card = card_with(empty_salt=False, hashes=1)
    assert transmit(card, apdu("014A0000", (0xD1, b"k"), (0xD5, b""), SHA)) == "6A80"
    assert transmit(card, apdu("014A0000", (0xD1, b""), (0xD5, bytes(32)), SHA))[-4:] == "9000"
    longer = (0x91, b"\x00\x02")
    assert transmit(card, apdu("014A0000", (0xD1, b"k"), (0xD5, b"s"), longer)) == "6A80"


# ---- missing commands --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("switches", "absent"),
    [
        ({"functions": 0x0E}, ["2A", "2B", "2C", "2D"]),
        ({"functions": 0x0D}, ["B9"]),
        ({"functions": 0x0B}, ["46"]),
        ({"functions": 0x07}, ["48", "4A"]),
        ({"derivations": 0x02}, ["48"]),
        ({"derivations": 0x01}, ["4A"]),
        ({"missing": (0x24, 0xD8)}, ["24", "D8"]),
    ],
)
def test_functions_that_the_applet_lacks_are_unknown_instructions(switches, absent):
    card = card_with(**switches)
    for ins in ("2A", "2B", "2C", "2D", "B9", "46", "48", "4A", "24", "D8", "84", "CD"):
        answer = transmit(card, f"01{ins}000001FF")
        assert (answer == "6D00") == (ins in absent), ins


def test_no_command_shows_the_secret_key():
    card = card_with(secret_key())
    assert card.store.find(Kind.SECRET, id=b"\x06").value == PSK
    for command in ("01CB010000", "01CBC4000386010600"):
        answer = transmit(card, command)
        assert answer[-4:] == "9000"
        assert PSK.hex().upper() not in answer
