"""The USO* TCP sockets of u-blox modems: real sockets behind AT commands."""

from __future__ import annotations

from functools import partial

from .absent import TLS
from .errors import CMEError
from .network import Unresolvable
from .parser import Args
from .service_context import BEARER, SERVICE
from .sockets import Socket, SocketTable
from .table import CommandTable, Data, Until

NUMBERS = range(7)
MAX_CHUNK = 1024
TCP = 6
NOT_ALLOWED, NOT_SUPPORTED = 3, 4
PROMPT_DELAY = 0.002
NEVER = 3600.0
"""Seconds; longer than any connection attempt. The modem waits as long for a payload."""

WOULD_BLOCK, IO_ERROR, TIMED_OUT, REFUSED, UNREACHABLE = 11, 5, 110, 111, 113
FAILURES = {
    "refused": REFUSED,
    "timeout": TIMED_OUT,
    "unreachable": UNREACHABLE,
    "unresolved": UNREACHABLE,
    "error": IO_ERROR,
}
KIND, ERROR, SENT, RECEIVED, STATE, UNACKED = 0, 1, 2, 3, 10, 11
"""Parameters of +USOCTL."""
INACTIVE, ESTABLISHED, CLOSE_WAIT = 0, 4, 7


class UbloxSockets(SocketTable):
    """All sockets of a modem. `error`: the cause of the last failure (+USOER)."""

    context = BEARER
    """The context of these sockets."""
    tx_limit = 10240

    def reset(self) -> None:
        """Close everything."""
        super().reset()
        self.error = 0
        self.hex = 0
        """Payload in commands and answers is hex (+UDCONF=1,1)."""

    def notify(self) -> None:
        """Print URCs for data and closed connections. Forget closed, read sockets."""
        for sock in list(self.sockets.values()):
            connection = sock.connection
            if connection is None or connection.state == "connecting":
                continue
            if connection.rx and not sock.notified:
                sock.notified = True
                self.modem.urc(f"+UUSORD: {sock.cid},{len(connection.rx)}")
            if self.ended(sock):
                self.modem.urc(f"+UUSOCL: {sock.cid}")
            if connection.ended and not connection.rx:
                self.close(sock.cid)

    def socket_of(self, args: Args) -> Socket:
        """Return the socket of the first argument. Raises CMEError."""
        sock = self.sockets.get(args.number(0, NUMBERS))
        if sock is None:
            raise CMEError(NOT_ALLOWED)
        return sock

    def connected(self, args: Args) -> Socket:
        """Return the socket of the first argument, if it was connected. Raises CMEError."""
        sock = self.socket_of(args)
        if sock.connection is None or sock.connection.state == "connecting":
            raise CMEError(NOT_ALLOWED)
        return sock


class UbloxProfileSockets(UbloxSockets):
    """Sockets that use a profile, which the host must activate."""

    context = SERVICE


def create(modem, args: Args) -> None:
    """AT+USOCR=6 (TCP) or 17 (UDP): print the lowest free number."""
    args.at_most(3)
    udp = args.number(0, (6, 17)) != TCP
    sockets = modem.sockets
    for number in NUMBERS:
        if number not in sockets.sockets:
            sockets.sockets[number] = Socket(number, sockets.context, "", 0)
            sockets.sockets[number].udp = udp
            modem.info(f"+USOCR: {number}")
            return
    raise CMEError(NOT_ALLOWED)


def connect(modem, args: Args):
    """AT+USOCO: OK once the connection is open; with a last argument 1 at once, then +UUSOCO."""
    args.at_most(4)
    sockets = modem.sockets
    sock = sockets.socket_of(args)
    sock.host, sock.port = args.text(1, 64), args.number(2, range(1, 65536))
    later = args.number(3, range(2), 0)
    if sock.connection is not None:
        raise CMEError(NOT_ALLOWED)
    if not modem.radio.pdp[sock.pdp]:
        raise CMEError(NOT_ALLOWED)
    failure = sockets.start(sock)

    def result() -> int:
        sockets.error = FAILURES.get(failure or sock.connection.failure, 0)
        if sockets.error:
            sock.connection = None
        sockets.report_attempt(sock, sockets.error)
        return sockets.error

    if later:
        modem.after_ok(partial(_report_attempt, modem, sock, failure, result))
        return
    if not failure:
        yield Until(lambda: sock.connection.state != "connecting", NEVER)
    if result():
        raise CMEError(NOT_ALLOWED)


def _report_attempt(modem, sock: Socket, failure: str, result) -> None:
    """Print +UUSOCO when the attempt has ended."""
    if not failure and sock.connection.state == "connecting":
        modem.timers.at(modem.now + 0.01, partial(_report_attempt, modem, sock, failure, result))
        return
    modem.urc(f"+UUSOCO: {sock.cid},{result()}")


def write(modem, args: Args):
    """AT+USOWR: take exactly these bytes after the prompt @, or quoted in the command."""
    args.at_most(3)
    sockets = modem.sockets
    sock = sockets.connected(args)
    length = args.number(1, range(1, MAX_CHUNK + 1))
    if len(args) == 3:
        data = inline(args.text(2, MAX_CHUNK), sockets.hex)
        if len(data) != length:
            raise CMEError(NOT_ALLOWED)
    elif not _room(sockets, sock):
        sockets.error = WOULD_BLOCK
        raise CMEError(NOT_ALLOWED)
    else:
        yield PROMPT_DELAY
        data = yield Data(length, NEVER, b"\r\n@")
    if data is None or sock.connection is None or sock.connection.state != "open":
        raise CMEError(NOT_ALLOWED)
    data = data[: _room(sockets, sock)]
    sockets.send(sock, data)
    modem.info(f"+USOWR: {sock.cid},{len(data)}")


def inline(text: str, coded: int) -> bytes:
    """Return the payload that stands in a command. Raises CMEError."""
    try:
        return bytes.fromhex(text) if coded else text.encode("latin-1")
    except ValueError:
        raise CMEError(NOT_ALLOWED) from None


def _room(sockets: UbloxSockets, sock: Socket) -> int:
    return max(0, sockets.tx_limit - len(sock.connection.tx))


def read(modem, args: Args) -> None:
    """AT+USORD=<socket>,<n>: print at most n bytes in quotes, or for n = 0 their count."""
    args.at_most(2)
    sock = modem.sockets.connected(args)
    limit = args.number(1, range(MAX_CHUNK + 1))
    if not limit:
        modem.info(f"+USORD: {sock.cid},{len(sock.connection.rx)}")
        return
    data = modem.sockets.read(sock, limit)
    sock.notified = False
    shown = data.hex().upper().encode() if modem.sockets.hex else data
    modem.info(f'+USORD: {sock.cid},{len(data)},"', data=shown + b'"')


def configure(modem, args: Args) -> None:
    """AT+UDCONF=1[,<on>]: switch the hex mode, or print it."""
    args.at_most(2)
    args.number(0, (1,))
    if len(args) == 1:
        modem.info(f"+UDCONF: 1,{modem.sockets.hex}")
    else:
        modem.sockets.hex = args.number(1, range(2))


def option(modem, args: Args) -> None:
    """AT+USOSO=<socket>,<level>,<option>,<value>[,…]: accept a socket option."""
    args.at_most(5)
    modem.sockets.socket_of(args)
    args.number(1, (0, 6, 65535))
    args.number(2, range(65536))
    args.number(3, range(1 << 31))


def secure(modem, args: Args) -> None:
    """AT+USOSEC=<socket>,<on>[,<profile>]: the modem's own TLS stays off."""
    args.at_most(3)
    modem.sockets.socket_of(args)
    on = args.number(1, range(2))
    args.number(2, range(5), 0)
    if on:
        modem.event("absent", command="+USOSEC", feature=TLS)
        raise CMEError(NOT_SUPPORTED)


def control(modem, args: Args) -> None:
    """AT+USOCTL=<socket>,<parameter>."""
    args.at_most(2)
    sock = modem.sockets.socket_of(args)
    what = args.number(1, (KIND, ERROR, SENT, RECEIVED, STATE, UNACKED))
    connection = sock.connection
    state = INACTIVE
    if connection is not None and connection.state == "open":
        state = CLOSE_WAIT if connection.ended else ESTABLISHED
    value = {
        KIND: TCP,
        ERROR: modem.sockets.error,
        SENT: connection.sent + len(connection.tx) if connection else 0,
        RECEIVED: connection.received - len(connection.rx) if connection else 0,
        STATE: state,
        UNACKED: connection.unacked if connection else 0,
    }[what]
    modem.info(f"+USOCTL: {sock.cid},{what},{value}")


def close_socket(modem, args: Args) -> None:
    """AT+USOCL=<socket>[,1]: close; with the 1, +UUSOCL reports the end."""
    args.at_most(2)
    number = modem.sockets.socket_of(args).cid
    modem.sockets.hung_up(number)
    if args.number(1, range(2), 0):
        modem.after_ok(lambda: modem.urc(f"+UUSOCL: {number}"))


def last_error(modem, args: Args) -> None:
    """AT+USOER."""
    modem.info(f"+USOER: {modem.sockets.error}")


def resolve(modem, args: Args) -> None:
    """AT+UDNSRN=0,"<host>": print its address."""
    args.at_most(3)
    args.number(0, range(1))
    try:
        address, _ = modem.network.lookup(args.text(1, 254), 0)
    except Unresolvable:
        raise CMEError(NOT_ALLOWED) from None
    modem.info(f'+UDNSRN: "{address}"')


def add_socket_commands(table: CommandTable) -> None:
    """Add the USO* commands to a personality's table."""
    for name, form, function in (
        ("+USOCR", "set", create),
        ("+USOCO", "set", connect),
        ("+USOWR", "set", write),
        ("+USORD", "set", read),
        ("+USOCTL", "set", control),
        ("+USOCL", "set", close_socket),
        ("+USOER", "exec", last_error),
        ("+UDCONF", "set", configure),
        ("+USOSO", "set", option),
        ("+USOSEC", "set", secure),
        ("+UDNSRN", "set", resolve),
    ):
        table.add(name, form, function)
    table.tests(
        {
            "+USOCR": "(6,17),(0-65535)",
            "+USOCO": "(0-6),<host>,(1-65535),(0,1)",
            "+USOWR": "(0-6),(1-1024)",
            "+USORD": "(0-6),(0-1024)",
            "+USOCTL": "(0-6),(0-3,10,11)",
            "+USOCL": "(0-6),(0,1)",
            "+UDNSRN": "(0),<host>",
            "+UDCONF": "(1),(0,1)",
            "+USOSO": "(0-6),(0,6,65535)",
            "+USOSEC": "(0-6),(0,1),(0-4)",
        }
    )
