"""The world behind the simulated modem: real, non-blocking TCP sockets, to loopback only unless
told otherwise."""

from __future__ import annotations

import errno
import fcntl
import ipaddress
import socket
import struct
import termios
from selectors import EVENT_READ, EVENT_WRITE

CHUNK = 4096


class Unresolvable(Exception):
    """The host name has no address."""


class Connection:
    """One TCP connection. `state` goes connecting -> open -> closed; `failure` tells why it
    never opened.

    failure: "" | "refused" | "timeout" | "unreachable". `rx` holds received bytes (at most
    `rx_limit`), `tx` bytes that the operating system has not taken yet. `ended` is true once the
    peer closed or reset it.
    """

    def __init__(self, network: Network, address: tuple[str, int], due: float) -> None:
        self.network = network
        self.address = address
        self.state = "connecting"
        self.failure = ""
        self.ended = False
        self.rx = bytearray()
        self.tx = bytearray()
        self.rx_limit = 10240
        self.received = self.sent = 0
        self.due: float | None = due
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.socket: socket.socket | None = socket.socket(family, socket.SOCK_STREAM)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            code = self.socket.connect_ex(address)
        except (OSError, OverflowError) as error:
            code = getattr(error, "errno", None) or errno.EINVAL
        if code not in (0, errno.EINPROGRESS):
            self._fail(code)

    def selectable(self) -> tuple[socket.socket, int] | None:
        """The socket and the events it waits for, None when it waits for none."""
        if self.network.silent:
            return None
        if self.state == "connecting":
            return (self.socket, EVENT_WRITE)
        if self.state != "open":
            return None
        events = EVENT_READ if len(self.rx) < self.rx_limit and not self.ended else 0
        events |= EVENT_WRITE if self.tx else 0
        return (self.socket, events) if events else None

    def service(self, now: float) -> None:
        """Move what can be moved without waiting; nothing while the network is silent."""
        if self.network.silent:
            if self.state == "connecting" and now >= self.due:
                self._fail(errno.ETIMEDOUT)
            return
        if self.state == "connecting":
            self._connecting(now)
        if self.state == "open":
            self._flush()
        if self.state == "open" and not self.ended:
            self._receive()

    def send(self, data: bytes) -> None:
        """Queue bytes for the peer."""
        self.tx += data
        if not self.network.silent:
            self._flush()

    def reset(self) -> None:
        """The peer resets the connection: what has not been read is gone."""
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
        """Bytes sent that the peer has not acknowledged."""
        if self.socket is None:
            return 0
        raw = fcntl.ioctl(self.socket, termios.TIOCOUTQ, bytes(4))
        return len(self.tx) + struct.unpack("i", raw)[0]

    def close(self, abort: bool = False) -> None:
        """Close; received bytes stay readable. `abort` resets the connection instead of ending
        it properly."""
        if self.socket is not None:
            if abort:
                self.socket.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                )
            self.socket.close()
            self.socket = None
        self.state = "closed"
        self.due = None

    def _connecting(self, now: float) -> None:
        code = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self._fail(code)
            return
        try:
            self.socket.getpeername()
        except OSError:
            if now >= self.due:
                self._fail(errno.ETIMEDOUT)
            return
        self.state, self.due = "open", None
        self.network.opened += 1

    def _fail(self, code: int) -> None:
        reasons = {errno.ECONNREFUSED: "refused", errno.ETIMEDOUT: "timeout"}
        self.failure = reasons.get(code, "unreachable")
        self.network.failed += 1
        self.close()

    def _flush(self) -> None:
        while self.tx and self.state == "open":
            try:
                size = self.socket.send(self.tx[:CHUNK])
            except BlockingIOError:
                return
            except OSError:
                self._lost()
                return
            del self.tx[:size]
            self.sent += size
            self.network.bytes_up += size

    def _receive(self) -> None:
        while len(self.rx) < self.rx_limit:
            try:
                data = self.socket.recv(min(CHUNK, self.rx_limit - len(self.rx)))
            except BlockingIOError:
                return
            except OSError:
                self._lost()
                return
            if not data:
                self.ended = True
                return
            self.rx += data
            self.received += len(data)
            self.network.bytes_down += len(data)

    def _lost(self) -> None:
        self.ended = True
        self.tx.clear()
        self.close()


class Network:
    """Opens connections and resolves names for a modem.

    resolve: host name -> (address, port or None for the port asked for); names not in it are
    looked up only when `loopback_only` is off (that lookup blocks). connect_timeout: seconds of
    SYN retries before giving up.
    Counters: opened, failed, bytes_up, bytes_down.
    """

    def __init__(
        self,
        *,
        resolve: dict[str, tuple[str, int | None]] | None = None,
        loopback_only: bool = True,
        connect_timeout: float = 75.0,
    ) -> None:
        self.resolve = {name.lower(): target for name, target in (resolve or {}).items()}
        self.loopback_only = loopback_only
        self.connect_timeout = connect_timeout
        self.opened = self.failed = self.bytes_up = self.bytes_down = 0
        self.silent = False
        """A black hole: nothing goes through, and nobody says so."""
        self._connections: list = []

    def lookup(self, host: str, port: int) -> tuple[str, int]:
        """Address and port for a host name or an address. Raises Unresolvable."""
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

    def connect(self, host: str, port: int, now: float) -> Connection:
        """Start a connection. Raises Unresolvable, PermissionError for an address outside
        loopback."""
        address, port = self.lookup(host, port)
        if self.loopback_only and not ipaddress.ip_address(address).is_loopback:
            raise PermissionError(
                f"{address} is not a loopback address; allow it with loopback_only=False"
            )
        self._connections = [one for one in self._connections if one.state != "closed"]
        self._connections.append(self._connection((address, port), now + self.connect_timeout))
        return self._connections[-1]

    def _connection(self, address: tuple[str, int], due: float) -> Connection:
        """What carries the bytes; tests may have others."""
        return Connection(self, address, due)

    def reset_all(self) -> None:
        """Every peer resets its connection."""
        for connection in self._connections:
            connection.reset()
