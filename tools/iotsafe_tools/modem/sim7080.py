"""SIMCom SIM7080G: identity, boot, power, packet data, time.

After "SIM7070_SIM7080_SIM7090 Series AT Command Manual" V1.05 and the TCPUDP(S) note V1.03.
"""

from __future__ import annotations

from .ca_sockets import CASockets, add_socket_commands
from .common import COMMON, NO_NETWORK
from .errors import CMEError
from .network import Unresolvable
from .parser import Args
from .personality import Personality
from .power import PowerTiming
from .radio import CELL, TAC
from .table import SILENT, Number, Setting, Text, render

TABLE = COMMON.extended()
MODEL = "SIMCOM_SIM7080"
REVISION = "Revision:1951B17SIM7080"
BAUD = (0, 300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
BAUD += (1000000, 1500000, 2000000, 3000000, 3200000, 3686400, 4000000)
BANDS = (1, 2, 3, 4, 5, 8, 12, 13, 14, 18, 19, 20, 25, 26, 27, 28, 66, 71, 85)

TABLE.fixed(("+CGMM", "+GMM"), "exec", MODEL)
TABLE.fixed(("+CGMR", "+GMR"), "exec", REVISION)
TABLE.fixed(("+CGMI", "+GMI"), "exec", "SIMCOM_Ltd")
TABLE.fixed("I", "exec", "SIM7080 R1951.17")
TABLE.fixed("+CGNAPN", "exec", '+CGNAPN: 1,"lab.apn"')

for setting in (
    Setting("+IPR", (Number(BAUD),), (0,), saved=True),
    Setting("+IFC", (Number(range(3)), Number(range(3))), (0, 0)),
    Setting("+CNMP", (Number((2, 13, 38, 51)),), (38,), saved=True),
    Setting("+CMNB", (Number((1, 2, 3)),), (3,), saved=True),
    Setting("+CLTS", (Number(range(2)),), (0,), saved=True),
    Setting("+CNTPCID", (Number(range(4)),), (0,)),
    Setting("+CSCLK", (Number(range(3)),), (0,), saved=True),
    Setting("+CFGRI", (Number(range(3)),), (0,)),
    Setting("+CNSMOD", (Number(range(2)),), (0,)),
    Setting("+CPSMSTATUS", (Number(range(2)),), (0,)),
    Setting("+CGNSPWR", (Number(range(2)),), (0,)),
    Setting("+CNTP", (Text(256), Number(range(-47, 57)), Number(range(4)), Number(range(3))),
            ("pool.ntp.org", 0, 0, 0)),
):  # fmt: skip
    TABLE.store(setting)


@TABLE.on("+SIMCOMATI", "exec")
def simcom_ati(modem, args: Args) -> None:
    """Several lines of identification."""
    modem.info(REVISION, f"IMEI:{modem.options.imei}")


@TABLE.on("+CCID", "exec")
def iccid(modem, args: Args) -> None:
    """ICCID, bare."""
    modem.sim.require()
    modem.info(modem.sim.identity.iccid)


# -- power ---------------------------------------------------------------------------------------


@TABLE.on("+CPOWD", "set")
def power_down(modem, args: Args):
    """1: NORMAL POWER DOWN instead of OK; 0: at once and without a word."""
    if args.number(0, range(2)):
        modem.power_state.shut_down(modem.delay(1.0))
    else:
        modem.power_state.off("CPOWD")
    return SILENT


@TABLE.on("+CREBOOT", "exec")
def reboot(modem, args: Args) -> None:
    """OK, then a reset."""
    modem.reset_after_ok("CREBOOT")


def announce(modem) -> None:
    """Start-up URCs; with auto-baud nobody hears those before the first AT."""
    for delay, text in ((0.0, "RDY"), (0.3, "+CFUN: 1")):
        due = modem.now + modem.delay(delay)
        modem.timers.at(due, lambda text=text: modem.urc(text))


def registered(modem) -> None:
    """Network time, where CLTS asked for it before the boot."""
    if modem.at_boot["+CLTS"][0]:
        moment, quarters = modem.wall_clock.network(), modem.options.time_zone
        modem.wall_clock.set(moment, quarters)
        modem.urc(f'*PSUTTZ: {moment:%y/%m/%d,%H:%M:%S}","{quarters:+d}",0')
        modem.urc("DST: 0")


# -- network -------------------------------------------------------------------------------------


@TABLE.on("+CPSI", "read")
def system_information(modem, args: Args) -> None:
    """Serving cell."""
    if not modem.radio.registered:
        modem.info("+CPSI: NO SERVICE,Online")
        return
    system = "LTE CAT-M1" if modem.options.act == 7 else "LTE NB-IOT"
    cell = int(CELL, 16)
    modem.info(
        f"+CPSI: {system},Online,001-01,0x{TAC},{cell},250,EUTRAN-BAND20,6400,3,3,-11,-94,-66,14"
    )


@TABLE.on("+CNSMOD", "read")
def system_mode(modem, args: Args) -> None:
    """Access technology in use, 0 = none."""
    mode = modem.options.act if modem.radio.registered else 0
    modem.info(f"+CNSMOD: {modem.values['+CNSMOD'][0]},{mode}")


@TABLE.on("+CBANDCFG", "set")
def bands(modem, args: Args) -> None:
    """Bands of one access technology."""
    system = args.text(0, 8).upper()
    if system not in ("CAT-M", "NB-IOT"):
        raise CMEError(modem.personality.codes["parameter"])
    args.at_most(1 + len(BANDS))
    chosen = tuple(args.number(index, BANDS) for index in range(1, max(2, len(args))))
    modem.nvm["bands"] = {**modem.nvm.get("bands", {}), system: chosen}


@TABLE.on("+CBANDCFG", "read")
def read_bands(modem, args: Args) -> None:
    """Bands per access technology."""
    stored = modem.nvm.get("bands", {})
    names = (("CAT-M", "CAT-M"), ("NB-IOT", "NB-IoT"))
    modem.info(*(f'+CBANDCFG: "{name}",{render(stored.get(key, BANDS))}' for key, name in names))


@TABLE.on("+CURCCFG", "set")
def urc_groups(modem, args: Args) -> None:
    """Accepted; every group stays on."""
    args.text(0, 16)
    args.number(1, range(2))


# -- packet data ---------------------------------------------------------------------------------


@TABLE.on("+CNCFG", "set")
def configure_context(modem, args: Args) -> None:
    """APN and credentials of an application context."""
    args.at_most(6)
    index = args.number(0, range(4))
    fields = (
        args.number(1, range(5)),
        args.text(2, 150, ""),
        args.text(3, 127, ""),
        args.text(4, 127, ""),
        args.number(5, range(4), 0),
    )
    modem.contexts[index] = fields


@TABLE.on("+CNCFG", "read")
def read_configuration(modem, args: Args) -> None:
    """All application contexts."""
    empty = (0, "", "", "", 0)
    modem.info(*("+CNCFG: " + render((i, *modem.contexts.get(i, empty))) for i in range(4)))


@TABLE.on("+CNACT", "set")
def activate(modem, args: Args) -> None:
    """Context on (1, 2 = automatic) or off; +APP PDP tells the outcome."""
    args.at_most(2)
    index = args.number(0, range(4))
    action = args.number(1, range(3))
    if action == 0:
        if not modem.radio.pdp[index]:
            raise CMEError(3)
        modem.after_ok(lambda: modem.radio.deactivate(index, by_host=True))
        return
    if modem.radio.pdp[index] or index in modem.radio.activating:
        raise CMEError(3)
    modem.radio.activate(index)


@TABLE.on("+CNACT", "read")
def active_contexts(modem, args: Args) -> None:
    """State and address of the four contexts."""
    modem.info(
        *(
            "+CNACT: " + render((index, state, modem.radio.address(index)))
            for index, state in modem.radio.pdp.items()
        )
    )


def context_changed(modem, index: int, active: bool, by_host: bool) -> None:
    """+APP PDP tells every change, also those that the host wanted."""
    modem.urc(f"+APP PDP: {index},{'ACTIVE' if active else 'DEACTIVE'}")


@TABLE.on("+CDNSGIP", "set")
def resolve(modem, args: Args) -> None:
    """OK, then the address as a URC."""
    args.at_most(3)
    host = args.text(0, 254)
    args.number(1, range(10), 1)
    args.number(2, range(60001), 10000)
    if not any(modem.radio.pdp.values()):
        raise CMEError(NO_NETWORK)

    def answer() -> None:
        try:
            address, _ = modem.network.lookup(host, 0)
        except Unresolvable:
            modem.urc("+CDNSGIP: 0,8")
        else:
            modem.urc(f'+CDNSGIP: 1,"{host}","{address}"')

    modem.after_ok(answer)


# -- time ----------------------------------------------------------------------------------------


@TABLE.on("+CNTP", "exec")
def synchronise(modem, args: Args) -> None:
    """OK, then +CNTP: 1 and the time, 61 without network."""

    def answer() -> None:
        if not any(modem.radio.pdp.values()):
            modem.urc("+CNTP: 61")
            return
        quarters = modem.values["+CNTP"][1]
        modem.wall_clock.set(modem.wall_clock.network(), quarters)
        modem.urc(f'+CNTP: 1,"{modem.wall_clock.local():%Y/%m/%d,%H:%M:%S}"')

    modem.after_ok(answer)


add_socket_commands(TABLE)

SIM7080 = Personality(
    name="sim7080",
    title="SIM7080",
    table=TABLE,
    power=PowerTiming(
        on_pulse=1.0,
        off_pulse=1.2,
        hold_reset=12.0,
        ready=2.5,
        off_done=1.8,
        gap=2.0,
        reboot=2.5,
    ),
    sockets=CASockets,
    purposes={
        "sim": ("+CSIM", "+CRSM", "+CCHO", "+CGLA", "+CCHC"),
        "socket": ("+CASEND", "+CARECV", "+CAACK", "+CADATAIND", "+CAURC"),
    },
    codes={"unknown": 100, "syntax": 603, "parameter": 765},
    announce=announce,
    registered=registered,
    context=context_changed,
    line_limit=559,
    commands_limit=39,
    sim_start=0.6,
    sim_ready=((0.0, "+CPIN: READY"), (5.0, "SMS Ready")),
    search=2.0,
    search_gives_up=45.0,
    pdp_activation=0.5,
)
