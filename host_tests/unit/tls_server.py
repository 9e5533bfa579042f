"""A TLS server in the same process and in memory: both ends of a session without a network.

MicroPython only, as it uses MicroPython's own `tls`. The server runs inside the client stream's
`ioctl`, that is, while the client waits. It never runs inside a read or write of the client: a TLS
socket that worked there would change which context mbedTLS asks for signatures.

Both ends are mbedTLS and agree on TLS 1.3; other tests prove TLS 1.2 against another server.
"""

import io

import tls
from cards import from_hex
from data import certificates as pki

_POLLIN = 1
_POLLOUT = 4
_IOCTL_POLL = 3
_IOCTL_CLOSE = 4


class _End(io.IOBase):
    """The server's end of the connection; what it writes waits in `sent`."""

    def __init__(self):
        self.received = bytearray()
        self.sent = bytearray()
        self._pos = 0  # offset in `received` up to which it has read
        self.hung_up = False  # the client closed

    def readinto(self, buf):
        size = min(len(buf), len(self.received) - self._pos)
        if not size:
            return 0 if self.hung_up else None
        buf[:size] = self.received[self._pos : self._pos + size]
        self._pos += size
        return size

    def write(self, buf):
        self.sent.extend(buf)
        return len(buf)

    def ioctl(self, request, arg):
        if request == _IOCTL_POLL:
            return arg
        return 0 if request == _IOCTL_CLOSE else -22


class Server:
    """Serves one connection with `certificate`; the client needs a certificate from `client_ca`.
    `suites`: mbedTLS's names, to accept fewer. `key`: the private key, SEC1 in DER. `asks`:
    whether it asks for a certificate. It answers what it reads in upper case. `error`: the error
    that ended the session. `closed`: set it to hang up. `read`: the client's data."""

    def __init__(self, certificate=pki.SERVER, suites=None, client_ca=pki.CA, key=None, asks=True):
        context = tls.SSLContext(tls.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(from_hex(certificate), key or from_hex(pki.SERVER_KEY))
        context.load_verify_locations(from_hex(client_ca))
        context.verify_mode = tls.CERT_REQUIRED if asks else tls.CERT_NONE
        if suites:
            context.set_ciphers(list(suites))
        self.end = _End()
        self.error = None
        self.read = bytearray()
        self.closed = False
        self._ssl = context.wrap_socket(self.end, server_side=True, do_handshake_on_connect=False)
        self._buffer = bytearray(256)

    def work(self):
        """Process the bytes that have arrived."""
        if self.error or self.closed:
            return
        try:
            size = self._ssl.readinto(self._buffer)
            if size:
                self.read.extend(self._buffer[:size])
                self._ssl.write(bytes(self._buffer[:size]).upper())
        except (OSError, ValueError) as e:
            self.error = e


class Stream(io.IOBase):
    """The client's end: non-blocking, like the streams below TLS sockets of the package.
    `failures`: {"read" or "write": the value to return or the exception to raise instead}, once
    `fails_after` bytes have passed in that direction. `largest`: the most bytes that one call
    passes."""

    def __init__(self, server):
        self.server = server
        self.failures = {}
        self.fails_after = 0
        self.largest = 1 << 20
        self.written = bytearray()
        self.taken = 0
        self.closed = 0  # how often
        self.flushed = 0
        self.blocking = True

    def setblocking(self, flag):
        self.blocking = flag

    def _failure(self, direction, passed):
        failure = self.failures.get(direction)
        if failure is None or passed < self.fails_after:
            return None
        if isinstance(failure, BaseException):
            raise failure
        return failure

    def readinto(self, buf):
        failure = self._failure("read", self.taken)
        if failure is not None:
            return failure
        sent = self.server.end.sent
        size = min(len(buf), self._waiting(), self.largest)
        if not size:
            return 0 if self.server.closed or self.server.error else None
        buf[:size] = sent[self.taken : self.taken + size]
        self.taken += size
        return size

    def write(self, buf):
        failure = self._failure("write", len(self.written))
        if failure is not None:
            return failure
        buf = memoryview(buf)[: self.largest]
        self.written.extend(buf)
        self.server.end.received.extend(buf)
        return len(buf)

    def flush(self):
        self.flushed += 1

    def ioctl(self, request, arg):
        if request == _IOCTL_CLOSE:
            self.close()
            return 0
        if request != _IOCTL_POLL:
            return -22  # EINVAL: no file descriptor
        self.server.work()
        ready = arg & _POLLOUT
        if self._waiting() or self.server.closed or self.server.error:
            ready |= arg & _POLLIN
        return ready

    def _waiting(self):
        return len(self.server.end.sent) - self.taken

    def close(self):
        self.closed += 1
        self.server.end.hung_up = True


def records(data):
    """Return the types of the TLS records in `data`."""
    types = []
    pos = 0
    while pos < len(data):
        types.append(data[pos])
        pos += 5 + (data[pos + 3] << 8 | data[pos + 4])
    return types
