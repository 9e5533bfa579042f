"""Sequans GM02S (Monarch 2) and GMS01Q (Monarch 1): identity, boot, power, packet data."""

from __future__ import annotations

from . import absent, supply
from .bearer import add_bearer_commands, attached, context_changed, registered
from .common import COMMON
from .errors import NO_NETWORK, CMEError, RequestError
from .network import Unresolvable
from .operators import NUMBER
from .packet_data import CIDS, define_context, defined
from .parser import Args
from .personality import Personality
from .power import PowerTiming
from .radio import CELL, TAC
from .sim_slot import PIN_TRIES, PUK_TRIES
from .sqns_sockets import NOT_ALLOWED, SqnsSockets, add_socket_commands
from .table import CommandTable, Number, Setting, print_lines

TABLE = COMMON.extended()
BANDS = "1,2,3,4,5,8,12,13,14,17,18,19,20,25,26,28,66,71,85"
TABLE.fixed(("+CGMI", "+GMI"), "exec", "SEQUANS Communications")
# After a start, the radio and the SIM are off.
TABLE.settings["+CFUN"] = Setting("+CFUN", (Number((0, 1, 4)), Number(range(2))), (0, 0))
registration = TABLE.handlers["+CEREG"]["read"]
for setting in (
    Setting("+CEREG", (Number(range(6)),), (0,)),
    Setting("+IPR", (Number((9600, 57600, 115200, 230400, 460800, 921600)),), (115200,), True),
    Setting("+IFC", (Number(range(3)), Number(range(3))), (2, 2)),
    Setting("+SQNMODEACTIVE", (Number((1, 2)),), (1,), saved=True),
    Setting("+SQNIPSCFG", (Number(range(3)), Number(range(100, 10001))), (0, 5000), saved=True),
):
    TABLE.store(setting)
TABLE.add("+CEREG", "read", registration)


TABLE.add("+CGDCONT", "set", define_context(15))
TABLE.add("+SMDTH", "exec", supply.sequans_temperature)


@TABLE.on("+CPINR", "exec", "set")
def tries_left(modem, args: Args) -> None:
    """27.007 8.65: print tries left and by default, of one code or of PIN and PUK."""
    args.at_most(1)
    codes = {"SIM PIN": (modem.sim.tries, PIN_TRIES), "SIM PUK": (modem.sim.puk_tries, PUK_TRIES)}
    wanted = args.choice(0, codes, "")
    modem.sim.require_present()
    modem.info(
        *(f"+CPINR: {name},{left},{all_}" for name, (left, all_) in codes.items()
          if wanted in ("", name))
    )  # fmt: skip


@TABLE.on("+SQNMONI", "set")
def cells(modem, args: Args) -> None:
    """AT+SQNMONI=<0-9>: print the serving cell; nothing without one."""
    args.at_most(1)
    args.number(0, range(10))
    if modem.radio.registered:
        modem.info(
            f"+SQNMONI: {modem.options.operator} Cc:{NUMBER[:3]} Nc:{NUMBER[3:]} RSRP:-94.00 "
            f"CINR:14.00 RSRQ:-11.00 TAC:{int(TAC, 16)} Id:250 EARFCN:6400 PWR:-66.00 PAGING:128 "
            f"CID:0x{CELL} BAND:20 BW:5000 CE:0"
        )


@TABLE.on("+SQNBANDSEL", "read")
def bands(modem, args: Args) -> None:
    """Print technology (0 LTE-M, 1 NB-IoT), operator profile, bands."""
    stored = modem.nvm.get("bands", {})
    modem.info(*(f'+SQNBANDSEL: {rat},standard,"{stored.get(rat, BANDS)}"' for rat in (0, 1)))


@TABLE.on("+SQNBANDSEL", "set")
def choose_bands(modem, args: Args) -> None:
    """Store the bands of a technology."""
    args.at_most(3)
    rat = args.number(0, range(2))
    if args.text(1, 16).lower() != "standard":
        raise RequestError("parameter", "only the profile standard")
    chosen = args.text(2, 80)
    known = BANDS.split(",")
    if any(band not in known for band in chosen.split(",")):
        raise RequestError("parameter", "not a band of this modem")
    modem.nvm["bands"] = {**modem.nvm.get("bands", {}), rat: chosen}


@TABLE.on("+SQNCCID", "exec", "read")
def iccid(modem, args: Args) -> None:
    """Print the ICCID of the SIM, and "" for a second one, which is absent."""
    modem.sim.require()
    modem.info(f'+SQNCCID: "{modem.sim.identity.iccid}",""')


@TABLE.on("+CGPADDR", "set", "exec")
def address(modem, args: Args) -> None:
    """27.007 10.1.14: print the contexts' addresses, in quotes; none without a connection."""
    args.at_most(1)
    radio = modem.radio
    cids = [args.number(0, CIDS)] if len(args) else sorted(defined(modem))
    print_lines(
        modem,
        (
            f"+CGPADDR: {cid}" + (f',"{radio.address(cid - 1)}"' if radio.pdp[cid - 1] else "")
            for cid in cids
        ),
    )


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
add_socket_commands(TABLE)
TABLE.tests(
    {
        "+CPINR": '("SIM PIN","SIM PUK")',
        "+SQNMONI": "(0-9)",
        "+SQNBANDSEL": f'(0,1),("standard"),({BANDS})',
        "+SQNDNSLKUP": "(254),(0,1)",
    }
)


def named(model: str, revision: str) -> CommandTable:
    """Return the table of `model`."""
    table = TABLE.extended()
    table.fixed(("+CGMR", "+GMR"), "exec", revision)
    table.fixed(("+CGMM", "+GMM"), "exec", model)
    table.fixed("I", "exec", model)
    return table


def personality(name: str, model: str, revision: str, quirks: frozenset[str]) -> Personality:
    """Return a modem of the family."""
    return Personality(
        name=name,
        title=model,
        table=named(model, revision),
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
            "socket": ("+SQNSSEND", "+SQNSRECV", "+SQNSRING", "+SQNSI"),
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
        line_ends=b"\r\n",
        attached=attached,
        absent=absent.SEQUANS,
        quirks=quirks,
    )


GM02S = personality("gm02s", "GM02S", "LR8.2.1.0-61488", frozenset())
GMS01Q = personality(
    "gms01q",
    "GMS01Q",
    "UE6.0.0.0-ER7",
    frozenset({"csim_unquoted", "csim_lower", "csim_glued", "csim_truncated", "lf_refused"}),
)
