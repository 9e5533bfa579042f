"""A MicroPython board on a serial port, for programs: mpremote's transport with an end to every
wait, and errors of one line that say what to do."""

from __future__ import annotations

import contextlib
import io
import os
import struct
from collections.abc import Callable, Iterator
from typing import Self

import serial
from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport

_TRIES = 3  # to reach the prompt: a program that is interrupted may have something to close
_QUIET = 10.0  # seconds without a byte from the board, where an answer is due
_CHUNK = 256  # bytes in one command, which the board has to compile
_INTERRUPT = b"\x03"
_SOFT_RESET = b"\x04"


class BoardError(Exception):
    """The board cannot do what was asked. One line: what, where, what to do."""


class BoardLink:
    """The board at `port`: a device, or what pyserial has an URL for, as socket://HOST:PORT.

    On entry whatever runs there is interrupted by Ctrl-C; at the end the board starts anew, by a
    soft reset, so that its application goes on. Raises BoardError.
    """

    def __init__(self, port: str) -> None:
        self._port = port
        self._transport: SerialTransport | None = None

    def __enter__(self) -> Self:
        try:
            self._transport = SerialTransport(self._port, timeout=_QUIET)
        except (TransportError, OSError, ValueError):
            raise BoardError(f"{self._port}: {_why_not(self._port)}") from None
        if not self._prompt():
            self._transport.close()
            raise BoardError(
                f"{self._port}: what is there does not answer as MicroPython does: check the "
                "port, reset the board and try again"
            )
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(*_FAILURES):
            self._transport.exit_raw_repl()
            self._transport.serial.write(_SOFT_RESET)
            self._transport.read_until(1, b"soft reboot", timeout=5)
        with contextlib.suppress(*_FAILURES):
            self._transport.close()

    def _prompt(self) -> bool:
        for _ in range(_TRIES):
            # It prints what it did not expect.
            with contextlib.suppress(*_FAILURES), contextlib.redirect_stdout(io.StringIO()):
                self._transport.enter_raw_repl(soft_reset=False)
                return True
        return False

    def run(
        self,
        code: str,
        on_line: Callable[[str], None] = lambda line: None,
        timeout: float = 30.0,
    ) -> list[str]:
        """The lines that `code` prints; each also goes to `on_line` as it comes.

        `timeout`: seconds without any output. An exception of the board is a BoardError with its
        last line. Ctrl-C here is a Ctrl-C there.
        """
        lines: list[str] = []
        rest = bytearray()

        def consume(data: bytes) -> None:
            for byte in data.replace(b"\r", b"").replace(b"\x04", b""):
                rest.append(byte)
                if byte == 0x0A:
                    lines.append(rest.decode("utf-8", "replace").rstrip("\n"))
                    rest.clear()
                    on_line(lines[-1])

        with self._failures():
            try:
                _, error = self._transport.exec_raw(code, timeout, consume)
            except KeyboardInterrupt:
                self._transport.serial.write(_INTERRUPT)
                self._transport.follow(timeout)
                raise
        if error:
            last = error.decode("utf-8", "replace").strip().splitlines()[-1]
            raise BoardError(f"{self._port}: the board says {last}")
        return lines

    def send(self, name: str, data: bytes) -> None:
        """Make `data` the value of the variable `name` on the board."""
        self.run(f"{name} = bytearray()")
        for start in range(0, len(data), _CHUNK):
            self.run(f"{name} += {data[start : start + _CHUNK]!r}")

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except _FAILURES:  # whose text may hold what was sent
            raise BoardError(
                f"{self._port}: the board does not answer any more: check the cable, reset the "
                "board and try again"
            ) from None


# The last two: what mpremote makes of an answer that is cut off.
_FAILURES = (TransportError, serial.SerialException, OSError, struct.error, IndexError)


def _why_not(port: str) -> str:
    if "://" in port:
        return "nothing listens there: check the address"
    if not os.path.exists(port):
        return "no such port: is the board plugged in? `mpremote devs` lists the ports"
    if not os.access(port, os.R_OK | os.W_OK):
        return "no right to open it: join the group that owns it, on Debian dialout"
    return "another program has it open: close that first (mpremote, a serial monitor)"
