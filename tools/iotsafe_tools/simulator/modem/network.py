"""The network behind the simulated modem: real, non-blocking TCP sockets, by default to loopback
only."""

from __future__ import annotations

import errno
import ipaddress
import socket
import struct
from collections import deque
from selectors import EVENT_READ, EVENT_WRITE

from .air import Air, Preset

CHUNK = 4096
# Results of a connect that goes on, or is done; the last one is Windows'.
_STARTED = (0, errno.EINPROGRESS, getattr(errno, "WSAEWOULDBLOCK", 0))


class Unresolvable(Exception):
    """The host name has no address."""


class Connection:
    """One TCP connection. `state` goes connecting -> open -> closed; `failure` is the reason if it
    never opened.

    failure: "" | "refused" | "timeout" | "unreachable". `rx` holds received bytes (at most
    `rx_limit`), `tx` bytes that are in the air, or that the operating system has not taken yet.
    `ended` is true once the peer closed or reset it. `due`: when `service` has something to do
    though nothing is ready, or None.
    """

    def __init__(
        self, network: Network, address: tuple[str, int], now: float, udp: bool = False
    ) -> None:
        self.network = network
        self.address = address
        self.state = "connecting"
        self.failure = ""
        self.ended = False
        self.rx = bytearray()
        self.tx = bytearray()
        self.rx_limit = 10240
        self.received = self.sent = 0
        self._limit = now + network.connect_timeout
        self._answer = now + (network.air.round_trip if network.air else 0.0)
        self._result: int | None = None  # of the attempt, an errno, which waits for `_answer`
        self._up: deque[tuple[float, int]] = deque()  # arrival and size of what is in the air
        self._down: deque[tuple[float, bytes]] = deque()  # b"" at the end
        self._arrived = 0  # bytes of `tx` that have passed the air
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        kind = socket.SOCK_DGRAM if udp else socket.SOCK_STREAM
        self.socket: socket.socket | None = socket.socket(family, kind)
        self.socket.setblocking(False)
        if not udp:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            code = self.socket.connect_ex(address)
        except (OSError, OverflowError) as error:
            code = getattr(error, "errno", None) or errno.EINVAL
        if code not in _STARTED:
            self._fail(code)

    @property
    def due(self) -> float | None:
        """See the class text."""
        if self.state == "connecting":
            early = self._result is not None and not self.network.silent
            return self._answer if early else self._limit
        if self.network.silent:
            return None
        return min((queue[0][0] for queue in (self._up, self._down) if queue), default=None)

    def selectable(self) -> tuple[socket.socket, int] | None:
        """Return the socket and the events it waits for, None if it waits for none."""
        if self.network.silent:
            return None
        if self.state == "connecting":
            return None if self._result is not None else (self.socket, EVENT_WRITE)
        if self.state != "open":
            return None
        events = EVENT_READ if self._room() and not self._over() else 0
        events |= EVENT_WRITE if self._arrived else 0
        return (self.socket, events) if events else None

    def service(self, now: float) -> None:
        """Move bytes without waiting; none while the network is silent."""
        if self.network.silent:
            if self.state == "connecting" and now >= self._limit:
                self._fail(errno.ETIMEDOUT)
            return
        if self.state == "connecting":
            self._connecting(now)
        while self._up and self._up[0][0] <= now:
            self._arrived += self._up.popleft()[1]
        if self.state == "open":
            self._flush()
        if self.state == "open" and not self._over():
            self._receive(now)
        while self._down and self._down[0][0] <= now:
            data = self._down.popleft()[1]
            self.rx += data
            self.ended = self.ended or not data

    def give_up(self, due: float) -> None:
        """End a connection attempt at `due` at the latest."""
        self._limit = min(self._limit, due)

    def send(self, data: bytes, now: float) -> None:
        """Queue bytes for the peer."""
        self.tx += data
        if self.network.air:
            self._up.extend(self.network.air.up.arrivals(len(data), now))
        else:
            self._arrived += len(data)
        if not self.network.silent:
            self._flush()

    def reset(self) -> None:
        """Reset the connection as the peer: bytes that were not read are lost."""
        if self.state == "connecting":
            self._fail(errno.ECONNRESET)
        elif self.state == "open":
            self.rx.clear()
            self.close(abort=True)
            self._lost()

    def read(self, limit: int) -> bytes:
        """Remove and return at most `limit` received bytes."""
        data = bytes(self.rx[:limit])
        del self.rx[: len(data)]
        return data

    @property
    def unacked(self) -> int:
        """The bytes sent that the peer has not acknowledged; on Windows, those not yet sent."""
        if self.socket is None:
            return 0
        try:
            import fcntl
            import termios
        except ImportError:
            return len(self.tx)
        raw = fcntl.ioctl(self.socket, termios.TIOCOUTQ, bytes(4))
        return len(self.tx) + struct.unpack("i", raw)[0]

    def close(self, abort: bool = False) -> None:
        """Close; received bytes stay readable. `abort` resets the connection; otherwise
        the bytes in the air arrive at once."""
        if self.socket is not None and self._up and not abort and not self.network.silent:
            self._arrived = len(self.tx)
            self._up.clear()
            self._flush()
        if self.socket is not None:
            if abort:
                self.socket.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
            self.socket.close()
            self.socket = None
        self.state = "closed"
        self._up.clear()
        self._down.clear()

    def _room(self) -> int:
        """Return how many more bytes the modem takes."""
        return self.rx_limit - len(self.rx) - sum(len(data) for _, data in self._down)

    def _over(self) -> bool:
        """Return whether the peer has closed, even if that is still in the air."""
        return self.ended or bool(self._down and not self._down[-1][1])

    def _connecting(self, now: float) -> None:
        if self._result is None:
            code = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if not code:
                try:
                    self.socket.getpeername()
                except OSError:
                    if now >= self._limit:
                        self._fail(errno.ETIMEDOUT)
                    return
            self._result = code
        if now < self._answer:
            return
        if self._result:
            self._fail(self._result)
            return
        self.state = "open"
        self.network.opened += 1

    def _fail(self, code: int) -> None:
        reasons = {errno.ECONNREFUSED: "refused", errno.ETIMEDOUT: "timeout"}
        self.failure = reasons.get(code, "unreachable")
        self.network.failed += 1
        self.close()

    def _flush(self) -> None:
        while self._arrived and self.state == "open":
            try:
                size = self.socket.send(self.tx[: min(CHUNK, self._arrived)])
            except BlockingIOError:
                return
            except OSError:
                self._lost()
                return
            del self.tx[:size]
            self._arrived -= size
            self.sent += size
            self.network.bytes_up += size

    def _receive(self, now: float) -> None:
        while (room := self._room()) > 0:
            try:
                data = self.socket.recv(min(CHUNK, room))
            except BlockingIOError:
                return
            except OSError:
                self._lost()
                return
            self.received += len(data)
            self.network.bytes_down += len(data)
            self._set_out(data, now)
            if not data:
                return

    def _set_out(self, data: bytes, now: float) -> None:
        """Send the peer's bytes, or b"" for its end, through the air to `rx`."""
        if self.network.air is None:
            self.rx += data
            self.ended = not data
            return
        for due, size in self.network.air.down.arrivals(max(1, len(data)), now):
            self._down.append((due, data[:size]))
            data = data[size:]

    def _lost(self) -> None:
        self.ended = True
        self.tx.clear()
        self._arrived = 0
        self.close()


class Network:
    """Opens connections and resolves names for a modem.

    resolve: host name -> (address, port or None for the port asked for); names not in it are
    looked up only when `loopback_only` is off (that lookup blocks). connect_timeout: seconds of
    SYN retries before giving up. radio: latency and rate of the bytes, see `air.PRESETS`; None:
    they take no time.
    Counters: opened, failed, bytes_up, bytes_down.
    """

    def __init__(
        self,
        *,
        resolve: dict[str, tuple[str, int | None]] | None = None,
        loopback_only: bool = True,
        connect_timeout: float = 75.0,
        radio: Preset | None = None,
    ) -> None:
        self.resolve = {name.lower(): target for name, target in (resolve or {}).items()}
        self.loopback_only = loopback_only
        self.connect_timeout = connect_timeout
        self.air = Air(radio) if radio else None
        self.opened = self.failed = self.bytes_up = self.bytes_down = 0
        self.silent = False
        """A black hole: no byte goes through, and no error reports it."""
        self._connections: list = []

    def lookup(self, host: str, port: int) -> tuple[str, int]:
        """Return address and port for a host name or an address. Raises Unresolvable."""
        name = host.lower().rstrip(".")
        if name in self.resolve:
            address, mapped = self.resolve[name]
            return address, port if mapped is None else mapped
        if name == "localhost":
            return "127.0.0.1", port
        try:
            return str(ipaddress.ip_address(name)), port
        except ValueError:
            pass
        if self.loopback_only:
            raise Unresolvable(host)
        try:
            found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise Unresolvable(host) from error
        return found[0][4][0], port

    def connect(self, host: str, port: int, now: float, udp: bool = False) -> Connection:
        """Start a connection; `udp`: bind a datagram socket to its peer. Raises Unresolvable,
        PermissionError for an address outside loopback."""
        address, port = self.lookup(host, port)
        if self.loopback_only and not ipaddress.ip_address(address).is_loopback:
            raise PermissionError(
                f"{address} is not a loopback address; allow it with loopback_only=False"
            )
        self._connections = [one for one in self._connections if one.state != "closed"]
        make = self._datagrams if udp else self._connection
        self._connections.append(make((address, port), now))
        return self._connections[-1]

    def _connection(self, address: tuple[str, int], now: float) -> Connection:
        """Make the connection; tests may replace this."""
        return Connection(self, address, now)

    def _datagrams(self, address: tuple[str, int], now: float) -> Connection:
        return Connection(self, address, now, udp=True)

    def reset_all(self) -> None:
        """Reset every connection as its peer."""
        for connection in self._connections:
            connection.reset()
