"""A UART that plays a script: packet-exact AT dialogues without a modem, on every runtime."""

from expect import difference


class ScriptedUART:
    """Has the methods of machine.UART and never blocks; the other side follows `steps`.

    A step is `(expected, replies)`. `expected`: the bytes that the test must write next, in any
    number of writes. `replies`: bytes or a list of bytes that come back then. The chunks of a list
    arrive one after the other: after each, the UART is found empty once.

    A step that expects b"" sends its replies right after the step before: a URC. The first
    unexpected byte raises AssertionError with both byte strings.

    `limit`: the most bytes that one write accepts, like a full transmit buffer.

    The commands of which `proof` knows the answer are answered unless the script has them.
    """

    def __init__(self, steps, limit=None):
        self._steps = [(bytes(want), _chunks(replies)) for want, replies in steps]
        self._limit = limit
        self._step = -1  # index of the current step
        self._unwritten = b""  # rest of its expected bytes
        self._chunks = []  # replies on their way
        self._pause = False  # the UART is to be found empty once
        self.written = bytearray()  # all bytes that the test wrote
        self._proceed()

    def _proceed(self):
        """Go to the next step that expects something; queue the replies of the steps before it."""
        while not self._unwritten and self._step < len(self._steps):
            if self._step >= 0:
                self._chunks.extend(self._steps[self._step][1])
            self._step += 1
            if self._step < len(self._steps):
                self._unwritten = self._steps[self._step][0]

    def _here(self):
        """Return the bytes that have arrived: b"" once after each chunk."""
        if self._pause:
            self._pause = False
            return b""
        return self._chunks[0] if self._chunks else b""

    def _take(self, size):
        data = self._here()[:size]
        if data:
            rest = self._chunks.pop(0)[len(data) :]
            if rest:
                self._chunks.insert(0, rest)
            else:
                self._pause = bool(self._chunks)
        return data

    # ---- the shape of machine.UART --------------------------------------------------------

    def any(self):
        """Return the number of readable bytes."""
        return len(self._here())

    def read(self, size=-1):
        """Return at most `size` bytes of the current chunk; None if there are none."""
        return self._take(size if size >= 0 else None) or None

    def readinto(self, buffer, size=None):
        """Fill `buffer` from the current chunk; return the count, or None if there are no
        bytes."""
        data = self._take(len(buffer) if size is None else min(size, len(buffer)))
        buffer[: len(data)] = data
        return len(data) or None

    def write(self, data):
        """Compare with the script; return the number of bytes accepted."""
        data = bytes(data)
        answer = proof(data)
        if answer and not self._unwritten.startswith(data):
            self._chunks.insert(0, answer)
            return len(data)
        if self._limit is not None:
            data = data[: self._limit]
        count = len(data)
        while data:
            if not self._unwritten:
                raise AssertionError("the script is over, and this was written: %r" % data)
            size = min(len(data), len(self._unwritten))
            if data[:size] != self._unwritten[:size]:
                want = self._steps[self._step][0]
                got = want[: len(want) - len(self._unwritten)] + data
                raise AssertionError("step %d: %s" % (self._step, difference(got, want)))
            self.written.extend(data[:size])
            self._unwritten = self._unwritten[size:]
            data = data[size:]
            self._proceed()
        return count

    # ---- the test's side ------------------------------------------------------------------

    def done(self):
        """Check that the test wrote and read everything; raise AssertionError with the rest."""
        if self._step < len(self._steps):
            raise AssertionError("step %d: never written: %r" % (self._step, self._unwritten))
        if self._chunks:
            raise AssertionError("replies never read: %r" % b"".join(self._chunks))


def _chunks(replies):
    if isinstance(replies, (bytes, bytearray)):
        replies = (replies,)
    return [bytes(each) for each in replies if each]


def proof(data):
    """Return the answer of `data` if that is the question by which the engine knows that it is in
    step, or a command that keeps texts of third parties off the line; else None."""
    if data in (b"AT+CMGF=0\r", b"AT+CNMI=2,0,0,0,0\r", b"AT+CUSD=0\r"):
        return b"\r\nOK\r\n"
    if data[:8] == b"AT+CMEE=" and data[9:] == b";+CMEE?;+CMEE=1\r":
        return b"\r\n+CMEE: " + data[8:9] + b"\r\n\r\nOK\r\n"
    return None


def cuts(data):
    """Return each way to let `data` arrive in two pieces: `(data[:1], data[1:])`, ..."""
    for at in range(1, len(data)):
        yield data[:at], data[at:]


def single_bytes(data):
    """Return `data` as a list of chunks of one byte."""
    return [data[at : at + 1] for at in range(len(data))]
