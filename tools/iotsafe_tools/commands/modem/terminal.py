"""A terminal to a modem: sends typed lines to it, and shows its output at once.

The user's terminal edits the lines, and passes them on when they are complete.
"""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from .dialogue import NAP, QUIET, LineSplitter, read, send, shown

END = b"\x1d"  # Ctrl-]
TEXT_END = b"\x1a"  # Ctrl-Z ends the text of an SMS
_CHUNK = 4096


class Screen:
    """Shows the modem's output line by line; shows an unfinished line, such as a prompt, as far as
    it goes."""

    def __init__(self, out: Any) -> None:
        self._out = out
        self._lines = LineSplitter()
        self._open = 0  # characters of the unfinished line that are already shown
        self._heard = 0.0
        self._echo = b""

    def typed(self, line: bytes) -> None:
        """Note that `line` was sent: the screen has it already, so the modem's echo is skipped."""
        self._echo = line
        self._lines.rest = self._lines.rest[self._open :]
        self._open = 0

    def feed(self, data: bytes) -> None:
        """Take bytes from the modem; b"" if none came."""
        now = time.monotonic()
        if data:
            self._heard = now
        for line in self._lines.feed(data):
            echo, self._echo = self._echo, b""
            if line == echo and not self._open:
                continue
            if line[self._open :] or self._open:
                self._print(shown(line[self._open :]) + "\n")
            self._open = 0
        rest = self._lines.rest
        if len(rest) > self._open and now - self._heard > QUIET:
            self._print(shown(rest[self._open :]))
            self._open = len(rest)

    def close(self) -> None:
        """End the unfinished line."""
        self._print(shown(self._lines.rest[self._open :]))
        if self._lines.rest:
            self._print("\n")

    def _print(self, text: str) -> None:
        if text:
            self._out.write(text)
            self._out.flush()


def run(uart: Any) -> None:
    """Run until the user types Ctrl-D or Ctrl-]. Raises PortError."""
    keys: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    screen = Screen(sys.stdout)
    fd = sys.stdin.fileno()
    with _line_ends(fd):
        # By the descriptor: a thread that waits in a file object would block the exit.
        threading.Thread(target=_type, args=(fd, keys), daemon=True).start()
        while True:
            data = read(uart)
            screen.feed(data)
            try:
                typed = keys.get(timeout=0 if data else NAP)
            except queue.Empty:
                continue
            if not typed or END in typed:
                screen.close()
                return
            line = typed.rstrip(b"\r\n")
            screen.typed(line)
            send(uart, line if line.endswith(TEXT_END) else line + b"\r")


def _type(fd: int, keys: queue.SimpleQueue[bytes]) -> None:
    while True:
        try:
            typed = os.read(fd, _CHUNK)
        except OSError:
            typed = b""
        keys.put(typed)
        if not typed:
            return


@contextlib.contextmanager
def _line_ends(fd: int) -> Iterator[None]:
    """Let Ctrl-] and Ctrl-Z also end a line; without a POSIX terminal, Ctrl-C ends the program."""
    try:
        import termios
    except ImportError:
        yield
        return
    before = termios.tcgetattr(fd)
    ours = termios.tcgetattr(fd)
    characters = ours[6]
    characters[termios.VEOL] = END
    characters[termios.VEOL2] = TEXT_END
    characters[termios.VSUSP] = bytes([os.fpathconf(fd, "PC_VDISABLE")])
    termios.tcsetattr(fd, termios.TCSANOW, ours)
    try:
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSANOW, before)
