"""Time that passes only when the code under test sleeps, and a modem in that time."""

from expect import difference, replaced
from mock_uart import proof

import ticks

# Just before the ticks of MicroPython wrap, so that every test passes the wrap.
_START = ticks.add(0, -5_000)


# A short sleep, as in a polling loop, takes a twentieth of the silence before it, up to a limit: a
# wait of minutes is then some hundred naps, not a hundred thousand. Real sleeps are also sometimes
# too long.
_SHORT = 20
_PART = 20
_NAP = 1_000


class Clock:
    """`now` and `sleep` replace those of `ticks`; `ms` has passed since the start.

    `step`: ms that pass with each look at the clock, for code that is busy and never sleeps.
    `nap`: the most ms of a short sleep, for tests that look at the time closely. `part`: a short
    sleep takes the silence so far divided by this.
    """

    def __init__(self, step=0, nap=_NAP, part=_PART):
        self.ms = 0
        self._step = step
        self._nap = nap
        self._part = part
        self._silent = 0  # `ms` of the last event
        self._uarts = []

    def attend(self, uart):
        """Never sleep past the next event of `uart`, a TimedUART."""
        self._uarts.append(uart)

    def happens(self):
        """Note that a byte was written or read: the next naps are short."""
        self._silent = self.ms

    def now(self):
        self.ms += self._step
        return ticks.add(_START, self.ms)

    def sleep(self, ms):
        assert ms >= 0, ms
        self.ms += ms
        if ms <= _SHORT:
            longer = min((self.ms - self._silent) // self._part, self._nap - ms)
            for uart in self._uarts:
                longer = min(longer, uart.silence())
            self.ms += max(longer, 0)
        else:
            self._silent = self.ms


def running(clock):
    """Context manager: the block runs on the time of `clock`."""
    return replaced(ticks, now=clock.now, sleep=clock.sleep)


class TimedUART:
    """Like `mock_uart.ScriptedUART`, but each reply comes some time after the bytes that it
    answers.

    `steps`: `(expected, replies)`, a reply is `(delay in ms, bytes)`. The last step may have
    `expected` None: it accepts any bytes.
    """

    def __init__(self, clock, steps):
        self._clock = clock
        self._steps = list(steps)
        self._due = []  # (ms, bytes)
        self.written = b""
        self._unmatched = b""
        clock.attend(self)
        self._advance()

    def silence(self):
        """Return the ms until the next reply; a day if none is due."""
        return self._due[0][0] - self._clock.ms if self._due else 86_400_000

    def _advance(self):
        while self._steps:
            expected, replies = self._steps[0]
            if expected is None:
                return
            if len(self._unmatched) < len(expected):
                if not expected.startswith(self._unmatched):
                    raise AssertionError(difference(self._unmatched, expected))
                return
            if not self._unmatched.startswith(expected):
                raise AssertionError(difference(self._unmatched, expected))
            self._unmatched = self._unmatched[len(expected) :]
            self._steps.pop(0)
            for delay, data in replies:
                self._due.append((self._clock.ms + delay, data))
            self._due.sort(key=lambda item: item[0])
        if self._unmatched:
            raise AssertionError("the script is over, and this was written: %r" % self._unmatched)

    def any(self):
        now = self._clock.ms
        return sum([len(data) for due, data in self._due if due <= now])

    def readinto(self, buf):
        if not self._due or self._due[0][0] > self._clock.ms:
            return None
        self._clock.happens()
        due, data = self._due.pop(0)
        n = min(len(buf), len(data))
        buf[:n] = data[:n]
        if n < len(data):
            self._due.insert(0, (due, data[n:]))
        return n

    def write(self, data):
        self._clock.happens()
        self.written += bytes(data)
        expected = self._steps[0][0] if self._steps else b""
        answer = proof(bytes(data))
        if answer and expected is not None and not expected.startswith(data):
            self._due.append((max([self._clock.ms] + [due for due, _ in self._due]), answer))
        elif expected is not None:
            self._unmatched += bytes(data)
            self._advance()
        return len(data)

    def done(self):
        left = [step for step in self._steps if step[0] is not None]
        assert not left, "never written: %r" % left[0][0]
        assert not self._due, "never read: %r" % self._due


class Flood:
    """A UART that always has more of `data`, and accepts all writes."""

    def __init__(self, data):
        self._data = data
        self.written = b""

    def any(self):
        return len(self._data)

    def readinto(self, buf):
        n = min(len(buf), len(self._data))
        buf[:n] = self._data[:n]
        return n

    def write(self, data):
        self.written += bytes(data)
        return len(data)
