"""A client's session with the server of `tls_server`, or with one that does not answer.

MicroPython only, like tls_server.
"""

import gc

from cards import from_hex
from data import certificates as pki
from expect import raises
from software_key import SoftwareIdentity
from tls_server import Server, Stream

from iotsafe import SSLContext

CA = from_hex(pki.CA)
CLIENT = from_hex(pki.CLIENT)


class Session:
    """A client and its server; `tls` is the client's TLS socket."""

    def __init__(
        self, host=pki.HOST, ca=CA, failure=None, timeout=60, client=CLIENT, mutual=True, **server
    ):
        self.identity = SoftwareIdentity(client, failure)
        self.server = Server(**server)
        self.stream = Stream(self.server)
        self.context = SSLContext(self.identity, ca, timeout, mutual=mutual)
        self.tls = self.context.wrap_socket(self.stream, host)

    def fails(self, kind, text=None):
        """Check that the handshake ends with `kind` and leaves all in order; return the
        exception."""
        with raises(kind, text=text) as caught:
            self.tls.write(b"hello")
        assert gc.isenabled()
        assert self.stream.closed
        assert self.tls.cipher() is None or caught.error.reason == "not-asked"
        return caught.error


class Mute:
    """A connected server that sends nothing, or only `sent`."""

    def __init__(self, sent=b"", closed=False):
        self.end = type("End", (), {})()
        self.end.sent = bytearray(sent)
        self.end.received = bytearray()
        self.closed = closed
        self.error = None

    def work(self):
        pass


def mute_session(timeout=0.03, **server):
    stream = Stream(Mute(**server))
    return stream, SSLContext(SoftwareIdentity(CLIENT), CA, timeout).wrap_socket(stream, pki.HOST)
