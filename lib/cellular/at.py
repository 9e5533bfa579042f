"""The AT engine: one UART, one owner. Nobody else reads or writes it.

A command, its answer and any unsolicited line (URC) in between pass through here, so that APDUs
and socket data may interleave freely. `uart` needs `any()`, `readinto(buf)` and `write(buf)` in
the shape of machine.UART, with a time-out of 0.

Rules that the engine keeps:

- a new command is sent only after the final result of the one before; one that never came, for
  whatever reason, is waited for and never credited to the next command (`_stale`);
- a line belongs to the running command only if it begins with the prefix that the command waits
  for, and its `on_line` may still pass it on (`urc`); everything else is a URC;
- a boot line, or the echo coming back, means that the modem restarted: the running command fails
  with ModemReset, `generation` changes, and nothing is sent until `sync` has been called;
- a modem that never stops talking holds nobody up.
"""

from micropython import const

import ticks

from . import timeouts
from .errors import (
    ModemError,
    ModemGarbled,
    ModemReset,
    ModemSilent,
    ModemTimeout,
    NetworkError,
    command_error,
    command_name,
    text,
)
from .parser import DATA, LINE, NONE, PROMPT, Parser

_MAX_COMMAND = const(559)  # characters behind AT: no modem is known that takes fewer
_MAX_LINES = const(32)
_MAX_FILLS = const(16)  # reads of one `poll`
_GRACE = const(1_000)  # ms after the time-out in which bytes that are there already still count
_SOON = const(20)  # ms of quiet after an OK
_COLON = const(0x3A)
_TOGETHER = const(256)  # bytes that are taken in one read while they go on coming

# The states of an exchange, from its command to its final result, and what leads to which:
#
#                  _RESULT       _PROMPT       _WHOLE        _DATA         _DAMAGED
#   prompt                       _RESULT
#   counted data                                             _WHOLE
#   no data (1)                                _WHOLE        _WHOLE        _WHOLE
#   damaged (2)                                _DAMAGED      _DAMAGED
#   success        returns       CommandError  returns       ModemGarbled  ModemGarbled
#   failure        CommandError  CommandError  CommandError  CommandError  ModemGarbled
#   nearly (3)     ModemGarbled  ModemGarbled  returns
#
# (1) a line of the answer that says so; (2) what may be left of a line that announces data; (3) a
# line that nobody knows, and that lacks one byte of a final result, or of the answer's beginning.
# In every state, data of another length than announced ends in ModemGarbled, a restart in
# ModemReset, silence in ModemTimeout. An empty cell: it stays as it is.
_RESULT = const(0)  # lines of the answer, and the final result, are due
_PROMPT = const(1)  # the prompt is due: the payload was not sent
_WHOLE = const(2)  # the counted data has come, or there is none: the final result is due
_DATA = const(3)  # counted data is due, or a line that says that there is none
_DAMAGED = const(4)  # the data was not recognised: what looks like a result may be part of it

# Final result codes of a command that was not done; one that ends with a colon is a beginning.
FAILURES = (
    b"ERROR",
    b"+CME ERROR:",
    b"+CMS ERROR:",
    b"NO CARRIER",
    b"ABORTED",
    b"BUSY",
    b"NO ANSWER",
    b"NO DIALTONE",
    b"SEND FAIL",
)


def starts(line, prefix):
    """Does `line` (memoryview) begin with `prefix` (bytes)? A slice of it would cost heap, for
    each line and each prefix."""
    size = len(prefix)
    if len(line) < size:
        return False
    for i in range(size):  # noqa: SIM110 - a generator would cost heap, too
        if line[i] != prefix[i]:
            return False
    return True


def _is_failure(line):
    """Is `line` (memoryview) the final result of a command that was not done?"""
    for failure in FAILURES:
        if line == failure or (failure[-1] == _COLON and starts(line, failure)):
            return True
    return False


def quotable(*values):
    """Raise NetworkError unless each of `values` (str) can stand between quotes in a command."""
    for value in values:
        if len(value) > 64 or '"' in value or text(value.encode()) != value:
            raise NetworkError("text-not-allowed")


class AT:
    """The engine on one UART.

    `boot_lines`: tuple of lines (bytes) that the modem prints only when it starts. `limits`: how
    long commands of the vendor may take, a tuple of (command, ms). `generation` changes with
    every restart of the modem; it is `lost` then, and at first, until `sync` succeeds.
    `prompted`: the last command got as far as its prompt. `said`: the information lines of the
    last `fetch`. What is counted, `counters` says.
    """

    # What a family of modems has in its own way: its driver sets these on its engine.
    prompt = 0x3E  # the character after which a payload is sent
    prompt_pause = 0  # ms from there to the payload

    def __init__(self, uart, boot_lines=(), limits=()):
        self._uart = uart
        self.parser = Parser()
        self.boot_lines = boot_lines
        self.limits = limits
        self.generation = 0
        self.commands = self.timeouts = self.resyncs = self.resets = 0
        self.urcs = self.unknown = self.echoes = self.garbled = 0
        self.handlers = []  # (prefix, handler) for URCs; the first that fits is called
        self._echo_off = False  # ATE0 was accepted: an echo from now on means a restart
        self._stale = 0  # a command was sent, and its final result has not come: ms to wait for it
        self.lost = True  # not synchronised with the modem: only `sync` may send

    def on(self, prefix, handler):
        """Call `handler(line)` for URCs that begin with `prefix`; `line` is a memoryview that is
        valid during the call. The handler must not send commands."""
        self.handlers.append((prefix, handler))

    # -- commands -------------------------------------------------------------------------------

    # All three send `AT<command>` and wait for its final result: `done` where that is not OK. They
    # return the information lines, which begin with `prefix` (b"" for bare ones), as a list of
    # bytes without it. Or `on_line` is given each of them, a memoryview with it; it may call `urc`
    # for a line that is not the command's, `write`, and `due_in`. `timeout` in ms (default: the
    # table). Raises CommandError, ModemTimeout, ModemReset; ModemGarbled when bytes were lost;
    # ModemError, with nothing sent, when the line is longer than the modem takes.

    def command(self, command, prefix=None, on_line=None, timeout=None, done=b"OK"):
        """A command that is its line and no more; returns the information lines."""
        self._begin(command)
        return self._exchange(_RESULT, command, prefix, on_line, timeout, done, None)

    def send(self, command, payload, prefix=None, on_line=None, done=b"OK"):
        """Send `payload` (bytes) as it is when the prompt comes; returns the information lines."""
        self._begin(command)
        self.parser.expect_prompt(self.prompt)
        return self._exchange(_PROMPT, command, prefix, on_line, None, done, payload)

    def fetch(self, command, prefix, target, mark=b","):
        """Take the counted data of the answer `<prefix><n><mark><n bytes>` into `target`
        (memoryview, not empty); returns n, 0 if there was none (`mark`: see `Parser.expect_data`).
        The information lines that came instead are in `said`. ModemGarbled when the modem
        announces more than `target` holds, or the data is not as long as announced.
        """
        self._begin(command)
        self.parser.expect_data(prefix, target, mark)
        self.said = self._exchange(_DATA, command, prefix, None, None, b"OK", None)
        return self.parser.count

    def due_in(self, ms):
        """The final result of the running command is due `ms` from now, whatever was before: its
        answer is whole, or `write` has sent its payload."""
        self._end = ticks.after(ms)

    def _exchange(self, state, command, prefix, on_line, timeout, done, payload):
        """From the command that was sent to its final result; see the table of states."""
        parser = self.parser
        lines = []
        whole = timeouts.limit_of(command, self.limits)
        limit = timeout or whole
        # The result may be late: what comes next waits for so long, at least.
        self._stale = max(whole - limit, self._stale)
        self.due_in(limit)
        while True:
            event = parser.next()
            if self.lost:
                raise ModemReset("restarted", command_name(command))
            if event == NONE:
                self._wait(command)
                continue
            if event == DATA and state == _DATA:
                state = _WHOLE
            if parser.count < 0:
                raise self._lost_bytes(command)
            if event == PROMPT:
                state = _RESULT
                self.prompted = True
                if self.prompt_pause:
                    ticks.sleep(self.prompt_pause)
                self.write(payload)
                self.due_in(limit)
            if event != LINE:
                continue
            line = parser.line
            if line == done or _is_failure(line):
                if state == _DAMAGED or (state == _DATA and line == done):
                    # It may be part of the data: the result is yet to come.
                    raise self._lost_bytes(command)
                self._stale = 0
                if state == _PROMPT or line != done:
                    raise command_error(command, bytes(line))
                return lines
            # An echo behind what a restart left of another line, even of one that is known.
            if (
                command
                and line[-len(command) :] == command
                and not starts(line, b"AT")
                and (b"AT" in bytes(line) or not (self._handler(line) or prefix == b""))
            ):
                self._on_echo(line)
            if prefix is None or not starts(line, prefix) or (not prefix and self._handler(line)):
                if state > _PROMPT and not self._handler(line):
                    # An announcement that lost a byte keeps one half of the prefix; what
                    # looks like one behind it is data.
                    half = len(prefix) // 2
                    if starts(line, prefix[:half]) or prefix[half:] in bytes(line):
                        state = _DAMAGED
                if not self.urc(line) and state < _DATA:
                    from .damage import is_damaged

                    if is_damaged(line, FAILURES + (done, on_line and prefix)):
                        if state == _WHOLE:
                            return lines
                        raise self._lost_bytes(command)
                continue
            if state > _PROMPT:  # no data, or what announces it is damaged
                digit = len(line) > len(prefix) and 49 <= line[len(prefix)] <= 57
                state = _DAMAGED if digit else _WHOLE
            if on_line:
                on_line(line)
            elif len(lines) < _MAX_LINES:
                lines.append(bytes(line[len(prefix) :]).strip())

    def poll(self):
        """Take in what the modem sent; handlers of URCs run here. Never waits."""
        parser = self.parser
        parser.expect_nothing()
        fills = 0
        while True:
            event = parser.next()
            if event == LINE:
                self.urc(parser.line)
            elif fills == _MAX_FILLS or not self._fill():
                return
            else:
                fills += 1

    def fill(self, count):
        """After a payload of `count` bytes that had no answer: the modem may still wait for some
        of it, and take the next command for that. As many CRs end the wait, and are no command."""
        some = b"\r" * 16
        while count > 0 and not self.lost:
            self.write(some[:count])
            count -= len(some)

    def _begin(self, command):
        if self._stale and not self.lost:
            self._resync()
        self.poll()
        if self.lost:
            raise ModemReset("not-set-up", command_name(command))
        if len(command) > _MAX_COMMAND:
            raise ModemError("command-too-long", command_name(command), _MAX_COMMAND)
        self.commands += 1
        self.prompted = False
        self._stale = 3 * timeouts.limit_of(b"")
        self.write(b"".join((b"AT", command, b"\r")))

    def _wait(self, command):
        """For more bytes; ModemTimeout when the running command has had its time."""
        filled = self._fill()
        if ticks.left(self._end) <= (-_GRACE if filled else 0):
            self.timeouts += 1
            raise ModemTimeout("no-answer", command_name(command))
        if not filled:
            ticks.sleep(1)

    def _lost_bytes(self, command):
        self.garbled += 1
        return ModemGarbled("bytes-lost", command_name(command))

    # -- unsolicited lines ----------------------------------------------------------------------

    def _handler(self, line):
        """What is to be called for the URC `line`; None if nobody knows it."""
        if starts(line, b"AT"):
            return self._on_echo
        if line in self.boot_lines:
            return self.restarted
        for prefix, handler in self.handlers:
            if starts(line, prefix):
                return handler
        return None

    def urc(self, line):
        """Pass on an unsolicited line; False if nobody knows it."""
        handler = self._handler(line)
        if not handler:
            self.unknown += 1
            return False
        self.urcs += 1
        handler(line)
        return True

    def _on_echo(self, line):
        self.echoes += 1
        if self._echo_off:
            self.restarted()

    def restarted(self, line=None):
        """The modem restarted: nothing that was known about it holds."""
        if not self.lost:
            self.lost = True
            self.resets += 1
            self.generation += 1

    # -- synchronisation ------------------------------------------------------------------------

    def sync(self, timeout=timeouts.BOOT):
        """Find the modem: AT until OK, then echo off. `timeout` in ms.

        Raises ModemSilent when nothing came, ModemGarbled when what came was no answer.
        """
        self.lost = True
        self._echo_off = False
        self.parser.reset()
        self._hello(timeout, _SOON)
        self.lost = False
        self._stale = 0
        try:
            self.command(b"E0")
            # Some modems echo whatever one says; an echo then means nothing.
            before = self.echoes
            self.command(b"")
        except ModemError:
            self.lost = True
            raise
        self._echo_off = self.echoes == before

    def _hello(self, timeout, quiet):
        """AT until OK, and then until the line was quiet for `quiet` ms."""
        parser = self.parser
        deadline = ticks.after(timeout)
        echoed = heard = 0
        while True:
            self.write(b"AT\r")
            wait = ticks.after(min(timeouts.limit_of(b""), timeout))
            while ticks.left(wait) > 0:
                event = parser.next()
                if event == LINE:
                    line = parser.line
                    if line == b"OK":
                        self._drain(quiet)
                        return
                    if starts(line, b"AT"):
                        echoed += 1
                    else:
                        heard += 1
                    self.urc(line)
                elif event == NONE and not self._fill():
                    ticks.sleep(1)
            if ticks.left(deadline) <= 0:
                break
            quiet = timeouts.QUIET  # this AT may still be answered, too
        partial = parser.partial()
        if not heard and (partial[:2] == b"AT" if partial else echoed):
            raise ModemGarbled("echo-only")
        if heard or partial:
            raise ModemGarbled("garbage")
        raise ModemSilent("silent")

    def _resync(self):
        """After a result that never came: wait until the line is quiet, then AT until OK."""
        self.resyncs += 1
        self.parser.expect_nothing()
        self._drain(timeouts.QUIET)
        if self.lost:
            return
        try:
            self._hello(self._stale, timeouts.QUIET)
        except ModemError:
            self.restarted()  # or dead: either way nothing of it can be relied on
            raise
        self._stale = 0

    def _drain(self, quiet):
        """Take in what comes until nothing came for `quiet` ms; URCs are handled, the rest is
        dropped."""
        limit = ticks.after(timeouts.BOOT)
        end = ticks.after(quiet)
        while ticks.left(end) > 0 and ticks.left(limit) > 0:
            event = self.parser.next()
            if event == LINE:
                self.urc(self.parser.line)
            elif event == NONE:
                if self._fill():
                    end = ticks.after(quiet)
                else:
                    ticks.sleep(1)

    # -- the UART -------------------------------------------------------------------------------

    def _fill(self):
        """Read what is there; False if nothing was.

        Waiting costs no heap, and each read some 50 bytes of it: what comes without a gap is
        taken together; a single byte may be all that is known of them. The collector may be off
        here, in the middle of a TLS handshake.
        """
        uart = self._uart
        count = uart.any()
        if not count:
            return False
        while 1 < count < _TOGETHER:
            ticks.sleep(1)
            more = uart.any()
            if more == count:
                break
            count = more
        n = uart.readinto(self.parser.free())
        if not n:
            return False
        self.parser.fed(n)
        return True

    def write(self, data):
        """Send `data` (bytes) as it is: in an `on_line`, where a line takes the place of a prompt.
        ModemError when the UART takes nothing."""
        deadline = ticks.after(timeouts.DEFAULT)
        while len(data):
            n = self._uart.write(data)
            if n == len(data):
                return
            if n:
                data = memoryview(data)[n:]
            elif ticks.left(deadline) <= 0:
                raise ModemError("uart-stuck")
            else:
                ticks.sleep(1)
