"""The internet services (SIS*) of Cinterion modems: real TCP sockets behind AT commands."""

from __future__ import annotations

import re

from .errors import CMEError
from .network import Unresolvable
from .parser import Args
from .service_context import SERVICE
from .sockets import Socket, SocketTable
from .table import CommandTable, Data, print_lines

IDS = range(10)
MAX_CHUNK = 1500
NOT_ALLOWED, WRONG = 3, 50
HEAD_DELAY = 0.002
NEVER = 3600.0
"""Seconds that the modem waits for the announced payload."""

ALLOCATED, CONNECTING, UP, DOWN = 2, 3, 4, 6
PEER_CLOSED = '48,"Remote peer has closed the connection"'
FAILURES = {
    "refused": '20,"Connection refused by peer"',
    "timeout": '21,"Connection timed out"',
    "unreachable": '22,"Host is unreachable"',
    "unresolved": '23,"Host not found"',
    "error": '24,"Socket error"',
}
ADDRESS = re.compile(
    r"sock(tcp|udp)://(\[[^\]/;]{1,64}\]|[^:/;]{1,64}):(\d{1,5})(;[a-z]+(=\w*)?)*"
)
KIND, CONTEXT_ID, URL = "SRVTYPE", "CONID", "ADDRESS"
KEYS = {KIND: ("srvType", 16), CONTEXT_ID: ("conId", 2), URL: ("address", 512)}
"""Key in upper case -> as it is printed, and the longest value."""


def checked(key: str, value: str) -> str:
    """Return the value as it is stored. Raises CMEError if the modem cannot use it."""
    if key == KIND and value.upper() == "SOCKET":
        return "Socket"
    if key == CONTEXT_ID and value in [str(number) for number in range(1, 17)]:
        return value
    address = ADDRESS.fullmatch(value) if key == URL else None
    if address and 0 < int(address[3]) < 65536:
        return value
    raise CMEError(WRONG)


class Service(Socket):
    """One open service. `state`: see ^SISI; `room_reported`: ^SISW: <id>,1 was printed since the
    last write; `end_reported`: ^SISR: <id>,2."""

    def __init__(self, cid: int, host: str, port: int) -> None:
        super().__init__(cid, SERVICE, host, port)
        self.state = CONNECTING
        self.room_reported = self.end_reported = False


class Services(SocketTable):
    """All services of a modem; `profiles`: the settings of ^SISS."""

    tx_limit = 10240

    def reset(self) -> None:
        """Close everything and forget the profiles."""
        super().reset()
        self.profiles: dict[int, dict[str, str]] = {}

    def notify(self) -> None:
        """Print the pending URCs: results of attempts, data, room, closed connections."""
        for service in list(self.sockets.values()):
            connection = service.connection
            if connection is None or connection.state == "connecting" or service.state == DOWN:
                continue
            if service.state == CONNECTING:
                self._attempted(service, connection.failure)
            if service.state != UP:
                continue
            if not service.room_reported and not connection.ended and self.room(service):
                service.room_reported = True
                self.modem.urc(f"^SISW: {service.cid},1")
            if connection.rx and not service.notified:
                service.notified = True
                self.modem.urc(f"^SISR: {service.cid},1")
            if self.ended(service):
                self.modem.urc(f"^SIS: {service.cid},0,{PEER_CLOSED}")
            if connection.ended and not connection.rx and not service.end_reported:
                service.end_reported = True
                self.modem.urc(f"^SISR: {service.cid},2")

    def _attempted(self, service: Service, failure: str) -> None:
        service.state = DOWN if failure else UP
        self.report_attempt(service, DOWN if failure else 0)
        if failure:
            self.modem.urc(f"^SIS: {service.cid},0,{FAILURES[failure]}")

    def room(self, service: Service) -> int:
        """Return the free bytes of the send buffer."""
        return max(0, self.tx_limit - len(service.connection.tx))

    def service_of(self, args: Args) -> Service:
        """Return the open service of the first argument. Raises CMEError."""
        service = self.sockets.get(args.number(0, IDS))
        if service is None:
            raise CMEError(NOT_ALLOWED)
        return service


def configure(modem, args: Args) -> None:
    """AT^SISS=<id>,"<key>","<value>": store a setting, unless the service is open. srvType comes
    first, and forgets the others; "none" forgets it, too."""
    args.at_most(3)
    cid = args.number(0, IDS)
    key = args.choice(1, KEYS)
    value = args.text(2, KEYS[key][1])
    profiles = modem.sockets.profiles
    if cid in modem.sockets.sockets:
        raise CMEError(NOT_ALLOWED)
    if key == KIND and value.upper() == "NONE":
        profiles.pop(cid, None)
        return
    value = checked(key, value)
    if key == KIND:
        profiles[cid] = {}
    elif cid not in profiles:
        raise CMEError(NOT_ALLOWED)
    profiles[cid][key] = value


def profiles(modem, args: Args) -> None:
    """AT^SISS?: print all settings."""
    rows = sorted(modem.sockets.profiles.items())
    print_lines(
        modem,
        (
            f'^SISS: {cid},"{KEYS[key][0]}","{value}"'
            for cid, profile in rows
            for key, value in profile.items()
        ),
    )


def open_service(modem, args: Args) -> None:
    """AT^SISO=<id>: OK at once; later ^SISW: <id>,1 (open) or ^SIS: <id>,0,… (failed)."""
    args.at_most(2)
    cid = args.number(0, IDS)
    services = modem.sockets
    profile = services.profiles.get(cid, {})
    address = ADDRESS.fullmatch(profile.get(URL, ""))
    if cid in services.sockets or profile.get(CONTEXT_ID) != "1" or not address:
        raise CMEError(NOT_ALLOWED)
    if not modem.radio.pdp[SERVICE]:
        raise CMEError(NOT_ALLOWED)
    service = Service(cid, address[2].strip("[]"), int(address[3]))
    service.udp = address[1] == "udp"
    failure = services.start(service)
    if failure:
        services.sockets[cid] = service
        modem.after_ok(lambda: services._attempted(service, failure))


def write(modem, args: Args):
    """AT^SISW=<id>,<n>: print how many bytes fit, take exactly these, then OK."""
    args.at_most(4)
    services = modem.sockets
    service = services.service_of(args)
    length = args.number(1, range(1, MAX_CHUNK + 1))
    connection = service.connection
    if service.state != UP or connection.ended:
        raise CMEError(NOT_ALLOWED)
    yield HEAD_DELAY
    accepted = min(length, services.room(service))
    service.room_reported = False
    modem.info(f"^SISW: {service.cid},{accepted},{connection.unacked}")
    if not accepted:
        return
    data = yield Data(accepted, NEVER, b"")
    if data is None or connection.state != "open":
        raise CMEError(NOT_ALLOWED)
    services.send(service, data)


def read(modem, args: Args) -> None:
    """AT^SISR=<id>,<n>: print at most n bytes, or for n = 0 their count. -1: not connected, -2:
    the end."""
    args.at_most(2)
    service = modem.sockets.service_of(args)
    limit = args.number(1, range(MAX_CHUNK + 1))
    connection = service.connection
    if service.state != UP:
        modem.info(f"^SISR: {service.cid},-1")
    elif not connection.rx:
        modem.info(f"^SISR: {service.cid},{-2 if connection.ended else 0}")
    elif not limit:
        modem.info(f"^SISR: {service.cid},{len(connection.rx)}")
    else:
        data = modem.sockets.read(service, limit)
        service.notified = bool(connection.rx)
        modem.info(f"^SISR: {service.cid},{len(data)}\r\n", data=data)


def close_service(modem, args: Args) -> None:
    """AT^SISC=<id>."""
    args.at_most(2)
    cid = modem.sockets.service_of(args).cid
    modem.sockets.hung_up(cid)


def state(modem, args: Args) -> None:
    """AT^SISI=<id>: print state and bytes: received, sent, acknowledged, not acknowledged."""
    args.at_most(1)
    cid = args.number(0, IDS)
    service = modem.sockets.sockets.get(cid)
    if service is None or service.connection is None:
        known = DOWN if service else ALLOCATED
        modem.info(f"^SISI: {cid},{known},0,0,0,0")
        return
    connection = service.connection
    sent = connection.sent + len(connection.tx)
    shown = DOWN if connection.ended else service.state
    modem.info(
        f"^SISI: {cid},{shown},{connection.received},{sent},"
        f"{sent - connection.unacked},{connection.unacked}"
    )


def tool(modem, args: Args) -> None:
    """AT^SISX="HostByName",1,"<host>"."""
    args.at_most(3)
    if args.text(0, 16).upper() != "HOSTBYNAME":
        raise CMEError(WRONG)
    args.number(1, range(1, 17))
    try:
        address, _ = modem.network.lookup(args.text(2, 254), 0)
    except Unresolvable:
        raise CMEError(NOT_ALLOWED) from None
    modem.info(f'^SISX: "HostByName","{address}"')


def add_service_commands(table: CommandTable) -> None:
    """Add the SIS* commands to a personality's table."""
    for name, form, function in (
        ("^SISS", "set", configure),
        ("^SISS", "read", profiles),
        ("^SISO", "set", open_service),
        ("^SISW", "set", write),
        ("^SISR", "set", read),
        ("^SISC", "set", close_service),
        ("^SISI", "set", state),
        ("^SISX", "set", tool),
    ):
        table.add(name, form, function)
    table.tests(
        {
            "^SISS": '(0-9),("srvType","conId","address"),<value>',
            "^SISO": "(0-9)",
            "^SISW": "(0-9),(1-1500)",
            "^SISR": "(0-9),(0-1500)",
            "^SISC": "(0-9)",
            "^SISI": "(0-9)",
            "^SISX": '("HostByName"),(1-16),<host>',
        }
    )
