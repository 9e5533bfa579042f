"""Commands of V.250 and 3GPP TS 27.007 that every modem answers alike. Personalities refine this
table."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from .call_services import add_service_commands
from .card_files import add_file_command
from .errors import CMEError
from .message_commands import add_message_commands
from .operators import add_operator_commands
from .packet_data import add_packet_commands
from .parser import Args
from .sim_access import add_sim_commands
from .sim_slot import read_pin
from .table import Bits, CommandTable, Number, Setting

COMMON = CommandTable()

for setting in (
    Setting("+CMEE", (Number(range(3)),), (0,)),
    Setting("+CREG", (Number(range(3)),), (0,)),
    Setting("+CGREG", (Number(range(3)),), (0,)),
    Setting("+CEREG", (Number((0, 1, 2, 4)),), (0,)),
    Setting("+CFUN", (Number((0, 1, 4)), Number(range(2))), (1, 0)),
    Setting("+CTZR", (Number(range(2)),), (0,)),
    Setting("+CTZU", (Number(range(2)),), (0,)),
    Setting(
        "+CPSMS",
        (Number(range(3)), Bits(8), Bits(8), Bits(8), Bits(8)),
        (0, "", "", "01100000", "00000000"),
        saved=True,
    ),
    Setting("+CEDRXS", (Number(range(4)), Number((4, 5)), Bits(4)), (0, 4, "0101"), saved=True),
):
    COMMON.store(setting)


# -- V.250 ---------------------------------------------------------------------------------------


def _mode(name: str):
    def switch(modem, args: Args) -> None:
        modem.modes[name] = args.number(0, range(2), 0)

    return switch


for letter in "EVQ":
    COMMON.add(letter, "exec", _mode(letter))


@COMMON.on("&W", "exec")
def save_profile(modem, args: Args) -> None:
    """Save echo and result format; they survive a reset."""
    modem.profile = dict(modem.modes)


@COMMON.on("Z", "exec")
def load_profile(modem, args: Args) -> None:
    """Restore the saved echo and result format."""
    modem.modes = dict(modem.profile)


@COMMON.on("&F", "exec")
def factory_profile(modem, args: Args) -> None:
    """Set echo on, and result codes as words."""
    modem.modes = {"E": 1, "V": 1, "Q": 0}


def _level(name: str, allowed: range):
    def check(modem, args: Args) -> None:
        args.number(0, allowed, 0)

    COMMON.add(name, "exec", check)


for name, highest in (("X", 4), ("&C", 1), ("&D", 2), ("H", 0), ("L", 3), ("M", 2)):
    _level(name, range(highest + 1))


def _register(name: str, default: int):
    def write(modem, args: Args) -> None:
        modem.registers[name] = args.number(0, range(256), 0)

    def read(modem, args: Args) -> None:
        modem.info(f"{modem.registers.get(name, default):03d}")

    COMMON.add(name, "set", write)
    COMMON.add(name, "read", read)


for name, default in (("S0", 0), ("S3", 13), ("S4", 10), ("S5", 8), ("S7", 60)):
    _register(name, default)


# -- identification ------------------------------------------------------------------------------


@COMMON.on("+CGSN", "exec")
@COMMON.on("+GSN", "exec")
def serial_number(modem, args: Args) -> None:
    """Print the bare IMEI."""
    modem.info(modem.options.imei)


@COMMON.on("+CIMI", "exec")
def imsi(modem, args: Args) -> None:
    """Print the bare IMSI."""
    modem.sim.require()
    modem.info(modem.sim.identity.imsi)


# -- SIM -----------------------------------------------------------------------------------------


@COMMON.on("+CPIN", "read")
def pin_state(modem, args: Args) -> None:
    """27.007 8.3: print the PIN state."""
    modem.info(f"+CPIN: {modem.sim.status()}")


@COMMON.on("+CPIN", "set")
def enter_pin(modem, args: Args) -> None:
    """27.007 8.3: take a PIN, or PUK and new PIN; +CPIN: READY follows as a URC."""
    args.at_most(2)
    modem.sim.enter_pin(read_pin(args, 0), read_pin(args, 1) if len(args) > 1 else None)


add_sim_commands(COMMON)
add_file_command(COMMON)


# -- network -------------------------------------------------------------------------------------


def _registration(name: str):
    def read(modem, args: Args) -> None:
        mode = modem.values[name][0]
        modem.info(f"{name}: {mode},{modem.radio.registration(name, mode)}")

    return read


for name in ("+CREG", "+CGREG", "+CEREG"):
    COMMON.add(name, "read", _registration(name))


@COMMON.on("+CSQ", "exec")
def signal(modem, args: Args) -> None:
    """27.007 8.5: print the signal; 99 = unknown."""
    modem.info("+CSQ: 20,0" if modem.radio.registered else "+CSQ: 99,99")


@COMMON.on("+CESQ", "exec")
def extended_signal(modem, args: Args) -> None:
    """27.007 8.69: print RSRQ and RSRP of LTE; 99 and 255 = unknown."""
    modem.info(f"+CESQ: 99,99,255,255,{'18,47' if modem.radio.registered else '255,255'}")


COMMON.tests(
    {
        "+CSQ": "(0-31,99),(0-7,99)",
        "+CESQ": "(0-63,99),(0-7,99),(0-96,255),(0-49,255),(0-34,255),(0-97,255)",
        "+CPIN": "",
        "+CCLK": "",
    }
)
add_operator_commands(COMMON)
add_packet_commands(COMMON)
add_service_commands(COMMON)
add_message_commands(COMMON)


# -- function level ------------------------------------------------------------------------------


@COMMON.on("+CFUN", "read")
def function(modem, args: Args) -> None:
    """27.007 8.2: print the function level."""
    modem.info(f"+CFUN: {modem.values['+CFUN'][0]}")


@COMMON.on("+CFUN", "set")
def set_function(modem, args: Args):
    """Set the level: 0 minimum (SIM off), 1 full, 4 radio off (SIM on); `1,1` resets."""
    args.at_most(2)
    level = args.number(0, (0, 1, 4))
    if args.number(1, range(2), 0):
        modem.reset_after_ok("CFUN")
        return
    before = modem.values["+CFUN"][0]
    modem.values["+CFUN"] = (level, 0)
    if not modem.personality.sim_at_minimum and bool(level) != bool(before):
        if level:
            modem.sim.power_on()
        else:
            modem.sim.power_off()
            modem.urc(modem.personality.minimum_urc)
    modem.radio.update()
    yield modem.delay(0.2)


# -- clock ---------------------------------------------------------------------------------------


@COMMON.on("+CCLK", "read")
def clock(modem, args: Args) -> None:
    """27.007 8.15: print local time and time zone in quarter hours; 1980 until set."""
    modem.info(f'+CCLK: "{modem.wall_clock.text()}"')


@COMMON.on("+CCLK", "set")
def set_clock(modem, args: Args) -> None:
    """Set local time, "yy/MM/dd,hh:mm:ss±zz"."""
    text = args.text(0, 20)
    try:
        moment = datetime.strptime(text[:17], "%y/%m/%d,%H:%M:%S")
        quarters = int(text[17:]) if text[17:] else 0
        zone = timezone(timedelta(minutes=15 * quarters))
    except ValueError:
        raise CMEError(modem.personality.codes["parameter"]) from None
    modem.wall_clock.set(moment.replace(tzinfo=zone), quarters)
