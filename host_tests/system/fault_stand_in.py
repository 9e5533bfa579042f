"""A stand-in for TLS between the device and a broker in memory, in virtual time.

CPython has no TLS engine that lets the SIM sign. The stand-in keeps the parts of TLS that matter
when the modem fails. The SIM signs a digest of both sides' nonces, and the broker verifies it with
the key of the client's certificate. Each record has a number and a tag made with the session's
key, so a byte that is lost, doubled or from another connection ends the session. The stand-in does
not encrypt.

    client                                      broker
    record(nonce)                          ->
                                           <-   record(nonce)
    record(certificate length, certificate, signature over the digest) ->
                                           <-   record("ok")
    records of MQTT                        <->
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass

import ticks
from iotsafe.context import SSLContext
from iotsafe.engine_errors import CONN_EOF, tls_error
from iotsafe.errors import TLSError

TAG, HEAD = 8, 10
LONGEST = 0x7FFF
"""Maximum bytes of a record's content. A larger length is an error: the bytes of the second
connection would make one. The text of a command, which a modem may send as payload, makes a
smaller one."""
MAC_FAILED = -0x7180  # mbedTLS: MBEDTLS_ERR_SSL_INVALID_MAC
POLLIN = 1


class BadRecord(Exception):
    """A record has the wrong tag."""


class Records:
    """Makes and reads the records of one side. `me`: b"c" (client) or b"s" (server)."""

    def __init__(self, me: bytes) -> None:
        self._me, self._peer = me, b"s" if me == b"c" else b"c"
        self._sent = self._received = 0
        self._buffer = bytearray()
        self.key = b"\0" * 32

    def wrap(self, data: bytes) -> bytes:
        """Return one record."""
        self._sent += 1
        tag = self._tag(self._me, self._sent, data)
        return len(data).to_bytes(2, "big") + tag + data

    def unwrap(self, data: bytes) -> list[bytes]:
        """Return the contents of the records that are now complete. Raises BadRecord."""
        self._buffer += data
        found = []
        while len(self._buffer) >= HEAD:
            end = HEAD + int.from_bytes(self._buffer[:2], "big")
            if end > HEAD + LONGEST:
                raise BadRecord
            if len(self._buffer) < end:
                break
            content = bytes(self._buffer[HEAD:end])
            self._received += 1
            if self._tag(self._peer, self._received, content) != self._buffer[2:HEAD]:
                raise BadRecord
            del self._buffer[:end]
            found.append(content)
            if self.key[0] == 0 and len(found) == 1:  # the key changes with the first one
                break
        return found

    def _tag(self, side: bytes, number: int, data: bytes) -> bytes:
        text = side + number.to_bytes(4, "big") + data
        return hmac.digest(self.key, text, "sha256")[:TAG]


def digest_of(client: bytes, server: bytes, certificate: bytes) -> bytes:
    """Return the digest that the SIM signs."""
    return hashlib.sha256(client + server + certificate).digest()


@dataclass
class Seen:
    """What `iotsafe.native` sees of a handshake."""

    signed: bool
    verified: bool = False
    answered: int = 0
    record: int = 0
    sent: int = 0
    free: int = 0
    above: tuple = ()


class StandIn:
    """Replaces `iotsafe.SSLContext`."""

    problems = ()

    def __init__(self, identity, ca, timeout=60, mutual=True) -> None:
        self.identity = identity
        self.timeout_ms = timeout * 1000
        self.sessions = 0

    connect = SSLContext.connect  # the real one: it asks for nothing but `wrap_socket`

    def validity(self):
        """As SSLContext, for a certificate that has always been valid."""
        return "2020-01-01 00:00:00", "2120-01-01 00:00:00"

    def wrap_socket(self, stream, server_hostname):
        """Return a session over `stream`; the first read or write runs the handshake."""
        self.sessions += 1
        return StandInSocket(self, stream)


class StandInSocket:
    """A session as a stream, with the time-outs and errors of `iotsafe.native.TLSSocket`."""

    def __init__(self, context: StandIn, stream) -> None:
        self._context, self._stream = context, stream
        self._timeout_ms = context.timeout_ms
        self._records = Records(b"c")
        self._plain = bytearray()
        self._open = self._signed = self._heard = False
        stream.setblocking(False)

    def cipher(self):
        """As TLSSocket."""
        return ("STAND-IN", "TLSv0") if self._open else None

    def settimeout(self, seconds) -> None:
        """As TLSSocket."""
        self._timeout_ms = self._context.timeout_ms if seconds is None else int(seconds * 1000)

    def setblocking(self, flag) -> None:
        """As TLSSocket."""
        self.settimeout(None if flag else 0)

    def write(self, buf) -> int:
        """Send all of `buf`."""
        self._guarded(self._write, bytes(buf))
        return len(buf)

    def read(self, size):
        """Return `size` bytes, fewer at the session's end, None if non-blocking without data."""
        return self._guarded(self._read, size)

    def close(self) -> None:
        """Close the session and its stream."""
        self._stream.close()

    def _guarded(self, call: Callable, argument):
        """Call `call`; close the stream if that ends the session."""
        try:
            return call(argument)
        except BaseException as error:
            problem = error
        self._stream.close()
        if isinstance(problem, BadRecord):
            problem = tls_error(OSError(MAC_FAILED, "bad tag"), Seen(self._signed), self._heard)
        raise problem

    def _write(self, data: bytes) -> None:
        deadline = ticks.after(self._context.timeout_ms)
        if not self._open:
            self._handshake(deadline)
        self._send(data)

    def _read(self, size: int):
        deadline = ticks.after(self._timeout_ms or self._context.timeout_ms)
        while len(self._plain) < size:
            data = self._receive()
            if data == b"":
                break
            if data is None:
                if not self._timeout_ms and not self._plain:
                    return None
                self._wait(deadline)
                continue
            for content in self._records.unwrap(data):
                self._plain += content
                self._heard = True
        found = bytes(self._plain[:size])
        del self._plain[:size]
        return found

    def _handshake(self, deadline) -> None:
        identity = self._context.identity
        nonce = b"%032d" % self._context.sessions
        self._send(nonce)
        server = self._next(deadline)
        certificate = identity.certificate
        digest = digest_of(nonce, server, certificate)
        signature = identity.sign(digest)
        self._signed = True
        self._send(len(certificate).to_bytes(2, "big") + certificate + signature)
        self._records.key = b"\1" + digest[1:]
        if self._next(deadline) != b"ok":
            raise TLSError("tls-failed", "the stand-in's handshake did not end with ok")
        self._open = True

    def _next(self, deadline) -> bytes:
        while True:
            data = self._receive()
            if data == b"":
                raise tls_error(OSError(CONN_EOF), Seen(self._signed), False)
            if data is None:
                self._wait(deadline)
                continue
            found = self._records.unwrap(data)
            if found:
                return found[0]

    def _send(self, data: bytes) -> None:
        self._stream.write(self._records.wrap(data))
        self._stream.flush()

    def _receive(self):
        buffer = bytearray(512)
        got = self._stream.readinto(buffer)
        return None if got is None else bytes(buffer[:got])

    def _wait(self, deadline) -> None:
        while not self._stream.ioctl(3, POLLIN):
            if ticks.left(deadline) <= 0:
                raise OSError(110, "TLS: the server did not answer in time")
            ticks.sleep(1)
