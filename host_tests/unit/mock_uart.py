"""A UART that plays a script: packet-exact AT dialogues without a modem, on both runtimes."""

from expect import difference


class ScriptedUART:
    """Has the shape of machine.UART and never blocks; the other side follows `steps`.

    A step is `(expected, replies)`. `expected`: bytes that must be written next, in as many
    writes as the caller likes. `replies`: what comes back then, bytes or a list of bytes. The
    chunks of a list arrive one after the other: after each, the UART is found empty once.
    A step that expects b"" sends its replies right after the step before: a URC.

    The first byte that is not expected raises AssertionError with both byte strings.
    `limit`: bytes that one write takes at most, as a full transmit buffer does.
    """

    def __init__(self, steps, limit=None):
        self._steps = [(bytes(want), _chunks(replies)) for want, replies in steps]
        self._limit = limit
        self._step = -1  # index of the step that is going on
        self._unwritten = b""  # rest of its expected bytes
        self._chunks = []  # replies on their way
        self._pause = False  # the UART is to be found empty once
        self.written = bytearray()  # all that was written
        self._proceed()

    def _proceed(self):
        """Go to the next step that expects something; take along the replies before it."""
        while not self._unwritten and self._step < len(self._steps):
            if self._step >= 0:
                self._chunks.extend(self._steps[self._step][1])
            self._step += 1
            if self._step < len(self._steps):
                self._unwritten = self._steps[self._step][0]

    def _here(self):
        """The bytes that have arrived: b"" once after each chunk."""
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
        """How many bytes can be read now."""
        return len(self._here())

    def read(self, size=-1):
        """At most `size` bytes of the current chunk; None if nothing is there."""
        return self._take(size if size >= 0 else None) or None

    def readinto(self, buffer, size=None):
        """Fill `buffer` from the current chunk: the count, or None if nothing is there."""
        data = self._take(len(buffer) if size is None else min(size, len(buffer)))
        buffer[: len(data)] = data
        return len(data) or None

    def write(self, data):
        """Compare with the script; the number of bytes taken."""
        data = bytes(data)
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
        """All was written and all replies were read, or AssertionError says what was not."""
        if self._step < len(self._steps):
            raise AssertionError("step %d: never written: %r" % (self._step, self._unwritten))
        if self._chunks:
            raise AssertionError("replies never read: %r" % b"".join(self._chunks))


def _chunks(replies):
    if isinstance(replies, (bytes, bytearray)):
        replies = (replies,)
    return [bytes(each) for each in replies if each]


def cuts(data):
    """Each way to let `data` arrive in two pieces: `(data[:1], data[1:])`, ..."""
    for at in range(1, len(data)):
        yield data[:at], data[at:]


def single_bytes(data):
    """`data` as a list of chunks of one byte."""
    return [data[at : at + 1] for at in range(len(data))]
