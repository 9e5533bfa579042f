"""A certification request (PKCS#10, RFC 2986) for a P-256 key in the SIM or elsewhere."""

import hashlib
from binascii import b2a_base64

from micropython import const

from .ecdsa import numbers
from .x509_names import attributes, general_names

_OID = const(0x06)
_BIT_STRING = const(0x03)
_OCTET_STRING = const(0x04)
_SEQUENCE = const(0x30)
_SET = const(0x31)
_ATTRIBUTES = const(0xA0)

_VERSION_1 = b"\x02\x01\x00"
# SubjectPublicKeyInfo (RFC 5480) up to the point: id-ecPublicKey, secp256r1.
_PUBLIC_KEY = (
    b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
    b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00"
)
_EXTENSION_REQUEST = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e"  # RFC 2985 5.4.2
_ALTERNATIVE_NAME = b"\x55\x1d\x11"
_CRITICAL = b"\x01\x01\xff"
_ECDSA_WITH_SHA256 = b"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"  # RFC 5758 3.2

_MAX_SIGNATURE = const(72)
_MAX_SIZE = const(2048)
# Overhead in bytes, at most: of the request, of an attribute, of an alternative name.
_FRAME = const(240)
_PER_ATTRIBUTE = const(24)
_PER_NAME = const(4)


def build(sign, point, subject, names=(), check=False):
    """Build the request; return it as DER bytes.

    `sign(digest)`: called once with the SHA-256 of the data to sign; it returns the signature in
    DER, and its exceptions pass unchanged. `point`: the public key, 65 bytes 04 X Y. `subject`:
    pairs ("CN", "device-1") in the order of the DER, or text as in RFC 4514, where the last pair
    is written first: "CN=device-1,O=Example,C=FR". `names`: alternative names, like
    "DNS:device.example", "URI:urn:x:1", "IP:192.0.2.1", "email:a@b.example". Either may be empty.
    `check`: verify the signature with the point, which takes a small board a second or more.

    Raises ValueError, which names the field, for a value that a request cannot carry; also for an
    invalid signature and, with `check`, for one that does not fit the point.
    """
    if len(point) != 65 or point[0] != 4:
        raise ValueError("the public key must be 65 bytes: 04 X Y")
    subject = attributes(subject)
    names = general_names(names)
    if not subject and not names:
        raise ValueError("a request needs a subject or an alternative name")
    size = _FRAME
    for _, _, content in subject:
        size += _PER_ATTRIBUTE + len(content)
    for _, content in names:
        size += _PER_NAME + len(content)
    if size > _MAX_SIZE:
        raise ValueError("the request would have %d bytes, at most %d" % (size, _MAX_SIZE))
    der = _Backwards(size, _MAX_SIGNATURE + len(_ECDSA_WITH_SHA256) + 3)
    end = der.pos
    _info(der, point, subject, names)
    view = memoryview(der.buffer)
    digest = hashlib.sha256(view[der.pos : end]).digest()
    signature = sign(digest)
    numbers(signature)
    if check:
        from .p256 import verify

        if not verify(point, digest, signature):
            raise ValueError("the signature does not fit the public key")
    for part in (_ECDSA_WITH_SHA256, bytes((_BIT_STRING, len(signature) + 1, 0)), signature):
        view[end : end + len(part)] = part
        end += len(part)
    der.close(_SEQUENCE, end)
    return bytes(view[der.pos : end])


def pem(der):
    """Return the request `der` in the text form of RFC 7468 7."""
    lines = ["-----BEGIN CERTIFICATE REQUEST-----\n"]
    for start in range(0, len(der), 48):
        lines.append(b2a_base64(der[start : start + 48]).decode())
    lines.append("-----END CERTIFICATE REQUEST-----\n")
    return "".join(lines)


class _Backwards:
    """A buffer of DER, written from its end to its beginning: each length is known when its header
    is written.

    `pos`: the start of the DER written so far; `room` bytes after its end stay free.
    """

    def __init__(self, size, room):
        self.buffer = bytearray(size)
        self.pos = size - room

    def put(self, data):
        start = self.pos - len(data)
        self.buffer[start : self.pos] = data
        self.pos = start

    def close(self, tag, end):
        """Put the header of an element whose content is everything from `pos` to `end`."""
        size = end - self.pos
        if size < 0x80:
            self.put(bytes((tag, size)))
        elif size < 0x100:
            self.put(bytes((tag, 0x81, size)))
        else:
            self.put(bytes((tag, 0x82, size >> 8, size & 0xFF)))

    def element(self, tag, content):
        end = self.pos
        self.put(content)
        self.close(tag, end)


def _info(der, point, subject, names):
    """Write the CertificationRequestInfo (RFC 2986 4.1)."""
    end = der.pos
    if names:
        _extension_request(der, names, not subject)
    der.close(_ATTRIBUTES, end)
    der.put(point)
    der.put(_PUBLIC_KEY)
    last = der.pos
    for oid, tag, content in reversed(subject):
        stop = der.pos
        der.element(tag, content)
        der.element(_OID, oid)
        der.close(_SEQUENCE, stop)
        der.close(_SET, stop)
    der.close(_SEQUENCE, last)
    der.put(_VERSION_1)
    der.close(_SEQUENCE, end)


def _extension_request(der, names, critical):
    """Write the attribute that requests subjectAltName, `critical` as in RFC 5280 4.2.1.6."""
    end = der.pos
    for tag, content in reversed(names):
        der.element(tag, content)
    der.close(_SEQUENCE, end)
    der.close(_OCTET_STRING, end)
    if critical:
        der.put(_CRITICAL)
    der.element(_OID, _ALTERNATIVE_NAME)
    der.close(_SEQUENCE, end)
    der.close(_SEQUENCE, end)
    der.close(_SET, end)
    der.element(_OID, _EXTENSION_REQUEST)
    der.close(_SEQUENCE, end)
