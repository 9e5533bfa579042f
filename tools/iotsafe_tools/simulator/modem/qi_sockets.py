"""The QI* TCP sockets of Quectel modules (BG95&BG77 TCP/IP Application Note): real sockets behind
AT commands, in buffer access mode."""

from __future__ import annotations

from .errors import ATError, RequestError
from .network import Unresolvable
from .parser import Args
from .sockets import Socket, SocketTable
from .table import CommandTable, Data

IDS = range(12)
MAX_SEND = 1460
MAX_READ = 1500
MAX_HEX = 512
SEND_BUFFER = 10240
PROMPT_DELAY = 0.002
"""Seconds before the prompt, see ca_sockets."""
SEND_SECONDS = 120.0
"""Seconds that the module waits for the rest of the data; 27.005 names no limit."""
BUFFER, PUSH = 0, 1

OK, PARAMETERS, NOT_SUPPORTED, BROKEN, IN_USE = 0, 552, 555, 561, 563
NO_HOST, CONNECT_FAILED, TIMED_OUT, NOT_ALLOWED = 565, 566, 569, 572
TEXTS = {
    OK: "operate successfully",
    PARAMETERS: "invalid parameters",
    NOT_SUPPORTED: "operation not supported",
    BROKEN: "open PDP context failed",
    IN_USE: "socket identity has been used",
    NO_HOST: "dns parse failed",
    CONNECT_FAILED: "socket connect failed",
    TIMED_OUT: "operation timeout",
    NOT_ALLOWED: "operation not allowed",
}
RESULTS = {
    "": OK,
    "refused": CONNECT_FAILED,
    "timeout": TIMED_OUT,
    "unreachable": CONNECT_FAILED,
    "unresolved": NO_HOST,
    "error": CONNECT_FAILED,
}
INITIAL, OPENING, CONNECTED, CLOSING = 0, 1, 2, 4


class QISocket(Socket):
    """One id. `pending`: a URC must still report the result of the attempt. A failed socket keeps
    its id until QICLOSE."""

    def __init__(self, cid: int, pdp: int, host: str, port: int, mode: int) -> None:
        super().__init__(cid, pdp, host, port)
        self.mode = mode
        self.pending = True


class QISockets(SocketTable):
    """All ids of a modem. `error`: of the last operation, for QIGETERROR. `dropped`: contexts that
    the network ended and the host has not cleared. A socket's `pdp` is its context minus 1."""

    def reset(self) -> None:
        """Close everything."""
        super().reset()
        self.error = OK
        self.dropped: set[int] = set()

    def notify(self) -> None:
        """Print the pending URCs: results, data, closed connections."""
        for sock in list(self.sockets.values()):
            connection = sock.connection
            if connection is None or connection.state == "connecting":
                continue
            if sock.pending:
                self.finished(sock, RESULTS[connection.failure])
            if connection.failure:
                continue
            if sock.mode == PUSH:
                self._push(sock)
            elif connection.rx and not sock.notified:
                sock.notified = True
                self.modem.urc(f'+QIURC: "recv",{sock.cid}')
            if self.ended(sock) and sock.pdp not in self.dropped:
                self.modem.urc(f'+QIURC: "closed",{sock.cid}')

    # -- called by the commands ------------------------------------------------------------------

    def refuse(self, code: int) -> ATError:
        """Store `code` for QIGETERROR; return the exception that ends the command in ERROR."""
        self.error = code
        return ATError(TEXTS[code])

    def forget(self, pdp: int) -> None:
        """Forget a context at the host's command, and its sockets."""
        self.dropped.discard(pdp)
        for cid in [cid for cid, sock in self.sockets.items() if sock.pdp == pdp]:
            self.close(cid, abort=True)

    def finished(self, sock: QISocket, result: int) -> None:
        """Report the end of the attempt of `sock`."""
        sock.pending = False
        self.error = result
        self.report_attempt(sock, result)
        self.modem.urc(f"+QIOPEN: {sock.cid},{result}")

    def usable(self, cid: int) -> QISocket:
        """Return the socket if it was connected. Raises ATError."""
        sock = self.sockets.get(cid)
        if sock is None or sock.pending or sock.connection is None or sock.connection.failure:
            raise self.refuse(NOT_ALLOWED)
        return sock

    def gone(self, sock: QISocket) -> bool:
        """Whether the modem has forgotten a closed connection, as some do when all was read."""
        forgets = "qi_forgets" in self.modem.quirks
        return forgets and sock.connection.ended and not sock.connection.rx

    def state(self, sock: QISocket) -> int:
        """Return the state for +QISTATE."""
        if sock.connection is None or sock.connection.failure:
            return INITIAL
        if sock.pending:
            return OPENING
        if sock.connection.ended:
            return CLOSING
        return 3 if "qi_listens" in self.modem.quirks else CONNECTED

    def _push(self, sock: QISocket) -> None:
        connection = sock.connection
        while connection.rx:
            size = min(MAX_READ, len(connection.rx))
            head = f'+QIURC: "recv",{sock.cid},{size}'
            if not self.modem.uart.push(head, bytes(connection.rx[:size])):
                return
            connection.read(size)


# -- commands ------------------------------------------------------------------------------------


def open_socket(modem, args: Args) -> None:
    """AT+QIOPEN=<context>,<id>,"TCP","<host>",<port>[,<local port>[,<mode>]]: OK, then the result
    as a URC."""
    args.at_most(7)
    sockets = modem.sockets
    pdp = args.number(0, range(1, 17)) - 1
    cid = args.number(1, IDS)
    kind = args.text(2, 16).upper()
    host = args.text(3, 200)
    port = args.number(4, range(1, 65536))
    args.number(5, range(65536), 0)
    sock = QISocket(cid, pdp, host, port, args.number(6, range(3), BUFFER))
    if kind not in ("TCP", "UDP", "TCP LISTENER", "UDP SERVICE"):
        raise RequestError("parameter", kind)

    def begin() -> None:
        result = RESULTS[sockets.start(sock)]
        if result:
            sockets.sockets[cid] = sock
            sockets.finished(sock, result)

    def refuse(result: int) -> None:
        sockets.error = result
        sockets.report_attempt(sock, result)
        modem.urc(f"+QIOPEN: {cid},{result}")

    if cid in sockets.sockets:
        modem.after_ok(lambda: refuse(IN_USE))
    elif not modem.radio.pdp.get(pdp):
        modem.after_ok(lambda: refuse(BROKEN))
    elif kind != "TCP" or sock.mode not in (BUFFER, PUSH):
        modem.after_ok(lambda: refuse(NOT_SUPPORTED))
    else:
        modem.after_ok(begin)


def send(modem, args: Args):
    """AT+QISEND=<id>,<length>: print a prompt, take exactly length bytes; 0: print the counts."""
    args.at_most(2)
    sockets = modem.sockets
    sock = sockets.usable(args.number(0, IDS))
    connection = sock.connection
    length = args.number(1, range(MAX_SEND + 1))
    if sockets.gone(sock):
        raise sockets.refuse(NOT_ALLOWED)
    if length == 0:
        total, left = connection.sent + len(connection.tx), connection.unacked
        modem.info(f"+QISEND: {total},{total - left},{left}")
        return None
    if connection.ended:
        raise sockets.refuse(NOT_ALLOWED)
    yield PROMPT_DELAY
    data = yield Data(length, SEND_SECONDS, b"\r\n> ")
    if data is None or connection.ended or sockets.sockets.get(sock.cid) is not sock:
        raise sockets.refuse(NOT_ALLOWED)
    if len(connection.tx) + length > SEND_BUFFER:
        return "SEND FAIL"
    sockets.send(sock, data)
    return "SEND OK"


def send_hex(modem, args: Args) -> str:
    """AT+QISENDEX=<id>,"<hex>": send at most 512 bytes that stand in the command."""
    args.at_most(2)
    sockets = modem.sockets
    sock = sockets.usable(args.number(0, IDS))
    digits = args.text(1, 2 * MAX_HEX)
    try:
        data = bytes.fromhex(digits)
    except ValueError:
        raise RequestError("parameter", "not hex") from None
    if not data or len(digits) != 2 * len(data):
        raise RequestError("parameter", "not hex")
    if sockets.gone(sock) or sock.connection.ended:
        raise sockets.refuse(NOT_ALLOWED)
    if len(sock.connection.tx) + len(data) > SEND_BUFFER:
        return "SEND FAIL"
    sockets.send(sock, data)
    return "SEND OK"


def receive(modem, args: Args) -> None:
    """AT+QIRD=<id>[,<length>]: print buffered bytes, all of them without a length; 0: only counts.
    A read that leaves nothing arms the notification again."""
    args.at_most(2)
    sockets = modem.sockets
    sock = sockets.usable(args.number(0, IDS))
    connection = sock.connection
    limit = args.number(1, range(MAX_READ + 1), MAX_READ)
    if sockets.gone(sock):
        raise sockets.refuse(NOT_ALLOWED)
    if limit == 0:
        total, left = connection.received, len(connection.rx)
        modem.info(f"+QIRD: {total},{total - left},{left}")
        return
    data = sockets.read(sock, limit)
    sock.notified = bool(connection.rx)
    if data:
        modem.info(f"+QIRD: {len(data)}\r\n", data=data)
    else:
        modem.info("+QIRD: 0")


def state_line(modem, sock: QISocket) -> str:
    """Return one line of QISTATE."""
    sockets = modem.sockets
    host, port = sock.connection.address if sock.connection else (sock.host, sock.port)
    state = sockets.state(sock)
    return (
        f'+QISTATE: {sock.cid},"TCP","{host}",{port},{49152 + sock.cid},{state},'
        f'{sock.pdp + 1},0,{sock.mode},"uart1"'
    )


def state(modem, args: Args) -> None:
    """AT+QISTATE=0,<context> or =1,<id>: print a line for each such connection."""
    args.at_most(2)
    by_id = args.number(0, range(2))
    wanted = args.number(1, IDS if by_id else range(1, 17))
    show(modem, lambda sock: wanted == (sock.cid if by_id else sock.pdp + 1))


def all_states(modem, args: Args) -> None:
    """AT+QISTATE, AT+QISTATE?: print every connection."""
    show(modem, lambda sock: True)


def show(modem, matches) -> None:
    """Print the connections for which `matches(socket)` is true."""
    lines = [
        state_line(modem, sock)
        for _, sock in sorted(modem.sockets.sockets.items())
        if matches(sock) and not (sock.connection and modem.sockets.gone(sock))
    ]
    if lines:
        modem.info(*lines)


def close_socket(modem, args: Args) -> None:
    """AT+QICLOSE=<id>[,<seconds>]: close; OK even if the id is not open."""
    args.at_most(2)
    cid = args.number(0, IDS)
    args.number(1, range(65536), 10)
    if cid in modem.sockets.sockets:
        modem.sockets.hung_up(cid)


def last_error(modem, args: Args) -> None:
    """AT+QIGETERROR: print why the last operation of a socket failed."""
    code = modem.sockets.error
    modem.info(f"+QIGETERROR: {code},{TEXTS[code]}")


def resolve(modem, args: Args) -> None:
    """AT+QIDNSGIP=<context>,"<host>": OK; then URCs with the number of addresses and each address,
    or with the error."""
    args.at_most(2)
    pdp = args.number(0, range(1, 17)) - 1
    host = args.text(1, 254)
    if not modem.radio.pdp.get(pdp):
        raise modem.sockets.refuse(BROKEN)

    def answer() -> None:
        try:
            address, _ = modem.network.lookup(host, 0)
        except Unresolvable:
            modem.urc(f'+QIURC: "dnsgip",{NO_HOST}')
        else:
            modem.urc('+QIURC: "dnsgip",0,1,600')
            modem.urc(f'+QIURC: "dnsgip","{address}"')

    modem.after_ok(answer)


def add_socket_commands(table: CommandTable) -> None:
    """Add the QI* commands to a personality's table."""
    for name, form, function in (
        ("+QIOPEN", "set", open_socket),
        ("+QISEND", "set", send),
        ("+QISENDEX", "set", send_hex),
        ("+QIRD", "set", receive),
        ("+QISTATE", "set", state),
        ("+QISTATE", "read", all_states),
        ("+QISTATE", "exec", all_states),
        ("+QICLOSE", "set", close_socket),
        ("+QIGETERROR", "exec", last_error),
        ("+QIDNSGIP", "set", resolve),
    ):
        table.add(name, form, function)
    table.tests(
        {
            "+QIOPEN": '(1-16),(0-11),("TCP"),<host>,<port>,<port>,(0-2)',
            "+QISEND": "(0-11),(0-1460)",
            "+QISENDEX": "(0-11),<hex>",
            "+QIRD": "(0-11),(0-1500)",
            "+QISTATE": "(0,1),(0-16)",
            "+QICLOSE": "(0-11),(0-65535)",
            "+QIDNSGIP": "(1-16),<host>",
        }
    )
