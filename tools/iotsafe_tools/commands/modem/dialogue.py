"""Unchanged command lines to a modem, and its output in readable form.

This module interprets only the end of an answer. A modem's output is untrusted: the module shows
bytes that would steer a terminal as `\\xNN`, and cuts lines at LONGEST.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from cellular import timeouts
from cellular.at import FAILURES
from iotsafe_tools.console.errors import PortError

LONGEST = 8_192
QUIET = 0.2
"""Seconds without a byte after which an unfinished line counts as a prompt, or as complete."""
NAP = 0.01
_STUCK = 5.0  # seconds for which the line may take no byte
_GRACE = 1.0  # seconds after the time-out for a modem that still sends
_MOST = 256  # most reads in a row

_DONE = re.compile(
    rb"OK|CONNECT( .*)?|NORMAL POWER DOWN|DATA ACCEPT: ?\d.*|(\d+, ?)?(SEND|SHUT|CLOSE) OK"
)
_PROMPTS = (b">", b"> ", b"@")


def shown(line: bytes) -> str:
    """Return `line` for a terminal: printable ASCII unchanged, other bytes as `\\xNN`."""
    return "".join(chr(c) if 32 <= c < 127 else f"\\x{c:02x}" for c in line)


def failed(line: bytes) -> bool:
    """Return whether `line` ends an answer with an error."""
    return any(
        line == code or (code.endswith(b":") and line.startswith(code)) for code in FAILURES
    )


def final(line: bytes) -> bool:
    """Return whether `line` ends an answer."""
    return bool(_DONE.fullmatch(line)) or failed(line)


class LineSplitter:
    """Splits bytes into lines at CR or LF and drops empty ones. `rest`: the unfinished line."""

    def __init__(self) -> None:
        self.rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that `data` ends; a line that is too long comes in pieces."""
        *whole, self.rest = re.split(rb"[\r\n]", self.rest + data)
        pieces: list[bytes] = []
        for line in whole:
            pieces += [line[i : i + LONGEST] for i in range(0, len(line), LONGEST)]
        while len(self.rest) >= LONGEST:
            pieces.append(self.rest[:LONGEST])
            self.rest = self.rest[LONGEST:]
        return pieces


def read(uart: Any) -> bytes:
    """Read all bytes there; some ports give one byte a read."""
    data = b""
    for _ in range(_MOST):
        more = uart.read()
        if not more:
            break
        data += more
    return data


def send(uart: Any, data: bytes) -> None:
    """Send all of `data`. Raises PortError."""
    begun = time.monotonic()
    while data:
        count = uart.write(data) or 0
        data = data[count:]
        if not count:
            if time.monotonic() - begun > _STUCK:
                raise PortError("the port takes no bytes", "is flow control on?")
            time.sleep(NAP)


class Script:
    """Runs one command after the other, each up to the end of its answer.

    `say(text)`: called with each line that the modem prints. `patience`: seconds for an answer;
    None: the board's limit for the command. `limits`: of a vendor's commands, see
    `cellular.timeouts.limit_of`.
    """

    def __init__(
        self,
        uart: Any,
        say: Callable[[str], object],
        patience: float | None = None,
        limits: tuple[tuple[bytes, int], ...] = (),
    ) -> None:
        self._uart = uart
        self._say = say
        self._patience = patience
        self._limits = limits
        self._lines = LineSplitter()
        self._prompted = False
        self._echo = b""
        self._limit = 0.0  # seconds; a payload has its command's limit

    def run(self, command: bytes) -> bool:
        """Send `command`, or after a prompt that payload; return False if the modem refused it.

        Raises PortError if the answer does not come.
        """
        self.listen(0)
        if not self._prompted:
            self._limit = self._patience or _usual(command, self._limits)
        end = b"" if self._prompted else b"\r"
        self._prompted = False
        self._echo = command
        send(self._uart, command + end)
        heard = time.monotonic()
        deadline = heard + self._limit
        while True:
            data = read(self._uart)
            now = time.monotonic()
            if data:
                heard = now
            for line in self._take(data):
                if final(line):
                    return not failed(line)
            if self._lines.rest in _PROMPTS and now - heard > QUIET:
                self._say(shown(self._lines.rest))
                self._lines.rest = b""
                self._prompted = True
                return True
            if now > deadline + (_GRACE if data else 0):
                self._flush()
                name = shown(re.split(rb"[=?]", command)[0])
                raise PortError(
                    f"{name}: no answer within {self._limit:g} s",
                    "give it more time with --timeout",
                )
            if not data:
                time.sleep(NAP)

    def listen(self, seconds: float) -> None:
        """Print the modem's unsolicited lines for `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            data = read(self._uart)
            self._take(data)
            if time.monotonic() >= deadline + (_GRACE if data else 0):
                return
            if not data:
                time.sleep(NAP)

    def close(self) -> None:
        """Print the rest."""
        self.listen(0)
        self._flush()

    def _take(self, data: bytes) -> list[bytes]:
        """Print and return the new lines; do not print an echo."""
        lines = []
        for line in self._lines.feed(data):
            echo, self._echo = self._echo, b""
            if line and line != echo:
                lines.append(line)
                self._say(shown(line))
        return lines

    def _flush(self) -> None:
        if self._lines.rest:
            self._say(shown(self._lines.rest))
            self._lines.rest = b""


def _usual(command: bytes, limits: tuple[tuple[bytes, int], ...]) -> float:
    """Return the board's limit for `command`, in seconds."""
    named = command[2:].upper() if command[:2].upper() == b"AT" else b"+"
    return timeouts.limit_of(named, limits) / 1000
