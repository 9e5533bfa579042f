"""Keys that change: GENERATE KEY PAIR (INS B9), PUT PUBLIC KEY (24, D8)."""

from micropython import const

from . import objects, sessions, tlv
from .applet import point
from .errors import CardProtocolError

_GENERATE = const(0xB9)
_PUT_INIT = const(0x24)
_PUT_UPDATE = const(0xD8)
_LAST = const(0x80)
_PRIVATE_ID = const(0x84)
_PUBLIC_ID = const(0x85)
_KEY = const(0x34)


class KeyPair:
    """A new pair: `private_id`, `public_id`, the IDs (bytes) that the card now reports, or None;
    `point`, the public key, 65 bytes 04 X Y.
    """

    def __init__(self, private_id, public_id, point):
        self.private_id = private_id
        self.public_id = public_id
        self.point = point

    def __repr__(self):
        ids = [objects.name(id) if id else "?" for id in (self.private_id, self.public_id)]
        return "<key pair, private key %s, public key %s>" % tuple(ids)


def generate(applet, ref):
    """GENERATE KEY PAIR in the pair of the private key `ref`; takes seconds. Returns a KeyPair.

    The IDs may have changed (IoT.05 2.11). If the answer lacks the public key, a second command
    reads it.
    """
    name = objects.reference(objects.PRIVATE_KEY, ref)
    target = objects.target(objects.PRIVATE_KEY, ref)
    data = applet.run(applet.apdu.command, _GENERATE, 0, 0, name, 0, target)
    found = {}
    try:
        for tag, value in tlv.items(bytes(data)):
            found[tag] = value
    except tlv.TLVError as e:
        raise CardProtocolError("not-understood", "GENERATE KEY PAIR", str(e))
    ids = [_id(found.get(tag)) for tag in (_PRIVATE_ID, _PUBLIC_ID)]
    if _KEY in found:
        return KeyPair(ids[0], ids[1], point(data, "GENERATE KEY PAIR"))
    # The two halves of a pair have the same label or, without labels, nearly always the same ID.
    half = ids[1] or (ref.label.decode() if getattr(ref, "label", None) else None)
    half = half or getattr(ref, "id", ref)
    return KeyPair(ids[0], ids[1], applet.read_public_key(half))


def _id(value):
    if value is None:
        return None
    if not 1 <= len(value) <= 20:
        raise CardProtocolError(
            "not-understood", "GENERATE KEY PAIR", "an ID of %d bytes" % len(value)
        )
    return bytes(value)


def put(applet, ref, value):
    """PUT PUBLIC KEY: fill the public key `ref` with the point `value`, 65 bytes 04 X Y."""
    objects.data(value, "point")
    if len(value) != 65 or value[0] != 4:
        raise ValueError("a public key is an uncompressed point: 65 bytes, the first is 04")
    name = objects.reference(objects.PUBLIC_KEY, ref)
    target = objects.target(objects.PUBLIC_KEY, ref)
    key = tlv.put(_KEY, tlv.put(0x49, tlv.put(0x86, value)))
    applet.begin(_PUT_INIT, name, target)
    session = applet.session
    try:
        applet.apdu.command(_PUT_UPDATE, _LAST, session, key, target=target)
    finally:
        sessions.close(applet.apdu, session, _PUT_INIT)
