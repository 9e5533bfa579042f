"""A MicroPython board on a serial port, for programs: mpremote's transport with a limit for every
wait, and errors of one line with advice."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import time
from collections.abc import Callable, Iterator
from typing import Self

import serial
from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport
from serial.tools.list_ports import comports

_TRIES = 3  # to reach the prompt: an interrupted program may take time to close
_QUIET = 10.0  # seconds without a byte from the board while an answer is due
_CHUNK = 256  # bytes in one command, which the board must compile
_ANSWER = 0.5  # seconds for a modem to answer AT
_OK = b"\r\nOK\r\n"
_INTERRUPT = b"\x03"
_SOFT_RESET = b"\x04"


class BoardError(Exception):
    """The board failed. The message is one line: what, where, what to do."""


class BoardLink:
    """The board at `port`: a device, or a URL of pyserial, such as socket://HOST:PORT.

    On entry it interrupts the board's program with Ctrl-C; on exit a soft reset restarts the board
    and its application. Raises BoardError.
    """

    def __init__(self, port: str) -> None:
        self._port = port
        self._transport: SerialTransport | None = None

    def __enter__(self) -> Self:
        try:
            self._transport = SerialTransport(self._port, timeout=_QUIET)
        except (TransportError, OSError, ValueError):
            raise BoardError(f"{self._port}: {_open_problem(self._port)}") from None
        if not self._prompt():
            self._transport.close()
            raise BoardError(
                f"{self._port}: the device does not answer like MicroPython: check the port, "
                "reset the board and try again"
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
            if self._modem_answers():
                self._transport.close()
                raise BoardError(
                    f"{self._port}: this is a modem, not a board: give the board's port, or see "
                    f"`iotsafe modem info --port {self._port}`"
                )
            # mpremote prints unexpected bytes.
            with contextlib.suppress(*_FAILURES), contextlib.redirect_stdout(io.StringIO()):
                self._transport.enter_raw_repl(soft_reset=False)
                return True
        return False

    def _modem_answers(self) -> bool:
        """Return whether AT is answered with OK; a board takes it for an unknown name."""
        answer = b""
        with contextlib.suppress(*_FAILURES):
            self._transport.serial.write(b"AT\r")
            end = time.monotonic() + _ANSWER
            while time.monotonic() < end and _OK not in answer:
                answer += self._transport.serial.read(self._transport.serial.in_waiting)
                time.sleep(0.01)
        return _OK in answer

    def run(
        self,
        code: str,
        on_line: Callable[[str], None] = lambda line: None,
        timeout: float = 30.0,
    ) -> list[str]:
        """Run `code`; return the lines that it prints, and pass each to `on_line` when it comes.

        `timeout`: seconds without any output. An exception on the board raises a BoardError with
        its last line. Ctrl-C here also interrupts the board.
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
            raise BoardError(f"{self._port}: the board reports {last}")
        return lines

    def send(self, name: str, data: bytes) -> None:
        """Set the variable `name` on the board to `data`."""
        self.run(f"{name} = bytearray()")
        for start in range(0, len(data), _CHUNK):
            self.run(f"{name} += {data[start : start + _CHUNK]!r}")

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except _FAILURES:  # the text may hold the sent bytes
            raise BoardError(
                f"{self._port}: the board no longer answers: check the cable, reset the "
                "board and try again"
            ) from None


# mpremote raises the last two at an answer that is cut off.
_FAILURES = (TransportError, serial.SerialException, OSError, struct.error, IndexError)


def _open_problem(port: str) -> str:
    if "://" in port:
        return "nothing listens there: check the address"
    windows = os.name == "nt"  # its ports are no files
    there = port in [found.device for found in comports()] if windows else os.path.exists(port)
    if not there:
        return (
            "no such port: is the board plugged in? `mpremote devs` (in .venv/bin) lists the ports"
        )
    if not windows and not os.access(port, os.R_OK | os.W_OK):
        return "no right to open it: join the group that owns it, on Debian dialout"
    return "another program has it open: close that first (mpremote, a serial monitor)"
