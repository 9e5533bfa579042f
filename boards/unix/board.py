"""The `board` module of the unix port: the modem is on a pseudo-terminal, a serial device or TCP.

Every board folder has a module `board` with these names: NAME, uart(where), power_key, set_clock,
sensor(), path(name).
"""

import io
import os
import random
import select
import socket
import termios

from micropython import const

import ticks

NAME = "MicroPython unix port"

# The simulated modem is already on, and the host keeps its own clock.
power_key = None
set_clock = None

_EPIPE = const(32)
_VTIME = const(5)
_VMIN = const(6)
_POLLIN = const(1)


def uart(where):
    """Open the modem's UART. The object behaves like machine.UART with timeout=0.

    `where`: path of a terminal device, "tcp:HOST:PORT" or "socket://HOST:PORT"; if it is empty,
    what the variable IOTSAFE_PORT says, as for the host tools.
    """
    where = where or os.getenv("IOTSAFE_PORT")
    if not where:
        raise OSError(19, "set modem.uart in the config, or IOTSAFE_PORT: see `iotsafe lab`")
    if where[:4] == "tcp:" or where[:7] == "socket:":
        _, host, port = where.split(":")
        return TCPUART(host.lstrip("/"), int(port))
    return TerminalUART(where)


class TerminalUART:
    """A terminal device in raw mode, at 115200 baud if it is a real serial line."""

    def __init__(self, path):
        self._file = io.open(path, "r+b")
        fd = self._file.fileno()
        termios.setraw(fd)
        attributes = termios.tcgetattr(fd)
        attributes[4] = attributes[5] = termios.B115200
        attributes[6][_VMIN] = attributes[6][_VTIME] = 0
        termios.tcsetattr(fd, termios.TCSANOW, attributes)
        self._poll = select.poll()
        self._poll.register(self._file, _POLLIN)

    def any(self):
        """1 if there is something to read, else 0."""
        for _ in self._poll.ipoll(0):  # a list would cost heap, and waiting must not
            return 1
        return 0

    def read(self, size=64):
        """What is there, at most `size` bytes; None if there is nothing."""
        return self._file.read(size) or None

    def readinto(self, buf):
        """Return the number of bytes read, None if there are none."""
        return self._file.readinto(buf) or None

    def write(self, buf):
        """Return the number of bytes written."""
        return self._file.write(buf)


class TCPUART:
    """A serial line over TCP, from the lab or a terminal server."""

    def __init__(self, host, port):
        self._socket = socket.socket()
        self._socket.connect(socket.getaddrinfo(host, port)[0][-1])
        self._socket.setblocking(False)
        self._poll = select.poll()
        self._poll.register(self._socket, _POLLIN)

    def any(self):
        """1 if there is something to read, else 0."""
        for _ in self._poll.ipoll(0):  # a list would cost heap, and waiting must not
            return 1
        return 0

    def read(self, size=64):
        """What is there, at most `size` bytes; None if there is nothing."""
        return self._socket.read(size) or None

    def readinto(self, buf):
        """Return the number of bytes read, None if there are none. Raises OSError once closed."""
        n = self._socket.readinto(buf)
        if n == 0:
            raise OSError(_EPIPE, "the serial line over TCP was closed by the other side")
        return n

    def write(self, buf):
        """Return the number of bytes written, None if the send buffer is full."""
        return self._socket.write(buf)


_temperature = 2150  # hundredths of a degree
_start = ticks.now()


def sensor():
    """Return one reading: a made-up, slowly changing temperature and the uptime in seconds."""
    global _temperature
    _temperature += random.getrandbits(5) - 15
    return {"temp": _temperature / 100, "uptime": ticks.diff(ticks.now(), _start) // 1000}


def path(name):
    """Return the path of the config or state file `name`, in $IOTSAFE_DATA or this folder."""
    folder = os.getenv("IOTSAFE_DATA")
    return folder + "/" + name if folder and not name.startswith("/") else name
