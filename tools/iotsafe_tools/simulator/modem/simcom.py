"""The common part of SIMCom's modems: identity, boot, network, power saving, GNSS, time.

After "SIM7070_SIM7080_SIM7090 Series AT Command Manual" V1.05 and "SIM7000 Series AT Command
Manual" V1.06, and the notes on low power and GNSS.
"""

from __future__ import annotations

from . import absent, positions, supply
from .bearer import LOGIN, authenticate, logins
from .common import COMMON
from .errors import NO_NETWORK, CMEError
from .network import Unresolvable
from .parser import Args
from .radio import CELL, TAC
from .sim_slot import PIN_TRIES, PUK_TRIES
from .table import SILENT, CommandTable, Number, Setting, Text, render

TABLE = COMMON.extended()
CODES = {"unknown": 100, "syntax": 603, "parameter": 765}
LINE_LIMIT = 559
COMMANDS_LIMIT = 39
BAUD = (0, 300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
BAUD += (1000000, 1500000, 2000000, 3000000, 3200000, 3686400, 4000000)
URC_GROUPS = ("QUALCOMM", "SYS", "SIMCARD", "SMS", "NETWORK", "TCPIP")
BANDS = (1, 2, 3, 4, 5, 8, 12, 13, 14, 18, 19, 20, 25, 26, 27, 28, 66, 71, 85)


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
    Setting("+CBATCHK", (Number(range(2)),), (0,), saved=True),
    Setting("+AUTOCSQ", (Number(range(2)), Number(range(2))), (0, 0)),
    Setting("+CPCMREG", (Number(range(2)),), (0,)),
    Setting("+CNTP", (Text(256), Number(range(-47, 57)), Number(range(4)), Number(range(3))),
            ("pool.ntp.org", 0, 0, 0)),
):  # fmt: skip
    TABLE.store(setting)


def identify(table: CommandTable, model: str, revision: str, name: str) -> None:
    """Add the commands that print the modem's identity."""
    table.fixed(("+CGMM", "+GMM"), "exec", model)
    table.fixed(("+CGMR", "+GMR"), "exec", revision)
    table.fixed("I", "exec", name)

    @table.on("+SIMCOMATI", "exec")
    def simcom_ati(modem, args: Args) -> None:
        modem.info(revision, f"IMEI:{modem.options.imei}")


TABLE.fixed(("+CGMI", "+GMI"), "exec", "SIMCOM_Ltd")
TABLE.add("+CGAUTH", "set", authenticate)
TABLE.add("+CGAUTH", "read", logins)


@TABLE.on("+CCID", "exec")
def iccid(modem, args: Args) -> None:
    """Print the bare ICCID."""
    modem.sim.require()
    modem.info(modem.sim.identity.iccid)


# -- power ---------------------------------------------------------------------------------------


@TABLE.on("+CPOWD", "set")
def power_down(modem, args: Args):
    """Switch off. 1: with NORMAL POWER DOWN instead of OK; 0: at once and silently."""
    if args.number(0, range(2)):
        modem.power_state.shut_down(modem.delay(1.0))
    else:
        modem.power_state.off("CPOWD")
    return SILENT


@TABLE.on("+CREBOOT", "exec")
def reboot(modem, args: Args) -> None:
    """Print OK, then reset."""
    modem.reset_after_ok("CREBOOT")


def announce(modem) -> None:
    """Schedule the start-up URCs; with auto-baud those before the first AT are lost."""
    for delay, text in ((0.0, "RDY"), (0.3, "+CFUN: 1")):
        due = modem.now + modem.delay(delay)
        modem.timers.at(due, lambda text=text: modem.urc(text))


def registered(modem) -> None:
    """Print network time if CLTS enabled it before the boot; allow sleep from now on."""
    if modem.at_boot["+CLTS"][0]:
        moment, quarters = modem.wall_clock.network(), modem.options.time_zone
        modem.wall_clock.set(moment, quarters)
        modem.urc(f'*PSUTTZ: {moment:%y/%m/%d,%H:%M:%S}","{quarters:+d}",0')
        modem.urc("DST: 0")
    await_idleness(modem)


# -- network -------------------------------------------------------------------------------------


@TABLE.on("+CPSI", "read")
def system_information(modem, args: Args) -> None:
    """Print the serving cell."""
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
    """Print the access technology in use, 0 = none."""
    mode = modem.options.act if modem.radio.registered else 0
    modem.info(f"+CNSMOD: {modem.values['+CNSMOD'][0]},{mode}")


@TABLE.on("+CBANDCFG", "set")
def bands(modem, args: Args) -> None:
    """Store the bands of one access technology."""
    system = args.text(0, 8).upper()
    if system not in ("CAT-M", "NB-IOT"):
        raise CMEError(modem.personality.codes["parameter"])
    args.at_most(1 + len(BANDS))
    chosen = tuple(args.number(index, BANDS) for index in range(1, max(2, len(args))))
    modem.nvm["bands"] = {**modem.nvm.get("bands", {}), system: chosen}


@TABLE.on("+CBANDCFG", "read")
def read_bands(modem, args: Args) -> None:
    """Print the bands of each access technology."""
    stored = modem.nvm.get("bands", {})
    names = (("CAT-M", "CAT-M"), ("NB-IOT", "NB-IoT"))
    modem.info(*(f'+CBANDCFG: "{name}",{render(stored.get(key, BANDS))}' for key, name in names))


@TABLE.on("+CURCCFG", "set")
def urc_groups(modem, args: Args) -> None:
    """Store whether a group of URCs is on; they come anyway."""
    args.at_most(2)
    group = args.choice(0, URC_GROUPS)
    modem.nvm["urc groups"] = {
        **modem.nvm.get("urc groups", {}),
        group: args.number(1, range(2)),
    }


@TABLE.on("+CURCCFG", "read")
def read_urc_groups(modem, args: Args) -> None:
    """Print which groups are on."""
    stored = modem.nvm.get("urc groups", {})
    modem.info(*(f'+CURCCFG: "{group}",{stored.get(group, 1)}' for group in URC_GROUPS))


# -- power saving --------------------------------------------------------------------------------

# Seconds of a unit by its code (24.008 10.5.7.4a and 10.5.7.3); a missing code is off.
PERIODIC = {3: 2, 4: 30, 5: 60, 0: 600, 1: 3600, 2: 36000, 6: 1152000}
ACTIVE = {0: 2, 1: 60, 2: 360}


def timer_seconds(bits: str, units: dict[int, int]) -> int | None:
    """Return the seconds in the eight bits of a timer, None = off."""
    value = int(bits or "0", 2)
    unit = units.get(value >> 5)
    return None if unit is None else unit * (value & 31)


def await_idleness(modem) -> None:
    """Enter PSM after the active time without traffic. New settings apply from the next boot."""
    mode, _, _, period, active = modem.at_boot["+CPSMS"]
    seconds = timer_seconds(active, ACTIVE)
    if mode != 1 or seconds is None:
        return
    traffic = modem.counters["tcp_up"] + modem.counters["tcp_down"]

    def look() -> None:
        if traffic == modem.counters["tcp_up"] + modem.counters["tcp_down"]:
            fall_asleep(modem, timer_seconds(period, PERIODIC))
        else:
            await_idleness(modem)

    modem.timers.at(modem.now + modem.delay(seconds), look, "radio")


def fall_asleep(modem, period: int | None) -> None:
    """Switch nearly off, until the power key or the periodic timer boots the modem."""
    if modem.values["+CPSMSTATUS"][0]:
        modem.urc('+CPSMSTATUS: "ENTER PSM"')
    modem.power_state.off("PSM")
    boots = modem.counters["boots"]

    def wake() -> None:
        if modem.counters["boots"] == boots and modem.power_state.state == "off":
            modem.power_state.reset("PSM timer")

    if period is not None:
        modem.timers.at(modem.now + modem.delay(period), wake, "psm")


@TABLE.on("+CEDRXRDP", "exec")
def granted_edrx(modem, args: Args) -> None:
    """Print the cycle in use, which is the requested one; 0 = none."""
    mode, act, bits = modem.values["+CEDRXS"]
    if mode in (1, 2) and modem.radio.registered:
        modem.info(f'+CEDRXRDP: {act},"{bits}","{bits}","0011"')
    else:
        modem.info("+CEDRXRDP: 0")


# -- GNSS ----------------------------------------------------------------------------------------

PLACE = f"{positions.LATITUDE},{positions.LONGITUDE},{positions.ALTITUDE:.3f},0.00,0.0"
"""Latitude, longitude, altitude, speed, course."""


@TABLE.on("+CGNSPWR", "set")
def switch_gnss(modem, args: Args) -> None:
    """Switch the receiver. A shared one does not hear the network while it is on."""
    args.at_most(1)
    on = args.number(0, range(2))
    modem.values["+CGNSPWR"] = (on,)
    modem.radio.listen_to_satellites(bool(on))


@TABLE.on("+CGNSINF", "exec")
def position(modem, args: Args) -> None:
    """<run>,<fix>,<UTC>,<lat>,<lon>,<alt>,<speed>,<course>,<mode>,,<HDOP>,<PDOP>,<VDOP>,…"""
    if modem.radio.gnss_since is None:
        modem.info("+CGNSINF: 0," + "," * 19)
    elif not positions.fixed(modem):
        modem.info("+CGNSINF: 1,0,19800106000023.000,,,,0.00,0.0,0,,,,,,4,,,,,,")
    else:
        utc = f"{modem.wall_clock.network():%Y%m%d%H%M%S}.000"
        modem.info(f"+CGNSINF: 1,1,{utc},{PLACE},1,,0.9,1.2,0.8,,9,7,2,,38,,")


TABLE.fixed(("+CGNSCOLD", "+CGNSWARM", "+CGNSHOT"), "exec")
TABLE.fixed("+CGNSMOD", "set")
positions.add_cells(TABLE)
supply.add_battery(TABLE)


@TABLE.on("+SPIC", "exec")
def tries_left(modem, args: Args) -> None:
    """Print the tries that are left: PIN, PUK, PIN2, PUK2."""
    modem.sim.require_present()
    modem.info(f"+SPIC: {modem.sim.tries},{modem.sim.puk_tries},{PIN_TRIES},{PUK_TRIES}")


@TABLE.on("+SMSTATE", "read")
def mqtt_state(modem, args: Args) -> None:
    """Print the state of the modem's own MQTT client: it is never connected."""
    modem.info("+SMSTATE: 0")


TABLE.tests(
    {
        "+CGAUTH": LOGIN,
        "+CPOWD": "(0,1)",
        "+CBANDCFG": f'("CAT-M","NB-IOT"),({",".join(map(str, BANDS))})',
        "+CURCCFG": f"({render(URC_GROUPS)}),(0,1)",
        "+CGNSMOD": "(1),(0-2),(0-2),(0-2),(0-2)",
        "+CDNSGIP": "(254),(0-9),(0-60000)",
    }
)


# -- names --------------------------------------------------------------------------------------


@TABLE.on("+CDNSGIP", "set")
def resolve(modem, args: Args) -> None:
    """Print OK, then the address as a URC."""
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
    """Print OK, then +CNTP: 1 and the time, or 61 without network."""

    def answer() -> None:
        if not any(modem.radio.pdp.values()):
            modem.urc("+CNTP: 61")
            return
        quarters = modem.values["+CNTP"][1]
        modem.wall_clock.set(modem.wall_clock.network(), quarters)
        modem.urc(f'+CNTP: 1,"{modem.wall_clock.local():%Y/%m/%d,%H:%M:%S}"')

    modem.after_ok(answer)


SHARED = {
    "codes": CODES,
    "announce": announce,
    "registered": registered,
    "line_limit": LINE_LIMIT,
    "commands_limit": COMMANDS_LIMIT,
    "sim_start": 0.6,
    "sim_ready": ((0.0, "+CPIN: READY"), (5.0, "SMS Ready")),
    "search": 2.0,
    "search_gives_up": 45.0,
    "minimum_urc": "+CPIN: NOT READY",
    "absent": absent.SIMCOM,
    "pdp_activation": 0.5,
}
"""What the `Personality` of each SIMCom modem has."""
