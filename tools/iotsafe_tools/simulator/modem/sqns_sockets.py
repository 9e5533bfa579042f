"""The SQNS* TCP sockets of Sequans modems, in command mode: real sockets behind AT commands."""

from __future__ import annotations

from .errors import NO_NETWORK, CMEError
from .parser import Args
from .sockets import Socket, SocketTable
from .table import CommandTable, Data, Number, Until

NUMBERS = range(1, 7)
MAX_CHUNK = 1500
SEND_BUFFER = 10240
NOT_ALLOWED, NOT_SUPPORTED = 3, 4
NO_CARRIER = "NO CARRIER"
CTRL_Z, ESCAPE = b"\x1a", b"\x1b"
PAYLOAD_TIME = 10.0
"""Seconds that the modem waits for the bytes after the prompt."""
NEVER = 3600.0

CONFIG = (
    # context, packet size, seconds without traffic (0: for ever), connect and send time-out in
    # 100 ms
    (Number(range(1, 17)), Number(range(1501)), Number(range(65536)), Number(range(10, 1201)),
     Number(range(256))),
    (1, 300, 90, 600, 50),
)  # fmt: skip
EXTENDED = (
    # indications (with a length 1, with the data, too, 2), received as hex, keep-alive, listen,
    # sent as hex, reserved
    (Number(range(3)), Number(range(2)), Number(range(241)), Number(range(2)), Number(range(2)),
     Number(range(2))),
    (0, 0, 0, 0, 0, 0),
)  # fmt: skip
WITH_DATA = 2
CLOSED, SUSPENDED, PENDING, OPENING = 0, 2, 3, 6


class SqnsSocket(Socket):
    """One number. `busy`: the time of the last bytes, and the byte count then."""

    def __init__(self, number: int, pdp: int, host: str, port: int, now: float) -> None:
        super().__init__(number, pdp, host, port)
        self.busy = (now, 0)


class SqnsSockets(SocketTable):
    """All six numbers of a modem."""

    def reset(self) -> None:
        """Close everything and forget the configuration."""
        super().reset()
        self.config = dict.fromkeys(NUMBERS, CONFIG[1])
        self.extended = dict.fromkeys(NUMBERS, EXTENDED[1])

    def next_due(self) -> float | None:
        """Return the time at which an attempt gives up, or a silent connection ends."""
        dues = [self._silent_at(sock) for sock in self.sockets.values()]
        return min((due for due in (*dues, super().next_due()) if due is not None), default=None)

    def service(self) -> None:
        """Move bytes between buffers and network; end connections silent for too long."""
        super().service()
        for sock in self.sockets.values():
            passed = sock.connection.sent + sock.connection.received
            if passed != sock.busy[1]:
                sock.busy = (self.modem.now, passed)
            due = self._silent_at(sock)
            if due is not None and self.modem.now >= due:
                sock.connection.close()
                sock.connection.ended = True

    def notify(self) -> None:
        """Print the pending URCs: data, closed connections."""
        for sock in list(self.sockets.values()):
            connection = sock.connection
            if connection.state == "connecting":
                continue
            if self.extended[sock.cid][0] == WITH_DATA:
                self._push(sock)
            elif connection.rx and not sock.notified:
                sock.notified = True
                size = f",{len(connection.rx)}" if self.extended[sock.cid][0] else ""
                self.modem.urc(f"+SQNSRING: {sock.cid}{size}")
            if self.ended(sock):
                self.modem.urc(f"+SQNSH: {sock.cid}")

    def _push(self, sock: SqnsSocket) -> None:
        """Print the received bytes in the URC, which needs no read."""
        rx = sock.connection.rx
        while rx:
            data = bytes(rx[:MAX_CHUNK])
            shown = data.hex().upper().encode() if self.extended[sock.cid][1] else data
            head = f"\r\n+SQNSRING: {sock.cid},{len(data)},"
            if not self.modem.uart.push_raw(head.encode() + shown + b"\r\n", "socket"):
                return
            self.read(sock, len(data))

    def state(self, number: int) -> int:
        """Return the state for +SQNSS."""
        sock = self.sockets.get(number)
        if sock is None or sock.connection.ended:
            return CLOSED
        if sock.connection.state == "connecting":
            return OPENING
        return PENDING if sock.connection.rx else SUSPENDED

    def connected(self, number: int) -> SqnsSocket:
        """Return the socket if it can carry data. Raises CMEError."""
        if self.state(number) not in (SUSPENDED, PENDING):
            raise CMEError(NOT_ALLOWED)
        return self.sockets[number]

    def _silent_at(self, sock: SqnsSocket) -> float | None:
        """Return the time at which the connection ends if it stays silent."""
        limit = self.config[sock.cid][2]
        if not limit or sock.connection.ended or sock.connection.state != "open":
            return None
        return sock.busy[0] + limit


# -- commands ------------------------------------------------------------------------------------


def _configure(attribute: str, fields: tuple):
    def write(modem, args: Args) -> None:
        args.at_most(1 + len(fields))
        number = args.number(0, NUMBERS)
        if modem.sockets.state(number) != CLOSED:
            raise CMEError(NOT_ALLOWED)
        stored = getattr(modem.sockets, attribute)
        stored[number] = tuple(
            item.read(args, index + 1, stored[number][index]) for index, item in enumerate(fields)
        )

    return write


def _configuration(name: str, attribute: str):
    def read(modem, args: Args) -> None:
        stored = getattr(modem.sockets, attribute)
        modem.info(*(f"{name}: {n},{','.join(map(str, v))}" for n, v in stored.items()))

    return read


def dial(modem, args: Args):
    """AT+SQNSD: OK when the connection is open, NO CARRIER if it fails."""
    args.at_most(9)
    sockets = modem.sockets
    number = args.number(0, NUMBERS)
    udp = args.number(1, range(2))
    port, host = args.number(2, range(1, 65536)), args.text(3, 128)
    args.number(4, (0, 1, 255), 0)
    args.number(5, range(65536), 0)
    command_mode = args.number(6, range(2), 0)
    args.number(7, range(3), 0)
    args.number(8, range(3), 0)
    if sockets.state(number) != CLOSED:
        raise CMEError(NOT_ALLOWED)
    if not command_mode:
        raise CMEError(NOT_SUPPORTED)
    pdp = sockets.config[number][0] - 1
    if not modem.radio.pdp[pdp]:
        raise CMEError(NO_NETWORK)
    sockets.close(number)
    sock = SqnsSocket(number, pdp, host, port, modem.now)
    sock.udp = bool(udp)
    failure = sockets.start(sock)
    if not failure:
        limit = modem.now + sockets.config[number][3] / 10
        sock.connection.give_up(limit)
        yield Until(lambda: sock.connection.state != "connecting", NEVER)
        failure = sock.connection.failure
    sockets.report_attempt(sock, 1 if failure else 0)
    if failure:
        sockets.close(number)
        return NO_CARRIER
    sock.busy = (modem.now, 0)
    return None


def send(modem, args: Args):
    """AT+SQNSSENDEXT=<number>,<bytes>[,<rai>]: print a prompt, take exactly these bytes."""
    args.at_most(3)
    number = args.number(0, NUMBERS)
    length = args.number(1, range(1, MAX_CHUNK + 1))
    args.number(2, range(3), 0)
    sock = modem.sockets.connected(number)
    if length > SEND_BUFFER - len(sock.connection.tx):
        raise CMEError(NOT_ALLOWED)
    if "lf_refused" in modem.quirks and modem.uart.line_feed:
        raise CMEError(NOT_SUPPORTED)
    as_hex = modem.sockets.extended[number][4]
    size = 2 * length if as_hex else length
    data = yield Data(size, PAYLOAD_TIME, prompt=b"\r\n> ", skip_lf=False)
    if data is None:
        raise CMEError(NOT_ALLOWED)
    if as_hex:
        try:
            data = bytes.fromhex(data.decode("ascii"))
        except ValueError:
            raise CMEError(NOT_SUPPORTED) from None
    modem.sockets.send(modem.sockets.connected(number), data)


def send_typed(modem, args: Args):
    """AT+SQNSSEND=<number>[,<rai>]: print a prompt, take the bytes before Ctrl-Z."""
    args.at_most(2)
    number = args.number(0, NUMBERS)
    args.number(1, range(3), 0)
    modem.sockets.connected(number)
    data = yield Data(MAX_CHUNK + 1, PAYLOAD_TIME, b"\r\n> ", skip_lf=False, ends=CTRL_Z + ESCAPE)
    if data is not None and data.endswith(ESCAPE):
        return
    if data is None or not data.endswith(CTRL_Z):
        raise CMEError(NOT_ALLOWED)
    modem.sockets.send(modem.sockets.connected(number), data[:-1])


def receive(modem, args: Args) -> None:
    """AT+SQNSRECV=<number>,<n>: print at most n bytes, in the line after the answer."""
    args.at_most(2)
    number = args.number(0, NUMBERS)
    limit = args.number(1, range(1, MAX_CHUNK + 1))
    sock = modem.sockets.sockets.get(number)
    data = modem.sockets.read(sock, limit) if sock else b""
    if sock and len(data) < limit:
        sock.notified = False
    if not data:
        raise CMEError(NOT_ALLOWED)
    shown = data.hex().upper().encode() if modem.sockets.extended[number][1] else data
    modem.info(f"+SQNSRECV: {number},{len(data)}", data=b"\r\n" + shown)


def states(modem, args: Args) -> None:
    """AT+SQNSS[=<number>]: print the state of one or all six, with addresses for the connected
    ones."""
    args.at_most(1)
    lines = []
    for number in [args.number(0, NUMBERS)] if len(args) else NUMBERS:
        state = modem.sockets.state(number)
        line = f"+SQNSS: {number},{state}"
        if state != CLOSED:
            sock = modem.sockets.sockets[number]
            address, port = sock.connection.address
            local = modem.radio.address(sock.pdp)
            line += f',"{local}",{49152 + number},"{address}",{port}'
        lines.append(line)
    modem.info(*lines)


def information(modem, args: Args) -> None:
    """AT+SQNSI=<number>: print the bytes sent, received, buffered, and not acknowledged."""
    args.at_most(1)
    number = args.number(0, NUMBERS)
    sock = modem.sockets.sockets.get(number)
    if sock is None:
        raise CMEError(NOT_ALLOWED)
    connection = sock.connection
    counts = connection.sent, connection.received, len(connection.rx), connection.unacked
    modem.info(f"+SQNSI: {number},{','.join(map(str, counts))}")


def hang_up(modem, args: Args) -> None:
    """AT+SQNSH=<number>."""
    args.at_most(1)
    number = args.number(0, NUMBERS)
    if number not in modem.sockets.sockets:
        raise CMEError(NOT_ALLOWED)
    modem.sockets.hung_up(number)


def add_socket_commands(table: CommandTable) -> None:
    """Add the SQNS* commands to a personality's table."""
    for name, form, function in (
        ("+SQNSCFG", "set", _configure("config", CONFIG[0])),
        ("+SQNSCFG", "read", _configuration("+SQNSCFG", "config")),
        ("+SQNSCFGEXT", "set", _configure("extended", EXTENDED[0])),
        ("+SQNSCFGEXT", "read", _configuration("+SQNSCFGEXT", "extended")),
        ("+SQNSD", "set", dial),
        ("+SQNSSENDEXT", "set", send),
        ("+SQNSSEND", "set", send_typed),
        ("+SQNSRECV", "set", receive),
        ("+SQNSS", "exec", states),
        ("+SQNSS", "set", states),
        ("+SQNSI", "set", information),
        ("+SQNSH", "set", hang_up),
    ):
        table.add(name, form, function)
    table.tests(
        {
            "+SQNSCFG": "(1-6),(1-16),(0-1500),(0-65535),(10-1200),(0-255)",
            "+SQNSCFGEXT": "(1-6),(0-2),(0,1),(0-240),(0,1),(0,1)",
            "+SQNSD": "(1-6),(0,1),(1-65535),(128),(0,1,255),(0-65535),(0,1),(0-2)",
            "+SQNSSENDEXT": "(1-6),(1-1500),(0-2)",
            "+SQNSSEND": "(1-6),(0-2)",
            "+SQNSRECV": "(1-6),(1-1500)",
            "+SQNSS": "(1-6)",
            "+SQNSI": "(1-6)",
            "+SQNSH": "(1-6)",
        }
    )
