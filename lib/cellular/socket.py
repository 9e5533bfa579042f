"""A TCP connection through the modem, as a MicroPython stream.

The driver opens, sends, receives and closes (`_open`, `_send`, `_receive`, `_close`; `_send` and
`_receive` return how many bytes the modem took or gave). This module makes a stream of that. It
has one buffer for each direction, so that a TLS flight leaves in as few commands as the modem
allows, and one large read serves many small ones.

Written bytes are collected until the buffer is full, or the program reads, polls or flushes. Data
indications of the modem can be lost: during a wait, the socket asks the modem now and then. It
never sends a second time what the modem may have taken, and never skips what was lost: after a
send or a fetch that failed half way, the connection does no more in that direction.
"""

import io

from micropython import const

import ticks

from . import timeouts
from .errors import (
    CommandError,
    ModemError,
    ModemGarbled,
    ModemReset,
    ModemTimeout,
    NetworkError,
    StreamError,
    typed,
)

_POLLIN = const(1)
_POLLOUT = const(4)
_POLLERR = const(8)
_POLLHUP = const(16)
_IOCTL_POLL = const(3)
_IOCTL_CLOSE = const(4)
_EINVAL = const(22)
_EPIPE = const(32)
_ECONNRESET = const(104)
_EISCONN = const(106)
_ENOTCONN = const(107)
_ETIMEDOUT = const(110)

_IN = const(1)
_OUT = const(2)
_LONG_IDLE = const(8_000)  # ms between two looks of a connection that was idle for long
_FULL = const(200)  # ms until a modem without room is asked again


def buffers(size):
    """Return the buffers of a connection: (to receive into, to collect in), `size` bytes each."""
    return memoryview(bytearray(size)), memoryview(bytearray(size))


class Socket(io.IOBase):
    """One TCP connection of the modem `driver`; `cid` is its number there, once connected.

    Methods: connect, read, readinto, write, flush, settimeout, setblocking, ioctl, close.
    Waits end after the time-out (default 60 s, never unlimited) with OSError ETIMEDOUT. A
    non-blocking socket waits for its modem, which answers in milliseconds, never for the network.
    """

    default_timeout_ms = 60_000

    def __init__(self, driver, udp=False):
        self.driver = driver
        self.udp = udp
        self.cid = None
        self._timeout_ms = self.default_timeout_ms
        self._generation = None  # of the modem, when connected; None: not connected
        self._drops = 0  # the modem's `pdp_drops` then
        self.buffers = None  # from the driver: whoever has the number `cid` uses them
        self._rx = self._tx = None
        self._rx_pos = self._rx_end = self._tx_end = 0
        self._broken = 0  # ways in which bytes may be lost, as something failed half way
        self._trouble = None  # what a poll ran into
        self.sent = 0  # bytes that the modem took
        self._full = None  # the modem had no room: tick at which to ask again
        self.readable = False  # the modem has, or may have, data for us
        self.hung_up = False  # the peer closed; what the modem has buffered can still be read
        self._look = 0  # tick at which to look for data without an indication
        self._pause = 0  # ms until the next look; doubles while nothing comes
        self._ask = False  # the next look asks whether the connection is up, instead of reading

    def free(self):
        """Return whether it is not connected: another connection may then get the number."""
        return self._generation is None

    def is_over(self):
        """For the driver: whether the peer has closed, or the modem restarted since then."""
        return self.hung_up or self._generation != self.driver.at.generation

    def connect(self, address):
        """Open the connection to `address`: (host name or IP, port).

        Raises NetworkError when the modem says why not.
        """
        if self._generation is not None:
            raise StreamError("already-connected", errno=_EISCONN)
        typed("address", address, (tuple, list))
        host, port = address
        typed("port", port, int)
        if not 0 < port < 65536:
            raise NetworkError("connect-failed", host, port, "no such port", errno=_EINVAL)
        driver = self.driver
        self.cid, self.buffers = driver._place(self)
        self._rx, self._tx = self.buffers
        self._broken = self.sent = 0
        self._full = self._trouble = None
        self._drops = driver.pdp_drops
        driver._open(self.cid, host, port)
        self._generation = driver.at.generation
        self._look_after()

    def opened(self):
        """For the driver: note that the modem has opened the connection."""
        self.readable = self.hung_up = False

    def ended(self):
        """For the driver: note that the peer has closed. The modem's buffer can still be read."""
        self.readable = self.hung_up = True

    def settimeout(self, seconds):
        """Set the limit of each wait in seconds; None: the default; 0: non-blocking."""
        if seconds is not None:
            typed("seconds", seconds, (int, float))
        self._timeout_ms = self.default_timeout_ms if seconds is None else int(seconds * 1000)

    def setblocking(self, flag):
        """Set whether calls wait, up to the default time-out, or never wait for the network."""
        self.settimeout(None if flag else 0)

    # -- reading --------------------------------------------------------------------------------

    def read(self, size):
        """Return 1 to `size` bytes, b"" at the end, None if non-blocking without data."""
        data = bytearray(size)
        got = self.readinto(data)
        return None if got is None else bytes(memoryview(data)[:got])

    def readinto(self, buf):
        """Read into `buf`; return the count, 0 at the end, None if non-blocking without data."""
        deadline = ticks.after(self._timeout_ms)
        while not self._arrived():
            if self.hung_up and not self.readable:
                self._check()  # it may have ended because everything did
                return 0
            if not self._timeout_ms:
                return None
            if ticks.left(deadline) <= 0:
                raise StreamError("no-data-in-time", errno=_ETIMEDOUT)
            ticks.sleep(1)
        n = min(len(buf), self._rx_end - self._rx_pos)
        buf[:n] = self._rx[self._rx_pos : self._rx_pos + n]
        self._rx_pos += n
        return n

    def _arrived(self):
        """Return whether our buffer has data; fetch from the modem if it has some."""
        if self._rx_pos < self._rx_end:
            return True
        self._check()
        try:
            self._push()
        except NetworkError:
            if not self.hung_up:  # what the peer said before it closed can still be read
                raise
        self.driver.at.poll()
        if self._broken & _IN:
            raise ModemGarbled("receive-broken", errno=_ECONNRESET)
        if not self.readable and (self.hung_up or ticks.left(self._look) > 0):
            return False
        if not self.readable and self._ask:
            self._look_after(self._pause * 2)
            self.readable = self.driver._has_ended(self.cid)
            return False
        self._rx_pos = 0
        self._rx_end = 0
        # Cleared first: an indication during the command is for what comes after it.
        self.readable = False
        self._broken |= _IN
        try:
            self._rx_end = got = self.driver._receive(self.cid, self._rx)
        except (CommandError, NetworkError):  # refused: the modem gave nothing away
            self._broken &= _OUT
            raise
        self._broken &= _OUT
        if got:
            self._look_after()
        else:  # an idle connection is looked at ever more seldom, or the modem never sleeps
            self._look_after(self._pause * 2)
        # There may be more, and the modem indicates only once, or, after a hang-up, never.
        if got == len(self._rx) or (got and self.hung_up):
            self.readable = True
        return got > 0

    def _look_after(self, pause=timeouts.FIRST_LOOK):
        """Look for data after `pause` ms even without an indication, which may be lost.

        A look costs one command. On a connection that was idle for long each second look asks
        whether it is up, as the indication of its end may be lost, too.
        """
        self._ask = not self._ask and pause > _LONG_IDLE
        self._pause = min(pause, timeouts.LAST_LOOK)
        self._look = ticks.after(self._pause)

    # -- writing --------------------------------------------------------------------------------

    def write(self, buf):
        """Take all of `buf` (its length is returned), sending when the buffer is full.

        Non-blocking, and the modem has no room: how many bytes were taken, None if none.
        """
        self._check()
        size = len(buf)
        pos = 0
        view = memoryview(buf)
        limit = len(self._tx)
        while pos < size:
            if self._tx_end == limit and not self._push() and self._tx_end == limit:
                if not self._timeout_ms:
                    return pos or None
                self.flush()
            n = min(size - pos, limit - self._tx_end)
            self._tx[self._tx_end : self._tx_end + n] = view[pos : pos + n]
            self._tx_end += n
            pos += n
        return size

    def flush(self):
        """Send what was collected; wait until the modem has room for it, also when the socket is
        non-blocking: a program that cannot wait must not flush.

        Raises NetworkError: EPIPE when the peer closed, ETIMEDOUT when it takes no data.
        """
        deadline = ticks.after(self._timeout_ms or self.default_timeout_ms)
        while not self._push():
            if ticks.left(deadline) <= 0:
                self._broken |= _OUT
                self._tx_end = 0
                raise NetworkError("network-full", errno=_ETIMEDOUT)
            self.driver._idle(_FULL)

    def _push(self):
        """Send what was collected, if the modem has room for it; False if some of it is left."""
        n = self._tx_end
        if not n:
            return True
        self._check()
        if self._full is not None and ticks.left(self._full) > 0:
            return False
        self._full = None
        self._tx_end = 0
        if self.hung_up:
            raise NetworkError("closed-by-peer", errno=_EPIPE)
        if self._broken & _OUT:
            raise ModemGarbled("send-broken", errno=_EPIPE)
        self._broken |= _OUT
        try:
            taken = self.driver._send(self.cid, self._tx[:n])
        except NetworkError:
            if self.hung_up:  # nothing was taken, and nothing will be
                self._broken &= _IN
                self.readable = True
            raise
        except (CommandError, ModemGarbled, ModemTimeout) as e:
            from .recovery import taken_after

            taken = taken_after(e, self, n)
        self.sent += taken
        self._broken &= _IN
        if taken:
            self._look_after()
        if taken == n:
            return True
        self._tx_end = n - taken
        self._tx[: n - taken] = self._tx[taken:n]
        self._full = ticks.after(_FULL)
        return False

    # -- the rest of the stream -----------------------------------------------------------------

    def ioctl(self, request, arg):
        """Stream protocol: poll (3) and close (4)."""
        if request == _IOCTL_CLOSE:
            self.close()
            return 0
        if request != _IOCTL_POLL:
            return -_EINVAL
        if self._generation is None:
            return _POLLHUP
        try:
            if arg & _POLLIN and not self._arrived() and not self.hung_up:
                arg &= ~_POLLIN
            if arg & _POLLOUT and self._tx_end == len(self._tx) and not self._push():
                arg &= ~_POLLOUT
            return arg & (_POLLIN | _POLLOUT)
        except ModemError as e:
            self._trouble = e  # the next read or write says what it is
            return _POLLERR | arg & (_POLLIN | _POLLOUT)

    def _check(self):
        trouble = self._trouble
        if trouble:
            self._trouble = None
            raise trouble
        if self._generation is None:
            raise StreamError("not-connected", errno=_ENOTCONN)
        if self._generation != self.driver.at.generation:
            raise ModemReset("connection-lost")
        if self._drops != self.driver.pdp_drops:
            raise NetworkError("data-dropped")

    def close(self):
        """Send what was collected and free the modem's connection; never raises OSError."""
        if self._generation is None:
            return
        try:
            self.flush()
        except OSError:
            pass  # what could not be sent is lost with the connection
        generation = self._generation
        self._generation = None
        self._rx_pos = self._rx_end = self._tx_end = 0
        if generation == self.driver.at.generation:
            try:
                self.driver._close(self.cid)
            except OSError:
                pass  # the modem, or the connection, is gone already
