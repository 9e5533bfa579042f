"""Secrets that the card computes: COMPUTE DH (INS 46), COMPUTE PRF (48), COMPUTE HKDF (4A)."""

from micropython import const

from . import objects, tlv
from .errors import CardProtocolError

_DH = const(0x46)
_PRF = const(0x48)
_HKDF = const(0x4A)
_COORDINATE = const(32)
_SECRET = const(0xD1)
_SEED = const(0xD2)
_SIZE = const(0xD3)
_PREMASTER = const(0xD4)
_SALT = const(0xD5)
_HASH = const(0x91)

# Hash (91) -> bytes of its digest.
_SIZES = {1: 32, 2: 48, 4: 64}


def dh(applet, private, public):
    """COMPUTE DH: return the X coordinate that the private and the public key share, 32 bytes."""
    data = objects.reference(objects.PRIVATE_KEY, private)
    data += objects.reference(objects.PUBLIC_KEY, public)
    target = "%s with %s" % (
        objects.target(objects.PRIVATE_KEY, private),
        objects.target(objects.PUBLIC_KEY, public),
    )
    return _answer(applet, "COMPUTE DH", _COORDINATE, _DH, 0, 0, data, 0, target)


def prf(applet, seed, size, secret=None, key=None, premaster=None):
    """COMPUTE PRF: return `size` bytes, 1 to 255, of P_SHA256 (RFC 5246 5) over `seed`, which is
    the label and the seed in one.

    `secret` (bytes): mode 00. `key`, a secret key on the card: mode 01, PSK (RFC 4279), or with
    `premaster`, the result of COMPUTE DH: mode 02, ECDHE_PSK (RFC 5489).
    """
    if not 1 <= size <= 255:
        raise ValueError("COMPUTE PRF gives 1 to 255 bytes, not %d" % size)
    if (secret is None) == (key is None):
        raise ValueError("COMPUTE PRF takes a secret or a key")
    target = ""
    if key is None:
        mode = 0
        data = tlv.put(_SECRET, secret)
    else:
        mode = 1 if premaster is None else 2
        target = objects.target(objects.SECRET_KEY, key)
        data = objects.reference(objects.SECRET_KEY, key)
        if mode == 2:
            data += tlv.put(_PREMASTER, premaster)
    data += tlv.put(_SEED, seed) + bytes((_SIZE, 1, size))
    return _answer(applet, "COMPUTE PRF", size, _PRF, mode, 0, data, 0, target)


def hkdf(applet, ikm, salt=b"", hash=1):
    """COMPUTE HKDF: return the result of the extract step (RFC 5869 2.2), as long as the hash.

    An empty argument goes out as zeros: the result is the same, and more cards accept it.
    """
    size = _SIZES.get(hash)
    if size is None:
        raise ValueError("HKDF takes SHA-256, SHA-384 or SHA-512 (1, 2, 4), not %d" % hash)
    data = tlv.put(_SECRET, ikm or bytes(size)) + tlv.put(_SALT, salt or bytes(size))
    data += bytes((_HASH, 2, hash >> 8, hash & 0xFF))
    return _answer(applet, "COMPUTE HKDF", size, _HKDF, 0, 0, data, 0, "")


def _answer(applet, name, size, *command):
    data = applet.run(applet.apdu.command, *command)
    if len(data) != size:
        raise CardProtocolError("not-understood", name, "%d bytes for %d" % (len(data), size))
    return bytes(data)
