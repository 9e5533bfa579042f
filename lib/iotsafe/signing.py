"""COMPUTE SIGNATURE and VERIFY SIGNATURE in all modes (INS 2A to 2D), for texts of any length.

The data to sign is a `Digest` (mode 03), a `Text` that the card hashes (01), or a `LastBlock` of a
text whose beginning the caller hashed (02). Long texts go out in blocks, from their source into
the APDU without another copy. No public source specifies how a card expects the blocks, so the
module has both readings:

- K1: one data object over all blocks, with its whole length at the beginning;
- K2: a data object in each block.
"""

from micropython import const

from . import objects, sessions, tlv
from .der import signature
from .ecdsa import numbers
from .errors import CardError, CardProtocolError

# Hash (91) and signature algorithms (92).
SHA256 = const(1)
SHA384 = const(2)
SHA512 = const(4)
RSA_PKCS1 = const(1)
RSA_PSS = const(2)
ECDSA = const(4)

# Dialects of multi-block data.
K1 = const(1)
K2 = const(2)

_SIGN = const(0x2A)
_VERIFY = const(0x2C)
_LAST = const(0x80)
_BLOCK = const(255)
_MAX_TEXT = const(0xFFFFFF)
_MAX_LAST_BLOCK = const(128)
_DIGEST_SIZES = (32, 48, 64)
_RSA_2048 = const(256)
_NO_MATCH = const(0x6D01)


class Digest:
    """The hash of the data to sign, 32, 48 or 64 bytes, from the caller."""

    mode = 3

    long = False  # no value is as long as needs another form of length

    def __init__(self, digest):
        objects.data(digest, "digest")
        if len(digest) not in _DIGEST_SIZES:
            raise ValueError("a digest has 32, 48 or 64 bytes, not %d" % len(digest))
        self._digest = digest

    def blocks(self, body, tail, other=False):
        """Write the data, then `tail`, into `body`, block by block; yield (size, last). `other`:
        with the second form of lengths above 7F, see `FullApplet`."""
        return _split(body, _part(self._objects(other)), _part(tail))

    def again(self):
        """Return whether `blocks` can give the data once more."""
        return True

    def _objects(self, _):
        return tlv.put(0x9E, self._digest)


class LastBlock(Digest):
    """The end of a text whose beginning the caller has hashed: `block` of 1 to 128 bytes, the
    hash's `state` after the beginning (32 bytes for SHA-256, else 64), the beginning's `count`
    of bytes, a multiple of the hash's block. The card pads.
    """

    mode = 2

    def __init__(self, block, state, count):
        objects.data(block, "block")
        objects.data(state, "state")
        objects.number(count, "count")
        if not 1 <= len(block) <= _MAX_LAST_BLOCK:
            raise ValueError("a last block has 1 to 128 bytes, not %d" % len(block))
        if not 32 <= len(state) <= 64 or not 0 <= count <= 0xFFFFFFFF:
            raise ValueError("the state has 32 to 64 bytes, the count is a number of 4 bytes")
        self.long = len(block) == _MAX_LAST_BLOCK
        self._parts = block, tlv.put(0x9C, state) + tlv.put(0x9D, count.to_bytes(4, "big"))

    def _objects(self, other):
        return tlv.put(0x9A, self._parts[0], other) + self._parts[1]


class Text:
    """A text that the card hashes: bytes-like, or a stream (`readinto`) of `size` bytes.

    `dialect`: how to cut a text that is longer than an APDU, K1 or K2.
    """

    mode = 1

    def __init__(self, source, size=None, dialect=K1):
        if not hasattr(source, "readinto"):
            objects.data(source, "a text, or a stream with readinto()")
        if size is not None:
            objects.number(size, "size")
        if dialect not in (K1, K2):
            objects.wrong("dialect: K1 or K2", dialect)
        self._source = source
        if size is None:
            if hasattr(source, "readinto"):
                raise ValueError("a stream is signed with its size")
            size = len(source)
        if not 1 <= size <= _MAX_TEXT:
            raise ValueError("a text has 1 to 16777215 bytes, not %d" % size)
        self.size = size
        self.long = size >= 0x80 and (dialect == K2 or size < 0x100)
        self._dialect = dialect
        self._start = None  # of a stream that can go back
        if hasattr(source, "readinto") and hasattr(source, "seek"):
            try:
                self._start = source.tell()
            except OSError:
                pass

    def again(self):
        """See `Digest.again`."""
        if not hasattr(self._source, "readinto"):
            return True
        if self._start is not None:
            self._source.seek(self._start)
        return self._start is not None

    def blocks(self, body, tail, other=False):
        """See `Digest.blocks`. Raises ValueError if the stream ends early."""
        source = self._source
        if not hasattr(source, "readinto"):
            source = _Memory(source)
        if self._dialect == K2:
            return self._objects(source, body, tail, other)
        head = tlv.head(0x9B, self.size, other)
        return _split(body, _part(head), (source, self.size), _part(tail))

    def _objects(self, source, body, tail, other):
        """Dialect K2: write a data object into each block; its length is first one plain byte, as
        was seen."""
        left = self.size
        room = _BLOCK - (3 if other else 2)
        if len(tail) >= room:
            raise ValueError("a signature of %d bytes does not fit into an APDU" % len(tail))
        while True:
            last = left + len(tail) <= room
            size = min(left, room)
            if not last and size == left:  # the tail needs a block with something before it
                size = left - 1
            head = tlv.head(0x9B, size, not other)
            end = len(head)
            body[:end] = head
            _fill(source, body[end : end + size])
            left -= size
            end += size
            if last:
                body[end : end + len(tail)] = tail
                yield end + len(tail), True
                return
            yield end, False


class _Memory:
    """A stream over bytes."""

    def __init__(self, data):
        self._view = memoryview(data)

    def readinto(self, buffer):
        size = min(len(buffer), len(self._view))
        buffer[:size] = self._view[:size]
        self._view = self._view[size:]
        return size


def _part(data):
    return _Memory(data), len(data)


def _fill(source, buffer):
    """Read until `buffer` is full."""
    have = 0
    while have < len(buffer):
        count = source.readinto(buffer[have:])
        if not count:
            raise ValueError("the text ends %d bytes early" % (len(buffer) - have))
        have += count


def _split(body, *parts):
    """Dialect K1: cut the `parts`, (stream, size) each, wherever a block is full."""
    end = 0
    left = sum(size for _, size in parts)
    for stream, size in parts:
        while size:
            count = min(size, _BLOCK - end)
            _fill(stream, body[end : end + count])
            size -= count
            end += count
            left -= count
            if end == _BLOCK or not left:
                yield end, not left
                end = 0


def compute(applet, ref, what, hash=SHA256, algorithm=ECDSA):
    """COMPUTE SIGNATURE: return the private key `ref`'s signature of `what`, in DER for ECDSA.

    Raises CardError; ValueError if the stream of a Text ends early.
    """
    init = objects.reference(objects.PRIVATE_KEY, ref) + _parameters(what, hash, algorithm)
    target = objects.target(objects.PRIVATE_KEY, ref)
    data = _session(applet, _SIGN, init, what, (b"",), 0, target)
    try:
        value = tlv.find(data, 0x33)
        if value is None:
            raise tlv.TLVError("tag 33 is missing")
        if algorithm == ECDSA:
            return signature(value)
        if len(value) != _RSA_2048:
            raise tlv.TLVError("an RSA signature of %d bytes" % len(value))
        return bytes(value)
    except ValueError as e:
        raise CardProtocolError("not-understood", "COMPUTE SIGNATURE", str(e))


def verify(applet, ref, what, value, hash=SHA256, algorithm=ECDSA):
    """VERIFY SIGNATURE: return whether the signature `value` (in DER for ECDSA) over `what` fits
    the public key `ref`.

    Raises CardError for any refusal but 6D01: then the card has verified nothing.
    """
    init = objects.reference(objects.PUBLIC_KEY, ref) + _parameters(what, hash, algorithm)
    target = objects.target(objects.PUBLIC_KEY, ref)
    objects.data(value, "signature")
    if algorithm == ECDSA:
        value = raw_signature(value)
    long = b"\x33" + len(value).to_bytes(2, "big") + value
    try:
        _session(applet, _VERIFY, init, what, (long, tlv.put(0x33, value)), None, target)
        return True
    except CardError as e:
        if e.sw == _NO_MATCH:
            return False
        raise


def raw_signature(value):
    """Return r and s, 32 bytes each, of an ECDSA signature in DER, or raw already. Raises
    ValueError for anything else.
    """
    r, s = numbers(signature(value))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _parameters(what, hash, algorithm):
    if not isinstance(what, (Digest, Text)):
        objects.wrong("a Digest, a Text or a LastBlock, like Text(b'x')", what)
    objects.number(hash, "hash")
    objects.number(algorithm, "algorithm")
    return bytes(
        (0xA1, 1, what.mode, 0x91, 2, hash >> 8 & 0xFF, hash & 0xFF, 0x92, 1, algorithm & 0xFF)
    )


def _session(applet, ins, init, what, tails, le, target):
    """Send init and updates, and return the last answer. A failure closes the session.

    `tails`: the forms of what follows the data. If the card refuses one form, the next one goes.
    """
    first = applet.other_signature and len(tails) > 1
    forms = [
        (signature, length)
        for length in ((applet.other_length, not applet.other_length) if what.long else (False,))
        for signature in ((first, not first) if len(tails) > 1 else (False,))
    ]
    for form in forms:
        try:
            data = _once(applet, ins, init, what, tails[form[0]], form[1], le, target)
        except CardError as e:
            if e.sw not in tlv.REFUSED or form is forms[-1] or not what.again():
                raise
            continue
        if len(tails) > 1:
            applet.other_signature = form[0]
        if what.long:
            applet.other_length = form[1]
        return data


def _once(applet, ins, init, what, tail, other, le, target):
    applet.begin(ins, init, target)
    apdu = applet.apdu
    try:
        for size, last in what.blocks(apdu.body(), tail, other):
            p1 = _LAST if last else 0
            data = apdu.send(ins + 1, p1, applet.session, size, le if last else None, target)
        return data
    except Exception:
        sessions.close(apdu, applet.session, ins)
        raise
