"""The AT engine. It alone reads and writes the modem's UART.

Commands, their answers and the unsolicited lines (URCs) between them pass through the engine, so
APDUs and socket data may interleave freely. `uart` needs `any()`, `readinto(buf)` and `write(buf)`
like machine.UART, with a time-out of 0.

Rules that the engine keeps:

- it sends a command only after the final result of the previous one. If that result did not come,
  the engine waits for it first (`_stale`), and never credits it to the next command;
- a line belongs to the running command only if it begins with the prefix that the command waits
  for, and its `on_line` may still pass it on (`urc`); everything else is a URC;
- a boot line, or a new echo, means that the modem restarted: the running command fails with
  ModemReset, `generation` changes, and the engine sends nothing until `sync` has been called;
- a modem that sends without end blocks no call.
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
    typed,
)
from .parser import DATA, LINE, NONE, PROMPT, Parser, number

_MAX_COMMAND = const(559)  # characters after AT: all known modems accept as many
_MAX_LINES = const(32)
_MAX_FILLS = const(16)  # reads of one `poll`
_GRACE = const(1_000)  # ms after the time-out in which bytes already received still count
_SOON = const(20)  # ms of quiet after an OK
_PROOFS = const(3)  # questions of `_prove` at most
_COLON = const(0x3A)
_TOGETHER = const(256)  # bytes: up to here one read waits for more while they keep coming

# The states of an exchange, from its command to its final result, and the state or the outcome
# that each event leads to. In an empty cell the state stays.
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
# (1) The answer's line announces no data. (2) The line may be the damaged announcement of data.
# (3) An unknown line equals a final result, or the prefix of the answer, without one of its bytes.
# In every state, data of another length than announced ends in ModemGarbled, a restart of the
# modem in ModemReset, and silence in ModemTimeout.
_RESULT = const(0)  # the engine waits for lines of the answer and the final result
_PROMPT = const(1)  # it waits for the prompt; the payload is not sent yet
_WHOLE = const(2)  # the counted data is complete, or there is none; it waits for the result
_DATA = const(3)  # it waits for counted data, or for a line that announces none
_DAMAGED = const(4)  # it missed the start of the data: a line like a result may be data

# Final result codes of failed commands. One that ends with a colon is a prefix.
FAILURES = (
    b"ERROR",
    b"+CME ERROR:",
    b"+CMS ERROR:",
    b"ABORTED",
    b"SEND FAIL",
)
# Also of a command that makes a call. Elsewhere they tell of the call of somebody who rang.
_OF_CALLS = FAILURES + (b"NO CARRIER", b"BUSY", b"NO ANSWER", b"NO DIALTONE")


def starts(line, prefix):
    """Return whether `line` (memoryview) begins with `prefix` (bytes). A slice would allocate heap
    for each line and each prefix."""
    size = len(prefix)
    if len(line) < size:
        return False
    for i in range(size):  # noqa: SIM110 - a generator would cost heap, too
        if line[i] != prefix[i]:
            return False
    return True


def _is_failure(line, failures):
    """Return whether `line` (memoryview) is one of `failures`."""
    for failure in failures:
        if line == failure or (failure[-1] == _COLON and starts(line, failure)):
            return True
    return False


def quotable(*values):
    """Raise NetworkError if one of `values` (str) cannot be a quoted argument of a command."""
    for value in values:
        typed("host, APN, user, password", value, str)
        if len(value) > 64 or '"' in value or text(value.encode()) != value:
            raise NetworkError("text-not-allowed")


class AT:
    """The engine on one UART.

    `boot_lines`: tuple of lines (bytes) that the modem prints only when it starts. `limits`: the
    time-outs of the vendor's commands, a tuple of (command, ms). `generation` changes with every
    restart of the modem. `lost` is True from then, and at first, until `sync` succeeds.
    `prompted`: the modem sent the prompt of the last command. `said`: the information lines of
    the last `fetch`. The module `counters` lists the counters.
    """

    # These differ between families of modems: the driver sets them on its engine.
    prompt = 0x3E  # the character that asks for a payload
    prompt_pause = 0  # ms between the prompt and the payload
    calls = (b"D",)  # commands that make a call: see `_OF_CALLS`

    def __init__(self, uart, boot_lines=(), limits=()):
        if not hasattr(uart, "readinto"):
            raise TypeError("uart: has readinto()")
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
        self._turn = 0  # of `_prove`
        self.lost = True  # not synchronised with the modem: only `sync` may send

    def on(self, prefix, handler):
        """Call `handler(line)` for URCs that begin with `prefix`; `line` is a memoryview that is
        valid during the call. The handler must not send commands."""
        self.handlers.append((prefix, handler))

    # -- commands -------------------------------------------------------------------------------

    # All three methods send `AT<command>` and wait for its final result, which is `done` on
    # success. Information lines begin with `prefix` (b"": they have none). Without `on_line` they
    # are returned as a list of bytes, without the prefix. Otherwise the engine calls `on_line`
    # with each of them, a memoryview with the prefix; it may call `write`, `due_in`, and `urc` for
    # a line that is not the command's. `timeout` in ms (default: see `timeouts`). They raise
    # CommandError, ModemTimeout, ModemReset; ModemGarbled when bytes were lost; ModemError, before
    # anything is sent, when the command is longer than modems accept.

    def command(self, command, prefix=None, on_line=None, timeout=None, done=b"OK"):
        """Send a command without payload or counted data; return its information lines."""
        self._begin(command)
        return self._exchange(_RESULT, command, prefix, on_line, timeout, done, None)

    def send(self, command, payload, prefix=None, on_line=None, done=b"OK"):
        """Send `payload` (bytes) when the modem sends its prompt; return the information lines."""
        self._begin(command)
        self.parser.expect_prompt(self.prompt)
        return self._exchange(_PROMPT, command, prefix, on_line, None, done, payload)

    def fetch(self, command, prefix, target, mark=b","):
        """Read the counted data of the answer `<prefix><n><mark><n bytes>` into `target`
        (memoryview, not empty); return n, or 0 without data (`mark`: see `Parser.expect_data`).
        Information lines in place of data are in `said`. Raises ModemGarbled also when the modem
        announces more than `target` holds, or sends more or less than announced.
        """
        self._begin(command)
        self.parser.expect_data(prefix, target, mark)
        self.said = self._exchange(_DATA, command, prefix, None, None, b"OK", None)
        return self.parser.count

    def due_in(self, ms):
        """Set the time-out of the running command to `ms` from now: its answer is complete, or
        `write` has sent its payload."""
        self._end = ticks.after(ms)

    def _exchange(self, state, command, prefix, on_line, timeout, done, payload):
        """Wait for the final result of the command just sent; see the table of states."""
        parser = self.parser
        lines = []
        failures = FAILURES
        for call in self.calls:
            if starts(command, call):
                failures = _OF_CALLS
        whole = timeouts.limit_of(command, self.limits)
        limit = timeout or whole
        # The result may come late: the next command waits at least this long for it.
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
            if line == done or _is_failure(line, failures):
                if state == _DAMAGED or (state == _DATA and line == done):
                    # The line may be part of the data, and the result still to come.
                    raise self._lost_bytes(command)
                self._stale = 0
                if state == _PROMPT or line != done:
                    raise command_error(command, bytes(line))
                return lines
            # The echo may follow the start of another line, even a known one, cut by a restart.
            if (
                command
                and line[-len(command) :] == command
                and not starts(line, b"AT")
                and (b"AT" in bytes(line) or not (self._handler(line) or prefix == b""))
            ):
                self._on_echo(line)
            if prefix is None or not starts(line, prefix) or (not prefix and self._handler(line)):
                if state > _PROMPT and not self._handler(line):
                    # One half of the prefix is intact if the announcement lost one byte. Lines
                    # after it are data.
                    half = len(prefix) // 2
                    if starts(line, prefix[:half]) or prefix[half:] in bytes(line):
                        state = _DAMAGED
                if not self.urc(line) and state < _DATA:
                    from .damage import is_damaged

                    if is_damaged(line, failures + (done, on_line and prefix)):
                        if state == _WHOLE:
                            return lines
                        raise self._lost_bytes(command)
                continue
            if state > _PROMPT:  # no data, or its announcement is damaged
                digit = len(line) > len(prefix) and 49 <= line[len(prefix)] <= 57
                state = _DAMAGED if digit else _WHOLE
            if on_line:
                on_line(line)
            elif len(lines) < _MAX_LINES:
                lines.append(bytes(line[len(prefix) :]).strip())

    def poll(self):
        """Read what the modem has sent, and call the handlers of URCs. Never waits."""
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
        """Send `count` CRs after a payload of `count` bytes without an answer. The modem may still
        wait for lost bytes of it, and would take the next command for them. CRs alone are not a
        command."""
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
        """Wait for more bytes; ModemTimeout after the time-out of the running command."""
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
        """Return the function that handles the URC `line`; None for an unknown line."""
        if starts(line, b"AT"):
            return self._on_echo
        if line in self.boot_lines:
            return self.restarted
        for prefix, handler in self.handlers:
            if starts(line, prefix):
                return handler
        return None

    def urc(self, line):
        """Call the handler of the unsolicited `line` (memoryview); False if it has none."""
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
        """Note that the modem restarted: its earlier state no longer holds."""
        if not self.lost:
            self.lost = True
            self.resets += 1
            self.generation += 1

    # -- synchronisation ------------------------------------------------------------------------

    def sync(self, timeout=timeouts.BOOT):
        """Find the modem: send AT until it answers OK, then switch its echo off. `timeout` in ms.

        Raises ModemSilent when the modem sent nothing, ModemGarbled when it sent no valid answer.
        """
        self.lost = True
        self._echo_off = False
        self.parser.reset()
        self._hello(timeout, _SOON)
        self.write(b"ATE0\r")
        self._answered(None)
        self._prove()
        # Some modems echo regardless: then an echo is no sign of a restart.
        before = self.echoes
        self._prove()
        self.lost = False
        self._stale = 0
        self._echo_off = self.echoes == before

    def _prove(self):
        """Ask what nothing else asks, and wait for the answer: modems answer in order, so nothing
        asked before is still to be answered then, however slow the modem is.

        The value that the question sets changes each time: the answer of an earlier question is
        not this one's. A modem that refuses the question is in step once it was quiet.
        """
        for _ in range(_PROOFS):
            self._turn = (self._turn + 1) % 3
            self.write(b"AT+CMEE=%d;+CMEE?;+CMEE=1\r" % self._turn)
            generation = self.generation
            heard = self._answered(self._turn)
            if heard is None or generation != self.generation:
                return
        if not heard:
            raise ModemTimeout("no-answer", "AT+CMEE")

    def _answered(self, proof):
        """Wait for OK, and before it for `+CMEE: <proof>`, if there is one: None. Else whether
        anything came, when nothing comes any more, or the modem restarts."""
        parser = self.parser
        heard = False
        generation = self.generation
        limit = ticks.after(timeouts.PROOF)
        end = ticks.after(timeouts.DEFAULT)
        while ticks.left(end) > 0 and ticks.left(limit) > 0 and generation == self.generation:
            event = parser.next()
            if event == LINE:
                heard = True
                line = parser.line
                end = ticks.after(timeouts.DEFAULT)
                if line == b"OK":
                    if proof is None:
                        return None
                elif starts(line, b"+CMEE:") and number(line) == proof:
                    proof = None
                elif _is_failure(line, FAILURES):
                    end = ticks.after(timeouts.QUIET)
                else:
                    self.urc(line)
            elif event == NONE and not self._fill():
                ticks.sleep(1)
        return heard

    def _hello(self, timeout, quiet):
        """Send AT until OK, then wait until the line has been quiet for `quiet` ms."""
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
            quiet = timeouts.QUIET  # the modem may still answer this AT, too
        partial = parser.partial()
        if not heard and (partial[:2] == b"AT" if partial else echoed):
            raise ModemGarbled("echo-only")
        if heard or partial:
            raise ModemGarbled("garbage")
        raise ModemSilent("silent")

    def _resync(self):
        """Recover from a missing result: wait until the line is quiet, then send AT until OK."""
        self.resyncs += 1
        self.parser.expect_nothing()
        self._drain(timeouts.QUIET)
        if self.lost:
            return
        try:
            self._hello(self._stale, timeouts.QUIET)
            if not self.lost:
                self._prove()
        except ModemError:
            self.restarted()  # or it is off: in both cases its state is unknown
            raise
        self._stale = 0

    def _drain(self, quiet):
        """Read until the modem has sent nothing for `quiet` ms; handle URCs, drop other lines."""
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
        """Read the bytes that have arrived; False if there are none.

        Waiting allocates no heap, but each read about 50 bytes, and garbage collection may be off
        here during a TLS handshake. So bytes that arrive without a gap are read together, unless
        `any()` returns 1: some ports return that for any number of bytes.
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
