"""The strict reader of JSON: what it reads, and the place and cause of what it refuses."""

import json
import random
import sys

from effort import cases, some
from expect import equal, raises

from app.strict_json import loads

GOOD = (
    (b'""', ""),
    (b'{"a":{},"b":[]}', {"a": {}, "b": []}),
    (b" [ 1 , 2 ] ", [1, 2]),
    (b'{"a":[[[[1]]]]}', {"a": [[[[1]]]]}),
    (b"[true,false]", [True, False]),
    (
        b"[0,-1,8883,12345678901,-1234567890123456789]",
        [0, -1, 8883, 12345678901, -1234567890123456789],
    ),
    (b"7", 7),
    (b"true ", True),
    # As editors write it: byte order mark; line ends of Windows, and of old Macs.
    (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
    (b'{\r\n"a":\t1,\r\n"b": 2\r\n}\r\n', {"a": 1, "b": 2}),
    (b'{\r"a": 1\r}\r', {"a": 1}),
)

# Texts, as in the file and in UTF-8.
TEXTS = (
    (b'"' + bytes(range(0x23, 0x5C)) + b" !" + bytes(range(0x5D, 0x80)) + b'"', None),
    (rb'"corp\\alice"', b"corp\\alice"),
    (rb'"\"\\\/\b\f\n\r\t"', b'"\\/\b\f\n\r\t'),
    (rb'"\u0000\u001f\u007F"', b"\x00\x1f\x7f"),
    (rb'"a\u00FCb\u20ac"', "a\u00fcb\u20ac".encode()),
    (rb'"\ud83d\uDE00\udbff\udfff\ud800\udc00"', "\U0001f600\U0010ffff\U00010000".encode()),
    # The first and last character of each size, and those around the surrogates.
    (b'"\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"', None),
    (b'"\xed\x9f\xbf\xee\x80\x80\xef\xbb\xbf"', None),
)

NO_VALUE = 'not text in ", a whole number, true or false'
ESCAPE = "no escape: write \\\\ for \\"

# File, cause, line, column.
BAD = (
    # What editors do.
    (b"\xff\xfe{\x00}\x00", "UTF-16", 1, 1),
    (b"\xfe\xff\x00{\x00}", "UTF-16", 1, 1),
    (b"{\x00}\x00", "UTF-16", 1, 1),
    (b"\x00{\x00}", "UTF-16", 1, 1),
    (b'{\r\n"user": "gr\xfcn"}', "not UTF-8", 2, 9),
    (b'{\r"user": "gr\xfcn"}', "not UTF-8", 2, 9),
    (b'{"a": 1}\n\x1a', "expected the end", 2, 1),
    (b'{"a": 1} // the end', "JSON has no comments", 1, 10),
    (b'{"a": 1, // one\n"b": 2}', "JSON has no comments", 1, 10),
    (b'{"a": // one\n1}', "JSON has no comments", 1, 7),
    (b'{"a": 1// one\n}', "JSON has no comments", 1, 8),
    (b'/* one */ {"a": 1}', "JSON has no comments", 1, 1),
    (b'{\n# one\n"a": 1}', "JSON has no comments", 2, 1),
    (b'{"a": 1,}', "a comma too many", 1, 9),
    (b'{"a": [1,\n]}', "a comma too many", 2, 1),
    (b'{"a": 1\n "b": 2}', "expected , or }", 2, 2),
    (b'{"a": [1 2]}', "expected , or ]", 1, 10),
    (b'{"a" "b"}', "expected :", 1, 6),
    (b'{a: "b"}', 'expected "', 1, 2),
    (b"{'a': 1}", 'expected "', 1, 2),
    (b"{1: 2}", 'expected "', 1, 2),
    (b"{[1]: 2}", 'expected "', 1, 2),
    (b'{"a": \xe2\x80\x9cb\xe2\x80\x9d}', NO_VALUE, 1, 7),
    (b'{"a": b}', NO_VALUE, 1, 7),
    (b'{"a": True}', NO_VALUE, 1, 7),
    (b'{"a": ,}', 'expected " or [ or {', 1, 7),
    (b'{"a": "b\n}', 'a " is missing', 1, 9),
    (b'{"a": "b\x00"}', "or a control character", 1, 9),
    (b"\x00" * 100, "not text", 1, 1),
    (b"\xff" * 100, NO_VALUE, 1, 1),
    (b'{"a": "b\tc"}', 'a " is missing', 1, 9),
    (b"", "cut off", 1, 1),
    (b"\xef\xbb\xbf", "cut off", 1, 1),
    (b'\xef\xbb\xbf{"\xc3\xbc": x}', NO_VALUE, 1, 7),
    (b"null", NO_VALUE, 1, 1),
    (b'{"a": 1\r\n', "cut off", 2, 1),
    (b'{"a": "b', "cut off", 1, 9),
    (b'{"a": 1}{"a": 1}', "expected the end", 1, 9),
    # What would change a secret.
    (rb'{"user": "corp\alice"}', ESCAPE, 1, 15),
    (rb'{"user": "corp\u12"}', ESCAPE, 1, 15),
    (rb'{"user": "\u+123"}', ESCAPE, 1, 11),
    (rb'{"user": "\uD83D"}', ESCAPE, 1, 11),
    (rb'{"user": "\uD83D\u0041"}', ESCAPE, 1, 11),
    (rb'{"user": "\uDE00\uD83D"}', ESCAPE, 1, 11),
    (b'{"user": "a\\\n"}', ESCAPE, 1, 12),
    (b'{"user": "a\\', "cut off", 1, 13),
    (b'{"a": 1, "b": 2,\n"a": 1}', "the same name again", 2, 1),
    (rb'{"a": 1, "\u0061": 2}', "the same name again", 1, 10),
    # Numbers that are none.
    (b"[01]", NO_VALUE, 1, 2),
    (b"[-]", NO_VALUE, 1, 2),
    (b"[-0]", NO_VALUE, 1, 2),
    (b"[0.5]", NO_VALUE, 1, 2),
    (b"[1e3]", NO_VALUE, 1, 2),
    (b"[+1]", NO_VALUE, 1, 2),
    (b"[.5]", NO_VALUE, 1, 2),
    (b"[5.]", NO_VALUE, 1, 2),
    (b"[1e]", NO_VALUE, 1, 2),
    (b"[0x10]", NO_VALUE, 1, 2),
    (b"[1_000]", NO_VALUE, 1, 2),
    (b"[NaN]", NO_VALUE, 1, 2),
    (b"[\xc2\xb2]", NO_VALUE, 1, 2),
    (b"[" + b"9" * 25 + b"]", NO_VALUE, 1, 2),
    (b"[" + b"9" * 400 + b"]", NO_VALUE, 1, 2),
    # Nothing that a file can hold reaches the stack's end.
    (b"[" * 8000, "too deep", 1, 7),
    (b'{"a":' * 1600, "too deep", 1, 31),
)

# MicroPython does not find more than these; it keeps the bytes of all others.
NO_UTF8 = (b"\x80", b"\xc2", b"\xc2\xc2", b"\xe2\x82", b"\xe2\x82A", b"\xf0\x90\x80", b"\xff")


def refused(data):
    """Return (cause, line, column) for `data`."""
    with raises(ValueError) as caught:
        loads(data)
    return caught.error.args


def test_values():
    for data, value in GOOD:
        got = loads(data)
        assert got == value and repr(got) == repr(value), (data, got)


def test_texts_keep_every_byte():
    for data, want in TEXTS:
        equal(loads(data).encode(), data[1:-1] if want is None else want)


def test_places_and_causes():
    for data, what, line, column in some(BAD, 5):
        told, *place = refused(data)
        assert what in told, (data, told)
        assert place == [line, column], (data, place)


def test_bytes_that_are_no_utf8():
    for part in NO_UTF8:
        told, *place = refused(b'{"a": "\xc3\xbc' + part + b'"}')
        assert (told[:9], place) == ("not UTF-8", [1, 7]), (part, told, place)


def test_no_error_quotes_a_text():
    whole = b'{"password": "S3cr\\u0045t", "x": ["S3cret"]}'
    for at in some(range(len(whole))):
        for change in (b"", b"S", b"\xff", b"\\", b'"', b"//"):
            try:
                loads(whole[:at] + change + whole[at + 1 :])
            except ValueError as e:
                assert "S3" not in e.args[0] and "ret" not in e.args[0], e.args


def test_a_file_cut_off_at_every_byte():
    whole = b'{"a": "b \\" \\u00fc \xc3\xbc {[", "c": [1, {"d": -5}, true, false]}'
    loads(whole)
    for size in range(len(whole)):
        refused(whole[:size])


def test_changed_bytes():
    # CPython's reader is strict, too, but for equal names, and knows more numbers.
    strict = sys.implementation.name == "cpython"
    whole = b'{"a": "\\n\xc3\xbc\\u20ac", "b": [1, -25, true, false], "c": {"d": {}}}'
    rng = random if not strict else random.Random(1)
    alphabet = b'{}[]",:\\ \n019-.eEu\x00\x1f\x80\xbc\xc3\xff/tn'
    for _ in range(cases(2000)):
        data = bytearray(whole)
        for _ in range(1 + rng.getrandbits(2)):
            at = rng.getrandbits(12) % len(data)
            c = alphabet[rng.getrandbits(12) % len(alphabet)]
            data[at : at + rng.getrandbits(1)] = bytes([c])
        data = bytes(data)
        try:
            got = loads(data)
        except ValueError as e:
            got = e
        if not strict:
            continue
        try:
            want = json.loads(data.decode())
        except ValueError:
            assert isinstance(got, ValueError), data
            continue
        known = ("the same name again", NO_VALUE)
        assert got == want or got.args[0] in known, data
