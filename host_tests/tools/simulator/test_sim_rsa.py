"""RSA-2048 keys of the simulated SIM: signatures in two pieces, verification in several blocks."""

import hashlib
from functools import cache

import pytest
from card_apdus import DIGEST, select, transmit
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils

from iotsafe_tools.simulator.sim import Card, PrivateKey, Profile, PublicKey, Store
from iotsafe_tools.simulator.sim.ecc import generate
from iotsafe_tools.simulator.sim.objects import RSA_2048, UPDATE

PADDINGS = {
    "01": padding.PKCS1v15(),
    "02": padding.PSS(padding.MGF1(hashes.SHA256()), 32),
}


@cache
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def modulus() -> bytes:
    return key().public_key().public_numbers().n.to_bytes(256, "big")


def card_with_key(**switches) -> Card:
    """Return a card with RSA pair 07, applet selected on channel 1."""
    card = Card(Store.memory([]), Profile(**{"algorithms": 0x07, **switches}))
    made = card.issuer.create_key_pair(b"\x07", b"RSA", key_type=RSA_2048, private_key=key())
    assert made == modulus()
    select(card)
    return card


def fetched(card: Card, command: str) -> bytes:
    """Return the whole answer to a command, with each GET RESPONSE that it takes."""
    answer, data, fetches = card.transmit(bytes.fromhex(command)), b"", 0
    while answer[-2] == 0x61:
        data += answer[:-2]
        answer = card.transmit(bytes([1, 0xC0, 0, 0, answer[-1]]))
        fetches += 1
    assert answer[-2:] == b"\x90\x00"
    data += answer[:-2]
    assert fetches == (2 if len(data) > 256 else fetches)
    return data


def init(ins: str, algorithm: str = "01", mode: str = "03", hash_: str = "0001") -> str:
    tag = "84" if ins == "2A" else "85"
    return f"01{ins}00010D{tag}0107A101{mode}9102{hash_}9201{algorithm}"


def sign(card: Card, algorithm: str) -> bytes:
    assert transmit(card, init("2A", algorithm)) == "9000"
    return fetched(card, "012B8001229E20" + DIGEST.hex() + "00")


@pytest.mark.parametrize("algorithm", PADDINGS)
@pytest.mark.parametrize(("length", "header"), [(2, "330100"), (1, "33820100")])
def test_signature(algorithm, length, header):
    card = card_with_key(signature_length=length)
    answer = sign(card, algorithm)
    start = len(header) // 2
    assert answer[:start].hex() == header
    assert len(answer) == start + 256
    key().public_key().verify(
        answer[start:], DIGEST, PADDINGS[algorithm], utils.Prehashed(hashes.SHA256())
    )
    with pytest.raises(InvalidSignature):
        key().public_key().verify(
            answer[start:], bytes(32), PADDINGS[algorithm], utils.Prehashed(hashes.SHA256())
        )


def test_signature_is_fetched_in_two_pieces():
    card = card_with_key(get_response="never")  # more than 256 bytes wait all the same
    transmit(card, init("2A"))
    assert transmit(card, "012B8001229E20" + DIGEST.hex() + "00") == "6100"
    first = transmit(card, "01C0000000")
    assert (len(first), first[-4:]) == (2 * 256 + 4, "6103")
    assert len(transmit(card, "01C0000003")) == 2 * 3 + 4
    assert transmit(card, "01C0000003") == "6985"


@pytest.mark.parametrize("name", ["SHA384", "SHA512"])
def test_longer_hashes(name):
    card = card_with_key()
    card.issuer.put(PrivateKey(id=b"\x07", label=b"RSA", key_type=RSA_2048, key=key()))
    digest = hashlib.new(name, b"sample").digest()
    number = {"SHA384": "0002", "SHA512": "0004"}[name]
    assert transmit(card, init("2A", "02", hash_=number)) == "9000"
    body = bytes([0x9E, len(digest)]) + digest
    answer = fetched(card, f"012B8001{len(body):02X}{body.hex()}00")
    hash_ = getattr(hashes, name)()
    key().public_key().verify(
        answer[3:],
        digest,
        padding.PSS(padding.MGF1(hash_), len(digest)),
        utils.Prehashed(hash_),
    )


def verdict(card: Card, data: bytes, cut: int, algorithm: str, mode: str) -> str:
    """Return the answer to the last block of a verification, split into pieces of `cut` bytes."""
    assert transmit(card, init("2C", algorithm, mode)) == "9000"
    pieces = [data[at : at + cut] for at in range(0, len(data), cut)]
    for piece in pieces[:-1]:
        assert transmit(card, bytes([1, 0x2D, 0, 1, len(piece)]) + piece) == "9000"
    return transmit(card, bytes([1, 0x2D, 0x80, 1, len(pieces[-1])]) + pieces[-1])


@pytest.mark.parametrize("algorithm", PADDINGS)
@pytest.mark.parametrize("header", ["330100", "33820100"])
@pytest.mark.parametrize("cut", [255, 150, 36])
@pytest.mark.parametrize("mode", ["01", "03"])
def test_verification(algorithm, header, cut, mode):
    card = card_with_key()
    value = sign(card, algorithm)[3:]
    body = b"\x9b\x06sample" if mode == "01" else b"\x9e\x20" + DIGEST
    data = body + bytes.fromhex(header)
    assert verdict(card, data + value, cut, algorithm, mode) == "9000"
    wrong = value[:-1] + bytes([value[-1] ^ 1])
    assert verdict(card, data + wrong, cut, algorithm, mode) == "6D01"
    other = body[:-1] + b"E" + bytes.fromhex(header)
    assert verdict(card, other + value, cut, algorithm, mode) == "6D01"


@pytest.mark.parametrize("cut", [255, 100])
def test_verification_of_a_long_text(cut):
    card, text = card_with_key(), bytes(range(256)) * 3
    value = key().sign(text, padding.PKCS1v15(), hashes.SHA256())
    data = b"\x9b\x82\x03\x00" + text + b"\x33\x01\x00" + value
    assert verdict(card, data, cut, "01", "01") == "9000"


def test_verification_that_is_too_long_or_cut_off():
    card = card_with_key()
    value = sign(card, "01")[3:]
    data = b"\x9e\x20" + DIGEST + b"\x33\x01\x00" + value
    assert verdict(card, data[:-1], 200, "01", "03") == "6A80"
    assert transmit(card, bytes([1, 0x2D, 0x80, 1, 1]) + data[-1:]) == "6A80"  # too late
    transmit(card, "012C010100")
    assert transmit(card, init("2C")) == "9000"
    block = bytes([1, 0x2D, 0, 1, 255]) + b"\x9e" * 255
    assert [transmit(card, block) for _ in range(4)] == ["9000", "9000", "9000", "6A80"]


@pytest.mark.parametrize(
    ("command", "sw"),
    [
        (init("2A", "04"), "6985"),  # ECDSA with an RSA key
        (init("2A", "03"), "6A80"),  # both paddings
        (init("2C", "04"), "6985"),
        ("014600000684010785010700", "6985"),  # agreement
    ],
)
def test_what_an_rsa_key_can_not_do(command, sw):
    assert transmit(card_with_key(), command) == sw


@pytest.mark.parametrize(("key_type", "algorithm"), [(RSA_2048, "04"), (0x13, "01"), (0x13, "02")])
def test_algorithm_of_another_type_of_key_that_lists_none(key_type, algorithm):
    card = card_with_key()
    value = key() if key_type == RSA_2048 else generate(key_type, lambda n: b"\x42" * n)
    card.issuer.put(PrivateKey(id=b"\x07", key_type=key_type, key=value))
    assert transmit(card, init("2A", algorithm)) == "6985"


def test_padding_that_the_card_lacks():
    card = card_with_key(algorithms=0x05)
    assert transmit(card, init("2A", "02")) == "6A80"
    assert transmit(card, init("2A", "01")) == "9000"


def key_object(n: bytes, e: bytes = b"\x01\x00\x01") -> bytes:
    inner = b"\x81\x82\x01\x00" + n + b"\x82" + bytes([len(e)]) + e
    template = b"\x49\x82" + len(inner).to_bytes(2, "big") + inner
    return b"\x34\x82" + len(template).to_bytes(2, "big") + template


def test_public_key_is_read_and_put():
    card = card_with_key()
    card.issuer.put(PublicKey(id=b"\x08", key_type=RSA_2048, access=UPDATE | 1))
    assert fetched(card, "01CD00000385010700") == key_object(modulus())
    assert transmit(card, "01CD00000385010800") == "6985"
    data = key_object(modulus())
    assert transmit(card, "0124000203850108") == "9000"
    assert transmit(card, bytes([1, 0xD8, 0, 2, 255]) + data[:255]) == "9000"
    rest = data[255:]
    assert transmit(card, bytes([1, 0xD8, 0x80, 2, len(rest)]) + rest) == "9000"
    assert fetched(card, "01CD00000385010800") == data


@pytest.mark.parametrize(
    "data",
    [
        lambda: key_object(modulus()[:-1] + bytes([modulus()[-1] ^ 1])),  # even
        lambda: key_object(bytes(255) + b"\x01"),
        lambda: key_object(modulus(), b"\x02"),
        lambda: key_object(modulus(), b"\x01\x00\x00\x00\x01"),
        lambda: key_object(modulus())[:-1],
        lambda: b"\x34\x45\x49\x43\x86\x41\x04" + bytes(64),
    ],
)
def test_public_key_that_is_none(data):
    card = card_with_key()
    card.issuer.put(PublicKey(id=b"\x08", key_type=RSA_2048, access=UPDATE | 1))
    assert transmit(card, "0124000203850108") == "9000"
    first, rest = data()[:255], data()[255:]
    if rest:
        assert transmit(card, bytes([1, 0xD8, 0, 2, len(first)]) + first) == "9000"
        first = rest
    assert transmit(card, bytes([1, 0xD8, 0x80, 2, len(first)]) + first) == "6A80"
    assert transmit(card, "01CD00000385010800") == "6985"


def test_generated_pair_and_the_store(tmp_path):
    card = Card(Store(tmp_path / "sim.json"), Profile(algorithms=7))
    card.issuer.create_key_pair(b"\x07", key_type=RSA_2048, functions=0x03, private_key=key())
    select(card)
    answer = fetched(card, "01B900000384010700")
    assert answer[:6].hex() == "840107850107"
    assert answer[6:] != key_object(modulus())
    again = Card(Store(tmp_path / "sim.json"), Profile(algorithms=7))
    select(again)
    assert fetched(again, "01CD00000385010700") == answer[6:]
    value = sign(again, "01")[3:]
    data = b"\x9e\x20" + DIGEST + b"\x33\x01\x00" + value
    assert verdict(card, data, 200, "01", "03") == "9000"


def test_keys_of_another_kind_are_refused():
    small = rsa.generate_private_key(65537, 1024)
    for fields in ({"key": small}, {"key": key(), "key_type": 0x13}):
        with pytest.raises(ValueError, match="private key is"):
            PrivateKey(id=b"\x01", **{"key_type": RSA_2048, **fields})
    with pytest.raises(ValueError, match="another type"):
        PublicKey(id=b"\x01", key_type=0x13, modulus=modulus(), exponent=3)
