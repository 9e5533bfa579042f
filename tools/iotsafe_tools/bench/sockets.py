"""Measures how close the modem's connections come to the line's rate, and their heap growth."""

import contextlib
import hashlib
import re
import socket
import tempfile
import threading
from itertools import cycle
from typing import Self

from iotsafe_tools.lab import Lab
from iotsafe_tools.testbed import Firmware

from .measure import BAUD, BITS_PER_BYTE, HERE, Numbers

USUAL = "sim7080"
PERSONALITIES = (USUAL, "sim7000", "bg95", "gm02s", "sara-r4", "tx62")
"""A modem of each family. Each name is a personality and also the name of its driver."""
SIZE = 64 * 1024
MUCH = 5 * 1024 * 1024
_DEVICE = HERE / "device_sockets.py"
_BLOCK = bytes((i * 31 + (i >> 8)) & 0xFF for i in range(1021))
_MARK = re.compile(r"^BENCH (\w+) (.*)$")
_TIMEOUT = 300.0


class Peer:
    """A TCP server on loopback for `device_sockets.py`. The first line of a connection is
    `up SIZE` or `down SIZE`; after SIZE bytes the server sends their digest, 64 hex digits."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(_TIMEOUT)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as stream:
                connection.settimeout(_TIMEOUT)
                name, size = stream.readline().split()
                move = {b"up": _take, b"down": _give}[name]
                stream.write(move(stream, int(size)).encode())
                stream.flush()
                with contextlib.suppress(OSError):
                    stream.read(1)  # wait until the device closes


def _take(stream, size: int) -> str:
    digest = hashlib.sha256()
    while size and (data := stream.read1(min(size, 65536))):
        digest.update(data)
        size -= len(data)
    return digest.hexdigest()


def _give(stream, size: int) -> str:
    digest = hashlib.sha256()
    for block in cycle([_BLOCK]):
        part = block[:size]
        if not part:
            return digest.hexdigest()
        stream.write(part)
        digest.update(part)
        size -= len(part)
    raise AssertionError


def transfer(
    size: int, baud: int | None = None, frozen: bool = True, personality: str = USUAL
) -> dict[str, Numbers]:
    """Move `size` bytes up, then down. Return the device's numbers for "up", "down" and "end".

    "up" and "down" have ms, growth (of the heap, in bytes), commands (AT), same (1 if the digests
    agree) and uart (bytes on the UART both ways, opening and closing included). "end" has the AT
    engine's counters. frozen: run the code in the binary, else the working tree's. Raises
    ProcessError.
    """
    counted = 0
    said: dict[str, Numbers] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        Peer() as peer,
        Lab(uart="pty", baud=baud, delays=0.0, personality=personality) as lab,
    ):
        words = (_DEVICE, personality, lab.uart, str(peer.port), str(size))
        with Firmware(folder, command=words, frozen=frozen) as device:
            while "end" not in said:
                match = device.wait_for(_MARK, _TIMEOUT)
                numbers = re.findall(r"(\w+)=(-?\d+)", match[2])
                before, counted = counted, _uart_bytes(lab.counters)
                said[match[1]] = {name: float(value) for name, value in numbers}
                said[match[1]]["uart"] = counted - before
    return said


def _uart_bytes(counters: dict[str, int]) -> int:
    return sum(
        value for name, value in counters.items() if name.startswith(("uart_up.", "uart_down."))
    )


def efficiency() -> Numbers:
    """Measure for each of `PERSONALITIES` the percentage of the line's rate and the AT commands
    for 64 KB each way at 115200 baud; then the heap's growth over 5 MB each way."""
    numbers: Numbers = {}
    line_ms = SIZE * BITS_PER_BYTE * 1000 / BAUD
    for personality in PERSONALITIES:
        paced = transfer(SIZE, BAUD, personality=personality)
        for way in ("up", "down"):
            percent = round(100 * line_ms / paced[way]["ms"], 1)
            for name in (personality + ".", "") if personality == USUAL else (personality + ".",):
                numbers[f"socket.efficiency.{name}{way}"] = percent
                numbers[f"socket.at_commands.{name}{way}"] = paced[way]["commands"]
    much = transfer(MUCH)
    numbers["socket.heap_growth"] = much["up"]["growth"] + much["down"]["growth"]
    return numbers
