"""The far end of a TLS stream, played by a test, and umqtt.simple where it is not frozen in."""

import sys

import ticks


def provide_umqtt():
    """Make `umqtt.simple` importable: frozen on MicroPython, the build's pinned copy elsewhere."""
    if sys.implementation.name == "micropython":
        return
    import binascii
    import os
    import struct

    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    folder = os.path.join(root, "build", "umqtt")
    if folder not in sys.path:
        sys.path.append(folder)
    # Names that MicroPython's umqtt 1.3.4 imports and CPython lacks.
    for name, module in (("ustruct", struct), ("ubinascii", binascii)):
        sys.modules.setdefault(name, module)


class Stream:
    """A TLS stream. After each write, one more element of `replies` arrives; `writes` keeps the
    writes. Without data, a blocking read fails with ETIMEDOUT after 60 s of `ticks`, and a
    non-blocking read returns None. After `hang_up()` the broker closes once its last data is
    read."""

    def __init__(self, replies=()):
        self._replies = list(replies)
        self._incoming = b""
        self._ended = False
        self._waits = True
        self.writes = []
        self.closed = 0

    def arrive(self, data):
        self._incoming += data

    def hang_up(self):
        self._ended = True

    def write(self, buf):
        self.writes.append(bytes(buf))
        if self._replies:
            self._incoming += self._replies.pop(0)
        return len(buf)

    def read(self, size):
        if self._incoming or self._ended or not size:
            data = self._incoming[:size]
            if len(data) < size and not self._ended:
                ticks.sleep(60_000)
                raise OSError(110, "no data in time")
            self._incoming = self._incoming[size:]
            return data
        if not self._waits:
            return None
        ticks.sleep(60_000)
        raise OSError(110, "no data in time")

    def setblocking(self, flag):
        self._waits = flag

    def settimeout(self, seconds):
        self.timeout = seconds

    def close(self):
        self.closed += 1

    def unread(self):
        return self._incoming
