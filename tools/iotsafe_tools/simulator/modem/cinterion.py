"""Cinterion TX62 (Portenta Cat. M1/NB IoT GNSS shield): identity, boot, power, packet data."""

from __future__ import annotations

from . import absent, bearer, service_context
from .call_services import INDICATORS
from .cinterion_services import Services, add_service_commands
from .common import COMMON
from .errors import RequestError
from .operators import NUMBER
from .packet_data import defined
from .parser import Args
from .personality import Personality
from .power import PowerTiming
from .radio import CELL, NB_IOT, TAC
from .service_context import SERVICE
from .table import Number, Setting, Text, print_lines

TABLE = COMMON.extended()
BAUD = (0, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)

TABLE.fixed(("+CGMI", "+GMI"), "exec", "Cinterion")
TABLE.fixed(("+CGMM", "+GMM"), "exec", "TX62-W")
TABLE.fixed(("+CGMR", "+GMR"), "exec", "REVISION 01.000")

for setting in (
    Setting("+IPR", (Number(BAUD),), (115200,), saved=True),
    Setting("^SXRAT", (Number(range(10)), Number(range(10))), (7, 8), saved=True),
    Setting("^SCKS", (Number(range(2)),), (0,)),
    Setting("^SCFG", (Text(64), Text(64)), ("Tcp/WithURCs", "on"), saved=True),
):
    TABLE.store(setting)

bearer.add_bearer_commands(TABLE)
add_service_commands(TABLE)
TABLE.fixed("I", "exec", "Cinterion", "TX62-W", "REVISION 01.000")
TABLE.tests(
    {"^SICA": "(0,1),(1)", "^SMSO": '("fast")', "^SGAUTH": "(1-16),(0-2),<user>,<password>"}
)
INDICATIONS = (*(name for name, _ in INDICATORS), "nitz", "eons", "lsta")


@TABLE.on("\\Q", "exec")
def flow_control(modem, args: Args) -> None:
    """AT\\Q<n>: 0 none, 1 software, 3 hardware."""
    modem.registers["\\Q"] = args.number(0, (0, 1, 3), 3)


@TABLE.on("^SCKS", "read")
def inserted(modem, args: Args) -> None:
    """Print whether a URC reports the SIM's coming and going, and whether it is there."""
    modem.info(f"^SCKS: {modem.values['^SCKS'][0]},{int(modem.sim.present)}")


@TABLE.on("^SIND", "read")
def indications(modem, args: Args) -> None:
    """Print which indications are on; they are never sent."""
    on = modem.nvm.get("indications", {})
    modem.info(*(f"^SIND: {name},{on.get(name, 0)}" for name in INDICATIONS))


@TABLE.on("^SIND", "set")
def switch_indication(modem, args: Args) -> None:
    """AT^SIND="<name>",<0 off, 1 on, 2 print>."""
    args.at_most(3)
    name = args.text(0, 16)
    if name not in INDICATIONS:
        raise RequestError("parameter", name)
    mode = args.number(1, range(3))
    on = modem.nvm.get("indications", {})
    if mode < 2:
        modem.nvm["indications"] = on = {**on, name: mode}
    modem.info(f"^SIND: {name},{on.get(name, 0)}")


@TABLE.on("^SPIC", "exec")
@TABLE.on("^SPIC", "set")
def tries_left(modem, args: Args) -> None:
    """AT^SPIC[="SC"[,<1: PUK>]]: print the tries left of a code, or of the one that is asked."""
    args.at_most(2)
    args.choice(0, ("SC",), "SC")
    sim = modem.sim
    sim.require_present()
    puk = args.number(1, range(2), int(sim.state == "puk"))
    modem.info(f"^SPIC: {sim.puk_tries if puk else sim.tries}")


@TABLE.on("^SPIC", "read")
def code_wanted(modem, args: Args) -> None:
    """Print the code that the SIM asks for."""
    modem.info(f"^SPIC: {modem.sim.status()}")


@TABLE.on("^SGAUTH", "set")
def authenticate(modem, args: Args) -> None:
    """AT^SGAUTH=<context>,<kind>[,<user>,<password>]: accept them, and ignore them."""
    args.at_most(4)
    args.number(0, range(1, 17))
    if args.number(1, range(3)):
        args.text(2, 64)
        args.text(3, 64)


@TABLE.on("^SMONI", "exec")
def serving_cell(modem, args: Args) -> None:
    """Print technology, channel, band, bandwidths, network, area, cell, power, state."""
    if not modem.radio.registered:
        modem.info("^SMONI: Searching")
        return
    system = "Cat.NB1" if modem.options.act == NB_IOT else "Cat.M1"
    modem.info(
        f"^SMONI: {system},6400,20,5,5,FDD,{NUMBER[:3]},{NUMBER[3:]},{TAC},{CELL},250,-94,-11,-66,"
        "14,NOCONN"
    )


@TABLE.on("+CGCONTRDP", "set", "exec")
def context_parameters(modem, args: Args) -> None:
    """27.007 10.1.23: print bearer, APN, address, name servers of the active contexts."""
    args.at_most(1)
    wanted = args.number(0, range(1, 17), None)
    print_lines(
        modem,
        (
            f'+CGCONTRDP: {cid},5,"{apn}","{modem.radio.address(cid - 1)}.255.255.255.0","",'
            '"10.94.0.1","10.94.0.2"'
            for cid, (_, apn) in sorted(defined(modem).items())
            if modem.radio.pdp[cid - 1] and wanted in (None, cid)
        ),
    )


TABLE.tests(
    {
        "^SIND": ",".join(f"({name},(0,1))" for name in INDICATIONS),
        "+CGCONTRDP": "(1-16)",
        "^SPIC": '("SC"),(0,1)',
    }
)


@TABLE.on("+CCID", "exec", "read")
def iccid(modem, args: Args) -> None:
    """ICCID."""
    modem.sim.require()
    modem.info(f"+CCID: {modem.sim.identity.iccid}")


@TABLE.on("^SCID", "exec", "read")
def vendor_iccid(modem, args: Args) -> None:
    """ICCID."""
    modem.sim.require()
    modem.info(f"^SCID: {modem.sim.identity.iccid}")


@TABLE.on("^SMSO", "exec", "set")
def switch_off(modem, args: Args) -> None:
    """Print OK and ^SHUTDOWN, then switch off."""
    modem.after_ok(lambda: modem.power_state.shut_down(modem.delay(1.0)))


@TABLE.on("^SICA", "set")
def hand_over(modem, args: Args):
    """AT^SICA=<0|1>,1: switch the internet services' context."""
    args.at_most(2)
    wanted = args.number(0, range(2))
    args.number(1, range(1, 2))
    if wanted:
        yield from service_context.hand_over(modem)
    elif modem.radio.pdp[SERVICE]:
        modem.radio.deactivate(SERVICE, by_host=True)


@TABLE.on("^SICA", "read")
def handed_over(modem, args: Args) -> None:
    """Print the state of the internet services' context."""
    modem.info(f"^SICA: 1,{modem.radio.pdp[SERVICE]}")


def announce(modem) -> None:
    """Schedule the start-up URCs."""
    for delay, text in ((0.0, "^SYSSTART"), (0.1, '+CIEV: prov,0,"fallb3gpp"')):
        due = modem.now + modem.delay(delay)
        modem.timers.at(due, lambda text=text: modem.urc(text))


TX62 = Personality(
    name="tx62",
    title="TX62",
    table=TABLE,
    power=PowerTiming(
        on_pulse=0.1,
        off_pulse=60.0,
        hold_reset=120.0,
        ready=3.0,
        off_done=61.0,
        gap=0.1,
        reboot=3.0,
        farewell="^SHUTDOWN",
    ),
    sockets=Services,
    purposes={
        "sim": ("+CSIM", "+CRSM", "+CCHO", "+CGLA", "+CCHC"),
        "socket": ("^SISW", "^SISR"),
    },
    codes={"unknown": 100, "syntax": 100, "parameter": 50},
    announce=announce,
    registered=bearer.registered,
    context=service_context.context_changed,
    line_limit=2048,
    commands_limit=39,
    sim_start=1.0,
    sim_ready=(),
    search=2.0,
    search_gives_up=45.0,
    pdp_activation=0.5,
    attached=bearer.attached,
    presence=("^SCKS", "^SCKS: {}"),
    absent=absent.CINTERION,
)
