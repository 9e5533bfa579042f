"""Card channels for unit tests: one that plays a script, one that answers from a table.

Both have the methods of a card channel, and keep its promise to the letter: the next call
overwrites the data that they returned. So a test finds a client that keeps data without a copy.
"""

from binascii import hexlify, unhexlify

from expect import difference

OPEN = ("0070000001", "019000")
SELECT = ("01A4040007A0000005590010", "9000")
CLOSE = ("0070800100", "9000")


def from_hex(text):
    return unhexlify(text.replace(" ", ""))


def to_hex(data):
    return hexlify(data).decode().upper()


class _Channel:
    generation = 0

    def __init__(self):
        self.log = []  # each command, as hex
        self._last = bytearray()

    def transmit(self, apdu):
        for i in range(len(self._last)):
            self._last[i] = 0xEE
        command = bytes(apdu)
        self.log.append(to_hex(command))
        answer = self._answer(command)
        if isinstance(answer, BaseException):
            raise answer
        end = len(answer) - 2
        self._last = bytearray(answer[:end])
        return memoryview(self._last), answer[end] << 8 | answer[end + 1]


class ScriptedCard(_Channel):
    """Expects each of `steps`, (command, answer with status word) in hex, in that order. If an
    answer is an exception, the channel raises it: the modem failed."""

    def __init__(self, *steps):
        super().__init__()
        self._steps = list(steps)

    def _answer(self, command):
        if not self._steps:
            raise AssertionError("the script is over, and this was sent: " + to_hex(command))
        want, answer = self._steps.pop(0)
        shown = difference(to_hex(command).encode(), want.replace(" ", "").encode())
        if shown:
            raise AssertionError("command %d: %s" % (len(self.log), shown))
        return answer if isinstance(answer, BaseException) else from_hex(answer)

    def then(self, *steps):
        """Add further steps."""
        self._steps.extend(steps)

    def done(self):
        """Check that all steps were used; raise AssertionError with those that were not."""
        if self._steps:
            raise AssertionError("never sent: " + self._steps[0][0])


class TableCard(_Channel):
    """Answers with `table[command]`, both in hex, in any order, and with 6A82 to any other
    command.

    The client can open channel 1 and select the applet. Files are given as {ID in hex: content};
    the client reads them with any offset and Le, at most `chunk` bytes at a time. `file_end` is
    the status word for an empty file and for an offset beyond the content.
    """

    chunk = 256

    def __init__(self, table=(), files=(), file_end="6A86"):
        super().__init__()
        self.table = dict((OPEN, SELECT, CLOSE))
        self.table.update(table)
        self.files = dict(files)
        self._file_end = from_hex(file_end)

    def _answer(self, command):
        if command[1] == 0xB0:
            return self._read(command)
        return from_hex(self.table.get(to_hex(command), "6A82"))

    def _read(self, command):
        size = command[6]
        content = self.files.get(to_hex(command[7 : 7 + size]))
        if content is None:
            return b"\x6a\x82"
        offset = command[2] << 8 | command[3]
        if offset > len(content) or not content:
            return self._file_end
        le = min(command[7 + size] or 256, self.chunk)
        return content[offset : offset + le] + b"\x90\x00"


def key_answers(id, point):
    """Return the table entry of READ PUBLIC KEY: container `id` holds `point`, both hex."""
    return (
        "01CD0000%02X85%02X%s00" % (len(id) // 2 + 2, len(id) // 2, id),
        "344549438641" + point + "9000",
    )
