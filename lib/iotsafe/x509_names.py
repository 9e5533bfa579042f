"""Names for a certification request: a subject and alternative names, from text to DER contents.

A value that cannot go into the request raises ValueError, which names the field and the limit.
"""

from binascii import unhexlify

from micropython import const

_UTF8 = const(0x0C)
_PRINTABLE = const(0x13)
_IA5 = const(0x16)

# Key, OID, string type, most characters (upper bounds of RFC 5280 A.1; DC is a DNS label).
_ATTRIBUTES = (
    ("CN", b"\x55\x04\x03", _UTF8, 64),
    ("O", b"\x55\x04\x0a", _UTF8, 64),
    ("OU", b"\x55\x04\x0b", _UTF8, 64),
    ("C", b"\x55\x04\x06", _PRINTABLE, 2),
    ("L", b"\x55\x04\x07", _UTF8, 128),
    ("ST", b"\x55\x04\x08", _UTF8, 128),
    ("serialNumber", b"\x55\x04\x05", _PRINTABLE, 64),
    ("emailAddress", b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", _IA5, 255),
    ("DC", b"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", _IA5, 63),
)
_MAX_ENTRIES = const(16)
_MAX_NAME = const(255)  # characters of an alternative name
_MAX_LABEL = const(63)
_MAX_LOCAL = const(64)  # characters before the @ (RFC 5321 4.5.3.1.1)

_COMMA = const(0x2C)
_BACKSLASH = const(0x5C)
_HASH = const(0x23)
_SPACE = const(0x20)
_TO_ESCAPE = b'"+;<>'
_ESCAPED = b' "#+,;<=>\\'

# Besides letters and digits.
_PRINTABLE_MARKS = b" '()+,-./:=?"
_LABEL_MARKS = b"-_"
_SCHEME_MARKS = b"+-."


def attributes(subject):
    """Return the attributes of a subject, in the order of the DER: a list of (OID, tag, content).

    `subject`: pairs (key, value) in that order, or text as in RFC 4514, which has the last first:
    "CN=device-1,O=Example,C=FR", with a backslash before a special character or before two hex
    digits. Keys: CN O OU C L ST serialNumber emailAddress DC, in upper or lower case.
    """
    pairs = _pairs(subject) if isinstance(subject, str) else subject
    if len(pairs) > _MAX_ENTRIES:
        raise ValueError("subject: %d attributes, at most %d" % (len(pairs), _MAX_ENTRIES))
    for pair in pairs:
        if len(pair) != 2 or not isinstance(pair[0], str):
            raise ValueError("subject: neither text nor pairs of key and text")
    return [_attribute(key, value) for key, value in pairs]


def general_names(names):
    """Return the GeneralNames (RFC 5280 4.2.1.6) of `names`: a list of (tag, content).

    Each of `names` is text: "DNS:device.example", "URI:urn:x:1", "IP:192.0.2.1", "IP:2001:db8::1"
    or "email:a@b.example".
    """
    if isinstance(names, str):
        raise ValueError("names: a list of texts is needed, not one text")
    if len(names) > _MAX_ENTRIES:
        raise ValueError("names: %d entries, at most %d" % (len(names), _MAX_ENTRIES))
    return [_general_name(name) for name in names]


def _row(table, field, key):
    """Return the row of `table` that `key` names, in upper or lower case."""
    for row in table:
        if row[0].lower() == key.lower():
            return row
    raise ValueError(
        "%s: %s is none of %s" % (field, key[:32], " ".join([row[0] for row in table]))
    )


# ---- subject ---------------------------------------------------------------------------------


def _pairs(text):
    """Return the pairs of `text`, the last first."""
    raw = _encoded("subject", text)
    pairs = []
    pos = -1 if raw.strip() else len(raw)
    while pos < len(raw):
        equals = raw.find(b"=", pos + 1)
        if equals < 0:
            raise ValueError("subject: no '=' after %d characters" % (pos + 1))
        key = raw[pos + 1 : equals].decode().strip()
        value, pos = _value(raw, equals + 1, key)
        pairs.append((key, value))
    pairs.reverse()
    return pairs


def _value(raw, pos, key):
    """Return the value at `pos` as text without its escapes, and the position of its end."""
    out = bytearray()
    end = 0  # of the value, without the spaces after it
    while pos < len(raw) and raw[pos] != _COMMA:
        byte = raw[pos]
        if byte == _BACKSLASH:
            byte, pos = _escaped(raw, pos + 1, key)
        else:
            pos += 1
            # OpenSSL writes a value that is nothing but "#" without a backslash.
            if byte in _TO_ESCAPE or (
                byte == _HASH and not out and raw[pos : pos + 1] not in b","
            ):
                raise ValueError("subject: %s: '%s' needs a backslash" % (key, chr(byte)))
            if byte == _SPACE:
                if out:
                    out.append(byte)
                continue
        out.append(byte)
        end = len(out)
    try:
        return bytes(out[:end]).decode(), pos
    except UnicodeError:
        raise ValueError("subject: %s: the escaped bytes are not UTF-8" % key)


def _escaped(raw, pos, key):
    """Return the byte that is escaped at `pos`, after a backslash, and the position after it."""
    if pos < len(raw) and raw[pos] in _ESCAPED:
        return raw[pos], pos + 1
    try:
        return unhexlify(raw[pos : pos + 2])[0], pos + 2
    except (ValueError, IndexError):
        raise ValueError(
            "subject: %s: a special character or two hex digits must follow a backslash" % key
        )


def _attribute(key, value):
    name, oid, tag, most = _row(_ATTRIBUTES, "subject", key)
    field = "subject: " + name
    content = _encoded(field, value)
    if not 1 <= len(value) <= most:
        raise ValueError("%s has %d characters, 1 to %d are allowed" % (field, len(value), most))
    if tag == _IA5:
        _ascii(field, content)
    elif tag == _PRINTABLE and not _of(content, _PRINTABLE_MARKS):
        raise ValueError(
            "%s may have only letters, digits and %s" % (field, _PRINTABLE_MARKS.decode())
        )
    if most == 2 and not (len(content) == 2 and value.isalpha() and value.isupper()):
        raise ValueError(field + " must be a country code: 2 capital letters")
    return oid, tag, content


# ---- alternative names -----------------------------------------------------------------------


def _general_name(text):
    content = _encoded("names", text)
    kind, _, value = text.partition(":")
    name, tag, parse = _row(_KINDS, "names", kind)
    field = "names: " + name
    _ascii(field, content)
    if not 1 <= len(value) <= _MAX_NAME:
        raise ValueError(
            "%s has %d characters, 1 to %d are allowed" % (field, len(value), _MAX_NAME)
        )
    return tag, parse(field, value)


def _dns(field, value):
    """Encode a host name (RFC 1034 3.5) of a certificate: its first label may be "*"."""
    labels = value.split(".")
    if len(value) > 253:
        raise ValueError("%s: a host name has at most 253 characters" % field)
    if len(labels) > 1 and labels[0] == "*":
        del labels[0]
    for label in labels:
        if not 1 <= len(label) <= _MAX_LABEL:
            raise ValueError("%s: a label has 1 to %d characters" % (field, _MAX_LABEL))
        if label[0] == "-" or label[-1] == "-" or not _of(label.encode(), _LABEL_MARKS):
            raise ValueError("%s: a host name has letters, digits and inner hyphens" % field)
    return value.encode()


def _email(field, value):
    """Encode a mailbox (RFC 5321 4.1.2), without quotes and address literals."""
    local, _, host = value.partition("@")
    if not 1 <= len(local) <= _MAX_LOCAL or " " in value or '"' in value:
        raise ValueError("%s: 1 to %d plain characters must precede the @" % (field, _MAX_LOCAL))
    _dns(field, host)
    return value.encode()


def _uri(field, value):
    """Encode an absolute URI (RFC 3986 4.3)."""
    scheme, _, rest = value.partition(":")
    scheme = scheme.encode()
    if not rest or not scheme[:1].isalpha() or not _of(scheme, _SCHEME_MARKS):
        raise ValueError(field + " must be absolute: scheme:rest")
    if " " in rest:
        raise ValueError(field + " must have no spaces")
    return value.encode()


def address(text):
    """Return an IPv4 or IPv6 address (RFC 4291 2.2) as 4 or 16 bytes; raises ValueError."""
    return _ipv6(text) if ":" in text else _ipv4(text)


def _ip(field, value):
    """Encode an address."""
    try:
        return address(value)
    except ValueError:
        raise ValueError(field + " must be an address, like 192.0.2.1 or 2001:db8::1")


def _ipv4(text):
    parts = text.split(".")
    if len(parts) != 4:
        raise ValueError
    for part in parts:
        if not part.isdigit() or (part[0] == "0" and part != "0"):
            raise ValueError
    return bytes([int(part) for part in parts])  # ValueError above 255


def _ipv6(text):
    head, gap, tail = text.partition("::")
    if "." in text[: text.rfind(":")]:
        raise ValueError
    head = _groups(head)
    tail = _groups(tail)
    zeros = 16 - len(head) - len(tail)
    if zeros < 2 if gap else zeros:
        raise ValueError
    return head + bytes(zeros) + tail


def _groups(text):
    """Return the bytes of hex groups between colons, the last perhaps IPv4; `text` may be ""."""
    out = b""
    for group in text.split(":") if text else ():
        if "." in group:
            out += _ipv4(group)
        elif 1 <= len(group) <= 4:
            out += unhexlify("0" * (4 - len(group)) + group)
        else:
            raise ValueError
    return out


_KINDS = (
    ("DNS", 0x82, _dns),
    ("URI", 0x86, _uri),
    ("IP", 0x87, _ip),
    ("email", 0x81, _email),
)


# ---- characters ------------------------------------------------------------------------------


def _encoded(field, text):
    """Return `text` in UTF-8; raise ValueError unless it is text without control characters."""
    if not isinstance(text, str):
        raise ValueError(field + " is not text")
    for character in text:
        code = ord(character)
        if code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000:
            raise ValueError("%s has the character %04X, which is not allowed" % (field, code))
    return text.encode()


def _ascii(field, content):
    for byte in content:
        if byte >= 0x80:
            raise ValueError(field + " must be ASCII")


def _of(content, marks):
    """Return whether `content` has only letters, digits and `marks`."""
    return all(
        0x30 <= byte <= 0x39 or 0x41 <= byte & 0xDF <= 0x5A or byte in marks for byte in content
    )
