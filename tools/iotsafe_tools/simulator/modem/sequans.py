"""Sequans GM02S (Monarch 2) and GMS01Q (Monarch 1): identity, boot, power, packet data."""

from __future__ import annotations

from .bearer import add_bearer_commands, context_changed, registered
from .common import COMMON, NO_NETWORK, add_pin_counter
from .errors import CMEError
from .network import Unresolvable
from .parser import Args
from .personality import Personality
from .power import PowerTiming
from .sqns_sockets import NOT_ALLOWED, SqnsSockets, add_socket_commands
from .table import CommandTable, Number, Setting

TABLE = COMMON.extended()
TABLE.fixed(("+CGMI", "+GMI"), "exec", "SEQUANS Communications")
# After a start, the radio and the SIM are off.
TABLE.settings["+CFUN"] = Setting("+CFUN", (Number((0, 1, 4)), Number(range(2))), (0, 0))
registration = TABLE.handlers["+CEREG"]["read"]
for setting in (
    Setting("+CEREG", (Number(range(6)),), (0,)),
    Setting("+IPR", (Number((9600, 57600, 115200, 230400, 460800, 921600)),), (115200,), True),
    Setting("+IFC", (Number(range(3)), Number(range(3))), (2, 2)),
    Setting("+SQNMODEACTIVE", (Number((1, 2)),), (1,), saved=True),
):
    TABLE.store(setting)
TABLE.add("+CEREG", "read", registration)


@TABLE.on("+SQNCCID", "exec", "read")
def iccid(modem, args: Args) -> None:
    """Print the ICCID of the SIM, and "" for a second one, which is absent."""
    modem.sim.require()
    modem.info(f'+SQNCCID: "{modem.sim.identity.iccid}",""')


@TABLE.on("+CGPADDR", "set", "exec")
def address(modem, args: Args) -> None:
    """27.007 10.1.14: print the contexts' addresses, in quotes; none without a connection."""
    args.at_most(1)
    cid = args.number(0, range(1, 16), 1)
    known = f',"{modem.radio.address(cid - 1)}"' if modem.radio.pdp.get(cid - 1) else ""
    modem.info(f"+CGPADDR: {cid}{known}")


@TABLE.on("+SQNDNSLKUP", "set")
def resolve(modem, args: Args) -> None:
    """Print the address of a host name."""
    args.at_most(2)
    host = args.text(0, 254)
    if not modem.radio.pdp[0]:
        raise CMEError(NO_NETWORK)
    try:
        found, _ = modem.network.lookup(host, 0)
    except Unresolvable:
        raise CMEError(NOT_ALLOWED) from None
    modem.info(f'+SQNDNSLKUP: "{host}","{found}"')


@TABLE.on("^RESET", "exec")
def reset(modem, args: Args) -> None:
    """Print OK and +SHUTDOWN, and +SYSSTART after the start."""

    def go() -> None:
        modem.urc("+SHUTDOWN")
        modem.power_state.reset("^RESET")

    modem.after_ok(go)


@TABLE.on("+SQNSSHDN", "exec")
def shut_down(modem, args: Args) -> None:
    """Print OK and +SHUTDOWN, and switch off; only the reset line, or power, restarts it."""
    modem.after_ok(lambda: modem.power_state.shut_down(modem.delay(1.0)))


def announce(modem) -> None:
    """Schedule the start-up URC."""
    modem.urc("+SYSSTART")


add_bearer_commands(TABLE)
add_pin_counter(TABLE, "+CPINR", "set", "SIM PIN,%d,3")
add_socket_commands(TABLE)


def named(model: str) -> CommandTable:
    """Return the table of `model`."""
    table = TABLE.extended()
    table.fixed(("+CGMM", "+GMM"), "exec", model)
    table.fixed("I", "exec", model)
    return table


def personality(name: str, model: str, quirks: frozenset[str]) -> Personality:
    """Return a modem of the family."""
    return Personality(
        name=name,
        title=model,
        table=named(model),
        # This modem has no power key: the "key" pulls the reset line.
        power=PowerTiming(
            on_pulse=0.3,
            off_pulse=1e6,
            hold_reset=0.3,
            ready=2.3,
            off_done=1e6,
            gap=0.0,
            reboot=2.0,
            farewell="+SHUTDOWN",
        ),
        sockets=SqnsSockets,
        purposes={
            "sim": ("+CSIM", "+CRSM", "+CCHO", "+CGLA", "+CCHC"),
            "socket": ("+SQNSSENDEXT", "+SQNSRECV", "+SQNSRING", "+SQNSI"),
        },
        codes={"unknown": None, "syntax": 50, "parameter": 50},
        announce=announce,
        registered=registered,
        context=context_changed,
        line_limit=2048,
        commands_limit=16,
        sim_start=1.0,
        sim_ready=(),
        search=3.0,
        search_gives_up=60.0,
        pdp_activation=0.5,
        quirks=quirks,
    )


GM02S = personality("gm02s", "GM02S", frozenset())
GMS01Q = personality(
    "gms01q",
    "GMS01Q",
    frozenset({"csim_unquoted", "csim_lower", "csim_glued", "csim_truncated", "lf_refused"}),
)
