"""From the bytes of the modem to lines, prompts and counted data; sans-I/O.

    parser.free()           the part of the buffer to read bytes into
    parser.fed(n)           n bytes are there
    parser.next()           the next event; NONE when more bytes are needed

A line ends with LF; CRs and empty lines are dropped. Two things come without a line end and are
looked for only while the running command expects them: the prompt, one character that begins a
line, and data whose length stands in front, such as `+CARECV: 5,hello`, or `+QIRD: 5`, a line end
and `hello`.

What third parties say is no protocol: the text behind the line of a short message or a broadcast,
and the rest of a USSD text of several lines, are dropped, whatever they look like.
"""

from micropython import const

NONE = const(0)
LINE = const(1)  # `line` holds it, valid until the next `fed`
PROMPT = const(2)
DATA = const(3)  # the counted data is complete in the buffer given to `expect_data`

# Longest line: +CSIM with 258 bytes in hex, and its prefix; an echo of AT+CSIM is a little longer.
_SIZE = const(640)
_LF = const(10)
_CR = const(13)
_SPACE = const(32)
_COMMA = const(0x2C)
_PLUS = const(0x2B)
_COLON = const(0x3A)
_HUGE = const(10_000_000)
_QUOTE = const(0x22)  # u-blox has counted data in quotes

# A line with one of the first three has a text behind it; that of the last is in quotes.
_MESSAGES = (b"+CMT:", b"+CBM:", b"+CDS:", b"+CUSD")
_COUNTED = const(9)  # commas: with so many, the last field of +CMT is the length of the text
_USSD = const(190)  # bytes of a USSD text at most, in which the quote that ends it is looked for


def number(line, index=0):
    """Return the decimal number in field `index` after the colon of `line` (memoryview), or None.

    It makes no string of the field, as `split` would."""
    value = None
    field = -1
    for c in line:
        if field < 0:
            if c == _COLON:
                field = 0
        elif c == _COMMA:
            if field == index:
                break
            field += 1
        elif field == index and c != _SPACE:
            if not 48 <= c <= 57:
                return None
            value = min((value or 0) * 10 + c - 48, _HUGE)
    return value


def decimal(field):
    """Return the decimal number that `field` (bytes) is, apart from spaces around it, or None."""
    field = field.strip()
    return int(field) if field.isdigit() else None


def meaning(table, code):
    """Return the value for `code` in `table`, a tuple of pairs; None if it has none. Such a
    table stays in flash, where a dict would take heap."""
    for known, found in table:
        if known == code:
            return found
    return None


class Parser:
    """One modem line. Attributes: `line` (memoryview), `count` bytes of counted data received
    (-1: more were announced than fit, or they were not as many as announced), `overruns` lines
    that were too long and dropped."""

    def __init__(self):
        self._buffer = bytearray(_SIZE)
        self._view = memoryview(self._buffer)
        self._spaced = False  # this modem has an empty line between counted data and the result
        self.line = None
        self.overruns = 0
        self.reset()

    def expect_prompt(self, character):
        """Report `character` (its code) at the start of a line as PROMPT."""
        self._prompt = character

    def expect_data(self, prefix, target, mark=b","):
        """Report `<prefix><n><mark><n bytes>` as DATA, the bytes copied to `target` (memoryview).

        `mark`: b"\\n" is a line end, with CR or without; b",\\n" has one more number before it.
        `<prefix><n>` without a mark, or with an n of 0, is a line like any other. With an n that
        does not fit, or when no line end follows the data, the modem broke its word or bytes were
        lost: `count` is -1, and no more counted data is looked for.
        """
        self._prefix = prefix
        self._target = target
        self._mark = mark  # what stands between the length and the data

    def expect_nothing(self):
        """Expect neither prompt nor counted data; drop what is outstanding of either."""
        self._prompt = 0  # the character that is expected; 0: none
        self._prefix = None  # what stands before the length; None: no counted data is expected
        self._target = None  # memoryview for counted data
        self._missing = -1  # counted bytes still to come; -1: none announced
        self._ended = 0  # 1: the counted data just ended; 2: the rest of its line, too
        self.count = 0

    def reset(self):
        """Forget everything received so far."""
        self.expect_nothing()
        self._text = 0  # 1: the rest of the line is a text; n: and n - 1 bytes before it
        self._quoted = 0  # bytes in which a quote ends the text
        # The first byte not yet consumed; the end of the bytes received; no LF before this one.
        self._pos = self._end = self._scanned = 0
        self._skipping = False  # inside a line that was too long

    def partial(self):
        """Return the bytes of the line that has not ended yet."""
        return bytes(self._view[self._pos : self._end])

    def free(self):
        """Return where to read into: the rest of the counted data, or of the line buffer."""
        view = self._view
        pos = self._pos
        end = self._end
        if self._missing > 0 and pos == end:
            return self._target[self.count : self.count + self._missing]
        if pos:
            view[: end - pos] = view[pos:end]
            self._scanned -= pos
            self._pos = 0
            self._end = end = end - pos
        if end == _SIZE:  # no line is so long: drop it, up to its end
            if not self._skipping:
                self.overruns += 1
            self._skipping = True
            self._end = self._scanned = end = 0
        return view[end:]

    def fed(self, n):
        """Note that `n` bytes were read into `free()`."""
        if self._missing > 0 and self._pos == self._end:
            self.count += n
            self._missing -= n
        else:
            self._end += n

    def next(self):
        """Return the next event: LINE, PROMPT, DATA or NONE."""
        buffer = self._buffer
        while True:
            if self._missing >= 0:
                return self._take_data()
            end = self._end
            if self._pos == end:
                return NONE
            if self._text or self._quoted:
                self._drop_text()
                continue
            if self._ended and not self._skipping:
                self._end_of_data()
            if not self._skipping:
                # Both come without a line end and begin a line.
                while self._pos < end and buffer[self._pos] in b"\r\n":
                    self._pos += 1
                if self._prompt and self._take_prompt():
                    return PROMPT
                if self._prefix and self._announced():
                    continue
            stop = buffer.find(b"\n", max(self._scanned, self._pos), end)
            if stop < 0:
                self._scanned = end
                return NONE
            start = self._pos
            self._pos = self._scanned = stop + 1
            if self._skipping:
                self._skipping = False
                self._ended *= 2
                continue
            while stop > start and buffer[stop - 1] == _CR:
                stop -= 1
            if stop > start:
                if buffer[start] == _PLUS:
                    self._announced_text(start, stop)
                self.line = self._view[start:stop]
                return LINE

    def _announced_text(self, start, stop):
        """Note which text follows the line from `start` to `stop`, if any does."""
        buffer = self._buffer
        for kind in range(len(_MESSAGES)):
            if buffer.find(_MESSAGES[kind], start, start + 5) == start:
                break
        else:
            return
        quotes = commas = count = 0
        for i in range(start, stop):
            c = buffer[i]
            if c == _QUOTE:
                quotes += 1
            elif c == _COMMA and not quotes & 1:
                commas += 1
                count = 0
            elif 48 <= c <= 57:
                count = count * 10 + c - 48
        if kind == 3:
            self._quoted = quotes & 1 and _USSD
        elif kind < 2 or not commas:  # a status report as text has none
            self._text = 1 + (count if commas >= _COUNTED and count < _SIZE else 0)

    def _drop_text(self):
        """Drop the part of a text that has arrived."""
        pos = self._pos
        end = self._end
        if self._quoted:
            end = min(end, pos + self._quoted)
            stop = self._buffer.find(b'"', pos, end)
            if stop >= 0:
                self._quoted = 0
                self._text = 1
                end = stop + 1
            else:
                self._quoted -= end - pos
        elif self._text > 1:
            end = min(end, pos + self._text - 1)
            self._text -= end - pos
        else:
            stop = self._buffer.find(b"\n", pos, end)
            if stop >= 0:
                self._text = 0
                end = stop + 1
        self._pos = self._scanned = end

    def _take_prompt(self):
        pos = self._pos
        if pos == self._end or self._buffer[pos] != self._prompt:
            return False
        pos += 1
        if pos < self._end and self._buffer[pos] == _SPACE:
            pos += 1
        self._pos = pos
        self._prompt = 0
        return True

    def _announced(self):
        """Return whether the line begins with `<prefix><n><mark>`; then counted data begins."""
        pos = self._pos
        end = self._end
        buffer = self._buffer
        for c in self._prefix:
            if pos == end or buffer[pos] != c:
                return False
            pos += 1
        n = 0
        start = pos
        while pos < end and 48 <= buffer[pos] <= 57:
            n = n * 10 + buffer[pos] - 48
            pos += 1
            if n > len(self._target):
                self.count = -1
                self._prefix = None
                return False
        if pos == start or not n:  # without data it is a line like any other
            return False
        for c in self._mark:
            if c == _LF:  # behind a CR, and a number that is of no interest
                while pos < end and buffer[pos] in b"\r0123456789":
                    pos += 1
            if pos == end or buffer[pos] != c:
                return False
            pos += 1
        self._pos = self._scanned = pos
        self._missing = n
        return True

    def _take_data(self):
        pos = self._pos
        count = self.count
        n = min(self._missing, self._end - pos)
        if n:
            self._target[count : count + n] = self._view[pos : pos + n]
            self._pos = self._scanned = pos + n
            self.count = count + n
            self._missing -= n
        if self._missing:
            return NONE
        self._missing = -1
        self._prefix = None
        self._ended = 1
        return DATA

    def _end_of_data(self):
        """Look at what follows the data, and then at what follows its line: with bytes lost
        before it is something else."""
        pos = self._pos
        buffer = self._buffer
        c = buffer[pos]
        if self._ended == 1:
            self._skipping = True  # to the end of the line
            good = c == (_QUOTE if self._mark[-1] == _QUOTE else _CR)
        else:
            self._ended = 0
            good = c == _CR or not self._spaced
            if buffer[pos : min(pos + 4, self._end)] == b"\r\nOK":
                self._spaced = True
        if not good:
            self.count = -1
