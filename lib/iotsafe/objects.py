"""Object information (IoT.05 2.14.4): what containers a card has, sans-I/O.

Cards list their objects in three layouts: one wrapper (C1 to C4) per object, one per type, or
none. `parse` reads all three, because a label or an ID that does not follow a label always begins
a new object, and its tag says the type.
"""

from micropython import const

from . import tlv

# Types of objects: the low nibble of the ID tag (8x) and of the label tag (7x).
FILE = const(3)
PRIVATE_KEY = const(4)
PUBLIC_KEY = const(5)
SECRET_KEY = const(6)

# Cryptographic functions (61), usages of a file (21), states (4A), access conditions (60).
SIGN = const(1)
CERTIFICATE = const(2)
ACTIVATED = const(1)
READ = const(1)

# Longest ID (IoT.05), and more objects than any card has: a hostile list costs little memory.
_MAX_ID = const(20)
_MAX_OBJECTS = const(64)

# Key types (4B) that are P-256: persistent and volatile.
P256 = (0x13, 0x14)

_NAMES = {FILE: "file", PRIVATE_KEY: "private key", PUBLIC_KEY: "public key", SECRET_KEY: "secret"}

# Tag -> attribute of ObjectInfo, for one-byte values.
_FIELDS = {
    0x21: "usage",
    0x4A: "state",
    0x4B: "key_type",
    0x4E: "usage",
    0x60: "access",
    0x61: "functions",
}


class ObjectInfo:
    """One container: `kind`, `id` and `label` (bytes, b"" if none), `access`, `state`,
    `key_type`, `usage`, `functions` (ints, None when the card does not say), `size` in bytes.
    """

    def __init__(self, kind):
        self.kind = kind
        self.id = b""
        self.label = b""
        self.access = None
        self.state = None
        self.key_type = None
        self.usage = None
        self.functions = None
        self.size = None

    def __repr__(self):
        return "<%s %s>" % (_NAMES[self.kind], name(self.id, self.label))

    def usable(self):
        """Activated, as far as the card tells."""
        return self.state is None or self.state == ACTIVATED


def name(id, label=b""):
    """How messages call an object: its ID in hex, its label where there is one."""
    text = "".join("%02X" % byte for byte in id)
    if label:
        text += " (" + "".join(chr(c) if 32 <= c < 127 else "?" for c in label) + ")"
    return text


def parse(data):
    """The objects in the answer to GET DATA, as a list of ObjectInfo; TLVError if malformed.

    An object without an ID is left out: no command could name it.
    """
    found = []
    _parse(data, found, True)
    return [info for info in found if info.id]


def _parse(data, found, wrappers):
    """Append the objects in `data`; wrappers are only opened at the top, never in each other."""
    labelled = None
    for tag, value in tlv.items(data):
        if len(found) > _MAX_OBJECTS:
            raise tlv.TLVError("more than %d objects" % _MAX_OBJECTS)
        if wrappers and 0xC1 <= tag <= 0xC4:
            _parse(value, found, False)
            labelled = None
            continue
        kind = tag & 0x0F
        if tag >> 4 == 7 and kind in _NAMES:
            labelled = ObjectInfo(kind)
            labelled.label = bytes(value)
            found.append(labelled)
            continue
        if tag >> 4 == 8 and kind in _NAMES:
            if labelled is None or labelled.kind != kind:
                found.append(ObjectInfo(kind))
            if len(value) > _MAX_ID:
                raise tlv.TLVError("an ID of %d bytes" % len(value))
            found[-1].id = bytes(value)
        elif found:
            _field(found[-1], tag, value)
        labelled = None


def _field(info, tag, value):
    if tag in _FIELDS and len(value) == 1:
        setattr(info, _FIELDS[tag], value[0])
    elif tag == 0x20 and len(value) == 2:
        info.size = value[0] << 8 | value[1]
