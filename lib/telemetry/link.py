"""The socket that umqtt gets: its `connect` opens TCP and TLS.

umqtt.simple writes a packet in up to five small pieces. Each would be a TLS record (29 bytes more
in TLS 1.2) and a command to the modem. So Link collects the pieces until umqtt reads, and sends
them as one record.
"""

from micropython import const

import ticks

_SIZE = const(512)
_EMSGSIZE = const(90)
_EPROTO = const(71)
_ENOTCONN = const(107)
_ETIMEDOUT = const(110)
_ENDED = const(-1)  # umqtt's code for "the stream has ended"
_MAX_READ = const(16 * 1024)
_MAX_SINGLE_READS = const(16)
_MAX_WAIT = const(120_000)  # ms in which a broker may send data other than the answer


class Link:
    """Replaces the module `socket`, and the one socket that umqtt makes with it.

    `open_stream(host, port)` returns a connected TLS stream with read, write, settimeout,
    setblocking and close; its exceptions reach the caller of umqtt's `connect`. `heard` and `sent`
    are the ticks of the last bytes received and sent.
    """

    def __init__(self, open_stream):
        self._open_stream = open_stream
        self._stream = None
        self._buffer = memoryview(bytearray(_SIZE))
        self._end = 0
        self._singles = 0  # reads of one byte in a row
        self._limit = 0  # tick at which reading must end
        self.heard = self.sent = 0

    # -- as the module --------------------------------------------------------------------------

    def socket(self, *args):
        """Return the socket: there is only one."""
        return self

    def getaddrinfo(self, host, port, *args):
        """Return `host` and `port` as they are: the modem resolves the name."""
        return ((0, 0, 0, "", (host, port)),)

    # -- as the socket --------------------------------------------------------------------------

    def connect(self, address):
        """Open a new stream to `address`: (host, port)."""
        self.close()
        self._stream = self._open_stream(*address)
        self._singles = 0
        self.heard = self.sent = ticks.now()
        self.start()

    def start(self):
        """Begin an exchange with the broker: its answers may take two minutes from now."""
        self._limit = ticks.after(_MAX_WAIT)

    def is_open(self):
        """Return whether there is a stream."""
        return self._stream is not None

    def write(self, data, size=None):
        """Collect the first `size` bytes (default: all) of `data`; return their number."""
        view = memoryview(data)
        if size is not None and size < len(view):
            view = view[:size]
        size = len(view)
        if self._end + size > _SIZE:
            self.flush()
        if size > _SIZE:
            self._send(view)
        else:
            self._buffer[self._end : self._end + size] = view
            self._end += size
        return size

    def flush(self):
        """Send the collected bytes."""
        if self._end:
            size = self._end
            self._end = 0
            self._send(self._buffer[:size])

    def _send(self, view):
        self._singles = 0
        self._open().write(view)
        self.sent = ticks.now()

    def _open(self):
        if self._stream is None:
            raise OSError(_ENOTCONN, "not connected to the broker")
        return self._stream

    def read(self, size):
        """Return exactly `size` bytes; None if it would block; OSError -1 at the stream's end.

        umqtt trusts the broker's lengths and waits for ever for its answers. This method bounds
        both (OSError EMSGSIZE, EPROTO, ETIMEDOUT).
        """
        if not 0 <= size <= _MAX_READ:
            raise OSError(_EMSGSIZE, "the broker announces a message of %d bytes" % size)
        self.flush()
        data = self._open().read(size)
        if data is None:
            return None
        if len(data) < size:
            raise OSError(_ENDED)
        self.heard = ticks.now()
        # umqtt would read a length that never ends byte by byte, for ever.
        self._singles = self._singles + 1 if size == 1 else 0
        if self._singles > _MAX_SINGLE_READS:
            raise OSError(_EPROTO, "the broker sends a length that does not end")
        if ticks.left(self._limit) <= 0:
            raise OSError(_ETIMEDOUT, "the broker talks, but does not confirm")
        return data

    def settimeout(self, seconds):
        """Set the limit of each wait in seconds; None restores the stream's own."""
        if self._stream:
            self._stream.settimeout(seconds)

    def setblocking(self, flag):
        """Make `read` wait, or with False return None instead."""
        self._open().setblocking(flag)

    def close(self):
        """Send the collected bytes if that is still possible; close the stream. Never raises."""
        stream = self._stream
        if stream is None:
            self._end = 0
            return
        try:
            self.flush()
        except Exception:
            pass  # the connection may be broken already
        self._stream = None
        try:
            stream.close()
        except Exception:
            pass
