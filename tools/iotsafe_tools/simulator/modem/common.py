"""Commands of V.250 and 3GPP TS 27.007 that every modem answers alike. Personalities refine this
table."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from .errors import CMEError
from .parser import Args
from .sim_access import add_sim_commands
from .table import CommandTable, Number, Setting, Text, render

COMMON = CommandTable()

NO_NETWORK = 30

for setting in (
    Setting("+CMEE", (Number(range(3)),), (0,)),
    Setting("+CREG", (Number(range(3)),), (0,)),
    Setting("+CGREG", (Number(range(3)),), (0,)),
    Setting("+CEREG", (Number((0, 1, 2, 4)),), (0,)),
    Setting("+CFUN", (Number((0, 1, 4)), Number(range(2))), (1, 0)),
    Setting("+CTZR", (Number(range(2)),), (0,)),
    Setting("+CTZU", (Number(range(2)),), (0,)),
    Setting("+CMGF", (Number(range(2)),), (0,)),
    Setting(
        "+CPSMS",
        (Number(range(3)), Text(8), Text(8), Text(8), Text(8)),
        (0, "", "", "01100000", "00000000"),
        saved=True,
    ),
    Setting("+CEDRXS", (Number(range(4)), Number((4, 5)), Text(4)), (0, 4, "0101"), saved=True),
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


COMMON.fixed(("X", "&C", "&D", "H", "L", "M"), "exec")
COMMON.fixed(("S0", "S3", "S4", "S5", "S7"), "set")


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
    """27.007 8.3: take a PIN; +CPIN: READY follows as a URC."""
    args.at_most(2)
    pin = args.text(0, 8)
    modem.sim.enter_pin(pin)


def add_pin_counter(table: CommandTable, name: str, form: str, answer: str) -> None:
    """Add the command that prints how many attempts for the PIN are left; `answer` has a %d for
    them."""

    @table.on(name, form)
    def attempts(modem, args: Args) -> None:
        if not modem.sim.present:
            raise CMEError(10)
        modem.info(f"{name}: {answer % modem.sim.tries}")


add_sim_commands(COMMON)


# -- network -------------------------------------------------------------------------------------


def _registration(name: str):
    def read(modem, args: Args) -> None:
        mode = modem.values[name][0]
        modem.info(f"{name}: {mode},{modem.radio.registration(name, mode)}")

    return read


for name in ("+CREG", "+CGREG", "+CEREG"):
    COMMON.add(name, "read", _registration(name))


@COMMON.on("+COPS", "read")
def operator(modem, args: Args) -> None:
    """27.007 7.3: print the operator."""
    if modem.radio.registered:
        modem.info("+COPS: " + render((0, 0, modem.options.operator, modem.options.act)))
    else:
        modem.info("+COPS: 0")


COMMON.fixed("+COPS", "set")


@COMMON.on("+CSQ", "exec")
def signal(modem, args: Args) -> None:
    """27.007 8.5: print the signal; 99 = unknown."""
    modem.info("+CSQ: 20,0" if modem.radio.registered else "+CSQ: 99,99")


@COMMON.on("+CGATT", "read")
def attached(modem, args: Args) -> None:
    """27.007 10.1.9: print whether the modem is attached."""
    modem.info(f"+CGATT: {int(modem.radio.attached)}")


@COMMON.on("+CGATT", "set")
def attach(modem, args: Args) -> None:
    """Attach or detach."""
    wanted = bool(args.number(0, range(2)))
    if wanted and not modem.radio.registered:
        raise CMEError(NO_NETWORK)
    modem.radio.attached = wanted


@COMMON.on("+CGDCONT", "read")
def contexts(modem, args: Args) -> None:
    """27.007 10.1.1: print every defined context."""
    lines = [
        f'+CGDCONT: {cid},"{kind}","{apn}","0.0.0.0",0,0'
        for cid, (kind, apn) in sorted(modem.nvm.get("contexts", {1: ("IP", "")}).items())
    ]
    if lines:
        modem.info(*lines)


@COMMON.on("+CGDCONT", "set")
def define_context(modem, args: Args) -> None:
    """Define a context; with the number alone, forget it."""
    args.at_most(11)
    cid = args.number(0, range(1, 16))
    stored = dict(modem.nvm.get("contexts", {1: ("IP", "")}))
    if len(args) == 1:
        stored.pop(cid, None)
    else:
        kind = args.text(1, 6)
        if kind.upper() not in ("IP", "IPV6", "IPV4V6", "NON-IP", "PPP"):
            raise CMEError(modem.personality.codes["parameter"])
        stored[cid] = (kind.upper(), args.text(2, 99, ""))
    modem.nvm["contexts"] = stored


@COMMON.on("+CGPADDR", "set", "exec")
def address(modem, args: Args) -> None:
    """27.007 10.1.14: print the contexts' addresses (1 belongs to application context 0)."""
    cid = args.number(0, range(1, 16), 1)
    modem.info(f"+CGPADDR: {cid},{modem.radio.address(cid - 1)}")


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
    if level == 0 and before != 0:
        modem.sim.power_off()
        modem.urc("+CPIN: NOT READY")
    elif before == 0 and level != 0:
        modem.sim.power_on()
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
