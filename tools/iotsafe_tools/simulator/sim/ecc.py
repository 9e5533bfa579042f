"""The applet's elliptic-curve keys, signatures and hashes (sections 5.3 and 9)."""

import hashlib
from collections.abc import Callable
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from . import tlv

ECDSA = 0x04  # tag 92
ALGORITHMS = frozenset((ECDSA,))
POINT_TAG = 0x86  # in tag 49
_DER_SEQUENCE = b"\x30"
COORDINATE = 32  # bytes of r, s, X and Y: every curve here has 256 bits

# Key type (4B) -> curve. The last digit 4 marks a volatile key.
CURVES: dict[int, ec.EllipticCurve] = {
    0x13: ec.SECP256R1(),
    0x14: ec.SECP256R1(),
    0x23: ec.BrainpoolP256R1(),
    0x24: ec.BrainpoolP256R1(),
}
ORDERS = {
    "secp256r1": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "brainpoolP256r1": 0xA9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7,
}

# Hash (91) -> its name in hashlib. The three have digests of different lengths.
HASHES = {0x0001: "sha256", 0x0002: "sha384", 0x0004: "sha512"}
_PREHASHED = {
    32: utils.Prehashed(hashes.SHA256()),
    48: utils.Prehashed(hashes.SHA384()),
    64: utils.Prehashed(hashes.SHA512()),
}
DIGEST_SIZES = frozenset(_PREHASHED)


def digest_size(hash_id: int) -> int:
    """Return the digest's length, in bytes, of a hash in HASHES."""
    return hashlib.new(HASHES[hash_id]).digest_size


def is_volatile(key_type: int) -> bool:
    """Whether the card forgets the key's value at its next reset."""
    return key_type & 0x0F == 4


def key_from_scalar(key_type: int, scalar: int) -> ec.EllipticCurvePrivateKey:
    """Return the private key with this secret number; ValueError unless 0 < scalar < order."""
    curve = CURVES[key_type]
    if not 0 < scalar < ORDERS[curve.name]:
        raise ValueError("a private key is out of range")
    return ec.derive_private_key(scalar, curve)


def generate(key_type: int, random: Callable[[int], bytes]) -> ec.EllipticCurvePrivateKey:
    """Return a new key from a random source (FIPS 186-5, A.2.2: testing candidates)."""
    order = ORDERS[CURVES[key_type].name]
    while not 0 < (scalar := int.from_bytes(random(COORDINATE), "big")) < order:
        pass
    return key_from_scalar(key_type, scalar)


def point_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the public point, 65 bytes, 04 X Y."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def public_key(key_type: int, point: bytes) -> ec.EllipticCurvePublicKey:
    """Return the public key of an uncompressed point; ValueError unless it is on the curve."""
    if len(point) != 1 + 2 * COORDINATE or point[0] != 4:
        raise ValueError("a public key must be an uncompressed point of 65 bytes")
    return ec.EllipticCurvePublicKey.from_encoded_point(CURVES[key_type], point)


def check_private(key_type: int, key: Any) -> None:
    """Raise ValueError unless `key` is a private key of this type."""
    curve = CURVES[key_type].name
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != curve:
        raise ValueError(f"the private key is not on the curve {curve}")


def public_fields(key: ec.EllipticCurvePrivateKey) -> dict[str, Any]:
    """Return the fields of the PublicKey that belongs to a private key."""
    return {"point": point_of(key)}


def check_public(item: Any) -> None:
    """Raise ValueError unless the point of a filled PublicKey is on the curve."""
    if item.point:
        public_key(item.key_type, item.point)


def encode_public(item: Any) -> bytes:
    """Return the value of tag 49: the point in tag 86."""
    return tlv.encode(POINT_TAG, item.point)


def decode_public(key_type: int, items: list[tuple[int, bytes]]) -> dict[str, Any]:
    """Return the fields of a PublicKey from the data objects in tag 49; raise TLVError."""
    if [tag for tag, _ in items] != [POINT_TAG]:
        raise tlv.TLVError("no point (tag 86) in the public key")
    try:
        public_key(key_type, items[0][1])
    except ValueError as error:
        raise tlv.TLVError(str(error)) from None
    return {"point": items[0][1]}


def sign(
    key: ec.EllipticCurvePrivateKey,
    digest: bytes,
    *,
    algorithm: int = ECDSA,
    deterministic: bool = False,
) -> bytes:
    """Sign a digest of 32, 48 or 64 bytes; return DER. `deterministic`: as in RFC 6979."""
    scheme = ec.ECDSA(_PREHASHED[len(digest)], deterministic_signing=deterministic)
    return key.sign(digest, scheme)


def verify(item: Any, digest: bytes, signature: bytes, *, algorithm: int = ECDSA) -> bool:
    """Whether `signature` (raw r||s of 64 bytes, or DER) is valid for the digest and the
    PublicKey `item`."""
    if len(signature) == 2 * COORDINATE:
        signature = raw_to_der(signature)
    key = public_key(item.key_type, item.point)
    try:
        key.verify(signature, digest, ec.ECDSA(_PREHASHED[len(digest)]))
    except InvalidSignature:
        return False
    return True


def may_be_signature(value: bytes) -> bool:
    """Whether `value` has the form of a signature: r||s, or DER."""
    return len(value) == 2 * COORDINATE or value[:1] == _DER_SEQUENCE


def agree(key: ec.EllipticCurvePrivateKey, key_type: int, point: bytes) -> bytes:
    """Return the X coordinate of the shared point (ECKA), 32 bytes."""
    return key.exchange(ec.ECDH(), public_key(key_type, point))


def key_to_text(key: ec.EllipticCurvePrivateKey) -> str:
    """Return a private key as the store holds it: the secret number in hex."""
    return f"{key.private_numbers().private_value:064x}"


def key_from_text(key_type: int, text: str) -> ec.EllipticCurvePrivateKey:
    """Reverse `key_to_text`; raise ValueError or TypeError."""
    return key_from_scalar(key_type, int(text, 16))


def der_to_raw(der: bytes) -> bytes:
    """Return r||s, 64 bytes, of a DER signature."""
    r, s = utils.decode_dss_signature(der)
    return r.to_bytes(COORDINATE, "big") + s.to_bytes(COORDINATE, "big")


def raw_to_der(raw: bytes) -> bytes:
    """Return the DER of r||s, 64 bytes."""
    r, s = int.from_bytes(raw[:COORDINATE], "big"), int.from_bytes(raw[COORDINATE:], "big")
    return utils.encode_dss_signature(r, s)
