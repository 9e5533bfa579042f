"""Secrets that the card computes: COMPUTE DH (INS 46), COMPUTE PRF (48), COMPUTE HKDF (4A)."""

from micropython import const

from . import objects, tlv
from .errors import CardError, CardProtocolError

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
    return _answer(applet, "COMPUTE DH", _COORDINATE, _DH, 0, data, (), target)


def prf(applet, seed, size, secret=None, key=None, premaster=None):
    """COMPUTE PRF: return `size` bytes, 1 to 255, of P_SHA256 (RFC 5246 5) over `seed`, which is
    the label and the seed in one.

    `secret` (bytes): mode 00. `key`, a secret key on the card: mode 01, PSK (RFC 4279), or with
    `premaster`, the result of COMPUTE DH: mode 02, ECDHE_PSK (RFC 5489).
    """
    objects.number(size, "size")
    objects.data(seed, "seed")
    for value in (secret, premaster):
        if value is not None:
            objects.data(value, "secret, premaster")
    if not 1 <= size <= 255:
        raise ValueError("COMPUTE PRF gives 1 to 255 bytes, not %d" % size)
    if (secret is None) == (key is None):
        raise ValueError("COMPUTE PRF takes a secret or a key")
    target = ""
    data = b""
    items = []
    mode = 0
    if key is None:
        items.append((_SECRET, secret))
    else:
        mode = 1
        data = objects.reference(objects.SECRET_KEY, key)
        target = objects.target(objects.SECRET_KEY, key)
        if premaster is not None:
            mode = 2
            items.append((_PREMASTER, premaster))
    items += [(_SEED, seed), (_SIZE, bytes((size,)))]
    return _answer(applet, "COMPUTE PRF", size, _PRF, mode, data, items, target)


def hkdf(applet, ikm, salt=b"", hash=1):
    """COMPUTE HKDF: return the result of the extract step (RFC 5869 2.2), as long as the hash.

    An empty argument goes out as zeros: the result is the same, and more cards accept it.
    """
    for value in (ikm, salt):
        objects.data(value, "ikm, salt")
    objects.number(hash, "hash")
    size = _SIZES.get(hash)
    if size is None:
        raise ValueError("HKDF takes SHA-256, SHA-384 or SHA-512 (1, 2, 4), not %d" % hash)
    items = (
        (_SECRET, ikm or bytes(size)),
        (_SALT, salt or bytes(size)),
        (_HASH, bytes((hash >> 8, hash & 0xFF))),
    )
    return _answer(applet, "COMPUTE HKDF", size, _HKDF, 0, b"", items)


def _answer(applet, name, size, ins, p1, data, items, target=""):
    """Send a command with `data` and the data objects `items`, and return its answer."""
    long = any(0x80 <= len(value) <= 0xFF for _, value in items)
    forms = (applet.other_length, not applet.other_length) if long else (False,)
    for other in forms:
        whole = data + b"".join([tlv.put(tag, value, other) for tag, value in items])
        try:
            answer = applet.run(applet.apdu.command, ins, p1, 0, whole, 0, target)
            break
        except CardError as e:
            if e.sw not in tlv.REFUSED or other is forms[-1]:
                raise
    if long:
        applet.other_length = other
    if len(answer) != size:
        raise CardProtocolError("not-understood", name, "%d bytes for %d" % (len(answer), size))
    return bytes(answer)
