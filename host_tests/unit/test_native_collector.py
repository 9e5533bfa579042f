"""No garbage collection makes mbedTLS sign by itself: the trap, and how the package avoids it.

MicroPython only: CPython's ssl cannot delegate a signature.
"""

import gc
import io

from data import certificates as pki
from expect import equal
from software_key import SoftwareIdentity
from tls_server import Server, Stream
from tls_session import CA, CLIENT, Session

from iotsafe import SSLContext

# Not on a board, see test_native_tls.
RUNTIMES = ("micropython",)
HEAP = "384k"


class Nowhere(io.IOBase):
    """A stream without data."""

    def readinto(self, buf):
        return None

    def write(self, buf):
        return len(buf)

    def ioctl(self, request, arg):
        return 0 if request == 4 else -22


class Trap(Stream):
    """Drops an old, closed TLS socket in each call and makes garbage, so that it is collected.

    With `blocking` it also serves as the transport of a handshake in one call, which waits inside
    `readinto`. The server works there, unseen by the collector. That changes the one global that
    all TLS sockets share; `mine`, a TLS socket of the client, restores it.
    """

    def __init__(self, server, old, mine=None):
        super().__init__(server)
        self.old = old
        self.mine = mine
        self.collected = 0

    def spoil(self):
        if self.old:
            self.old.pop()
        for _ in range(8):
            bytearray(480)

    def readinto(self, buf):
        if self.mine and not self._waiting():
            gc.disable()
            self.server.work()
            self.mine.readinto(bytearray(1))
            gc.enable()
        self.spoil()
        return super().readinto(buf)

    def write(self, buf):
        self.spoil()
        return super().write(buf)


def closed_sockets(context):
    """Return old TLS sockets, like those that reconnects leave."""
    old = []
    for _ in range(30):
        old.append(
            context.wrap_socket(Nowhere(), server_hostname=pki.HOST, do_handshake_on_connect=False)
        )
        old[-1].close()
    return old


class Threshold:
    """In the block a collection comes after each 2 KB."""

    def __enter__(self):
        self._before = gc.threshold()
        gc.threshold(2048)

    def __exit__(self, *_):
        gc.threshold(self._before)


def naive_handshake(trap):
    """Do a handshake in one call; return (whether the callback signed, the server's error)."""
    gc.collect()
    identity = SoftwareIdentity(CLIENT)
    context = SSLContext(identity, CA)._engine._tls
    mine = context.wrap_socket(Nowhere(), server_hostname=pki.HOST, do_handshake_on_connect=False)
    server = Server()
    stream = Trap(server, closed_sockets(context) if trap else [], mine)
    with Threshold():
        try:
            session = context.wrap_socket(stream, server_hostname=pki.HOST)
            session.write(b"hello")
        except OSError:
            pass
    server.work()
    return len(identity.digests), server.error


def test_the_trap_is_real():
    # The same handshake is signed if there are no old sockets ...
    assert naive_handshake(False) == (1, None)
    # ... and with them it is not: the server gets a signature of the placeholder.
    for _ in range(5):
        signed, error = naive_handshake(True)
        assert signed == 0 and error is not None


def test_no_collection_switches_the_signature_off():
    identity = SoftwareIdentity(CLIENT)
    context = SSLContext(identity, CA)
    for count in range(1, 41):
        gc.collect()
        stream = Trap(Server(), closed_sockets(context._engine._tls))
        session = context.wrap_socket(stream, pki.HOST)
        with Threshold():
            session.write(b"hello")
            equal(session.read(5), b"HELLO")
        assert len(identity.digests) == count
        assert len(stream.old) < 25  # the trap was active
        assert gc.isenabled()
        session.close()


def test_wasteful_stream_does_not_use_up_the_memory():
    class Wasteful(Stream):
        def readinto(self, buf):
            bytearray(3000)
            return super().readinto(buf)

        def write(self, buf):
            bytearray(3000)
            return super().write(buf)

    stream = Wasteful(Server())
    stream.largest = 1  # about 1600 calls, 5 MB of garbage
    session = SSLContext(SoftwareIdentity(CLIENT), CA).wrap_socket(stream, pki.HOST)
    session.write(b"hello")
    equal(session.read(5), b"HELLO")


def test_collector_that_was_off_stays_off():
    session = Session()
    gc.disable()
    try:
        session.tls.write(b"hello")
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_collector_runs_between_the_steps():
    class Watch(Stream):
        seen = ()

        def ioctl(self, request, arg):
            self.seen += (gc.isenabled(),)
            return super().ioctl(request, arg)

        def write(self, buf):
            assert not gc.isenabled()
            return super().write(buf)

    stream = Watch(Server())
    session = SSLContext(SoftwareIdentity(CLIENT), CA).wrap_socket(stream, pki.HOST)
    session.write(b"hello")
    assert stream.seen and all(stream.seen)
