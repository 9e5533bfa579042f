"""The AT interpreter: takes bytes from the host, runs commands, prints bytes to the host.

Theory of operation. `_rx` queues the input. While no command runs, the interpreter takes lines
from it: it echoes, edits, and at CR (of some modems also at LF) parses the line into commands,
which run one after the other.
A command that takes time is a generator: `_running` holds it, and `_wait` what it waits for (a
time, a condition, or raw bytes). Until it ends, the queue stands still, as on the real module.
`_urcs` holds URCs until no line is half typed and no raw data is expected: between commands, or
between a command and its reply.

Every byte counts once when it crosses the UART: first as "control", and under the purpose of its
command when the line is complete. The owner (`core.Modem`) provides time, command table, settings
and faults.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from dataclasses import dataclass

from .errors import NUMERIC_RESULT, ATError, RequestError, error_text
from .parser import Args, Command, parse_line
from .redact import redact_answer, redact_line
from .table import BARE, SILENT, Data, Until

RX_LIMIT = 8192
"""Most bytes of input that wait while a command runs; more are lost, as on a UART without flow
control."""
TX_LIMIT = 65536
"""Most bytes of output that wait for the host; more are lost."""
URC_LIMIT = 256
"""Most URCs that wait for their turn; older ones are lost."""
LINE_HOLD = 1.0
"""Seconds a half typed line holds back URCs."""


def _first(data: bytes | bytearray, wanted: bytes) -> int:
    """Return the index of the first byte of `data` that is one of `wanted`, -1 without one."""
    found = (data.find(byte) for byte in wanted)
    return min((at for at in found if at >= 0), default=-1)


@dataclass
class _Wait:
    """What `_running` waits for: `due` on the clock, or `test`, or `data` (raw bytes)."""

    due: float
    test: Until | None = None
    data: Data | None = None


class Interpreter:
    """See the module text. `owner` is the modem; `reset()` sets the state after a boot."""

    def __init__(self, owner) -> None:
        self.owner = owner
        self._rx = bytearray()
        self._tx = bytearray()
        self.epoch = 0
        self._running: Generator | None = None
        self._urcs: deque[str] = deque(maxlen=URC_LIMIT)
        self.reset()

    def reset(self) -> None:
        """Forget everything that a reset loses; bytes already printed stay."""
        running, self._running = self._running, None
        self.epoch += 1
        self._rx.clear()
        self._urcs.clear()
        self._line = bytearray()
        self._line_bytes = self._line_echo = self._overflow = 0
        self._line_since = 0.0
        self._purpose = "control"
        self._queue: deque[Command] = deque()
        self._name = ""
        self._wait: _Wait | None = None
        self._payload = bytearray()
        self._text = ""
        self._lines: list[str] = []
        self._began = 0.0
        self._took_line = False
        self._ended_by_cr = True
        if running is not None and not running.gi_running:
            running.close()

    # -- the UART side ---------------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        """Take bytes from the host."""
        room = RX_LIMIT - len(self._rx)
        self.owner.count("uart_up.control", len(data))
        if len(data) > room:
            self.owner.count("uart_lost", len(data) - room)
        self._rx += data[:room]
        self.run()

    def take(self, limit: int | None = None) -> bytes:
        """Remove and return at most `limit` bytes for the host (all of them without a limit)."""
        data = bytes(self._tx if limit is None else self._tx[:limit])
        del self._tx[: len(data)]
        return data

    @property
    def waiting(self) -> int:
        """Return how many bytes `take` would return."""
        return len(self._tx)

    def urc(self, text: str) -> None:
        """Print an unsolicited line as soon as possible."""
        self._urcs.append(text)
        self._print_urcs()

    @property
    def line_feed(self) -> bool:
        """Whether the next byte of the input is the LF after the command line's CR."""
        return self._took_line and self._ended_by_cr and self._rx.startswith(b"\n")

    def next_due(self) -> float | None:
        """Return the time at which `run` has work without new input."""
        dues = [self._wait.due] if self._wait else []
        if self._urcs and self._line:
            dues.append(self._line_since + LINE_HOLD)
        return min(dues, default=None)

    def run(self) -> None:
        """Continue as far as input, time and conditions allow."""
        while True:
            if self._running is not None:
                if not self._continue():
                    break
            elif self._queue:
                self._start(self._queue.popleft())
            elif self._rx:
                self._take_input()
            else:
                break
        self._print_urcs()

    # -- output ----------------------------------------------------------------------------------

    def emit(self, data: bytes, purpose: str) -> int:
        """Send bytes to the host and count them under `purpose`; return how many fitted."""
        data = self.owner.faults.output(data)
        room = TX_LIMIT - len(self._tx)
        if len(data) > room:
            self.owner.count("uart_lost", len(data) - room)
            data = data[:room]
        self._tx += data
        self.owner.count(f"uart_down.{purpose}", len(data))
        return len(data)

    def info(self, *lines: str, data: bytes | None = None) -> None:
        """Print information lines in one block; raw `data` follows the last line immediately."""
        head = "\r\n" if self.owner.verbose else ""
        text = (head + "\r\n".join(lines)).encode("latin-1", "replace")
        self.emit(text + (data or b"") + b"\r\n", self._purpose)
        shown = list(lines)
        if data is not None:
            shown[-1] += f"<{len(data)} bytes>"
        self._lines += shown

    def _final(self, text: str) -> None:
        owner = self.owner
        if not owner.quiet:
            if owner.verbose:
                self.emit(f"\r\n{text}\r\n".encode(), self._purpose)
            else:
                self.emit(NUMERIC_RESULT.get(text, "4").encode() + b"\r", self._purpose)
        self._done(text)

    def _done(self, result: str) -> None:
        """Finish the whole line."""
        self._queue.clear()
        self.owner.event(
            "at",
            line=redact_line(self._text),
            info=[redact_answer(text) for text in self._lines],
            result=result,
            seconds=round(self.owner.now - self._began, 6),
            purpose=self._purpose,
        )
        self._lines = []
        self._took_line = True

    def _print_urcs(self) -> None:
        if not self._urcs or (self._wait and self._wait.data):
            return
        if self._line and self.owner.now < self._line_since + LINE_HOLD:
            return
        while self._urcs:
            text = self._urcs.popleft()
            self.emit(f"\r\n{text}\r\n".encode("latin-1", "replace"), self.owner.purpose(text))

    def push(self, head: str, data: bytes) -> bool:
        """Print an unsolicited line with raw bytes after it, if possible now; return whether."""
        text = f"\r\n{head}\r\n".encode() + data + b"\r\n"
        return self.push_raw(text, self.owner.purpose(head))

    def push_raw(self, text: bytes, purpose: str) -> bool:
        """Print bytes as they are, if possible now; return whether."""
        self._print_urcs()
        if self._urcs or self._line or (self._wait and self._wait.data):
            return False
        self.emit(text, purpose)
        return True

    # -- input -----------------------------------------------------------------------------------

    def _take_input(self) -> None:
        """Move bytes up to and including the next end of a line from the queue into the line."""
        cut = self._line_end() + 1
        chunk = bytes(self._rx[: cut or len(self._rx)])
        del self._rx[: len(chunk)]
        if self._took_line and chunk.startswith(b"\n"):
            self._recount("uart_up", self._purpose, 1)
            chunk = chunk[1:]
        self._took_line = False
        if not chunk:
            return
        if not self._line_bytes:
            self._line_since = self.owner.now
        if cut:
            self._ended_by_cr = chunk.endswith(b"\r")
            chunk = chunk[:-1] + b"\r"
        typed = chunk.replace(b"\n", b"")
        self._line_bytes += len(chunk)
        if self.owner.echo:
            self._line_echo += self.emit(self.owner.noise(typed), "control")
        self._edit(typed.rstrip(b"\r") if cut else typed)
        if cut:
            self._complete()

    def _line_end(self) -> int:
        """Return the index of the byte that ends a line in the queue, -1 if there is none."""
        if self._took_line and self._rx.startswith(b"\n"):
            return 0
        return _first(self._rx, self.owner.personality.line_ends)

    def _edit(self, typed: bytes) -> None:
        """Append to the line; backspace and delete remove a character. Drop the rest of an
        overlong line."""
        limit = self.owner.personality.line_limit + 64
        if b"\x08" in typed or b"\x7f" in typed:
            for byte in typed:
                if byte in b"\x08\x7f":
                    del self._line[-1:]
                elif len(self._line) < limit:
                    self._line.append(byte)
                else:
                    self._overflow += 1
        else:
            room = limit - len(self._line)
            self._overflow += max(0, len(typed) - room)
            self._line += typed[:room]

    def _complete(self) -> None:
        """At the end of a line, find AT, parse the line, start the first command."""
        owner = self.owner
        line = self._line.decode("latin-1")
        size, echoed, overflow = self._line_bytes, self._line_echo, self._overflow
        self._line.clear()
        self._line_bytes = self._line_echo = self._overflow = 0
        self._purpose = "control"
        start = line.upper().find("AT")
        self._took_line = True
        if start < 0 or not owner.synchronised():
            return
        self._text, self._lines, self._began = line[start:].strip(), [], owner.now
        body = line[start + 2 :]
        owner.count("at_commands")
        try:
            if overflow or len(body) > owner.personality.line_limit:
                raise ATError("the line is too long")
            commands = parse_line(body.strip(), owner.personality.commands_limit)
        except ATError as error:
            self._fail(error)
            return
        if commands:
            self._purpose = owner.purpose(commands[0].name)
            self._recount("uart_up", self._purpose, size)
            self._recount("uart_down", self._purpose, echoed)
        self._queue.extend(commands)
        if not commands:
            self._final("OK")

    def _recount(self, direction: str, purpose: str, size: int) -> None:
        """Move bytes counted as control to `purpose`."""
        self.owner.count(f"{direction}.control", -size)
        self.owner.count(f"{direction}.{purpose}", size)

    # -- commands --------------------------------------------------------------------------------

    def _start(self, command: Command) -> None:
        self._purpose = self.owner.purpose(command.name)
        self._name = command.name
        epoch = self.epoch
        try:
            result = self.owner.execute(command, Args(command.args))
        except Exception as error:
            if epoch == self.epoch:
                self._fail(error)
            return
        if epoch != self.epoch:  # the command switched the module off or reset it
            return
        if isinstance(result, Generator):
            self._running = result
            self._advance(None)
        else:
            self._finish(result)

    def _continue(self) -> bool:
        """Resume the running command if its wait is over; return False if it still waits."""
        wait, now = self._wait, self.owner.now
        if wait is None:
            return False
        if wait.data is not None:
            need = wait.data.length - len(self._payload)
            chunk = bytes(self._rx[:need])
            end = _first(chunk, wait.data.ends) + 1
            if end:
                chunk = chunk[:end]
            del self._rx[: len(chunk)]
            self._payload += chunk
            self._recount("uart_up", self._purpose, len(chunk))
            if end or len(self._payload) == wait.data.length:
                self._advance(bytes(self._payload))
            elif now >= wait.due:
                self._advance(None)
            else:
                return False
        elif wait.test is not None:
            met = wait.test.test()
            if not met and now < wait.due:
                return False
            self._advance(met)
        elif now >= wait.due:
            self._advance(None)
        else:
            return False
        return True

    def _advance(self, value) -> None:
        running = self._running
        self._wait = None
        try:
            wanted = running.send(value)
        except StopIteration as stop:
            if self._running is running:
                self._running = None
                self._finish(stop.value)
            return
        except Exception as error:
            if self._running is running:
                self._running = None
                self._fail(error)
            return
        if self._running is running:
            self._wait = self._prepare(wanted)

    def _prepare(self, wanted) -> _Wait:
        now = self.owner.now
        if isinstance(wanted, Until):
            return _Wait(now + wanted.seconds, test=wanted)
        if isinstance(wanted, Data):
            self._payload.clear()
            if wanted.skip_lf and self.line_feed:
                del self._rx[:1]
                self._recount("uart_up", self._purpose, 1)
            self._took_line = False
            self.emit(wanted.prompt, self._purpose)
            return _Wait(now + wanted.seconds, data=wanted)
        return _Wait(now + wanted)

    def _finish(self, result) -> None:
        """End the current command: start the line's next one, or print the final result."""
        epoch = self.epoch
        self.owner.occur(f"done:{self._name}")
        if epoch != self.epoch:
            return
        if result is SILENT or (result is BARE and not self._queue):
            self._done("")
        elif result not in (None, BARE):
            self._final(result)
        elif not self._queue:
            self._final("OK")

    def _fail(self, error: Exception) -> None:
        owner = self.owner
        if isinstance(error, RequestError):
            code = owner.personality.codes.get(error.reason)
        elif isinstance(error, ATError):
            code = error.code
        else:
            owner.failed(error, redact_line(self._text))
            code = None
        self._final(error_text(code, owner.values["+CMEE"][0], getattr(error, "kind", "CME")))
