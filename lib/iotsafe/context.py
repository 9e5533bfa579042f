"""`SSLContext`: TLS with a key in the SIM, over the engine that the firmware has."""

from micropython import const

from .bundle import certificates
from .errors import NoEngine
from .objects import able, typed

_DEFAULT_TIMEOUT_MS = const(60_000)


def _engine():
    """Return the engine's context class."""
    try:
        from .native import NativeContext
    except ImportError:  # a firmware without tls
        raise NoEngine("no-engine") from None
    return NativeContext


class SSLContext:
    """A TLS client whose certificate and signatures come from an identity.

    `identity`: see `iotsafe.sim_key`. `ca`: the certificates to trust, PEM or DER bytes;
    there is no default, because the context always verifies the server. `timeout` in seconds
    limits each call. `suites`: mbedTLS's names of the suites to offer, for fewer than the default.
    `mutual`: a server that asks for no certificate is an error.
    `problems`: a text for each certificate of `ca` that cannot be read and is left out.
    Raises ValueError without a CA, NoEngine.
    """

    def __init__(
        self, identity, ca, timeout=_DEFAULT_TIMEOUT_MS // 1000, suites=None, mutual=True
    ):
        if not ca:
            raise ValueError("a CA certificate is needed: the server is always verified")
        able("identity", identity, "sign")
        typed("ca", ca, (bytes, bytearray))
        typed("timeout", timeout, (int, float))
        typed("suites", suites or (), (tuple, list))
        typed("mutual", mutual, (bool, int))
        self.problems = []
        cas = certificates(ca, self.problems)
        self._engine = _engine()(identity, cas, suites, self.problems, mutual)
        self._timeout_ms = int(timeout * 1000)

    def connect(self, modem, host, port):
        """Return a TLS session with the server `host`, a name or an address, over a connection of
        `modem` (anything with `socket()`). The server's certificate must be for `host`: see
        `wrap_socket`.

        The caller closes only the session. Raises TLSError or the modem's exception, and then
        leaves nothing open.
        """
        able("modem", modem, "socket")
        typed("port", port, int)
        stream = modem.socket()
        try:
            stream.connect((host, port))
            return self.wrap_socket(stream, host)
        except BaseException:
            stream.close()
            raise

    def wrap_socket(self, stream, server_hostname):
        """Return a TLS session over `stream`, as a stream.

        `server_hostname` goes to the server (SNI) and must be in its certificate. The handshake
        runs with the first write or read, which raises TLSError, or the exception of the
        identity's `sign`. An error closes the stream.
        """
        if not server_hostname:
            raise ValueError("server_hostname is needed: the server is always verified")
        typed("server_hostname", server_hostname, str)
        able("stream", stream, "setblocking")
        return self._engine.wrap(stream, server_hostname, self._timeout_ms)

    def validity(self):
        """Return (first, last), the time in which all certificates of the last server's chain are
        valid, as "YYYY-MM-DD hh:mm:ss"; ("", "~") if that is not known."""
        return self._engine.span
