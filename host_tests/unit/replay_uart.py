"""A recorded dialogue with a modem, played as a UART. The modem's bytes arrive when the host has
sent the bytes that preceded them in the recording. Plain Python, for CPython and MicroPython.

A transcript is JSON, one object a line; the simulated modem's `transcript.py` writes it. First the
header: `transcript` (the version, 1), and as far as known `modem`, `rate`, `date`, `init` (the
host can change the rate) and any other fields of the recording. Then each line has `t`, seconds
since the start, and one of

    "host": DATA, "modem": DATA    bytes that it sent
    "key": true | false            the power key was pressed or released
    "rate": 9600                   the host opened its UART again
    "result": anything             the results of the dialogue
    "end": text                    the recording ended here, for that reason

DATA is a part or a list of parts: text, one character a byte; {"hex": digits}; or omitted data,
{"hidden": SHAPE, "size": n}. SHAPE: "text" (up to the next quote), "word" (up to the next quote,
comma, semicolon or blank), both of any length and within a line; "hex" and "any", exactly `size`
hex digits or bytes. From the host, any bytes of that shape match a hidden part; from the modem,
zeros replace it.
"""

import binascii
import json

_VERSION = 1
_LONGEST_LINE = 1 << 17
_MOST_LINES = 1_000_000
_LONGEST_TIME = 1e8  # s
_LONGEST_HIDDEN = 1 << 16
_SHAPES = {"text": b'"\r\n', "word": b'",; \r\n', "hex": None, "any": None}
_HEX = b"0123456789ABCDEFabcdef"
_SHOWN = 60
_A_DAY = 86_400_000


class TranscriptError(ValueError):
    """A file that is not a transcript, or a damaged one; the text names the line and the
    reason."""


class Difference(AssertionError):
    """The host does not act as it did when the transcript was recorded."""


# -- reading ------------------------------------------------------------------------------------


def records(lines):
    """From the lines of a transcript, yield its header (dict), then (line number, ms, kind, value)
    for each record. Bytes are lists of parts: bytes or (shape, size or None).

    Raises TranscriptError.
    """
    number = ms = 0
    ended = False
    for line in lines:
        number += 1
        try:
            if number > _MOST_LINES:
                raise ValueError("too many lines")
            if len(line) > _LONGEST_LINE:
                raise ValueError("it is too long")
            record = _object(line)
            if number == 1:
                yield _header(record)
                continue
            if ended:
                raise ValueError("something follows the end")
            now, kind, value = _record(record)
            if now < ms:
                raise ValueError("time goes backwards")
            ms = now
            ended = kind == "end"
        except ValueError as e:
            raise TranscriptError("line %d: %s" % (number, e))
        yield number, ms, kind, value
    if not number:
        raise TranscriptError("line 1: there is no header")


def _object(line):
    if isinstance(line, str):
        line = line.encode()
    try:
        record = json.loads(line)
        if line.strip()[-1] not in b"}]":  # MicroPython closes an open structure by itself
            raise ValueError
    except (ValueError, RuntimeError, MemoryError):  # the last two: nested too deeply
        raise ValueError("it is not JSON")
    if not isinstance(record, dict):
        raise ValueError("it is not a JSON object")
    return record


def _header(record):
    if "transcript" not in record:
        raise ValueError("it is not the header of a transcript")
    if record["transcript"] is True or record["transcript"] != _VERSION:
        raise ValueError("version %r of the format is not known" % (record["transcript"],))
    return record


def _record(record):
    kinds = [kind for kind in _VALUES if kind in record]
    if len(kinds) != 1 or len(record) != 2 or "t" not in record:
        raise ValueError("a record has t and one of %s" % ", ".join(sorted(_VALUES)))
    t = record["t"]
    if isinstance(t, bool) or not isinstance(t, (int, float)) or not 0 <= t <= _LONGEST_TIME:
        raise ValueError("t is not a time in seconds")
    kind = kinds[0]
    return int(t * 1000 + 0.5), kind, _VALUES[kind](record[kind])


def _data(value):
    parts = value if isinstance(value, list) else [value]
    if not parts:
        raise ValueError("there are no bytes")
    return [_part(part) for part in parts]


def _part(part):
    if isinstance(part, str):
        if not part or max(part) > "\xff":
            raise ValueError("text has one character for each byte")
        return bytes([ord(c) for c in part])
    if not isinstance(part, dict):
        raise ValueError("bytes are text, hex or hidden")
    if len(part) == 1 and isinstance(part.get("hex"), str):
        digits = part["hex"]
        if not digits or len(digits) % 2 or digits.encode().strip(_HEX):
            raise ValueError("hex is two digits for each byte")
        return binascii.unhexlify(digits)
    shape = part.get("hidden")
    if not isinstance(shape, str) or shape not in _SHAPES:
        raise ValueError("bytes are text, hex or hidden: %s" % ", ".join(sorted(_SHAPES)))
    size = part.get("size")
    if _SHAPES[shape]:
        right = len(part) == 1
    else:
        right = len(part) == 2 and _is_number(size) and 0 < size <= _LONGEST_HIDDEN
    if not right:
        raise ValueError("hidden text and words have no size, hex and any have one")
    return shape, size


def _key(value):
    if not isinstance(value, bool):
        raise ValueError("key is true or false")
    return value


def _rate(value):
    if not _is_number(value) or not 300 <= value <= 4_000_000:
        raise ValueError("rate is a number from 300 to 4000000")
    return value


def _is_number(value):
    return isinstance(value, int) and not isinstance(value, bool)


_VALUES = {
    "host": _data,
    "modem": _data,
    "key": _key,
    "rate": _rate,
    "result": lambda value: value,
    "end": str,
}


def check(lines):
    """Read all of a transcript; return its header. Raises TranscriptError."""
    header = None
    for record in records(lines):
        if header is None:
            header = record
    return header


# -- playing ------------------------------------------------------------------------------------


class ReplayUART:
    """Has the methods of machine.UART, on the time of `clock` (`virtual_time.Clock`).

    `lines`: of the transcript (bytes or text), read as needed. The modem's bytes arrive as long
    after the host's last bytes as in the recording, or at once if the host does not wait for them.
    The way in which the host splits its bytes does not matter. Any other difference raises
    Difference. `header`, and `results`: the values of the result records so far.
    """

    def __init__(self, lines, clock):
        self._records = records(lines)
        self._clock = clock
        self.header = next(self._records)
        self.results = []
        self._line = 1
        self._wanted = None  # (kind, value) of the host's next action, None: nothing
        self._parts = []  # the bytes that it still has to send
        self._sent = b""  # those of them that it has sent
        self._inside = False  # of a hidden part without a length
        self._due = []  # (ms, bytes) from the modem
        self._then = 0  # when the host did what it did last, in ms of the transcript …
        self._now = clock.ms  # … and of the clock
        if self.header.get("init"):
            self.init = self._init
        clock.attend(self)
        self._proceed()

    def _proceed(self):
        """Queue the modem's next bytes, up to the host's next action."""
        for number, ms, kind, value in self._records:
            self._line = number
            if kind == "modem":
                due = max(self._now + ms - self._then, self._due[-1][0] if self._due else 0)
                self._due.append((due, b"".join([_stand_in(part) for part in value])))
            elif kind == "result":
                self.results.append(value)
            elif kind != "end":
                self._wanted = kind, value
                self._coming = ms
                self._parts = list(value) if kind == "host" else []
                self._sent = b""
                return
        self._wanted = None

    def _done_with_it(self):
        self._then = self._coming
        self._now = self._clock.ms
        # The host did not wait for the rest of the modem's bytes: deliver them now.
        self._due = [(min(due, self._now), data) for due, data in self._due]
        self._proceed()

    def _differs(self, got):
        if self._wanted is None:
            raise Difference(
                "line %d: the transcript is over, and the host: %s" % (self._line, got)
            )
        kind, value = self._wanted
        want = "sends " + _show(value) if kind == "host" else "%s %r" % (kind, value)
        raise Difference(
            "line %d: the host does something else\n  want: %s\n  got:  %s"
            % (self._line, want, got)
        )

    def _must(self, kind, value):
        """Check that the host does this next, and does not send."""
        if self._inside and len(self._parts) == 1:
            self._next_part()
        if self._wanted != (kind, value) or self._sent:
            self._differs("%s %r" % (kind, value))
        self._done_with_it()

    # ---- the shape of machine.UART ------------------------------------------------------------

    def any(self):
        """Return the number of readable bytes."""
        now = self._clock.ms
        return sum([len(data) for due, data in self._due if due <= now])

    def read(self, size=-1):
        """Return at most `size` bytes; None if there are none."""
        buffer = bytearray(self.any() if size < 0 else size)
        count = self.readinto(buffer)
        return bytes(buffer[:count]) if count else None

    def readinto(self, buffer, size=None):
        """Fill `buffer`; return the count, or None if there are no bytes."""
        room = len(buffer) if size is None else min(size, len(buffer))
        if not room or not self._due or self._due[0][0] > self._clock.ms:
            return None
        self._clock.happens()
        due, data = self._due.pop(0)
        count = min(room, len(data))
        buffer[:count] = data[:count]
        if count < len(data):
            self._due.insert(0, (due, data[count:]))
        return count

    def write(self, data):
        """Compare with the transcript; accept all bytes."""
        self._clock.happens()
        data = bytes(data)
        at = 0
        while at < len(data):
            if self._inside:
                at = self._pass(data, at)
                if at == len(data):
                    break
                self._next_part()
                continue
            if not self._parts:
                self._differs("sends %r" % data[at : at + _SHOWN])
            part = self._parts[0]
            if isinstance(part, tuple):
                if _SHAPES[part[0]]:
                    self._inside = True
                    continue
                at += self._match_hidden(part, data, at)
                continue
            count = min(len(part), len(data) - at)
            if part[:count] != data[at : at + count]:
                self._differs("sends %r" % (self._sent + data[at : at + _SHOWN]))
            self._sent += data[at : at + count]
            at += count
            self._parts[0] = part[count:]
            if count == len(part):
                self._next_part()
        return len(data)

    def _pass(self, data, at):
        """Return where in `data` the hidden part ends that continues at `at`."""
        stops = _SHAPES[self._parts[0][0]]
        while at < len(data) and data[at] not in stops:
            self._sent += b"*"
            at += 1
        return at

    def _match_hidden(self, part, data, at):
        """Return how many bytes at `at` belong to the hidden part, which has a length."""
        shape, size = part
        count = min(size, len(data) - at)
        if shape == "hex" and data[at : at + count].strip(_HEX):
            self._differs("sends %r" % (self._sent + data[at : at + _SHOWN]))
        self._sent += b"*" * count
        if count < size:
            self._parts[0] = shape, size - count
        else:
            self._next_part()
        return count

    def _next_part(self):
        self._parts.pop(0)
        self._inside = False
        if not self._parts:
            self._done_with_it()

    def _init(self, baudrate):
        """Open the UART again; bytes that arrived before are lost."""
        self._must("rate", baudrate)

    # ---- the test's side ----------------------------------------------------------------------

    def power_key(self, pressed):
        """The power key of the modem."""
        self._must("key", bool(pressed))

    def silence(self):
        """Return the ms until the modem sends something."""
        return max(self._due[0][0] - self._clock.ms, 0) if self._due else _A_DAY

    def done(self):
        """Check that both sides have sent everything; raise Difference with the rest."""
        if self._inside and len(self._parts) == 1:
            self._next_part()
        if self._wanted is not None:
            self._differs("nothing more")
        if self._due:
            left = b"".join([data for _, data in self._due])
            raise Difference("line %d: never read: %r" % (self._line, left[:_SHOWN]))


def _stand_in(part):
    """Return the bytes to deliver for a part: zeros for hidden ones."""
    return part if isinstance(part, bytes) else b"0" * (part[1] or 4)


def _show(parts):
    shown = []
    for part in parts:
        shown.append(repr(part[: 2 * _SHOWN]) if isinstance(part, bytes) else "<%s>" % part[0])
    return " ".join(shown)
