"""Object information (IoT.05 2.14.4): the containers of a card, sans-I/O.

Cards list their objects in three layouts: one wrapper (C1 to C4) per object, one per type, or
none. `parse` reads all three, because a label or an ID that does not follow a label always begins
a new object, and its tag gives the type.
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

# Longest ID and label (IoT.05), and more objects than any card has, so that a hostile list costs
# little memory.
_MAX_ID = const(20)
_MAX_LABEL = const(60)
_MAX_OBJECTS = const(64)

# Key types (4B) that are P-256: persistent and volatile.
P256 = (0x13, 0x14)

_NAMES = {
    FILE: "file",
    PRIVATE_KEY: "private key",
    PUBLIC_KEY: "public key",
    SECRET_KEY: "secret key",
}

# Tag -> attribute of ObjectInfo, for numbers of one byte, or of two.
_LONG = (0x20, 0x91)
_FIELDS = (
    (0x20, "size"),
    (0x21, "usage"),
    (0x4A, "state"),
    (0x4B, "key_type"),
    (0x4E, "usage"),
    (0x60, "access"),
    (0x61, "functions"),
    (0x6F, "agreements"),
    (0x91, "hashes"),
    (0x92, "algorithms"),
    (0x94, "derivations"),
)


class ObjectInfo:
    """One container: `kind`, `id` and `label` (bytes, b"" if none), and the numbers that the card
    reports, None for others: `access`, `state`, `key_type`, `usage`, `functions`, `algorithms`,
    `hashes`, `agreements`, `derivations`, and `size` in bytes.
    """

    id = label = b""
    access = state = key_type = usage = functions = size = None
    algorithms = hashes = agreements = derivations = None

    def __init__(self, kind):
        self.kind = kind

    def __repr__(self):
        return "<%s %s>" % (_NAMES[self.kind], name(self.id, self.label))

    def usable(self):
        """Return whether it is activated, as far as the card reports."""
        return self.state is None or self.state == ACTIVATED


def name(id, label=b""):
    """Return an object's name for messages: its ID in hex and its label, or the one it has."""
    if isinstance(id, str):
        return "(%s)" % id
    text = "".join("%02X" % byte for byte in id)
    if label:
        text += " (" + printable(label) + ")"
    return text


def printable(label):
    """Return the card's label (bytes) as text, with "?" for all but printable ASCII."""
    return "".join(chr(c) if 32 <= c < 127 else "?" for c in label)


def kind_name(kind):
    """Return the kind of an object in words, like "private key"."""
    return _NAMES[kind]


def wrong(what, value):
    """Raise TypeError: `what` belongs where `value` is."""
    raise TypeError("%s, not %.60s" % (what, repr(value)))


def typed(what, value, kind):
    """Raise TypeError unless `value`, the argument `what`, is of `kind`: a type, or a tuple of
    types, of which the sentence has the first."""
    if not isinstance(value, kind):
        wrong("%s: %s" % (what, getattr(kind, "__name__", 0) or kind[0].__name__), value)


def able(what, value, method):
    """Raise TypeError unless `value`, the argument `what`, has `method`."""
    if not hasattr(value, method):
        wrong("%s: has %s()" % (what, method), value)


def data(value, what):
    """Raise TypeError unless `value`, the argument `what`, is like bytes."""
    if not isinstance(value, (bytes, bytearray, memoryview)):
        wrong(what + ": bytes", value)


def number(value, what):
    """Raise TypeError unless `value`, the argument `what`, is a number."""
    if not isinstance(value, int):
        wrong(what + ": a number", value)


def wanted(value):
    """Raise TypeError unless `value` names an object, or is empty."""
    if value and not isinstance(value, (bytes, str)):
        wrong("an ID (bytes) or a label (str)", value)


def reference(kind, ref):
    """Return the data object with which a command names an object of `kind`: its ID or its label.

    `ref`: the ID (bytes), the label (str), or an ObjectInfo. Raises ValueError for another kind or
    length.
    """
    if isinstance(ref, ObjectInfo):
        if ref.kind != kind:
            raise ValueError("%r where a %s belongs" % (ref, _NAMES[kind]))
        ref = ref.id
    if not isinstance(ref, (bytes, bytearray, memoryview, str)):
        wrong("an ID (bytes), a label (str) or an ObjectInfo", ref)
    tag = 0x80 | kind
    most = _MAX_ID
    if isinstance(ref, str):
        tag = 0x70 | kind
        most = _MAX_LABEL
        ref = ref.encode()
    if not 1 <= len(ref) <= most:
        raise ValueError("an ID has 1 to 20 bytes, a label 1 to 60")
    return tlv.put(tag, ref)


def target(kind, ref):
    """Return the name for messages of the object `ref`."""
    return _NAMES[kind] + " " + name(getattr(ref, "id", ref), getattr(ref, "label", b""))


def parse(data):
    """Return the objects in the answer to GET DATA, a list of ObjectInfo; TLVError if malformed.

    The list leaves out an object without an ID, because no command could name it.
    """
    found = []
    _parse(data, found, True)
    return [info for info in found if info.id]


def _parse(data, found, wrappers):
    """Append the objects in `data` to `found`; open wrappers at the top only, not nested ones."""
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
            labelled.label = bytes(value[:_MAX_LABEL])
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
    size = len(value)
    if size != (2 if tag in _LONG else 1):
        return
    for known, attribute in _FIELDS:
        if known == tag:
            setattr(info, attribute, value[0] if size == 1 else value[0] << 8 | value[1])
