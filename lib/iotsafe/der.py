"""The part of DER that a TLS client identity needs, sans-I/O: signatures and X.509 fields.

All input counts as hostile: the functions check each length against the buffer before use, and
raise ValueError for DER that they do not understand.
"""

from micropython import const

_INTEGER = const(0x02)
_BIT_STRING = const(0x03)
_OID = const(0x06)
_SEQUENCE = const(0x30)
_SET = const(0x31)
_VERSION = const(0xA0)
_UTC_TIME = const(0x17)
_GENERALIZED_TIME = const(0x18)

# AlgorithmIdentifier of an EC public key on P-256: ecPublicKey, prime256v1 (RFC 5480).
_EC_P256 = b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"
_COMMON_NAME = b"\x55\x04\x03"


def element(view, pos=0):
    """Return the header of the element at `pos`: (tag, start of the content, end of the content).

    The end may lie beyond the buffer: `view` may be only the head of a file.
    """
    if pos + 2 > len(view):
        raise ValueError("DER ends in a header")
    tag = view[pos]
    length = view[pos + 1]
    pos += 2
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 3 or pos + count > len(view):
            raise ValueError("DER length not understood")
        length = 0
        for _ in range(count):
            length = length << 8 | view[pos]
            pos += 1
    return tag, pos, pos + length


def _expect(view, pos, end, wanted):
    """Return (start, end) of the content at `pos`; its tag must be `wanted`, its end <= `end`."""
    tag, start, stop = element(view, pos)
    if tag != wanted:
        raise ValueError("DER has tag %02X where %02X belongs" % (tag, wanted))
    if stop > end:
        raise ValueError("DER ends early")
    return start, stop


def _integer(raw):
    """Return r or s, an unsigned big-endian number other than 0, as a DER INTEGER."""
    body = bytes(raw).lstrip(b"\0")
    if not 1 <= len(body) <= 32:
        raise ValueError("r and s are numbers of 1 to 32 bytes")
    if body[0] & 0x80:
        body = b"\0" + body
    return bytes((_INTEGER, len(body))) + body


def signature(raw):
    """Return the ECDSA-Sig-Value (RFC 3279 2.2.3) of a P-256 signature from the card.

    `raw` is r and s, 32 bytes each, or the DER value that some cards send, whose integers need not
    be in their shortest form. Raises ValueError for anything else.
    """
    raw = memoryview(raw)
    size = len(raw)
    if size == 64:
        r, s = raw[:32], raw[32:]
    else:
        start, stop = _expect(raw, 0, size, _SEQUENCE)
        start, middle = _expect(raw, start, stop, _INTEGER)
        second, end = _expect(raw, middle, stop, _INTEGER)
        if end != size:
            raise ValueError("%d bytes after the signature" % (size - end))
        r, s = raw[start:middle], raw[second:]
    body = _integer(r) + _integer(s)
    return bytes((_SEQUENCE, len(body))) + body


class Certificate:
    """The fields of an X.509 certificate (RFC 5280 4.1) that identity and messages need.

    `public_key`: 65 bytes (04 X Y) for P-256, else None; `common_name`: text of the subject's CN
    or ""; `not_before`, `not_after`: "YYYY-MM-DD hh:mm:ss" (UTC), which sorts as text.
    """

    def __init__(self, der):
        view = memoryview(der)
        start, end = _expect(view, 0, len(view), _SEQUENCE)
        if end != len(view):
            raise ValueError("%d bytes after the certificate" % (len(view) - end))
        pos, end = _expect(view, start, end, _SEQUENCE)
        # signatureAlgorithm and signature show whether the file was cut off and padded.
        _, start = _expect(view, end, len(view), _SEQUENCE)
        if _expect(view, start, len(view), _BIT_STRING)[1] != len(view):
            raise ValueError("the signature ends early")
        if element(view, pos)[0] == _VERSION:
            pos = element(view, pos)[2]
        _, pos = _expect(view, pos, end, _INTEGER)  # serialNumber
        _, pos = _expect(view, pos, end, _SEQUENCE)  # signature
        _, pos = _expect(view, pos, end, _SEQUENCE)  # issuer
        start, pos = _expect(view, pos, end, _SEQUENCE)
        self.not_before, start = _time(view, start, pos)
        self.not_after, start = _time(view, start, pos)
        start, pos = _expect(view, pos, end, _SEQUENCE)
        self.common_name = _common_name(view, start, pos)
        start, pos = _expect(view, pos, end, _SEQUENCE)
        self.public_key = _p256_point(view, start, pos)


def validity(subject, dates):
    """Return (common name, not_before, not_after) as in `Certificate`, from the DER of a subject
    and of a Validity."""
    _, start, end = element(subject)
    name = _common_name(subject, start, end)
    _, start, end = element(dates)
    first, start = _time(dates, start, end)
    return name, first, _time(dates, start, end)[0]


def _time(view, pos, end):
    """Return a UTCTime or GeneralizedTime (RFC 5280 4.1.2.5) as text, and its end."""
    tag, start, stop = element(view, pos)
    text = bytes(view[start:stop]).decode()
    if tag == _UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    elif tag != _GENERALIZED_TIME:
        raise ValueError("validity has tag %02X" % tag)
    if stop > end or len(text) != 15 or not text[:14].isdigit() or text[14] != "Z":
        raise ValueError("validity not understood")
    parts = (text[:4], text[4:6], text[6:8], text[8:10], text[10:12], text[12:14])
    return "%s-%s-%s %s:%s:%s" % parts, stop


def _common_name(view, pos, end):
    """Return the first commonName in plain text of the Name from `pos` to `end`, or ""."""
    while pos < end:
        start, pos = _expect(view, pos, end, _SET)
        start, stop = _expect(view, start, pos, _SEQUENCE)
        start, after = _expect(view, start, stop, _OID)
        if view[start:after] == _COMMON_NAME:
            _, start, after = element(view, after)
            text = bytes(view[start:after])
            try:
                if after <= stop and all(byte >= 32 for byte in text):
                    return text.decode()
            except UnicodeError:
                pass
    return ""


def _p256_point(view, pos, end):
    """Return the uncompressed point of a SubjectPublicKeyInfo; None for another kind of key."""
    start, stop = _expect(view, pos, end, _SEQUENCE)
    if view[start:stop] != _EC_P256:
        return None
    start, stop = _expect(view, stop, end, _BIT_STRING)
    if stop - start != 66 or view[start] != 0 or view[start + 1] != 4:
        return None
    return bytes(view[start + 1 : stop])
