"""Makes certificates of servers and CAs with any names. Unless a key is given, they have neither a
key nor a signature, for tests that read names only."""

from iotsafe.x509_names import address

_SUBJECT_CN = b"\x06\x03\x55\x04\x03"
_NAME_TAGS = {"email": 0x81, "DNS": 0x82, "URI": 0x86, "IP": 0x87}
_DIRECTORY = 0xA4
_UTF8, _BMP = 0x0C, 0x1E
_STRINGS = {"CN": _UTF8, "printable": 0x13, "BMP": _BMP}  # a directory name; its string's type


def der(tag, *parts):
    """Return a DER element."""
    content = b"".join(parts)
    size = len(content)
    head = bytes((tag, size) if size < 128 else (tag, 0x82, size >> 8, size & 0xFF))
    return head + content


def subject(common_name, kind=_UTF8):
    """Return a Name with this common name, a string of the ASN.1 type `kind`; or without any."""
    if not common_name:
        return der(0x30)
    text = common_name.encode()
    if kind == _BMP:
        text = b"".join([bytes((0, c)) for c in text])
    return der(0x30, der(0x31, der(0x30, _SUBJECT_CN, der(kind, text))))


def general_name(text):
    """Return the GeneralName of "KIND:value"; a value "ADDRESS/BITS" is a subtree."""
    kind, _, value = text.partition(":")
    if kind in _STRINGS:
        return der(_DIRECTORY, subject(value, _STRINGS[kind]))
    if kind == "IP":
        value, _, bits = value.partition("/")
        content = address(value)
        if bits:
            size = 8 * len(content)
            mask = (1 << size) - (1 << (size - int(bits)))
            content += mask.to_bytes(size // 8, "big")
    else:
        content = value.encode()
    return der(_NAME_TAGS[kind], content)


def constraints(permitted, excluded):
    """Return the content of a NameConstraints extension."""
    parts = []
    for tag, names in ((0xA0, permitted), (0xA1, excluded)):
        if names:
            parts.append(der(tag, *[der(0x30, general_name(name)) for name in names]))
    return der(0x30, *parts)


def certificate(common_name, names, limit=b"", critical=False, ca=False, key=b"", sign=None):
    """Return a certificate, issued by "CA", with these alternative names (text, none: no
    extension), and with the name constraints `limit`, if any.

    `key`: SubjectPublicKeyInfo; `sign(data)` returns the issuer's ECDSA signature with SHA-256.
    """
    flag = der(0x30, b"\x01\x01\xff") if ca else der(0x30)
    extensions = [_extension(b"\x06\x03\x55\x1d\x13", flag, True)]
    if names:
        value = der(0x30, *[general_name(name) for name in names])
        extensions.append(_extension(b"\x06\x03\x55\x1d\x11", value, critical))
    if limit:
        extensions.append(_extension(b"\x06\x03\x55\x1d\x1e", limit, critical))
    algorithm = der(0x30, b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02")
    body = der(
        0x30,
        der(0xA0, b"\x02\x01\x02"),
        b"\x02\x01\x01",
        algorithm,
        subject("CA"),
        der(0x30, der(0x17, b"200101000000Z"), der(0x17, b"491231235959Z")),
        subject(common_name),
        key or der(0x30, algorithm, der(0x03, b"\0")),
        der(0xA3, der(0x30, *extensions)),
    )
    return der(0x30, body, algorithm, der(0x03, b"\0", sign(body) if sign else b""))


def _extension(oid, value, critical):
    return der(0x30, oid, b"\x01\x01\xff" if critical else b"", der(0x04, value))
