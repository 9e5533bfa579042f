"""The device's peers in virtual time: a broker, and a network in memory that leads to it.

Their TLS is that of `fault_stand_in.py`, or of `fault_tls.py`.
"""

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from fault_beside import PORT, Mirror
from fault_stand_in import BadRecord, Records, digest_of

from iotsafe_tools.simulator.modem import Network

LATENCY = 0.06
"""Seconds from sending to arrival."""


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
