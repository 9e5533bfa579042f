"""Positions: by satellites and by cells, in each vendor's commands. The place never changes."""

from __future__ import annotations

from datetime import datetime

from .errors import NO_NETWORK, ATError, CMEError
from .parser import Args
from .table import CommandTable

LATITUDE, LONGITUDE, ALTITUDE = 52.516272, 13.377722, 34.5
CELL_ACCURACY = 550
"""Metres."""
FIX_SECONDS = 30.0
"""Seconds from switching the receiver on to a position."""
CELL_SECONDS = 2.0


def fixed(modem) -> bool:
    """Whether the receiver is on for long enough to know its position."""
    since = modem.radio.gnss_since
    return since is not None and modem.now >= since + modem.delay(FIX_SECONDS)


def minutes(degrees: float, digits: int, letters: str) -> str:
    """Return degrees and minutes as NMEA has them: 5230.9763N."""
    whole = int(abs(degrees))
    return f"{whole:0{digits}d}{(abs(degrees) - whole) * 60:07.4f}{letters[degrees < 0]}"


# -- SIMCom: the network's answer for the cells --------------------------------------------------

BY_CELLS, COUNT, WITH_TIME = 1, 3, 4


def cells_position(modem, args: Args):
    """AT+CLBS=<type>,<context>: print 0, longitude, latitude, accuracy, and for type 4 the time; 3
    prints how often it was asked."""
    args.at_most(4)
    kind = args.number(0, (BY_CELLS, COUNT, WITH_TIME))
    args.number(1, range(4))
    if kind == COUNT:
        modem.info(f"+CLBS: 0,{modem.counters['positions']}")
        return
    if not any(modem.radio.pdp.values()):
        raise CMEError(NO_NETWORK)
    yield modem.delay(CELL_SECONDS)
    modem.count("positions")
    moment = modem.wall_clock.network()
    time = f",{moment:%Y/%m/%d,%H:%M:%S}" if kind == WITH_TIME else ""
    modem.info(f"+CLBS: 0,{LONGITUDE},{LATITUDE},{CELL_ACCURACY}{time}")


def add_cells(table: CommandTable) -> None:
    """Add +CLBS to a table."""
    table.add("+CLBS", "set", cells_position)
    table.tests({"+CLBS": "(1,3,4),(0-3)"})


# -- Quectel -------------------------------------------------------------------------------------

ACTIVE, NOT_ACTIVE, NOT_FIXED = 504, 505, 516


def switch_quectel(modem, args: Args) -> None:
    """AT+QGPS=<mode>[,…]: switch the receiver on."""
    args.at_most(5)
    args.number(0, range(1, 5))
    if modem.radio.gnss_since is not None:
        raise CMEError(ACTIVE)
    modem.radio.listen_to_satellites(True)


def state_quectel(modem, args: Args) -> None:
    """AT+QGPS?."""
    modem.info(f"+QGPS: {int(modem.radio.gnss_since is not None)}")


def end_quectel(modem, args: Args) -> None:
    """AT+QGPSEND: switch the receiver off."""
    if modem.radio.gnss_since is None:
        raise CMEError(NOT_ACTIVE)
    modem.radio.listen_to_satellites(False)


def position_quectel(modem, args: Args) -> None:
    """AT+QGPSLOC=<form>: print time, place, HDOP, altitude, fix, course, speed, date,
    satellites."""
    args.at_most(1)
    form = args.number(0, range(3), 0)
    if modem.radio.gnss_since is None:
        raise CMEError(NOT_ACTIVE)
    if not fixed(modem):
        raise CMEError(NOT_FIXED)
    moment = modem.wall_clock.network()
    place = f"{LATITUDE:.5f},{LONGITUDE:.5f}"
    if form < 2:
        place = f"{minutes(LATITUDE, 2, 'NS')},{minutes(LONGITUDE, 3, 'EW')}"
    rest = f"0.9,{ALTITUDE},3,0.00,0.0,0.0,{moment:%d%m%y},07"
    modem.info(f"+QGPSLOC: {moment:%H%M%S}.000,{place},{rest}")


def add_quectel(table: CommandTable) -> None:
    """Add the commands to a table."""
    for name, form, function in (
        ("+QGPS", "set", switch_quectel),
        ("+QGPS", "read", state_quectel),
        ("+QGPSEND", "exec", end_quectel),
        ("+QGPSLOC", "set", position_quectel),
        ("+QGPSLOC", "read", position_quectel),
    ):
        table.add(name, form, function)
    table.tests({"+QGPS": "(1-4),(1-255),(1-1000),(0-1000),(1-65535)", "+QGPSLOC": "(0-2)"})


# -- u-blox --------------------------------------------------------------------------------------


def switch_ublox(modem, args: Args) -> None:
    """AT+UGPS=<on>[,<aid>[,<systems>]]: switch the receiver beside the modem."""
    args.at_most(3)
    on = args.number(0, range(2))
    if on:
        args.number(1, range(16), 0)
        args.number(2, range(1, 128), 1)
    if bool(on) == (modem.radio.gnss_since is not None):
        raise ATError("the receiver is so already")
    modem.radio.listen_to_satellites(bool(on))


def state_ublox(modem, args: Args) -> None:
    """AT+UGPS?."""
    modem.info(f"+UGPS: {'1,0,1' if modem.radio.gnss_since is not None else '0'}")


def locate_ublox(modem, args: Args) -> None:
    """AT+ULOC=<mode>,<sensor>,<form>,<seconds>,<metres>[,…]: OK; then +UULOC has time, place,
    altitude, uncertainty, and in form 1 what satellites add."""
    args.at_most(8)
    args.number(0, (2,))
    args.number(1, range(16))
    detailed = args.number(2, range(3)) == 1
    args.number(3, range(1, 1000))
    args.number(4, range(1, 1_000_000))
    if not any(modem.radio.pdp.values()):
        raise CMEError(NO_NETWORK)

    def answer() -> None:
        moment: datetime = modem.wall_clock.network()
        more = ",0,0,0,2,0,0,0" if detailed else ""
        modem.urc(
            f"+UULOC: {moment:%d/%m/%Y,%H:%M:%S}.000,{LATITUDE:.7f},{LONGITUDE:.7f},"
            f"{ALTITUDE:.0f},{CELL_ACCURACY}{more}"
        )

    modem.timers.at(modem.now + modem.delay(CELL_SECONDS), answer)


def add_ublox(table: CommandTable) -> None:
    """Add the commands to a table."""
    for name, form, function in (
        ("+UGPS", "set", switch_ublox),
        ("+UGPS", "read", state_ublox),
        ("+ULOC", "set", locate_ublox),
    ):
        table.add(name, form, function)
    table.tests({"+UGPS": "(0,1),(0-15),(1-127)", "+ULOC": "(2),(0-15),(0-2),(1-999),(1-999999)"})
