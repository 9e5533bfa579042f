"""Reads JSON (RFC 8259) strictly, where MicroPython's own reader guesses: it drops the backslash
of `"corp\\alice"`, does without commas, and keeps the last of two equal names.

It accepts a byte order mark and every kind of line end, because editors write them. It knows
neither null nor fractions, which no field of the config takes. One function with local variables
is half the size of several.
"""

from binascii import unhexlify

from micropython import const

_DEPTH = const(6)  # of lists and objects
_DIGITS = const(20)  # of a number, with its sign
_QUOTE = const(0x22)
_COMMA = const(0x2C)
_LIST = const(0x5B)
_BACKSLASH = const(0x5C)


def loads(data):
    """Return the value in `data` (bytes, UTF-8).

    Raises ValueError(cause, line, column), both from 1; a column is a character. The cause never
    quotes a text, because that may be a secret.
    """
    at = start = 3 if data[:3] == b"\xef\xbb\xbf" else 0
    what = "not text, or UTF-16: save it as UTF-8"
    box = []  # the innermost open list or object
    boxes = []  # those around it, each with its `after`
    after = b""  # what may follow a value in `box`
    need = b'"[{'  # what may follow now; with [, also a number or a word
    c = name = None
    try:
        if 0 in data[:4]:
            raise ValueError
        while True:
            while data[at] in b" \t\r\n":
                at += 1
            last = c
            c = data[at]
            begin = end = at
            if c not in need:
                while data[end : end + 1] not in b' \t\r\n,:[]{}"/':
                    end += 1
                if begin == end or _LIST not in need:
                    what = "expected " + (" or ".join(str(need, "utf-8")) or "the end")
                    if c in b"/#":
                        what = "JSON has no comments"
                    elif last == _COMMA and c in b"]}":
                        what = "a comma too many"
                    raise ValueError
                what = 'not text in ", a whole number, true or false'
                word = data[begin:end]
                value = word == b"true"
                if not value and word != b"false":
                    value = int(word[:_DIGITS])
                    if b"%d" % value != word:
                        raise ValueError
                at = end
            elif c == _QUOTE:
                value = bytearray()
                at += 1
                while data[at] != _QUOTE:
                    what = 'a " is missing, or a control character'
                    c = data[at]
                    if c < 32:
                        raise ValueError
                    if c != _BACKSLASH:
                        value.append(c)
                        at += 1
                        continue
                    what = "no escape: write \\\\ for \\"
                    where = b'"\\/bfnrtu'.index(data[at + 1 : at + 2])
                    end = at + 2
                    if where < 8:
                        value.append(b'"\\/\b\f\n\r\t'[where])
                    else:
                        code, low = unhexlify(data[end : end + 4])
                        code = code << 8 | low
                        end += 4
                        if code >> 10 == 0x36:  # the first half of a character beyond U+FFFF
                            high, low = unhexlify(data[end + 2 : end + 6])
                            if data[end : end + 2] != b"\\u" or high & 0xFC != 0xDC:
                                raise ValueError
                            code = (code - 0xD7C0 << 10) + ((high & 3) << 8) + low
                            end += 6
                        if code >> 11 == 0x1B:  # the second half alone
                            raise ValueError
                        value.extend(chr(code).encode())
                    at = end
                end = at + 1
                at = begin
                what = "not UTF-8: save it as UTF-8"
                value = str(value, "utf-8")
                c = _QUOTE
                if _LIST not in need:
                    what = "the same name again"
                    if value in box:
                        raise ValueError
                    name = value
                    need = b":"
                    at = end
                    continue
                at = end
            else:
                if c not in b"[{":
                    at += 1
                    if c in b"]}":
                        box, after = boxes.pop()
                        need = after
                    else:
                        need = b'"' if c == _COMMA and after == b",}" else b'"[{'
                    continue
                if len(boxes) == _DEPTH:
                    what = "too deep"
                    raise ValueError
                at += 1
                value = [] if c == _LIST else {}
            if after == b",}":
                box[name] = value
            else:
                box.append(value)
            need = after
            if c in b"[{":
                boxes.append((box, after))
                box = value
                if c == _LIST:
                    after = b",]"
                    need = b'"[{]'
                else:
                    after = b",}"
                    need = b'"}'
    except IndexError:
        what = "cut off"
        if not need:
            return box[0]
    except ValueError:
        pass
    line = column = 1
    for c in data[start:at].replace(b"\r\n", b"\n"):
        if c in b"\r\n":
            line += 1
            column = 1
        elif c & 0xC0 != 0x80:
            column += 1
    raise ValueError(what, line, column)
