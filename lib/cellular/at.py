"""The AT engine: one UART, one owner. Nobody else reads or writes it.

A command, its answer and any unsolicited line (URC) in between pass through here, so that APDUs
and socket data may interleave freely. `uart` needs `readinto(buf)` and `write(buf)` in the shape
of machine.UART, with a time-out of 0.

Rules that the engine keeps:

- a new command is sent only after the final result of the one before; a result that comes after
  its time-out is drained and never credited to the next command (`_stale`);
- a line belongs to the running command only if it begins with the prefix that the command waits
  for, and the caller's `on_line` may still decline it; everything else is a URC;
- a boot line, or the echo coming back, means that the modem restarted: the running command fails
  with ModemReset, `generation` changes, and nothing is sent until `sync` has been called.
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
    command_error,
    command_name,
)
from .parser import LINE, NONE, PROMPT, Parser

_MAX_LINES = const(32)

_ERRORS = (b"ERROR", b"+CME ERROR:", b"+CMS ERROR:", b"NO CARRIER", b"ABORTED")


def starts(line, prefix):
    """Does `line` (memoryview) begin with `prefix` (bytes)?"""
    return line[: len(prefix)] == prefix


class AT:
    """The engine on one UART.

    `boot_lines`: tuple of lines (bytes) that the modem prints only when it starts.
    Counters: `commands`, `urcs`, `unknown` (lines nobody wanted), `timeouts`, `resets`;
    `parser.overruns`. `generation` changes with every restart of the modem.
    """

    def __init__(self, uart, boot_lines=()):
        self._uart = uart
        self.parser = Parser()
        self.boot_lines = boot_lines
        self.generation = 0
        self.commands = self.urcs = self.unknown = self.timeouts = self.resets = 0
        self._handlers = []  # (prefix, handler) for URCs
        self._echo_off = False  # ATE0 was accepted: an echo from now on means a restart
        self._echoed = False  # an echo was seen
        self._stale = False  # a result may still come for a command that timed out
        self._lost = True  # not synchronised with the modem: only `sync` may send
        self._final = None  # final result line of the running command

    def on(self, prefix, handler):
        """Call `handler(line)` for URCs that begin with `prefix`; `line` is a memoryview that is
        valid during the call. The handler must not send commands."""
        self._handlers.append((prefix, handler))

    # -- commands -------------------------------------------------------------------------------

    def command(self, command, prefix=None, on_line=None, timeout=None):
        """Send `AT<command>` and wait for its final result.

        `prefix`: what the information lines begin with (b"" for bare ones). They are returned as
        a list of bytes without the prefix, or given one by one, with the prefix, to `on_line`,
        which returns False for a line that is not the command's. `timeout` in ms (default: the
        table). Raises CommandError, ModemTimeout, ModemReset.
        """
        self._begin(command)
        return self._finish(command, prefix, on_line, timeout)

    def send(self, command, payload, timeout=None):
        """`AT<command>`, the prompt, then `payload` as it is, and the final result."""
        self._begin(command)
        self.parser.expect_prompt(True)
        deadline = ticks.after(timeout or timeouts.of(command))
        while True:
            event = self._event(command, deadline)
            if event == PROMPT:
                break
            if event == LINE:
                if self._is_final(self.parser.line):
                    raise self._refused(command)
                self._urc(self.parser.line)
        self._write(payload)
        self._finish(command, None, None, timeout)

    def receive(self, command, prefix, target):
        """Like `command`, for an answer with counted data: `<prefix><n>,<n bytes>`.

        The bytes are put at the start of `target` (memoryview). Returns n, 0 if there are none.
        """
        self._begin(command)
        self.parser.expect_data(prefix, target)
        self.parser.count = 0
        deadline = ticks.after(timeouts.of(command))
        while True:
            event = self._event(command, deadline)
            if event == LINE and self._is_final(self.parser.line):
                self._check(command)
                return self.parser.count
            if event == LINE and not starts(self.parser.line, prefix):
                self._urc(self.parser.line)

    def poll(self):
        """Take in what the modem sent; handlers of URCs run here. Never waits."""
        while True:
            event = self.parser.next()
            if event == LINE:
                self._urc(self.parser.line)
            elif event == NONE and not self._fill():
                return

    def _begin(self, command):
        if self._lost:
            raise ModemReset("the modem restarted: it has to be set up again")
        if self._stale:
            self._resync()
        self.parser.expect_nothing()
        self.poll()
        if self._lost:
            raise ModemReset("the modem restarted by itself")
        self.commands += 1
        self._final = None
        self._write(b"AT" + command + b"\r")

    def _finish(self, command, prefix, on_line, timeout):
        lines = []
        deadline = ticks.after(timeout or timeouts.of(command))
        while True:
            if self._event(command, deadline) != LINE:
                continue
            line = self.parser.line
            if self._is_final(line):
                self._check(command)
                return lines
            if prefix is None or not starts(line, prefix) or (not prefix and self._known(line)):
                self._urc(line)
            elif on_line:
                if on_line(line) is False:
                    self._urc(line)
            elif len(lines) < _MAX_LINES:
                lines.append(bytes(line[len(prefix) :]).strip())

    def _event(self, command, deadline):
        """The next event of the running command; ModemTimeout, ModemReset."""
        while True:
            event = self.parser.next()
            if event != NONE:
                if self._lost:
                    break
                return event
            if not self._fill():
                if ticks.left(deadline) <= 0:
                    self.timeouts += 1
                    self._stale = True
                    self.parser.expect_nothing()
                    raise ModemTimeout(
                        "AT%s: no answer from the modem in time" % command_name(command)
                    )
                ticks.sleep(1)
            if self._lost:
                break
        raise ModemReset("the modem restarted during AT%s" % command_name(command))

    def _is_final(self, line):
        """Final result codes; an echo of the command is swallowed here as well."""
        if line == b"OK":
            self._final = b"OK"
            return True
        for prefix in _ERRORS:
            if starts(line, prefix):
                self._final = bytes(line)
                return True
        return False

    def _check(self, command):
        if self._final != b"OK":
            raise self._refused(command)

    def _refused(self, command):
        self.parser.expect_nothing()
        return command_error(command, self._final)

    # -- unsolicited lines ----------------------------------------------------------------------

    def _known(self, line):
        """Is it a URC that somebody handles, a boot line, or an echo?"""
        for prefix, _ in self._handlers:
            if starts(line, prefix):
                return True
        return starts(line, b"AT") or any(line == boot for boot in self.boot_lines)

    def _urc(self, line):
        if starts(line, b"AT"):
            self._echoed = True
            if self._echo_off:
                self._restarted()
            return
        for boot in self.boot_lines:
            if line == boot:
                self._restarted()
                return
        for prefix, handler in self._handlers:
            if starts(line, prefix):
                self.urcs += 1
                handler(line)
                return
        self.unknown += 1

    def _restarted(self):
        if not self._lost:
            self._lost = True
            self.resets += 1
            self.generation += 1

    # -- synchronisation ------------------------------------------------------------------------

    def sync(self, timeout=timeouts.BOOT):
        """Find the modem: AT until OK, then echo off. `timeout` in ms.

        Raises ModemSilent when nothing came, ModemGarbled when what came was no answer.
        """
        self._lost = True
        self._echo_off = False
        self._stale = False
        self.parser.reset()
        self._hello(timeout)
        self._lost = False
        self.command(b"E0")
        # Some modems echo whatever one says; an echo then means nothing.
        self._echoed = False
        self.command(b"")
        self._echo_off = not self._echoed

    def lost(self):
        """True when the modem restarted, until `sync` succeeds."""
        return self._lost

    def _hello(self, timeout):
        """AT until OK."""
        deadline = ticks.after(timeout)
        echoed = heard = 0
        while True:
            self._write(b"AT\r")
            wait = ticks.after(min(timeouts.of(b""), timeout))
            while ticks.left(wait) > 0:
                event = self.parser.next()
                if event == LINE:
                    line = self.parser.line
                    if line == b"OK":
                        self._drain()
                        return
                    if starts(line, b"AT"):
                        echoed += 1
                    else:
                        heard += 1
                elif event == NONE and not self._fill():
                    ticks.sleep(1)
            if ticks.left(deadline) <= 0:
                break
        pending = self.parser.pending()
        echo_only = self.parser.partial()[:2] == b"AT" if pending else echoed
        if echo_only and not heard:
            raise ModemGarbled(
                "the modem only echoes what is sent: TX and RX are shorted, or it hangs; "
                "cycle its power"
            )
        if heard or pending:
            raise ModemGarbled("the modem sends garbage: wrong baud rate, or a bad line")
        raise ModemSilent("the modem answers nothing: check its power, the power key, TX and RX")

    def _resync(self):
        """After a time-out: wait until the line is quiet, then AT until OK."""
        self.parser.expect_nothing()
        self._drain()
        if self._lost:
            return
        try:
            self._hello(3 * timeouts.of(b""))
        except ModemError:
            self._restarted()  # or dead: either way nothing of it can be relied on
            raise
        self._stale = False

    def _drain(self):
        """Take in what comes until the line is quiet; URCs are handled, the rest is dropped."""
        limit = ticks.after(timeouts.BOOT)
        quiet = ticks.after(timeouts.QUIET if self._stale else 20)
        while ticks.left(quiet) > 0 and ticks.left(limit) > 0:
            event = self.parser.next()
            if event == LINE:
                if not self._is_final(self.parser.line):
                    self._urc(self.parser.line)
            elif event == NONE:
                if self._fill():
                    quiet = ticks.after(timeouts.QUIET if self._stale else 20)
                else:
                    ticks.sleep(1)

    # -- the UART -------------------------------------------------------------------------------

    def _fill(self):
        """Read what is there; False if nothing was."""
        n = self._uart.readinto(self.parser.free())
        if not n:
            return False
        self.parser.fed(n)
        return True

    def _write(self, data):
        view = memoryview(data)
        sent = 0
        deadline = ticks.after(timeouts.DEFAULT)
        while sent < len(view):
            n = self._uart.write(view[sent:] if sent else data)
            if n:
                sent += n
            elif ticks.left(deadline) <= 0:
                raise ModemError("the UART takes no bytes: is flow control on?")
            else:
                ticks.sleep(1)
