"""The CIP* commands of the SIM7000 (AT Command Manual V1.06): a TCP/IP stack that the host brings
up step by step, and real sockets behind its eight connections, or behind a single one (CIPMUX=0)
that has no number in commands and answers."""

from __future__ import annotations

import ipaddress

from .errors import CMEError, RequestError
from .network import Unresolvable
from .parser import Args
from .sockets import Socket, SocketTable
from .table import BARE, CommandTable, Data, Number, Setting, Until

NUMBERS = range(8)
MAX_CHUNK = 1460
SEND_BUFFER = 10240
NOT_ALLOWED = 3
CONTEXT, BEARER, APPLICATION = 0, 1, 2
"""Indices of the radio's contexts for the stack, for SAPBR and for CNACT."""
SINGLE = 0
"""The number of a connection that the host knows without one."""
MAX_HEX = 730
CTRL_Z, ESCAPE = b"\x1a", b"\x1b"
PING_SECONDS, PING_UNIT = 0.1, 0.1
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

    @property
    def many(self) -> bool:
        """Whether connections have numbers."""
        return bool(self.modes["+CIPMUX"])

    def named(self, cid: int, text: str) -> str:
        """Return a result or URC with the number of its connection, if that has one."""
        return f"{cid}, {text}" if self.many else text

    def reset(self) -> None:
        """Return to the state after a boot."""
        super().reset()
        self.state = FIRST
        self.addressed = False
        """The host has asked for the address, which the real stack waits for."""
        self.names = ["0.0.0.0", "0.0.0.0"]
        """The name servers of CDNSCFG, which only its read form shows."""
        self.modes = {"+CIPMUX": 0, "+CIPQSEND": 0, "+CIPRXGET": 0}

    def shut(self) -> None:
        """Close everything and return the stack to its first state; keep its modes."""
        super().reset()
        self.state = FIRST
        self.addressed = False
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
                    self.modem.urc(self.named(sock.cid, "CONNECT FAIL"))
                    continue
                self.modem.urc(self.named(sock.cid, "CONNECT OK"))
            if not self.modes["+CIPRXGET"]:
                self._push(sock)
            elif connection.rx and not sock.notified:
                sock.notified = True
                self.modem.urc(f"+CIPRXGET: 1{f',{sock.cid}' if self.many else ''}")
            if self.ended(sock):
                self.modem.urc(self.named(sock.cid, "CLOSED"))

    def _push(self, sock: CIPSocket) -> None:
        rx = sock.connection.rx
        while rx:
            size = min(MAX_CHUNK, len(rx))
            data = bytes(rx[:size])
            if not (self._push_many if self.many else self._push_one)(sock, data):
                return
            self.read(sock, size)

    def _push_many(self, sock: CIPSocket, data: bytes) -> bool:
        return self.modem.uart.push(f"+RECEIVE,{sock.cid},{len(data)}:", data)

    def _push_one(self, sock: CIPSocket, data: bytes) -> bool:
        head = f"\r\n+IPD,{len(data)}:" if self.modem.values["+CIPHEAD"][0] else ""
        return self.modem.uart.push_raw(head.encode() + data, "socket")

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
    modem.sim.require()
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
    modem.sockets.addressed = True
    modem.info(modem.radio.address(CONTEXT))
    return BARE


def shut(modem, args: Args) -> str:
    """AT+CIPSHUT."""
    modem.sockets.shut()
    return "SHUT OK"


def context_changed(modem, index: int, active: bool, by_host: bool) -> None:
    """Print the URC of a context that the network ended, and each of CNACT's."""
    if index == APPLICATION:
        modem.urc(f"+APP PDP: {'ACTIVE' if active else 'DEACTIVE'}")
        return
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
        modem.sim.require()
        contexts[BEARER] = action


# -- connections ---------------------------------------------------------------------------------


def start(modem, args: Args):
    """AT+CIPSTART=[<n>,]"TCP","<host>",<port>: OK, then the result in a line of its own."""
    sockets = modem.sockets
    cid = args.number(0, NUMBERS) if sockets.many else SINGLE
    at = 1 if sockets.many else 0
    args.at_most(at + 3)
    if args.text(at, 8).upper() != "TCP":
        raise RequestError("parameter", "only TCP")
    host, port = args.text(at + 1, 64), args.number(at + 2, range(1, 65536), quoted=True)
    sock = CIPSocket(cid, CONTEXT, host, port)
    sockets.require(UP)
    known = sockets.sockets.get(cid)
    if known is not None and not known.connection.ended:
        modem.after_ok(lambda: modem.urc(sockets.named(cid, "ALREADY CONNECT")))
        raise CMEError(NOT_ALLOWED)
    sockets.close(cid)
    if sockets.start(sock):
        sockets.report_attempt(sock, 1)
        modem.after_ok(lambda: modem.urc(sockets.named(cid, "CONNECT FAIL")))


def send(modem, args: Args):
    """AT+CIPSEND[=[<n>][,<len>]]: print a prompt, take exactly len bytes, or all before Ctrl-Z,
    end without OK."""
    sockets = modem.sockets
    cid = args.number(0, NUMBERS) if sockets.many else SINGLE
    at = 1 if sockets.many else 0
    args.at_most(at + 1)
    sock = sockets.connected(cid)
    length = args.number(at, range(1, MAX_CHUNK + 1), 0)
    yield PROMPT_DELAY
    if length:
        data = yield Data(length, DATA_SECONDS, PROMPT)
    else:
        data = yield Data(MAX_CHUNK + 1, DATA_SECONDS, PROMPT, ends=CTRL_Z + ESCAPE)
        if data and data.endswith(ESCAPE):
            return None
        data = data[:-1] if data and data.endswith(CTRL_Z) else None
    if data is None:
        raise CMEError(NOT_ALLOWED)
    if sockets.sockets.get(cid) is not sock or sock.connection.ended:
        return sockets.named(cid, "SEND FAIL")
    if not sockets.modes["+CIPQSEND"]:
        sockets.send(sock, data)
        gone = yield Until(
            lambda: sock.connection.ended or not sock.connection.unacked, ACK_SECONDS
        )
        sent = gone and not sock.connection.ended
        return sockets.named(cid, f"SEND {'OK' if sent else 'FAIL'}")
    data = data[: max(0, SEND_BUFFER - len(sock.connection.tx))]
    if data:
        sockets.send(sock, data)
    number = f"{cid}," if sockets.many else ""
    return f"DATA ACCEPT:{number}{len(data)}"


def room(modem, args: Args) -> None:
    """AT+CIPSEND?: print how many bytes one command may send."""
    sockets = modem.sockets
    if sockets.many:
        modem.info(*(f"+CIPSEND: {n},{MAX_CHUNK if n in sockets.sockets else 0}" for n in NUMBERS))
    else:
        modem.info(f"+CIPSEND: {MAX_CHUNK}")


def receive(modem, args: Args) -> None:
    """AT+CIPRXGET: 0 or 1 sets the mode; 2[,<n>],<len> reads, 3 in hex; 4[,<n>] prints the byte
    count."""
    what = args.number(0, range(5))
    if what < 2:
        mode("+CIPRXGET")(modem, args)
        return
    sockets = modem.sockets
    cid = args.number(1, NUMBERS) if sockets.many else SINGLE
    at = 2 if sockets.many else 1
    args.at_most(at + 1)
    sock = sockets.sockets.get(cid)
    if sock is None or sock.pending:
        raise CMEError(NOT_ALLOWED)
    head = f"+CIPRXGET: {what}," + (f"{cid}," if sockets.many else "")
    rx = sock.connection.rx
    if what == 4:
        modem.info(f"{head}{len(rx)}")
        return
    if not sockets.modes["+CIPRXGET"]:
        raise CMEError(NOT_ALLOWED)
    data = sockets.read(sock, args.number(at, range(1, (MAX_CHUNK, MAX_HEX)[what - 2] + 1)))
    if not rx:
        sock.notified = False
    head += f"{len(data)},{len(rx)}"
    if data:
        modem.info(head + "\r\n", data=data.hex().upper().encode() if what == 3 else data)
    else:
        modem.info(head)


def fields(sock: CIPSocket) -> str:
    """Return kind, address, port and state of a connection."""
    state = "CLOSED" if sock.connection.ended else "CONNECTING" if sock.pending else "CONNECTED"
    host, port = sock.connection.address
    return f'"TCP","{host}","{port}","{state}"'


def status(modem, args: Args) -> None:
    """AT+CIPSTATUS=<n>."""
    args.at_most(1)
    if not modem.sockets.many:
        raise CMEError(NOT_ALLOWED)
    cid = args.number(0, NUMBERS)
    sock = modem.sockets.sockets.get(cid)
    if sock is None:
        modem.info(f'+CIPSTATUS: {cid},,"","","","INITIAL"')
        return
    modem.info(f"+CIPSTATUS: {cid},0,{fields(sock)}")


def stack_state(sockets: CIPSockets) -> str:
    """Return the name of the stack's state."""
    if sockets.state != UP:
        return {FIRST: "IP INITIAL", NAMED: "IP START"}.get(sockets.state, "PDP DEACT")
    if sockets.sockets and sockets.many:
        return "IP PROCESSING"
    for sock in sockets.sockets.values():
        if sock.connection.ended:
            return "TCP CLOSED"
        return "TCP CONNECTING" if sock.pending else "CONNECT OK"
    return "IP STATUS" if sockets.addressed else "IP GPRSACT"


def whole_status(modem, args: Args) -> None:
    """AT+CIPSTATUS: OK, then the state of the stack, and of the numbered connections."""
    sockets = modem.sockets

    def tell() -> None:
        modem.urc(f"STATE: {stack_state(sockets)}")
        for cid in NUMBERS if sockets.many else ():
            sock = sockets.sockets.get(cid)
            shown = f"0,{fields(sock)}" if sock else ',"","","","INITIAL"'
            modem.urc(f"C: {cid},{shown}")

    modem.after_ok(tell)


def ping(modem, args: Args):
    """AT+CIPPING="<host>"[,<count>[,<bytes>[,<100 ms>[,<ttl>]]]]: a host whose name is known
    answers, each time in the same time."""
    args.at_most(5)
    host = args.text(0, 64)
    count = args.number(1, range(1, 101), 4)
    args.number(2, range(1025), 32)
    args.number(3, range(1, 601), 100)
    ttl = args.number(4, range(1, 256), 64)
    modem.sockets.require(UP)
    try:
        found, _ = modem.network.lookup(host, 0)
    except Unresolvable:
        raise CMEError(NOT_ALLOWED) from None
    for number in range(1, count + 1):
        yield modem.delay(PING_SECONDS)
        modem.info(f'+CIPPING: {number},"{found}",{round(PING_SECONDS / PING_UNIT)},{ttl}')


def set_name_servers(modem, args: Args) -> None:
    """AT+CDNSCFG="<first>"[,"<second>"]: the network's own resolver answers all the same."""
    args.at_most(2)
    servers = [args.text(0, 39), args.text(1, 39, "0.0.0.0")]
    try:
        modem.sockets.names = [str(ipaddress.ip_address(text)) for text in servers]
    except ValueError:
        raise RequestError("parameter", "not an address") from None


def name_servers(modem, args: Args) -> None:
    """AT+CDNSCFG?."""
    first, second = modem.sockets.names
    modem.info(f"PrimaryDns: {first}", f"SecondaryDns: {second}")


def acknowledged(modem, args: Args) -> None:
    """AT+CIPACK[=<n>]: print the bytes taken, of these acknowledged, and not acknowledged."""
    sockets = modem.sockets
    args.at_most(1 if sockets.many else 0)
    cid = args.number(0, NUMBERS) if sockets.many else SINGLE
    connection = sockets.connected(cid).connection
    total, left = connection.sent + len(connection.tx), connection.unacked
    modem.info(f"+CIPACK: {total},{total - left},{left}")


def close(modem, args: Args) -> str:
    """AT+CIPCLOSE=<n>[,<quick>]; without numbers AT+CIPCLOSE[=<quick>]."""
    sockets = modem.sockets
    cid = args.number(0, NUMBERS) if sockets.many else SINGLE
    at = 1 if sockets.many else 0
    args.at_most(at + 1)
    args.number(at, range(2), 0)
    sock = sockets.sockets.get(cid)
    if sock is None:
        raise CMEError(NOT_ALLOWED)
    ended = sock.connection.ended
    sockets.close(cid)
    if ended:
        raise CMEError(NOT_ALLOWED)
    modem.event("tcp", what="closed", cid=cid, by="host")
    return sockets.named(cid, "CLOSE OK")


def add_socket_commands(table: CommandTable) -> None:
    """Add the CIP* commands to a personality's table."""
    for name in ("+CIPMUX", "+CIPQSEND", "+CIPRXGET"):
        table.add(name, "read", show_mode(name))
        table.add(name, "set", mode(name))
    table.store(Setting("+CIPHEAD", (Number(range(2)),), (0,)))
    for name, form, function in (
        ("+CSTT", "set", name_network),
        ("+CIICR", "exec", bring_up),
        ("+CIFSR", "exec", address),
        ("+CIPSHUT", "exec", shut),
        ("+SAPBR", "set", bearer),
        ("+CIPSTART", "set", start),
        ("+CIPSEND", "set", send),
        ("+CIPSEND", "exec", send),
        ("+CIPSEND", "read", room),
        ("+CIPRXGET", "set", receive),
        ("+CIPSTATUS", "set", status),
        ("+CIPSTATUS", "exec", whole_status),
        ("+CIPPING", "set", ping),
        ("+CDNSCFG", "set", set_name_servers),
        ("+CDNSCFG", "read", name_servers),
        ("+CIPACK", "set", acknowledged),
        ("+CIPACK", "exec", acknowledged),
        ("+CIPCLOSE", "set", close),
        ("+CIPCLOSE", "exec", close),
    ):
        table.add(name, form, function)
    table.tests(
        {
            "+CSTT": '"APN","USER","PWD"',
            "+SAPBR": '(0-4),(1),"ConParamTag","ConParamValue"',
            "+CIPMUX": "(0,1)",
            "+CIPQSEND": "(0,1)",
            "+CIPRXGET": "(0-4),(0-7),(1-1460)",
            "+CIPSTART": '(0-7),("TCP"),(64),(1-65535)',
            "+CIPSEND": "(0-7),(1-1460)",
            "+CIPSTATUS": "(0-7)",
            "+CIPPING": "(64),(1-100),(0-1024),(1-600),(1-255)",
            "+CDNSCFG": '("Primary DNS"),("Secondary DNS")',
            "+CIPACK": "(0-7)",
            "+CIPCLOSE": "(0-7),(0,1)",
        }
    )
