"""Writes the dialogue of a host with a modem to a file, as JSON lines with times, for people to
read and for tests to replay as a modem (host_tests/unit/replay_uart.py defines the format).

    with Transcript("t.jsonl", modem="sim7080") as transcript:
        uart = RecordedUART(uart, transcript)
        modem = cellular.SIM7080(uart, transcript.keyed(power_key))

mask.py hides secrets, but not the data of SIM and network: IMSI, ICCID, IMEI, cells, certificates,
and the payload of connections.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime

from .mask import Hidden, Mask

VERSION = 1
LIMIT = 16 << 20
"""Bytes of a file; the recording ends there."""
_TEXT = re.compile(rb"[\t\n\r -~]{8,}|^[\t\n\r -~]+$")
"""Pieces to write as text; shorter ones between other bytes are hex, like those bytes."""


class Transcript:
    """A new file at `path`, readable by its owner only.

    modem, rate, details: for the header. clock: returns seconds. limit: of the file, in bytes.
    Raises OSError if the file exists or cannot be made. Later, a full disk or the limit ends only
    the recording: `problem` says so.
    """

    def __init__(
        self,
        path: str,
        *,
        modem: str = "",
        rate: int = 115200,
        clock: Callable[[], float] = time.monotonic,
        date: datetime | None = None,
        limit: int = LIMIT,
        **details,
    ) -> None:
        self.problem = ""
        self._clock = clock
        self._limit = limit
        self._mask = Mask()
        binary = getattr(os, "O_BINARY", 0)  # Windows would change the line ends
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | binary, 0o600)
        self._began = clock()
        when = (date or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._write({"transcript": VERSION, "modem": modem, "rate": rate, "date": when, **details})

    def host(self, data: bytes) -> None:
        """Record bytes from the host."""
        if data:
            self._record("host", _value(self._mask.host(data)))

    def modem(self, data: bytes) -> None:
        """Record bytes from the modem."""
        if data:
            self._record("modem", _value(self._mask.modem(data)))

    def key(self, pressed: bool) -> None:
        """Record that the power key was pressed or released."""
        self._record("key", bool(pressed))

    def rate(self, baud: int) -> None:
        """Record that the host reopened its UART at another rate."""
        self._record("rate", baud)

    def result(self, value: object) -> None:
        """Record the dialogue's result, for a replay."""
        self._record("result", value)

    def keyed(self, power_key: Callable[[bool], object]) -> Callable[[bool], None]:
        """Return a `power_key` that is recorded."""

        def press(pressed: bool) -> None:
            self.key(pressed)
            power_key(pressed)

        return press

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Transcript:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _record(self, kind: str, value: object) -> None:
        self._write({"t": round(self._clock() - self._began, 3), kind: value})

    def _write(self, fields: dict) -> None:
        if self._file < 0:
            return
        line = json.dumps(fields).encode() + b"\n"
        try:
            self._limit -= len(line)
            if self._limit < 0:
                self.problem = "it is full"
                line = (
                    json.dumps({"t": fields.get("t", 0.0), "end": self.problem}).encode() + b"\n"
                )
            while line:
                line = line[os.write(self._file, line) :]
        except OSError as error:
            self.problem = str(error)
        if self.problem:
            self.close()


class RecordedUART:
    """Records all that passes through `uart`, in the shape of machine.UART, in the order in which
    the host saw it."""

    def __init__(self, uart, transcript: Transcript) -> None:
        self._uart = uart
        self.transcript = transcript
        if hasattr(uart, "init"):  # else a driver must not find it here
            self.init = self._init

    def any(self) -> int:
        """Return how many bytes can be read now."""
        return self._uart.any()

    def read(self, *size: int) -> bytes | None:
        """As that of the UART."""
        data = self._uart.read(*size)
        self.transcript.modem(data or b"")
        return data

    def readinto(self, buffer, *size: int) -> int | None:
        """As that of the UART."""
        count = self._uart.readinto(buffer, *size)
        self.transcript.modem(bytes(memoryview(buffer)[: count or 0]))
        return count

    def write(self, data) -> int | None:
        """Like the UART's; records the bytes that it took."""
        now = bytes(data)
        count = self._uart.write(data)
        self.transcript.host(now[: count or 0])
        return count

    def _init(self, *args, **options) -> None:
        """As that of the UART."""
        if "baudrate" in options or args:
            self.transcript.rate(options["baudrate"] if "baudrate" in options else args[0])
        self._uart.init(*args, **options)


def _value(parts: list[bytes | Hidden]) -> object:
    """Return the JSON of a chunk: one part, or a list of them."""
    shown: list[str | dict] = []
    for part in parts:
        if isinstance(part, Hidden):
            size = {} if part.size is None else {"size": part.size}
            shown.append({"hidden": part.shape, **size})
        else:
            shown += _readable(part)
    return shown[0] if len(shown) == 1 else shown


def _readable(data: bytes) -> list[str | dict]:
    """Return text unchanged, and other bytes in hex."""
    shown: list[str | dict] = []
    end = 0
    for text in _TEXT.finditer(data):
        if text.start() > end:
            shown.append({"hex": data[end : text.start()].hex()})
        shown.append(text[0].decode("ascii"))
        end = text.end()
    return [*shown, {"hex": data[end:].hex()}] if end < len(data) else shown
