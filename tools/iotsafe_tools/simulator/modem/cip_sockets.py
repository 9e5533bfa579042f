"""The CIP* commands of the SIM7000 (AT Command Manual V1.06): a TCP/IP stack that the host brings
up step by step, and real sockets behind its eight connections."""

from __future__ import annotations

from .errors import CMEError, RequestError
from .parser import Args
from .sockets import Socket, SocketTable
from .table import BARE, CommandTable, Data, Until

NUMBERS = range(8)
MAX_CHUNK = 1460
SEND_BUFFER = 10240
NOT_ALLOWED = 3
CONTEXT, BEARER = 0, 1
"""Indices of the radio's contexts for the stack and for SAPBR."""
PROMPT_DELAY = 0.002
"""Seconds before the prompt, see ca_sockets."""
DATA_SECONDS = 3600.0
"""The manual names no time limit for the payload."""
ACK_SECONDS = 645.0
PROMPT = b"\r\n> "
FIRST, NAMED, UP = "initial", "start", "up"
"""States of the stack: the host may change settings; after CSTT; after CIICR."""


class CIPSocket(Socket):
    """One number. `pending`: a URC must still report the result of the attempt."""

    pending = True


class CIPSockets(SocketTable):
    """The stack. `modes`: CIPMUX, CIPQSEND, CIPRXGET."""

    def reset(self) -> None:
        """Return to the state after a boot."""
        super().reset()
        self.state = FIRST
        self.modes = {"+CIPMUX": 0, "+CIPQSEND": 0, "+CIPRXGET": 0}

    def shut(self) -> None:
        """Close everything and return the stack to its first state; keep its modes."""
        super().reset()
        self.state = FIRST
        self.modem.radio.pdp[CONTEXT] = 0

    def notify(self) -> None:
        """Print the pending URCs: results, data, closed connections."""
        for sock in list(self.sockets.values()):
            connection = sock.connection
            if connection is None or connection.state == "connecting":
                continue
            if sock.pending:
                sock.pending = False
                self.report_attempt(sock, int(bool(connection.failure)))
                if connection.failure:
                    self.close(sock.cid)
                    self.modem.urc(f"{sock.cid}, CONNECT FAIL")
                    continue
                self.modem.urc(f"{sock.cid}, CONNECT OK")
            if not self.modes["+CIPRXGET"]:
                self._push(sock)
            elif connection.rx and not sock.notified:
                sock.notified = True
                self.modem.urc(f"+CIPRXGET: 1,{sock.cid}")
            if self.ended(sock):
                self.modem.urc(f"{sock.cid}, CLOSED")

    def _push(self, sock: CIPSocket) -> None:
        rx = sock.connection.rx
        while rx:
            size = min(MAX_CHUNK, len(rx))
            if not self.modem.uart.push(f"+RECEIVE,{sock.cid},{size}:", bytes(rx[:size])):
                return
            self.read(sock, size)

    def connected(self, cid: int) -> CIPSocket:
        """Return the socket if it can carry data. Raises CMEError."""
        sock = self.sockets.get(cid)
        if sock is None or sock.pending or sock.connection.ended:
            raise CMEError(NOT_ALLOWED)
        return sock

    def require(self, *states: str) -> None:
        """Raise CMEError unless the stack is in one of `states`."""
        if self.state not in states:
            raise CMEError(NOT_ALLOWED)


# -- the stack -----------------------------------------------------------------------------------


def mode(name: str):
    """Make the set form of a mode that the host can change in the first state only."""

    def write(modem, args: Args) -> None:
        args.at_most(1)
        value = args.number(0, range(2))
        if name != "+CIPQSEND":
            modem.sockets.require(FIRST)
        modem.sockets.modes[name] = value

    return write


def show_mode(name: str):
    """Make the read form of a mode."""

    def read(modem, args: Args) -> None:
        modem.info(f"{name}: {modem.sockets.modes[name]}")

    return read


def name_network(modem, args: Args) -> None:
    """AT+CSTT="<apn>","<user>","<password>"."""
    args.at_most(3)
    modem.sockets.require(FIRST)
    modem.contexts[CONTEXT] = tuple(args.text(index, 64, "") for index in range(3))
    modem.sockets.state = NAMED


def bring_up(modem, args: Args):
    """AT+CIICR: OK once the context is active; network time may come before."""
    modem.sockets.require(NAMED)
    yield modem.delay(modem.personality.pdp_activation)
    if not modem.radio.registered or modem.options.pdp == "refused":
        raise CMEError(NOT_ALLOWED)
    if modem.at_boot["+CLTS"][0]:
        modem.urc("DST: 0")
    modem.radio.pdp[CONTEXT] = 1
    modem.sockets.state = UP
    modem.event("network", pdp=CONTEXT, state="active")


def address(modem, args: Args):
    """AT+CIFSR: print the address, without OK."""
    modem.sockets.require(UP)
    modem.info(modem.radio.address(CONTEXT))
    return BARE


def shut(modem, args: Args) -> str:
    """AT+CIPSHUT."""
    modem.sockets.shut()
    return "SHUT OK"


def context_changed(modem, index: int, active: bool, by_host: bool) -> None:
    """Print the URC of a context that the network ended."""
    if active or by_host:
        return
    if index == CONTEXT:
        modem.sockets.state = "lost"
        modem.urc("+PDP: DEACT")
    else:
        modem.urc("+SAPBR 1: DEACT")


def bearer(modem, args: Args) -> None:
    """AT+SAPBR: 3 sets a parameter, 1 opens, 0 closes, 2 prints the bearer."""
    action = args.number(0, range(5))
    args.number(1, (1,))
    contexts = modem.radio.pdp
    if action == 3:
        args.at_most(4)
        args.text(2, 16)
        args.text(3, 64)
    elif action == 2:
        state = 1 if contexts[BEARER] else 3
        modem.info(f'+SAPBR: 1,{state},"{modem.radio.address(BEARER)}"')
    else:
        if action == 4 or bool(contexts[BEARER]) == bool(action) or not modem.radio.registered:
            raise CMEError(NOT_ALLOWED)
        contexts[BEARER] = action


# -- connections ---------------------------------------------------------------------------------


def start(modem, args: Args):
    """AT+CIPSTART=<n>,"TCP","<host>",<port>: OK, then the result in a line of its own."""
    args.at_most(4)
    sockets = modem.sockets
    if not sockets.modes["+CIPMUX"]:
        raise CMEError(NOT_ALLOWED)
    cid = args.number(0, NUMBERS)
    if args.text(1, 8).upper() != "TCP":
        raise RequestError("parameter", "only TCP")
    sock = CIPSocket(cid, CONTEXT, args.text(2, 64), args.number(3, range(1, 65536)))
    sockets.require(UP)
    known = sockets.sockets.get(cid)
    if known is not None and not known.connection.ended:
        modem.after_ok(lambda: modem.urc(f"{cid}, ALREADY CONNECT"))
        raise CMEError(NOT_ALLOWED)
    sockets.close(cid)
    if sockets.start(sock):
        sockets.report_attempt(sock, 1)
        modem.after_ok(lambda: modem.urc(f"{cid}, CONNECT FAIL"))


def send(modem, args: Args):
    """AT+CIPSEND=<n>,<len>: print a prompt, take exactly len bytes, end without OK."""
    args.at_most(2)
    cid = args.number(0, NUMBERS)
    sock = modem.sockets.connected(cid)
    length = args.number(1, range(1, MAX_CHUNK + 1))
    yield PROMPT_DELAY
    data = yield Data(length, DATA_SECONDS, PROMPT)
    if data is None:
        raise CMEError(NOT_ALLOWED)
    if modem.sockets.sockets.get(cid) is not sock or sock.connection.ended:
        return f"{cid}, SEND FAIL"
    if not modem.sockets.modes["+CIPQSEND"]:
        modem.sockets.send(sock, data)
        gone = yield Until(
            lambda: sock.connection.ended or not sock.connection.unacked, ACK_SECONDS
        )
        return f"{cid}, SEND {'OK' if gone and not sock.connection.ended else 'FAIL'}"
    data = data[: max(0, SEND_BUFFER - len(sock.connection.tx))]
    if data:
        modem.sockets.send(sock, data)
    return f"DATA ACCEPT:{cid},{len(data)}"


def receive(modem, args: Args) -> None:
    """AT+CIPRXGET: 0 or 1 sets the mode; 2,<n>,<len> reads; 4,<n> prints the byte count."""
    args.at_most(3)
    what = args.number(0, (0, 1, 2, 4))
    if what < 2:
        mode("+CIPRXGET")(modem, Args(str(what)))
        return
    cid = args.number(1, NUMBERS)
    sock = modem.sockets.sockets.get(cid)
    if sock is None or sock.pending:
        raise CMEError(NOT_ALLOWED)
    rx = sock.connection.rx
    if what == 4:
        modem.info(f"+CIPRXGET: 4,{cid},{len(rx)}")
        return
    data = modem.sockets.read(sock, args.number(2, range(1, MAX_CHUNK + 1)))
    if not rx:
        sock.notified = False
    head = f"+CIPRXGET: 2,{cid},{len(data)},{len(rx)}"
    if data:
        modem.info(head + "\r\n", data=data)
    else:
        modem.info(head)


def status(modem, args: Args) -> None:
    """AT+CIPSTATUS=<n>."""
    args.at_most(1)
    cid = args.number(0, NUMBERS)
    sock = modem.sockets.sockets.get(cid)
    if sock is None:
        modem.info(f'+CIPSTATUS: {cid},,"","","","INITIAL"')
        return
    state = "CLOSED" if sock.connection.ended else "CONNECTING" if sock.pending else "CONNECTED"
    host, port = sock.connection.address
    modem.info(f'+CIPSTATUS: {cid},0,"TCP","{host}","{port}","{state}"')


def acknowledged(modem, args: Args) -> None:
    """AT+CIPACK=<n>: print the bytes taken, of these acknowledged, and not acknowledged."""
    args.at_most(1)
    connection = modem.sockets.connected(args.number(0, NUMBERS)).connection
    total, left = connection.sent + len(connection.tx), connection.unacked
    modem.info(f"+CIPACK: {total},{total - left},{left}")


def close(modem, args: Args) -> str:
    """AT+CIPCLOSE=<n>[,<quick>]."""
    args.at_most(2)
    cid = args.number(0, NUMBERS)
    args.number(1, range(2), 0)
    sock = modem.sockets.sockets.get(cid)
    if sock is None:
        raise CMEError(NOT_ALLOWED)
    ended = sock.connection.ended
    modem.sockets.close(cid)
    if ended:
        raise CMEError(NOT_ALLOWED)
    modem.event("tcp", what="closed", cid=cid, by="host")
    return f"{cid}, CLOSE OK"


def add_socket_commands(table: CommandTable) -> None:
    """Add the CIP* commands to a personality's table."""
    for name in ("+CIPMUX", "+CIPQSEND", "+CIPRXGET"):
        table.add(name, "read", show_mode(name))
        table.add(name, "set", mode(name))
    for name, form, function in (
        ("+CSTT", "set", name_network),
        ("+CIICR", "exec", bring_up),
        ("+CIFSR", "exec", address),
        ("+CIPSHUT", "exec", shut),
        ("+SAPBR", "set", bearer),
        ("+CIPSTART", "set", start),
        ("+CIPSEND", "set", send),
        ("+CIPRXGET", "set", receive),
        ("+CIPSTATUS", "set", status),
        ("+CIPACK", "set", acknowledged),
        ("+CIPCLOSE", "set", close),
    ):
        table.add(name, form, function)
