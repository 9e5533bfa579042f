"""COMPUTE DH, PRF and HKDF (7.15, 7.16): derive secrets and return them as raw bytes."""

from __future__ import annotations

import hashlib
import hmac

from . import ecc, status, tlv
from . import objects as o
from .apdu import Command, Reply
from .applet import Applet
from .status import Refused, require

# Tag 94.
PRF = 0x01
HKDF = 0x02

SECRET = 0xD1
LABEL_AND_SEED = 0xD2
SIZE = 0xD3
SHARED = 0xD4
SALT = 0xD5
_HASH = 0x91


def compute_dh(applet: Applet, command: Command) -> Reply:
    """COMPUTE DH: return X of the shared point, 32 bytes; 6985 if the curves differ."""
    command.expect_p1p2(0x0000)
    items = _unique(applet, command.data)
    private = applet.find_named(o.Kind.PRIVATE, items)
    public = applet.find_named(o.Kind.PUBLIC, items)
    _expect_none(items)
    for key in (private, public):
        require(key.activated and key.functions & o.KEY_AGREEMENT and key.key_type in ecc.CURVES)
        require(key.agreement is None or key.agreement & applet.profile.agreements)
    require(ecc.CURVES[private.key_type].name == ecc.CURVES[public.key_type].name)
    return Reply(ecc.agree(private.key, private.key_type, public.point))


# Mode of COMPUTE PRF (P1) -> its data objects, except those of the secret.
_PRF_TAGS = {0x00: {SECRET}, 0x01: set(), 0x02: {SHARED}}


def compute_prf(applet: Applet, command: Command) -> Reply:
    """COMPUTE PRF: return TLS 1.2 P_SHA256 over label and seed.

    The command has the secret (mode 00), or the card's pre-shared key makes the premaster secret,
    alone (01) or with the result of an ECDH (02).
    """
    if command.p1 not in _PRF_TAGS:
        raise Refused(status.WRONG_P1P2)
    command.expect_p1p2(command.p1 << 8)
    items = _unique(applet, command.data)
    given = {tag: items.pop(tag, None) for tag in _PRF_TAGS[command.p1]}
    seed, size = items.pop(LABEL_AND_SEED, None), items.pop(SIZE, b"")
    if None in given.values() or seed is None or len(size) != 1 or not size[0]:
        raise tlv.TLVError("the data objects do not fit the mode")
    if command.p1 == 0x00:
        secret = given[SECRET]
    else:
        key = _secret_key(applet, items, PRF)
        other = given.get(SHARED, bytes(len(key)))
        secret = _sized(other) + _sized(key)
    _expect_none(items)
    return Reply(_p_sha256(secret, seed, size[0]))


def compute_hkdf(applet: Applet, command: Command) -> Reply:
    """COMPUTE HKDF: return the extract step's result (RFC 5869, 2.2), as long as the hash.

    The command has the input key (D1) or, by our reading, names a secret key of the card.
    """
    command.expect_p1p2(0x0000)
    items = _unique(applet, command.data)
    salt, number = items.pop(SALT, None), items.pop(_HASH, b"")
    hash_id = int.from_bytes(number, "big")
    if salt is None or len(number) != 2 or hash_id not in ecc.HASHES:
        raise tlv.TLVError("no salt (D5), or no hash (91) that the applet has")
    if not hash_id & applet.profile.hashes or not (salt or applet.profile.empty_salt):
        raise Refused(status.WRONG_DATA)
    key = items.pop(SECRET, None)
    if key is None:
        key = _secret_key(applet, items, HKDF)
    _expect_none(items)
    name = ecc.HASHES[hash_id]
    return Reply(hmac.digest(salt or bytes(hashlib.new(name).digest_size), key, name))


def _unique(applet: Applet, data: bytes) -> dict[int, bytes]:
    """Return the data objects of a command; raise TLVError if one is there twice."""
    decoded = tlv.decode_all(data, applet.profile.long_lengths)
    if len(decoded) != len({tag for tag, _ in decoded}):
        raise tlv.TLVError("a data object is there twice")
    return dict(decoded)


def _expect_none(items: dict[int, bytes]) -> None:
    if items:
        raise tlv.TLVError("unexpected data objects")


def _secret_key(applet: Applet, items: dict[int, bytes], derivation: int) -> bytes:
    """Return the value of the secret key in `items`; Refused 6985 unless it may derive this."""
    if len(items) != 1:
        raise tlv.TLVError("a secret key is named by its ID or by its label")
    secret = applet.find_named(o.Kind.SECRET, items)
    require(secret.activated and secret.derives(derivation))
    return secret.value


def _sized(value: bytes) -> bytes:
    """Return a part of the premaster secret (RFC 4279, 2; RFC 5489, 2): uint16 length, value."""
    return len(value).to_bytes(2, "big") + value


def _p_sha256(secret: bytes, seed: bytes, size: int) -> bytes:
    """Return P_hash of RFC 5246, section 5, with SHA-256."""
    out, a = b"", seed
    while len(out) < size:
        a = hmac.digest(secret, a, "sha256")
        out += hmac.digest(secret, a + seed, "sha256")
    return out[:size]
