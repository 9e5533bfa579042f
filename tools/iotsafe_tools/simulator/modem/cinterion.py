"""Cinterion TX62 (Portenta Cat. M1/NB IoT GNSS shield): identity, boot, power, packet data."""

from __future__ import annotations

from . import bearer, service_context
from .cinterion_services import Services, add_service_commands
from .common import COMMON, add_pin_counter
from .parser import Args
from .personality import Personality
from .power import PowerTiming
from .service_context import SERVICE
from .table import Number, Setting, Text

TABLE = COMMON.extended()
BAUD = (0, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)

TABLE.fixed(("+CGMI", "+GMI"), "exec", "Cinterion")
TABLE.fixed(("+CGMM", "+GMM"), "exec", "TX62-W")
TABLE.fixed(("+CGMR", "+GMR"), "exec", "REVISION 01.000")

for setting in (
    Setting("+IPR", (Number(BAUD),), (115200,), saved=True),
    Setting("^SXRAT", (Number(range(10)), Number(range(10))), (7, 8), saved=True),
    Setting("^SCFG", (Text(64), Text(64)), ("Tcp/WithURCs", "on"), saved=True),
):
    TABLE.store(setting)

bearer.add_bearer_commands(TABLE)
add_pin_counter(TABLE, "^SPIC", "exec", "%d")
add_service_commands(TABLE)


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
)
