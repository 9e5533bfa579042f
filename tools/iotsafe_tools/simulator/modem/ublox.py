"""u-blox SARA-R4 and SARA-R5: identity, boot, power, packet data.

The R4's sockets use the context of the registration, the R5's a profile on top of it.
"""

from __future__ import annotations

from . import bearer, service_context
from .common import COMMON, add_pin_counter
from .errors import CMEError
from .parser import Args
from .personality import Personality
from .power import PowerTiming
from .service_context import BEARER, SERVICE
from .table import Number, Setting, Text
from .ublox_sockets import UbloxProfileSockets, UbloxSockets, add_socket_commands

R4 = COMMON.extended()
BAUD = (0, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
NOT_ALLOWED = 3

R4.fixed(("+CGMI", "+GMI"), "exec", "u-blox")
R4.fixed(("+CGMM", "+GMM"), "exec", "SARA-R410M-02B")
R4.fixed(("+CGMR", "+GMR"), "exec", "L0.0.00.00.05.12")
R4.fixed("I", "exec", "SARA-R410M-02B-00")

for setting in (
    Setting("+IPR", (Number(BAUD),), (115200,), saved=True),
    Setting("+IFC", (Number(range(3)), Number(range(3))), (2, 2)),
    Setting("+UPSV", (Number(range(5)), Number(range(40, 65001))), (0, 2000), saved=True),
    Setting("+CSGT", (Number(range(2)), Text(64)), (0, ""), saved=True),
    Setting("+UMNOPROF", (Number(range(202)),), (1,), saved=True),
    Setting("+URAT", (Number(range(10)), Number(range(10))), (7, 8), saved=True),
):
    R4.store(setting)


@R4.on("+CCID", "exec", "read")
def iccid(modem, args: Args) -> None:
    """ICCID."""
    modem.sim.require()
    modem.info(f"+CCID: {modem.sim.identity.iccid}")


@R4.on("+CPWROFF", "exec")
def power_off(modem, args: Args) -> None:
    """Print OK, then switch off."""
    modem.after_ok(lambda: modem.power_state.shut_down(modem.delay(2.0)))


def _function(silent_reset: int):
    """Make AT+CFUN as in 27.007, with the vendor's number for a reset."""
    common = COMMON.handlers["+CFUN"]["set"]

    def set_function(modem, args: Args):
        if args.number(0, range(128)) == silent_reset:
            modem.reset_after_ok("CFUN")
            return None
        return common(modem, args)

    return set_function


R4.add("+CFUN", "set", _function(15))
bearer.add_bearer_commands(R4)
add_pin_counter(R4, "+UPINCNT", "exec", "%d,3,10,10")
R4.add("+UAUTHREQ", "set", bearer.authenticate)
add_socket_commands(R4)


def announce(modem) -> None:
    """Print the stored greeting, if any, at the start."""
    on, text = modem.values["+CSGT"]
    if on:
        modem.timers.at(modem.now, lambda: modem.urc(text))


# -- the profile of the R5 -----------------------------------------------------------------------

R5 = R4.extended()
R5.fixed(("+CGMM", "+GMM"), "exec", "SARA-R510S-01B")
R5.fixed(("+CGMR", "+GMR"), "exec", "03.15")
R5.fixed("I", "exec", "SARA-R510S-01B-00")
R5.add("+CFUN", "set", _function(16))


@R5.on("+UPSD", "set")
def configure_profile(modem, args: Args) -> None:
    """Accept the setting; the only profile is 0, on context 1."""
    args.at_most(3)
    args.number(0, range(1))
    args.number(1, range(120))
    args.text(2, 64)


@R5.on("+UPSDA", "set")
def profile_action(modem, args: Args) -> None:
    """Activate the profile (3), with +UUPSDA for the outcome, or end it (4)."""
    args.at_most(2)
    args.number(0, range(1))
    action = args.number(1, range(5))
    radio = modem.radio
    if action == 3:
        if radio.pdp[SERVICE] or SERVICE in radio.activating or not radio.pdp[BEARER]:
            raise CMEError(NOT_ALLOWED)
        radio.activate(SERVICE)
    elif action == 4:
        if not radio.pdp[SERVICE]:
            raise CMEError(NOT_ALLOWED)
        radio.deactivate(SERVICE, by_host=True)


@R5.on("+UPSND", "set")
def profile_status(modem, args: Args) -> None:
    """Print the profile's address (0), or whether it is active (8)."""
    args.at_most(2)
    args.number(0, range(1))
    active = modem.radio.pdp[SERVICE]
    if args.number(1, (0, 8)):
        modem.info(f"+UPSND: 0,8,{active}")
    else:
        modem.info(f'+UPSND: 0,0,"{modem.radio.address(BEARER) if active else ""}"')


def profile_changed(modem, index: int, active: bool, by_host: bool) -> None:
    """Print +UUPSDA and +UUPSDD for the profile, +CGEV for the bearer."""
    service_context.context_changed(modem, index, active, by_host)
    if index != SERVICE:
        return
    if active:
        modem.urc(f'+UUPSDA: 0,"{modem.radio.address(BEARER)}"')
    elif by_host:
        modem.urc("+UUPSDA: 1")
    else:
        modem.urc("+UUPSDD: 0")


COMMONS = {
    "purposes": {
        "sim": ("+CSIM", "+CRSM", "+CCHO", "+CGLA", "+CCHC"),
        "socket": ("+USOWR", "+USORD", "+UUSORD"),
    },
    "codes": {"unknown": 100, "syntax": 100, "parameter": 50},
    "announce": announce,
    "registered": bearer.registered,
    "line_limit": 2048,
    "commands_limit": 39,
    "sim_start": 1.0,
    "sim_ready": (),
    "search": 2.0,
    "search_gives_up": 45.0,
    "pdp_activation": 0.5,
}

SARA_R4 = Personality(
    name="sara-r4",
    title="SARA-R4",
    table=R4,
    power=PowerTiming(
        on_pulse=0.15,
        off_pulse=1.5,
        hold_reset=10.0,
        ready=4.5,
        off_done=3.2,
        gap=1.0,
        reboot=4.5,
        farewell="",
    ),
    sockets=UbloxSockets,
    context=bearer.context_changed,
    **COMMONS,
)

SARA_R5 = Personality(
    name="sara-r5",
    title="SARA-R5",
    table=R5,
    power=PowerTiming(
        on_pulse=0.1,
        off_pulse=1.5,
        hold_reset=23.0,
        ready=3.0,
        off_done=3.2,
        gap=1.0,
        reboot=3.0,
        farewell="",
    ),
    sockets=UbloxProfileSockets,
    context=profile_changed,
    **COMMONS,
)
