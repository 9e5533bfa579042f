"""The CA* TCP sockets of the SIM7080 (TCPUDP(S) note V1.03): real sockets behind AT commands."""

from __future__ import annotations

from .errors import CMEError, RequestError
from .parser import Args
from .sockets import Socket, SocketTable
from .table import CommandTable, Data, Number, Setting, Text, Until, render

CIDS = range(13)
MAX_CHUNK = 1460
NOT_ALLOWED = 3
PROMPT_DELAY = 0.002
"""Seconds before the prompt: in that time the LF of the command line arrives, so it does not
become payload."""

NEVER = 3600.0
"""Seconds; longer than any connection attempt, so the network gives up first."""

OK, SOCKET_ERROR, TIMED_OUT = 0, 1, 2
NOT_SUPPORTED, NO_HOST, NO_NETWORK, REFUSED, CONNECT_FAILED = 7, 20, 21, 23, 27
RESULTS = {
    "": OK,
    "refused": REFUSED,
    "timeout": TIMED_OUT,
    "unreachable": CONNECT_FAILED,
    "unresolved": NO_HOST,
    "error": SOCKET_ERROR,
}

CACFG = {
    # key: fields, default
    "TRANSWAITTM": ((Number(range(21)),), (2,)),
    "TRANSPKTSIZE": ((Number(range(1, 1461)),), (1320,)),
    "SACK": ((Number(range(2)),), (1,)),
    "MSS": ((Number(range(512, 1421)),), (1420,)),
    "ACKDELAY": ((Number(range(5001)),), (200,)),
    "TCPIRT": ((Number(range(200, 120001)),), (3000,)),
    "TCPOT": ((Number(range(200, 120001)),), (60000,)),
    "MAXRXT": ((Number(range(1, 17)),), (12,)),
    "KEEPALIVE": (
        (
            Number(range(2)),
            Number(range(30, 86401)),
            Number(range(1, 86401)),
            Number(range(1, 101)),
        ),
        (0, 7200, 75, 9),
    ),
    "TCP_NODELAY": ((Number(range(2)),), (1,)),
    "LINGER": ((Number(range(2)), Number(range(121))), (0, 0)),
    "SNDBUF": ((Number(range(5840, 29201)),), (10240,)),
    "RCVBUF": ((Number(range(5840, 29201)),), (10240,)),
    "ATOCLOSE": ((Number(range(2)), Number(range(121))), (0, 0)),
    "ACCEPTNUM": ((Number(range(1, 8)),), (7,)),
    "ASYNCOPEN": ((Number(range(2)),), (0,)),
    "TIMEOUT": ((Number(CIDS), Number(range(1, 60001))), (0, 100)),
    "LOCALPORT": ((Number(range(65536)),), (0,)),
    "REMOTEADDR": ((Number(CIDS), Text(64), Number(range(65536))), (0, "", 0)),
}
CASSL_KEYS = {
    "SSL": Number(range(2)),
    "CRINDEX": Number(range(6)),
    "CACERT": Text(64),
    "CERT": Text(64),
    "PSKTABLE": Text(64),
}


class CASocket(Socket):
    """One cid. `notified`: +CADATAIND was printed and a read has not yet come up short."""

    def __init__(self, cid: int, pdp: int, host: str, port: int, mode: int) -> None:
        super().__init__(cid, pdp, host, port)
        self.mode = mode
        self.asynchronous = False
        """A URC must still report the result of the attempt."""


class CASockets(SocketTable):
    """All cids of a modem."""

    def reset(self) -> None:
        """Close everything and forget the configuration (all CA* settings are NO_SAVE)."""
        super().reset()
        self.config: dict[str, tuple] = {key: default for key, (_, default) in CACFG.items()}
        self.ssl: dict[int, dict[str, object]] = {}

    def notify(self) -> None:
        """Print the pending URCs: data, closed connections."""
        for sock in list(self.sockets.values()):
            connection = sock.connection
            if connection is None or connection.state == "connecting":
                continue
            if sock.asynchronous:
                sock.asynchronous = False
                result = self.opened(sock)
                self.modem.urc(f"+CAOPEN: {sock.cid},{result}")
                if result != OK:
                    continue
            if sock.mode == 1:
                self._push(sock)
            elif connection.rx and not sock.notified:
                sock.notified = True
                self.modem.urc(f"+CADATAIND: {sock.cid}")
            if self.ended(sock):
                if self.config["ATOCLOSE"][0]:
                    self.modem.urc(f"+CACLOSE: {sock.cid}")
                    self.close(sock.cid)
                else:
                    self.modem.urc(f"+CASTATE: {sock.cid},0")

    # -- called by the commands ------------------------------------------------------------------

    def connected(self, cid: int) -> CASocket:
        """Return the socket if it can carry data. Raises CMEError."""
        sock = self.sockets.get(cid)
        if sock is None or sock.connection is None or sock.connection.ended:
            raise CMEError(NOT_ALLOWED)
        if sock.connection.state != "open":
            raise CMEError(NOT_ALLOWED)
        return sock

    def existing(self, cid: int) -> CASocket:
        """Return the socket if it was opened, even if the peer closed it. Raises CMEError."""
        sock = self.sockets.get(cid)
        if sock is None or sock.connection is None or sock.connection.state == "connecting":
            raise CMEError(NOT_ALLOWED)
        return sock

    def free(self, sock: CASocket) -> int:
        """Return the free bytes of the send buffer."""
        return max(0, self.config["SNDBUF"][0] - len(sock.connection.tx))

    def open(self, sock: CASocket) -> int:
        """Start to connect; return OK (attempt under way) or the result code of +CAOPEN."""
        if not self.modem.radio.pdp.get(sock.pdp):
            return NO_NETWORK
        self.rx_limit = self.config["RCVBUF"][0]
        return RESULTS[self.start(sock)]

    def opened(self, sock: CASocket) -> int:
        """Return the result of a finished attempt; forget the socket if it failed."""
        result = RESULTS[sock.connection.failure]
        self.report_attempt(sock, result)
        if result != OK:
            self.close(sock.cid)
        return result

    def _push(self, sock: CASocket) -> None:
        connection = sock.connection
        while connection.rx:
            size = min(MAX_CHUNK, len(connection.rx))
            head = f'+CAURC: "recv",{sock.cid},{size}'
            if not self.modem.uart.push(head, bytes(connection.rx[:size])):
                return
            connection.read(size)


# -- commands ------------------------------------------------------------------------------------


def identify(modem, args: Args) -> None:
    """AT+CACID: select the identifier for CASSLCFG."""
    args.at_most(1)
    args.number(0, CIDS)


def configure_ssl(modem, args: Args) -> None:
    """AT+CASSLCFG=<cid>,"<key>",<value>."""
    args.at_most(3)
    cid = args.number(0, CIDS)
    key = args.text(1, 16).upper()
    if key not in CASSL_KEYS:
        raise RequestError("parameter", key)
    modem.sockets.ssl.setdefault(cid, {})[key] = CASSL_KEYS[key].read(args, 2, None)


def configure(modem, args: Args) -> None:
    """AT+CACFG="<key>",<value>[,…]."""
    key = args.text(0, 16).upper()
    if key not in CACFG:
        raise RequestError("parameter", key)
    fields, _ = CACFG[key]
    args.at_most(1 + len(fields))
    args.text(1, 64)
    current = modem.sockets.config[key]
    modem.sockets.config[key] = tuple(
        item.read(args, index + 1, current[index]) for index, item in enumerate(fields)
    )


def configuration(modem, args: Args) -> None:
    """AT+CACFG?: print every key."""
    modem.info(*(f'+CACFG: "{key}",{render(v)}' for key, v in modem.sockets.config.items()))


def open_socket(modem, args: Args):
    """AT+CAOPEN: print result and OK when the attempt has ended; with ASYNCOPEN the result is a
    URC."""
    args.at_most(6)
    sockets = modem.sockets
    cid = args.number(0, CIDS)
    pdp = args.number(1, range(4))
    kind = args.text(2, 8).upper()
    host = args.text(3, 64)
    sock = CASocket(cid, pdp, host, args.number(4, range(1, 65536)), args.number(5, range(2), 0))
    if kind not in ("TCP", "UDP", "NONIP"):
        raise RequestError("parameter", kind)
    if cid in sockets.sockets:
        raise CMEError(NOT_ALLOWED)
    native_tls = sockets.ssl.get(cid, {}).get("SSL")
    result = NOT_SUPPORTED if kind != "TCP" or native_tls else sockets.open(sock)
    if result != OK:
        sockets.report_attempt(sock, result)
    elif sockets.config["ASYNCOPEN"][0]:
        sock.asynchronous = True
        return
    else:
        settled = Until(lambda: sock.connection.state != "connecting", NEVER)
        yield settled
        result = sockets.opened(sock)
    if sockets.config["ASYNCOPEN"][0]:
        modem.after_ok(lambda: modem.urc(f"+CAOPEN: {cid},{result}"))
    else:
        modem.info(f"+CAOPEN: {cid},{result}")


def open_sockets(modem, args: Args) -> None:
    """AT+CAOPEN?."""
    lines = [
        "+CAOPEN: " + render((s.cid, s.pdp, "TCP", s.host, s.port, s.mode))
        for _, s in sorted(modem.sockets.sockets.items())
    ]
    if lines:
        modem.info(*lines)


def send(modem, args: Args):
    """AT+CASEND: print the free space, or print a prompt and take exactly the announced bytes."""
    args.at_most(3)
    sock = modem.sockets.connected(args.number(0, CIDS))
    free = modem.sockets.free(sock)
    if len(args) == 1:
        modem.info(f"+CASEND: {free}")
        return
    length = args.number(1, range(1, MAX_CHUNK + 1))
    seconds = args.number(2, range(100, 10001), 5000) / 1000
    if length > free:
        raise CMEError(NOT_ALLOWED)
    yield PROMPT_DELAY
    data = yield Data(length, seconds)
    if data is None:
        raise CMEError(NOT_ALLOWED)
    modem.sockets.send(modem.sockets.connected(sock.cid), data)


def receive(modem, args: Args) -> None:
    """AT+CARECV=<cid>,<n>: print at most n bytes; a short read arms the notification again."""
    args.at_most(2)
    sock = modem.sockets.existing(args.number(0, CIDS))
    limit = args.number(1, range(1, MAX_CHUNK + 1))
    data = modem.sockets.read(sock, limit)
    if len(data) < limit:
        sock.notified = False
    if not data:
        modem.info("+CARECV: 0")
        return
    peer = ""
    if modem.values["+CASRIP"][0]:
        address, port = sock.connection.address
        peer = f"{address},{port},"
    modem.info(f"+CARECV: {peer}{len(data)},", data=data)


def receivable(modem, args: Args) -> None:
    """AT+CARECV?: print the buffered bytes of each cid that has some."""
    lines = [
        f"+CARECV: {cid},{len(sock.connection.rx)}"
        for cid, sock in sorted(modem.sockets.sockets.items())
        if sock.connection and sock.connection.rx
    ]
    if lines:
        modem.info(*lines)


def states(modem, args: Args) -> None:
    """AT+CASTATE?: print 1 (connected) or 0 (the peer closed) for each open cid."""
    lines = [
        f"+CASTATE: {cid},{int(not sock.connection.ended)}"
        for cid, sock in sorted(modem.sockets.sockets.items())
        if sock.connection and sock.connection.state != "connecting"
    ]
    if lines:
        modem.info(*lines)


def acknowledged(modem, args: Args) -> None:
    """AT+CAACK=<cid>: print the bytes sent and the bytes not acknowledged."""
    args.at_most(1)
    connection = modem.sockets.connected(args.number(0, CIDS)).connection
    modem.info(f"+CAACK: {connection.sent + len(connection.tx)},{connection.unacked}")


def close_socket(modem, args: Args) -> None:
    """AT+CACLOSE=<cid>."""
    args.at_most(1)
    cid = args.number(0, CIDS)
    if cid not in modem.sockets.sockets:
        raise CMEError(NOT_ALLOWED)
    modem.sockets.hung_up(cid)


def add_socket_commands(table: CommandTable) -> None:
    """Add the CA* commands to a personality's table."""
    for name, form, function in (
        ("+CACID", "set", identify),
        ("+CASSLCFG", "set", configure_ssl),
        ("+CACFG", "set", configure),
        ("+CACFG", "read", configuration),
        ("+CAOPEN", "set", open_socket),
        ("+CAOPEN", "read", open_sockets),
        ("+CASEND", "set", send),
        ("+CARECV", "set", receive),
        ("+CARECV", "read", receivable),
        ("+CASTATE", "read", states),
        ("+CAACK", "set", acknowledged),
        ("+CACLOSE", "set", close_socket),
    ):
        table.add(name, form, function)
    table.tests(
        {
            "+CACID": "(0-12)",
            "+CASSLCFG": f"(0-12),({render(CASSL_KEYS)})",
            "+CACFG": f"({render(CACFG)})",
            "+CAOPEN": '(0-12),(0-4),("TCP","UDP","NONIP"),(64),(1-65535),(0,1)',
            "+CASEND": "(0-12),(1-1460),(100-10000)",
            "+CARECV": "(0-12),(1-1460)",
            "+CAACK": "(0-12)",
            "+CACLOSE": "(0-12)",
        }
    )
    table.store(Setting("+CASRIP", (Number(range(2)),), (0,)))
