"""The applet's optional RSA-2048 keys and signatures (sections 5.3 and 7.12).

The form of a public key, 34 { 49 { 81 modulus, 82 exponent } }, is inferred from ISO/IEC 7816-8,
because no source shows one.
"""

from collections.abc import Callable
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils

from . import tlv

RSA_2048 = 0x03  # tag 4B
PKCS1 = 0x01  # tag 92
PSS = 0x02
ALGORITHMS = frozenset((PKCS1, PSS))
BITS = 2048
SIZE = BITS // 8  # bytes of the modulus and of a signature
_EXPONENT = 65537
_MAX_EXPONENT = (1 << 32) - 1

_MODULUS_TAG = 0x81
_EXPONENT_TAG = 0x82
_HASHES: dict[int, hashes.HashAlgorithm] = {
    32: hashes.SHA256(),
    48: hashes.SHA384(),
    64: hashes.SHA512(),
}


def generate(key_type: int, random: Callable[[int], bytes]) -> rsa.RSAPrivateKey:
    """Return a new key. Its random numbers are the library's own, not those of `random`."""
    return rsa.generate_private_key(_EXPONENT, BITS)


def check_private(key_type: int, key: Any) -> None:
    """Raise ValueError unless `key` is a private key of this type."""
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size != BITS:
        raise ValueError(f"the private key is not an RSA key of {BITS} bits")


def public_fields(key: rsa.RSAPrivateKey) -> dict[str, Any]:
    """Return the fields of the PublicKey that belongs to a private key."""
    numbers = key.public_key().public_numbers()
    return {"modulus": numbers.n.to_bytes(SIZE, "big"), "exponent": numbers.e}


def check_public(item: Any) -> None:
    """Raise ValueError unless modulus and exponent of a filled PublicKey are a key's."""
    if item.modulus or item.exponent:
        _public_key(item.modulus, item.exponent)


def encode_public(item: Any) -> bytes:
    """Return the value of tag 49: modulus (81) and exponent (82)."""
    exponent = item.exponent.to_bytes((item.exponent.bit_length() + 7) // 8, "big")
    return tlv.encode_all([(_MODULUS_TAG, item.modulus), (_EXPONENT_TAG, exponent)])


def decode_public(key_type: int, items: list[tuple[int, bytes]]) -> dict[str, Any]:
    """Return the fields of a PublicKey from the data objects in tag 49; raise TLVError."""
    if [tag for tag, _ in items] != [_MODULUS_TAG, _EXPONENT_TAG]:
        raise tlv.TLVError("no modulus and exponent (tags 81, 82) in the public key")
    modulus = items[0][1].lstrip(b"\x00")
    exponent = int.from_bytes(items[1][1], "big")
    try:
        _public_key(modulus, exponent)
    except ValueError as error:
        raise tlv.TLVError(str(error)) from None
    return {"modulus": modulus, "exponent": exponent}


def _public_key(modulus: bytes, exponent: int) -> rsa.RSAPublicKey:
    if len(modulus) != SIZE or not modulus[0] & 0x80 or not modulus[-1] & 1:
        raise ValueError(f"a modulus must be an odd number of {BITS} bits")
    if not 3 <= exponent <= _MAX_EXPONENT or not exponent & 1:
        raise ValueError("an exponent must be an odd number of 3 to 4 294 967 295")
    return rsa.RSAPublicNumbers(exponent, int.from_bytes(modulus, "big")).public_key()


def sign(
    key: rsa.RSAPrivateKey, digest: bytes, *, algorithm: int, deterministic: bool = False
) -> bytes:
    """Sign a digest of 32, 48 or 64 bytes; return 256 bytes. PSS has a random salt."""
    hash_ = _HASHES[len(digest)]
    return key.sign(digest, _padding(algorithm, hash_), utils.Prehashed(hash_))


def verify(item: Any, digest: bytes, signature: bytes, *, algorithm: int) -> bool:
    """Whether `signature` is valid for the digest and the PublicKey `item`."""
    hash_ = _HASHES[len(digest)]
    key = _public_key(item.modulus, item.exponent)
    try:
        key.verify(signature, digest, _padding(algorithm, hash_), utils.Prehashed(hash_))
    except InvalidSignature:
        return False
    return True


def may_be_signature(value: bytes) -> bool:
    """Whether `value` has the form of a signature."""
    return len(value) == SIZE


def _padding(algorithm: int, hash_: hashes.HashAlgorithm) -> padding.AsymmetricPadding:
    """Return the padding. PSS: MGF1 and a salt's length of the same hash (RFC 8017, 9.1; TLS)."""
    if algorithm == PKCS1:
        return padding.PKCS1v15()
    return padding.PSS(padding.MGF1(hash_), hash_.digest_size)


def key_to_text(key: rsa.RSAPrivateKey) -> str:
    """Return a private key as the store holds it: PKCS#8 in hex."""
    return key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).hex()


def key_from_text(key_type: int, text: str) -> rsa.RSAPrivateKey:
    """Reverse `key_to_text`; raise ValueError or TypeError."""
    key = serialization.load_der_private_key(bytes.fromhex(text), None)
    check_private(key_type, key)
    return key
