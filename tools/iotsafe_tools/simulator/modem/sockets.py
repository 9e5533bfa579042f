"""The common part of the sockets of all modem families: real TCP connections, by number.

A family subclasses `SocketTable`, prints its URCs in `notify`, and adds its commands to the table
of its personality.
"""

from __future__ import annotations

from .network import Connection, Unresolvable


class Socket:
    """One connection number. `notified`: a URC has announced data that the host has not read."""

    def __init__(self, cid: int, pdp: int, host: str, port: int) -> None:
        self.cid, self.pdp, self.host, self.port = cid, pdp, host, port
        self.connection: Connection | None = None
        self.notified = False
        self.closed_reported = False
        self.udp = False


class SocketTable:
    """All connections of a modem."""

    rx_limit = 10240
    """Bytes that the modem buffers for the host."""

    def __init__(self, modem) -> None:
        self.modem = modem
        self.sockets: dict[int, Socket] = {}
        self.reset()

    # -- called by the core ----------------------------------------------------------------------

    def reset(self) -> None:
        """Close everything."""
        for cid in list(self.sockets):
            self.close(cid, abort=True)

    def selectables(self) -> list:
        """Return (socket, events) of every connection that waits."""
        if self.modem.radio.deaf:
            return []
        found = (s.connection.selectable() for s in self.sockets.values() if s.connection)
        return [item for item in found if item]

    def next_due(self) -> float | None:
        """Return the time at which the next connection attempt gives up."""
        if self.modem.radio.deaf:
            return None
        dues = (s.connection.due for s in self.sockets.values() if s.connection)
        return min((due for due in dues if due is not None), default=None)

    def service(self) -> None:
        """Move bytes between buffers and network."""
        if self.modem.radio.deaf:
            return
        before = self.modem.network.bytes_up, self.modem.network.bytes_down
        for sock in self.sockets.values():
            if sock.connection:
                sock.connection.service(self.modem.now)
        self._count(*before)

    def notify(self) -> None:
        """Print the pending URCs: data, closed connections."""
        raise NotImplementedError

    def context_lost(self, pdp: int) -> None:
        """End the connections of a lost PDP context; their buffers stay readable."""
        for sock in self.sockets.values():
            if sock.pdp == pdp and sock.connection:
                if sock.connection.state == "connecting":
                    sock.connection.failure = "unreachable"
                sock.connection.close(abort=True)
                sock.connection.ended = True
        self.notify()

    def peer_closed(self, cid: int) -> None:
        """Close the connection as the peer would."""
        sock = self.sockets.get(cid)
        if sock and sock.connection:
            sock.connection.close()
            sock.connection.ended = True
            self.notify()

    # -- called by the commands ------------------------------------------------------------------

    def start(self, sock: Socket) -> str:
        """Start to connect and keep `sock`; return "" (under way) or why that is impossible:
        "unresolved", "unreachable", "error"."""
        modem = self.modem
        try:
            connection = modem.network.connect(sock.host, sock.port, modem.now, sock.udp)
        except Unresolvable:
            return "unresolved"
        except PermissionError as error:
            modem.event("error", error=str(error))
            return "unreachable"
        except OSError:
            return "error"
        connection.rx_limit = self.rx_limit
        sock.connection = connection
        self.sockets[sock.cid] = sock
        return ""

    def report_attempt(self, sock: Socket, result: int) -> None:
        """Report the end of an attempt; 0 is success."""
        what = "failed" if result else "open"
        self.modem.event(
            "tcp", what=what, cid=sock.cid, host=sock.host, port=sock.port, result=result
        )
        self.modem.occur(f"tcp:{what}")

    def send(self, sock: Socket, data: bytes) -> None:
        """Queue bytes for the peer."""
        before = self.modem.network.bytes_up, self.modem.network.bytes_down
        sock.connection.send(data, self.modem.now)
        self._count(*before)
        self.modem.event("tcp", what="sent", cid=sock.cid, bytes=len(data))

    def read(self, sock: Socket, limit: int) -> bytes:
        """Return at most `limit` bytes from the peer."""
        data = sock.connection.read(limit)
        if data:
            self.modem.event("tcp", what="received", cid=sock.cid, bytes=len(data))
        return data

    def ended(self, sock: Socket) -> bool:
        """Return True once, when the peer has closed."""
        if not sock.connection.ended or sock.closed_reported:
            return False
        sock.closed_reported = True
        self.modem.event("tcp", what="closed", cid=sock.cid, by="peer")
        return True

    def close(self, cid: int, abort: bool = False) -> None:
        """Close a connection and forget its number."""
        sock = self.sockets.pop(cid, None)
        if sock and sock.connection:
            sock.connection.close(abort)

    def hung_up(self, cid: int) -> None:
        """Close a connection at the host's command."""
        self.close(cid)
        self.modem.event("tcp", what="closed", cid=cid, by="host")

    def _count(self, up: int, down: int) -> None:
        network = self.modem.network
        self.modem.count("tcp_up", network.bytes_up - up)
        self.modem.count("tcp_down", network.bytes_down - down)
