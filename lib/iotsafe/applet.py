"""The IoT SAFE applet: one method per command of IoT.05 that a TLS session needs.

`full_applet.FullApplet` adds the other commands. They are in a file of their own, because a board
that only runs sessions has no memory for them.
"""

from micropython import const

from . import objects, tlv
from .apdu import APDU
from .bundle import certificates, is_der
from .der import element, signature
from .errors import AppletNotFound, CardError, CardProtocolError

# AIDs of the applet: the GSMA default, then those of cards in the field.
AIDS = (
    b"\xa0\x00\x00\x05\x59\x00\x10",
    b"\xa0\x00\x00\x02\x48\x04\x00",
    b"\xa0\x00\x00\x00\x30\x53\xf1\x24\x01\x77\x01\x01\x49\x53\x41",
    b"\xa0\x00\x00\x01\x15\x70\x00\x00\x00\x00\x00\x00\x49\x53\x41\x02",
)

_GET_RANDOM = const(0x84)
_GET_DATA = const(0xCB)
_READ_FILE = const(0xB0)
_READ_PUBLIC_KEY = const(0xCD)
_SIGN_INIT = const(0x2A)
_SIGN_UPDATE = const(0x2B)
_LAST = const(0x80)

# COMPUTE SIGNATURE: mode of operation "pad and sign", SHA-256, ECDSA.
_FINAL_HASH_ECDSA = b"\xa1\x01\x03\x91\x02\x00\x01\x92\x01\x04"

_MAX_LIST_PARTS = const(16)
_MAX_LIST = const(4096)
_MAX_FILE = const(4096)
_MAX_READS = const(256)
_REPEATS = const(
    5
)  # if the line loses 0.1 % of its bytes, it damages one of two answers with 256 bytes

# Status words of a card that has lost the channel, and of one that has no free session.
_LOST = (0x6881, 0x6882, 0x6D00, 0x6E00)
_NO_SESSION = (0x6A86, 0x6989)
_UNKNOWN_COMMAND = const(0x6D00)
_SILENT = (110, 19, 104)  # errno of exceptions of the channel: time-out, no modem, a restart
# Answers to READ FILE with an offset outside the file: IoT.05 lists both.
_BEYOND_END = (0x6981, 0x6A86)


class Applet:
    """The applet on its own logical channel.

    `channel`: a Channel (see `iotsafe.apdu`), or a modem that has one. `aids`: tuple of AIDs
    (bytes) to try in order. `number`: a logical channel, 0 to 19, to use as it is; by default the
    applet opens one.
    The first command opens the channel if `open()` was not called. When the card has lost the
    channel (modem reset), the applet opens another one and repeats the command once; it also
    repeats a command that the line damaged. An application that selects by one of the AIDs, and
    knows no command, is another one: the next AID is tried. Each method raises CardError when the
    card refuses. A caller names objects by ID (bytes), by label (str), or by ObjectInfo.
    """

    # The session number that all commands with sessions use; clients in the field use 1.
    session = 1

    def __init__(self, channel, aids=AIDS, number=None):
        if not hasattr(channel, "transmit"):
            if not hasattr(channel, "sim"):
                objects.wrong("a modem, or a channel with transmit()", channel)
            channel = channel.sim()
        if not isinstance(aids, (tuple, list)):
            objects.wrong("aids: bytes in a tuple", aids)
        for aid in aids:
            objects.data(aid, "AID")
        self.apdu = APDU(channel)
        self.aids = aids
        self.aid = None
        self._number = number
        self._generation = None  # of the channel, when `open` opened it; None: closed
        self._ready = False  # the applet is selected on it
        self._known = None  # the AID of an application that knows commands of the applet …
        self._others = ()  # … and those of applications that know none

    def open(self):
        """Open a logical channel and SELECT the applet; raises AppletNotFound. Returns self."""
        return self._run(None)

    def _open(self):
        generation = self.apdu.generation()
        if self._generation == generation:
            self.close()
        self._ready = False
        self._generation = None
        self.apdu.open(self._number)
        self._generation = generation
        try:
            if self.apdu.number > 1 and self._number is None:
                from . import sessions

                sessions.take_over(self.apdu)
            tried = self._select()
        except BaseException as e:  # also Ctrl-C
            # Later, from a modem that is silent: the next `_open` does it.
            if (e.args or (0,))[0] not in _SILENT:
                try:
                    self.close()
                except Exception:
                    pass  # what failed first is raised
            raise e
        if tried:
            self.aid = None
            self._others = ()
            self.close()
            raise AppletNotFound("no-applet", *tried)
        self._ready = True

    def _select(self):
        """Select the applet; return the AIDs and status words of all that failed, () if one was
        selected."""
        tried = []
        for aid in (self.aid,) if self.aid else self.aids:
            sw = _UNKNOWN_COMMAND
            if aid not in self._others:
                try:
                    self.apdu.select(aid)
                    self.aid = aid
                    return ()
                except CardError as e:
                    sw = e.sw
            tried.append((objects.name(aid), sw))
        return tried

    def _is_another(self):
        """Return whether the selected application knows no command, and is not ours."""
        if self._known == self.aid:
            return False
        for ins, p1, p2 in ((_SIGN_INIT, 1, self.session), (_GET_DATA, 1, 0)):
            try:
                self.apdu.command(ins, p1, p2)  # which changes nothing
            except CardError as e:
                if e.sw in (_UNKNOWN_COMMAND, 0x6E00):
                    continue
            self._known = self.aid
            return False
        self._others += (self.aid,)
        self.aid = None
        return True

    def close(self):
        """Close the logical channel."""
        self._generation = None
        self._ready = False
        self.apdu.close()

    def _run(self, command, *args, repeats=_REPEATS):
        """Run `command(*args)` on the open channel; if it is None, only open, and return self.

        Repeats the command once on a new channel if the card lost the old one, and up to `repeats`
        times if the line to the card damaged it or its answer. A command that must not run twice
        has `repeats` 0.
        """
        fresh = not command
        lost = fresh
        while True:
            try:
                if fresh or not self._ready or self._generation != self.apdu.generation():
                    self._open()
                    fresh = False
                return command(*args) if command else self
            except CardError as e:
                if e.sw not in _LOST or (lost and (e.sw < 0x6D00 or not self._is_another())):
                    raise
                lost = fresh = True
            except OSError as e:
                if not repeats or not getattr(e, "again", False):
                    raise
                repeats -= 1

    def random(self, size):
        """GET RANDOM (IoT.05, INS 84): return `size` random bytes, 1 to 256."""
        objects.number(size, "size")
        if not 1 <= size <= 256:
            raise ValueError("GET RANDOM gives 1 to 256 bytes, not %d" % size)
        return self._run(self._random, size)

    def _random(self, size):
        data = self.apdu.command(_GET_RANDOM, le=size & 0xFF)
        if len(data) != size:
            raise CardProtocolError(
                "not-understood", "GET RANDOM", "%d bytes for %d" % (len(data), size)
            )
        return bytes(data)

    def objects(self):
        """GET DATA - object list (IoT.05 2.14): return a list of `ObjectInfo`."""
        return self._run(self._objects)

    def _objects(self):
        parts = bytearray(self._get_data(1))
        count = 1
        while self.apdu.more:
            if count == _MAX_LIST_PARTS or len(parts) > _MAX_LIST:
                raise CardProtocolError(
                    "not-understood", "GET DATA", "the object list does not end"
                )
            parts.extend(self._get_data(1, 1))
            count += 1
        try:
            return objects.parse(parts)
        except tlv.TLVError as e:
            raise CardProtocolError("not-understood", "GET DATA", str(e))

    def _get_data(self, p1, p2=0):
        return self.apdu.command(_GET_DATA, p1, p2, le=0)

    def read_public_key(self, ref):
        """READ PUBLIC KEY (INS CD): return the point of a 256-bit key, 65 bytes 04 X Y."""
        return self._run(self._read_public_key, ref)

    def _read_public_key(self, ref):
        name = objects.reference(objects.PUBLIC_KEY, ref)
        data = self.apdu.command(
            _READ_PUBLIC_KEY, data=name, le=0, target=objects.target(objects.PUBLIC_KEY, ref)
        )
        return point(data, "READ PUBLIC KEY")

    def read_file(self, ref, offset=0, size=0):
        """READ FILE (INS B0): return up to `size` bytes of a file from `offset` on.

        `size` 0 stands for 256, or for as many as the channel delivers in one piece. At the end of
        the file the result is shorter or empty.
        """
        objects.number(offset, "offset")
        objects.number(size, "size")
        if not 0 <= offset <= 0xFFFF:
            raise ValueError("a file has offsets from 0 to 65535, not %d" % offset)
        return bytes(self._run(self._read_file, ref, offset, size))

    def _read_file(self, ref, offset, size):
        try:
            return self.apdu.command(
                _READ_FILE,
                offset >> 8,
                offset & 0xFF,
                objects.reference(objects.FILE, ref),
                (size or self.apdu.part()) & 0xFF,
                objects.target(objects.FILE, ref),
            )
        except CardError as e:
            if e.sw in _BEYOND_END:
                return b""
            raise

    def read_der(self, ref):
        """Return the first certificate of a file in DER; what cannot be read as it is: the caller
        checks it."""
        content = self.read_content(ref)
        try:
            return certificates(content)[0]
        except ValueError:
            return content

    def read_content(self, ref):
        """Return the certificates of a file, DER after DER or text (PEM), without the container's
        padding: see `bundle.certificates`.

        Returns b"" for an empty file (no bytes, or 00 or FF at its start). A certificate that ends
        early is returned as it is.
        """
        data = bytearray(self.read_file(ref))
        if len(data) < 4 or data[0] in (0x00, 0xFF):
            return b""
        size = len(data)
        short = size < 256
        for _ in range(_MAX_READS):
            end = _end(data)
            # Five further bytes tell whether another certificate follows, or a part that is
            # shorter than those before it.
            if end + 5 <= len(data) or (end == len(data) and short) or len(data) >= _MAX_FILE:
                break
            try:
                part = self.read_file(ref, len(data))
            except CardError:
                if end > len(data) and is_der(data):
                    raise
                break  # the card's own way to say that this was the end
            if not part:
                break
            short = len(part) < size
            data.extend(part)
        return bytes(memoryview(data)[: min(end, _MAX_FILE)])

    def sign(self, ref, digest):
        """COMPUTE SIGNATURE over a final hash (INS 2A, 2B; mode 03): two exchanges.

        `ref` of the private key; `digest` 32 to 64 bytes. Returns the ECDSA signature in DER.
        ECDSA on P-256 uses the leftmost 256 bits of a longer digest (FIPS 186-4 6.4), so the card
        gets only these, announced as SHA-256. This also works on cards without SHA-384.
        """
        objects.data(digest, "digest")
        if not 32 <= len(digest) <= 64:
            raise ValueError("a digest has 32 to 64 bytes, not %d" % len(digest))
        return self._run(self._sign, ref, digest)

    def _sign(self, ref, digest):
        init = objects.reference(objects.PRIVATE_KEY, ref) + _FINAL_HASH_ECDSA
        target = objects.target(objects.PRIVATE_KEY, ref)
        self._begin(_SIGN_INIT, init, target)
        data = self.apdu.command(
            _SIGN_UPDATE, _LAST, self.session, tlv.put(0x9E, digest[:32]), 0, target
        )
        try:
            value = tlv.find(data, 0x33)
            if value is None:
                raise tlv.TLVError("tag 33 is missing")
            return signature(value)
        except ValueError as e:  # TLVError is one
            raise CardProtocolError("not-understood", "COMPUTE SIGNATURE", str(e))

    def _begin(self, ins, init, target):
        """Open the session with the instruction `ins`; first end one that an interrupted program
        left open.
        """
        try:
            self.apdu.command(ins, 0, self.session, init, target=target)
        except CardError as e:
            if e.sw not in _NO_SESSION:
                raise
            from . import sessions

            self.session = sessions.recover(self, ins, init, target, e)


def _end(data):
    """Return the end of the certificates at the start of a file, as far as `data` shows it; with
    too little data, an end beyond it."""
    end = 0
    while is_der(data, end):
        end = element(data, end)[2]
    if not end:  # text
        for byte in data:
            if byte in (0x00, 0xFF):
                return end
            end += 1
        end += 1
    return end


def point(data, command):
    """Return the point (65 bytes) of the public key in an answer (IoT.05 2.5.7)."""
    try:
        for tag in (0x34, 0x49, 0x86):  # nested in two templates
            data = tlv.find(data, tag)
            if data is None:
                raise tlv.TLVError("tag %02X is missing" % tag)
    except tlv.TLVError as e:
        raise CardProtocolError("not-understood", command, str(e))
    if len(data) != 65 or data[0] != 4:
        raise CardProtocolError("not-understood", command, "not an uncompressed point of 256 bits")
    return bytes(data)
