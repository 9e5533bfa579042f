"""A JSON Web Token (RFC 7519) with ES256, signed by a P-256 key in the SIM or elsewhere.

This module writes the JSON itself: compact, in the given order, the same on every runtime.
json.dumps writes numbers and keys that are not JSON, and has no size limit.
"""

import hashlib
from binascii import b2a_base64

from micropython import const

from .ecdsa import numbers

_MAX_SIZE = const(4096)
_MAX_DEPTH = const(6)

_ALGORITHM = "ES256"
# Header fields that change the signed data (RFC 7515 4.1.11, RFC 7797 3).
_REFUSED = ("b64", "crit")


def build(sign, claims, header=None):
    """Return the signed token as text, in the compact form of RFC 7515.

    `sign(digest)`: called once with the SHA-256 of the data to sign; it returns the signature in
    DER, and its exceptions pass unchanged. `claims`: a dict; `header`: a dict of further header
    fields (kid, x5c, another typ), never another alg. Keys keep the given order. A dict of
    MicroPython loses it, so either may be a list of pairs (name, value).

    Raises ValueError, which names the field, for a value that JSON cannot carry, for a token of
    more than 4096 characters, and for an invalid signature.
    """
    fields = [("alg", _ALGORITHM)]
    given = _members("header", () if header is None else header)
    if "typ" not in [name for name, _ in given]:
        fields.append(("typ", "JWT"))
    for name, value in given:
        if name in _REFUSED:
            raise ValueError("header: %s would change what is signed" % name)
        if name != "alg":
            fields.append((name, value))
        elif value != _ALGORITHM:
            raise ValueError("header: alg must be " + _ALGORITHM)
    head = _part("header", fields)
    body = _part("claims", _members("claims", claims))
    size = len(head) + len(body) + 88
    if size > _MAX_SIZE:
        raise ValueError("the token would have %d characters, at most %d" % (size, _MAX_SIZE))
    digest = hashlib.sha256(head)
    digest.update(b".")
    digest.update(body)
    r, s = numbers(sign(digest.digest()))
    signature = _base64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return b".".join((head, body, signature)).decode()


def _members(what, value):
    """Return the pairs (name, value) of a dict, or of a sequence of pairs."""
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, (list, tuple)) and all(
        isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in value
    ):
        return value
    raise ValueError(what + ": neither a dict nor pairs of name and value")


def _part(what, members):
    """Return one part of the token: a JSON object in base64url."""
    out = bytearray()
    try:
        _object(out, members, 1)
    except ValueError as e:
        raise ValueError("%s: %s" % (what, e))
    return _base64url(out)


def _base64url(data):
    """Return `data` in base64url (RFC 7515 2): base64 with - and _, without padding."""
    text = b2a_base64(data).rstrip(b"=\n")
    return text.replace(b"+", b"-").replace(b"/", b"_")


# ---- JSON (RFC 8259) -------------------------------------------------------------------------


def _object(out, members, depth):
    names = set()
    mark = b"{"
    for name, value in members:
        if not isinstance(name, str):
            raise ValueError("a JSON name must be text, not %r" % (name,))
        if name in names:
            raise ValueError("%s is given twice" % name)
        names.add(name)
        out.extend(mark)
        mark = b","
        try:
            _text(out, name)
            out.append(0x3A)
            _value(out, value, depth)
        except ValueError as e:
            raise ValueError("%s: %s" % (name[:32], e))
    out.extend(b"}" if names else b"{}")


def _array(out, values, depth):
    mark = b"["
    for value in values:
        out.extend(mark)
        mark = b","
        _value(out, value, depth)
    out.extend(b"]" if values else b"[]")


def _value(out, value, depth):
    """Append `value` to the bytearray `out`."""
    if isinstance(value, str):
        _text(out, value)
    elif value is None or value is True or value is False:
        out.extend(b"null" if value is None else b"true" if value else b"false")
    elif isinstance(value, int):
        out.extend(str(value).encode())
    elif isinstance(value, float):
        if value - value != 0:
            raise ValueError("JSON has neither NaN nor infinity")
        out.extend(repr(value).encode())
    elif depth == _MAX_DEPTH:
        raise ValueError("nested deeper than %d levels" % _MAX_DEPTH)
    elif isinstance(value, dict):
        _object(out, value.items(), depth + 1)
    elif isinstance(value, (list, tuple)):
        _array(out, value, depth + 1)
    else:
        raise ValueError("JSON cannot carry %s" % type(value).__name__)
    _bound(len(out))


def _text(out, text):
    _bound(len(out) + len(text))
    out.append(0x22)
    for character in text:
        code = ord(character)
        if code < 0x20:
            out.extend(("\\u%04x" % code).encode())
        elif 0xD800 <= code < 0xE000:
            raise ValueError("%04X is no character" % code)
        else:
            if character in '"\\':
                out.append(0x5C)
            out.extend(character.encode())
    out.append(0x22)


def _bound(size):
    if size > _MAX_SIZE:
        raise ValueError("the token is longer than %d characters" % _MAX_SIZE)
