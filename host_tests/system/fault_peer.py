"""The device's peers in virtual time: a network in memory, a broker, a stand-in for TLS.

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
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from fault_beside import PORT, Mirror

import ticks
from iotsafe.context import SSLContext
from iotsafe.engine_errors import CONN_EOF, tls_error
from iotsafe.errors import TLSError
from iotsafe_tools.simulator.modem import Network

NONCE, TAG, HEAD = 32, 8, 10
LONGEST = 0x7FFF
"""Maximum bytes of a record's content. A larger length is an error: the bytes of the second
connection would make one. The text of a command, which a modem may send as payload, makes a
smaller one."""
LATENCY = 0.06
"""Seconds from sending to arrival."""
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


# -- the client's side ---------------------------------------------------------------------------


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


# -- the broker ----------------------------------------------------------------------------------


class Broker:
    """An MQTT 3.1.1 broker for QoS 1 from the device; each connection is a `session`.

    `received`: the readings in order; `broken`: number of bad records; `oddities`: data that our
    client must never send.
    """

    def __init__(self, session: "type[Session] | None" = None) -> None:
        self._session = session or Session
        self.received: list[dict] = []
        self.sessions: list[Session] = []
        self.logins = self.verified = self.broken = 0
        self.oddities: list[str] = []

    def accept(self, now: float) -> "Session":
        """Accept a connection; return its session."""
        self.sessions.append(self._session(self, len(self.sessions) + 1, now))
        return self.sessions[-1]


class Session:
    """One connection of the broker; `out` collects the bytes to send."""

    def __init__(self, broker: Broker, number: int, now: float) -> None:
        self.broker, self.closed = broker, False
        self._records = Records(b"s")
        self._nonce = b"s%031d" % number
        self._step = self._on_hello
        self._handlers = {
            0x10: self._connect,
            0x32: self._publish,
            0xC0: self._ping,
            0xE0: self._disconnect,
        }
        self._packets = bytearray()
        self._client = b""
        self._keepalive = 60
        self._last = now
        self.out = bytearray()

    @property
    def due(self) -> float:
        """Time at which the broker gives up a silent client."""
        return self._last + 1.5 * self._keepalive

    def passed(self, now: float) -> None:
        """Close if the client has been silent for too long."""
        if now >= self.due:
            self.closed = True

    def received(self, data: bytes, now: float) -> None:
        """Take bytes from the client."""
        self._last = now
        try:
            while not self.closed and (contents := self._records.unwrap(data)):
                for content in contents:
                    self._step(content)
                data = b""
        except BadRecord:
            self.broker.broken += 1
            self.closed = True

    def _send(self, data: bytes) -> None:
        self.out += self._records.wrap(data)

    def _on_hello(self, content: bytes) -> None:
        self._client = content
        self._send(self._nonce)
        self._step = self._on_signature

    def _on_signature(self, content: bytes) -> None:
        end = 2 + int.from_bytes(content[:2], "big")
        certificate, signature = content[2:end], content[end:]
        digest = digest_of(self._client, self._nonce, certificate)
        key = x509.load_der_x509_certificate(certificate).public_key()
        try:
            key.verify(signature, digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
        except InvalidSignature:
            self.broker.oddities.append("an invalid signature")
            self.closed = True
            return
        self.broker.verified += 1
        self._records.key = b"\1" + digest[1:]
        self._send(b"ok")
        self._step = self._mqtt

    def _mqtt(self, content: bytes) -> None:
        self._packets += content
        while not self.closed and (packet := self._packet()):
            kind, body = packet
            if kind in self._handlers:
                self._handlers[kind](body)
            else:
                self.broker.oddities.append(f"packet {kind:02X}")

    def _packet(self) -> tuple[int, bytes] | None:
        size, end = 0, 1
        while True:
            if end >= len(self._packets):
                return None
            byte = self._packets[end]
            size |= (byte & 0x7F) << 7 * (end - 1)
            end += 1
            if byte < 0x80:
                break
        if len(self._packets) < end + size:
            return None
        kind, body = self._packets[0], bytes(self._packets[end : end + size])
        del self._packets[: end + size]
        return kind, body

    def _connect(self, body: bytes) -> None:
        self._keepalive = int.from_bytes(body[8:10], "big")
        self.broker.logins += 1
        for other in self.broker.sessions:
            other.closed |= other is not self
        self._send(b"\x20\x02\x00\x00")

    def _publish(self, body: bytes) -> None:
        size = int.from_bytes(body[:2], "big")
        self.broker.received.append(json.loads(body[4 + size :]))
        self._send(b"\x40\x02" + body[2 + size : 4 + size])

    def _ping(self, body: bytes) -> None:
        self._send(b"\xd0\x00")

    def _disconnect(self, body: bytes) -> None:
        self.closed = True


# -- the network ---------------------------------------------------------------------------------


@dataclass
class Wire:
    """A connection in memory from the modem to the broker: `modem/network.py`, simulated."""

    network: "MemoryNetwork"
    address: tuple[str, int]
    limit: float
    state: str = "connecting"
    failure: str = ""
    ended: bool = False
    rx: bytearray = field(default_factory=bytearray)
    tx: bytearray = field(default_factory=bytearray)
    rx_limit: int = 10240
    received: int = 0
    sent: int = 0

    def __post_init__(self) -> None:
        self._up: deque = deque()  # (arrival time, bytes)
        self._down: deque = deque()
        self._session: Session | Mirror | None = None
        self._due = self.network.clock() + 2 * LATENCY

    @property
    def due(self) -> float | None:
        """Time at which `service` has work to do."""
        if self.state == "connecting":
            return self.limit if self.network.silent else self._due
        if self.state != "open" or self.network.silent or self.ended:
            return None
        dues = [queue[0][0] for queue in (self._up, self._down) if queue]
        return min([*dues, self._session.due])

    def give_up(self, due: float) -> None:
        """End an attempt to connect at `due` at the latest."""
        self.limit = min(self.limit, due)

    def selectable(self) -> None:
        """Return nothing: there is no socket to select."""

    @property
    def unacked(self) -> int:
        """Return the number of bytes on their way to the broker."""
        return sum(len(data) for _, data in self._up)

    def service(self, now: float) -> None:
        """Deliver the bytes that have arrived by `now`."""
        if self.state == "connecting" and now >= self.due:
            if self.network.silent:
                self._fail("timeout")
            else:
                self.state, self._session = "open", self.network.accept(self.address[1], now)
        if self.state != "open" or self.network.silent or self.ended:
            return
        session = self._session
        while self._up and self._up[0][0] <= now:
            session.received(self._up.popleft()[1], now)
        session.passed(now)
        if session.out:
            self._down.append((now + LATENCY, bytes(session.out)))
            session.out.clear()
        while self._down and self._down[0][0] <= now and len(self.rx) < self.rx_limit:
            data = self._down.popleft()[1]
            self.rx += data
            self.received += len(data)
            self.network.bytes_down += len(data)
        if session.closed and not self._down:
            self.ended = True

    def send(self, data: bytes, now: float) -> None:
        """Send bytes to the broker."""
        self.sent += len(data)
        self.network.bytes_up += len(data)
        self._up.append((now + LATENCY, bytes(data)))

    def read(self, limit: int) -> bytes:
        """Remove and return at most `limit` received bytes."""
        data = bytes(self.rx[:limit])
        del self.rx[: len(data)]
        return data

    def close(self, abort: bool = False) -> None:
        """Close; the broker learns it at once. Unless `abort`, it gets the bytes sent before."""
        if self._session and not self.network.silent:
            for _, data in () if abort else self._up:
                self._session.received(data, self.network.clock())
            self._session.closed = True
        self.state = "closed"
        self._up.clear()

    def reset(self) -> None:
        """Reset the connection from the broker's side."""
        if self.state == "connecting":
            self._fail("unreachable")
        elif self.state == "open":
            self.close(abort=True)
            self.rx.clear()
            self.ended = True

    def _fail(self, failure: str) -> None:
        self.failure = failure
        self.close()


class MemoryNetwork(Network):
    """All host names resolve to one broker; the port of `Mirror` leads to mirrors. clock: the
    modem's time in seconds."""

    def __init__(self, broker: Broker, clock: Callable[[], float]) -> None:
        super().__init__()
        self.broker, self.clock = broker, clock
        self.mirrors: list[Mirror] = []

    def accept(self, port: int, now: float) -> "Session | Mirror":
        """Return the peer at `port`: a broker session or a mirror."""
        if port != PORT:
            return self.broker.accept(now)
        self.mirrors.append(Mirror())
        return self.mirrors[-1]

    def lookup(self, host: str, port: int) -> tuple[str, int]:
        """Resolve any name at once."""
        return "127.0.0.1", port

    def _connection(self, address: tuple[str, int], now: float) -> Wire:
        return Wire(self, address, now + self.connect_timeout)
