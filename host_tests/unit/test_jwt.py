"""Tokens: their bytes are the same on every runtime; values that JSON cannot carry are refused."""

import hashlib
from binascii import a2b_base64

from cards import from_hex
from data.worked_examples import EXAMPLES
from effort import cases, some
from expect import equal, raises
from software_key import Signer, sign

from iotsafe import jwt

RAW = from_hex(EXAMPLES["16.12"][1][1][6:-4])
DER = from_hex(EXAMPLES["16.12 DER"][1][1][4:-4])


def decoded(part):
    """Return the bytes of a part in base64url without padding (RFC 7515 2)."""
    assert "=" not in part and "+" not in part and "/" not in part and "\n" not in part
    part = part.replace("-", "+").replace("_", "/")
    return a2b_base64((part + "===="[: -len(part) % 4]).encode())


def parts(token):
    assert isinstance(token, str)
    return [decoded(part) for part in token.split(".")]


def claims(value):
    """Return the JSON of the claims `value`."""
    return parts(jwt.build(sign, value))[1]


def one(value):
    """Return the JSON of one claim."""
    text = claims({"a": value})
    assert text[:5] == b'{"a":' and text[-1:] == b"}"
    return text[5:-1]


def refused(value, text, header=None):
    signer = Signer()
    with raises(ValueError, text=text):
        jwt.build(signer, value, header)
    assert signer.digests == []


def test_a_token():
    signer = Signer(DER)
    token = jwt.build(signer, (("iss", "device-1"), ("exp", 1700000000)), {"kid": "k1"})
    head, body, signature = token.split(".")
    equal(decoded(head), b'{"alg":"ES256","typ":"JWT","kid":"k1"}')
    equal(decoded(body), b'{"iss":"device-1","exp":1700000000}')
    equal(decoded(signature), RAW)
    assert signer.digests == [hashlib.sha256((head + "." + body).encode()).digest()]


def test_a_signature_of_small_numbers():
    signer = Signer(from_hex("3008 020101 020300FF02"))
    equal(parts(jwt.build(signer, {}))[2], bytes(31) + b"\1" + bytes(30) + b"\xff\2")


def test_invalid_signatures():
    for signature in (b"", RAW, DER + b"\0", DER[:-1], from_hex("3006020100020101")):
        with raises(ValueError):
            jwt.build(Signer(signature), {})


def test_a_card_that_refuses_is_heard():
    error = OSError(110)

    def refuse(digest):
        raise error

    with raises(OSError) as caught:
        jwt.build(refuse, {})
    assert caught.error is error


def test_no_padding_at_any_length():
    for size in range(6):
        equal(claims({"a": "?" * size + "\xff~>"}), b'{"a":"' + b"?" * size + b'\xc3\xbf~>"}')


# ---- header ----------------------------------------------------------------------------------


def head(header):
    return parts(jwt.build(sign, {}, header))[0]


def test_header_fields():
    equal(head(None), b'{"alg":"ES256","typ":"JWT"}')
    equal(head({}), b'{"alg":"ES256","typ":"JWT"}')
    equal(
        head([("kid", "1"), ("x5c", ["MIIB", "MIIC"])]),
        b'{"alg":"ES256","typ":"JWT","kid":"1","x5c":["MIIB","MIIC"]}',
    )
    equal(head({"typ": "at+jwt"}), b'{"alg":"ES256","typ":"at+jwt"}')
    equal(head({"alg": "ES256"}), b'{"alg":"ES256","typ":"JWT"}')


def test_header_fields_that_are_refused():
    for alg in ("none", "HS256", "ES384", "es256", "", None, ["ES256"]):
        refused({}, "header: alg must be ES256", {"alg": alg})
    refused({}, "header: alg", [("kid", "1"), ("alg", "none")])
    refused({}, "header: b64", {"b64": False})
    refused({}, "header: crit", {"crit": ["exp"]})
    refused({}, "header: kid: JSON cannot carry bytes", {"kid": b"1"})
    refused({}, "header: kid is given twice", [("kid", "1"), ("kid", "2")])
    refused({}, "header: a JSON name must be text", {1: "1"})
    for header in (5, "", "kid", b"", ["kid"], [("kid", "1", 2)]):
        refused({}, "header: neither a dict nor pairs of name and value", header)


# ---- JSON ------------------------------------------------------------------------------------


def test_values():
    for value, text in (
        (None, b"null"),
        (True, b"true"),
        (False, b"false"),
        (0, b"0"),
        (-1, b"-1"),
        (1 << 70, b"1180591620717411303424"),
        (1.5, b"1.5"),
        (-0.25, b"-0.25"),
        ("", b'""'),
        ([], b"[]"),
        ((), b"[]"),
        ({}, b"{}"),
        ([1, "a", [None, True]], b'[1,"a",[null,true]]'),
        ((1, 2), b"[1,2]"),
        ({"b": {"c": []}}, b'{"b":{"c":[]}}'),
    ):
        equal(one(value), text)
    equal(claims({}), b"{}")
    equal(claims([]), b"{}")


def test_order_is_that_of_the_pairs():
    names = ["z", "a", "m", "b", "y", "0", "iss", "aud"]
    pairs = [(name, number) for number, name in enumerate(names)]
    text = claims(pairs)
    equal(text, ('{"z":0,"a":1,"m":2,"b":3,"y":4,"0":5,"iss":6,"aud":7}').encode())
    again = dict(pairs)
    equal(claims(again), claims(list(again.items())))


def test_strings():
    for text, written in (
        ('a"b', b'"a\\"b"'),
        ("a\\b", b'"a\\\\b"'),
        ("a/b", b'"a/b"'),
        ("\n\r\t\0\x1f", b'"\\u000a\\u000d\\u0009\\u0000\\u001f"'),
        ("\x7f", b'"\x7f"'),
        ("\xe9\u20ac\U0001f600", b'"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"'),
    ):
        equal(one(text), written)
        equal(claims({text: 1}), b"{" + written + b":1}")


def test_what_json_cannot_carry():
    inf = float("inf")
    for value, text in (
        (inf, "claims: a: JSON has neither NaN nor infinity"),
        (-inf, "claims: a: JSON has neither NaN nor infinity"),
        (inf - inf, "claims: a: JSON has neither NaN nor infinity"),
        (b"x", "claims: a: JSON cannot carry bytes"),
        (bytearray(1), "claims: a: JSON cannot carry bytearray"),
        ({1, 2}, "claims: a: JSON cannot carry set"),
        (sign, "claims: a: JSON cannot carry function"),
        ([[{"b": (b"x",)}]], "claims: a: b: JSON cannot carry bytes"),
        ({1: 2}, "claims: a: a JSON name must be text, not 1"),
        ({None: 2}, "claims: a: a JSON name must be text, not None"),
        ({b"b": 2}, "claims: a: a JSON name must be text, not b'b'"),
        ("\ud800", "claims: a: D800 is no character"),
        ({"\udfff": 1}, "DFFF is no character"),
    ):
        refused({"a": value}, text)
    refused([("a", 1), ("a", 2)], "claims: a is given twice")


def test_invalid_claims():
    for value in (None, 5, "abc", "", b"", ["a"], [("a",)], [("a", 1, 2)], [1]):
        refused(value, "claims: neither a dict nor pairs of name and value")


def test_levels():
    value = 1
    for _ in range(5):
        value = [value]
    equal(one(value), b"[[[[[1]]]]]")
    refused({"a": [value]}, "claims: a: nested deeper than 6 levels")
    value = []
    value.append(value)
    refused({"a": value}, "nested deeper than 6 levels")
    refused(
        {"a": {"b": {"c": {"d": {"e": {"f": {}}}}}}},
        "a: b: c: d: e: f: nested deeper than 6 levels",
    )


def test_size():
    # The parts in base64: 36 for the header, 86 for the signature, two dots, 3972 for 2979 bytes.
    most = 2979 - len('{"a":""}')
    token = jwt.build(sign, {"a": "x" * most})
    assert len(token) == 4096
    refused({"a": "x" * (most + 1)}, "the token would have 4098 characters, at most 4096")
    refused({"a": "x" * 4090}, "claims: a: the token is longer than 4096 characters")
    # It is refused before any copy: a copy would not fit into the heap of MicroPython on a host.
    refused({"a": "x" * cases(1000000)}, "claims: a: the token is longer than 4096 characters")
    refused({"a": 10**4100}, "claims: a: ")
    refused({"x" * 5000: 1}, "the token is longer than 4096 characters")
    refused({"a": [0] * 3000}, "claims: a: the token is longer")
    refused({"a": ["\xe9" * 500] * 5}, "claims: a: the token is longer")
    refused({}, "header: x5c: the token is longer", {"x5c": ["M" * 1000] * 5})


def test_the_limit_at_each_length_of_base64():
    for kid in ("1", "12", "123"):
        built = 0
        for size in some(range(2955, 2965), 5):
            try:
                assert len(jwt.build(sign, {"a": "x" * size}, {"kid": kid})) <= 4096
                built += 1
            except ValueError as e:
                assert "the token would have" in str(e)
                assert int(str(e).split()[4]) > 4096
        assert built, kid


def test_every_character_below_256():
    for code in some(range(256)):
        text = one(chr(code))
        if code < 0x20:
            equal(text, ('"\\u%04x"' % code).encode())
        elif code in (0x22, 0x5C):
            equal(text, b'"\\' + bytes((code,)) + b'"')
        else:
            equal(text, b'"' + chr(code).encode() + b'"')
