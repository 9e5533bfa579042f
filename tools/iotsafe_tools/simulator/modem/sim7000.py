"""SIMCom SIM7000G: the older TCP/IP commands, and a GNSS receiver of its own.

After "SIM7000 Series AT Command Manual" V1.06 and "SIM7000 Hardware Design" V1.07.
"""

from __future__ import annotations

from . import simcom
from .cip_sockets import APPLICATION, CIPSockets, add_socket_commands, context_changed
from .errors import NOT_ALLOWED, CMEError
from .packet_data import open_first
from .parser import Args
from .personality import Personality
from .power import PowerTiming
from .table import render

TABLE = simcom.TABLE.extended()
simcom.identify(TABLE, "SIMCOM_SIM7000G", "Revision:1529B10SIM7000G", "SIM7000G R1529")
TABLE.fixed(("+CGPIO", "+SGPIO"), "set")
TABLE.tests({"+CGPIO": "(0,1),(0-255),(0,1),(0,1)", "+SGPIO": "(0),(1-23),(0,1),(0,1)"})
add_socket_commands(TABLE)


@TABLE.on("+CNACT", "set")
def activate(modem, args: Args) -> None:
    """Switch the application context on (1, 2 = automatic), with an APN, or off; +APP PDP reports
    the outcome."""
    args.at_most(2)
    action = args.number(0, range(3))
    args.text(1, 150, "")
    radio = modem.radio
    if bool(action) == bool(radio.pdp[APPLICATION] or APPLICATION in radio.activating):
        raise CMEError(NOT_ALLOWED)
    if action:
        modem.sim.require()
        radio.activate(APPLICATION)
    else:
        modem.after_ok(lambda: radio.deactivate(APPLICATION, by_host=True))


@TABLE.on("+CNACT", "read")
def active_context(modem, args: Args) -> None:
    """Print state and address of the application context."""
    radio = modem.radio
    modem.info(f"+CNACT: {render((radio.pdp[APPLICATION], radio.address(APPLICATION)))}")


TABLE.tests({"+CNACT": "(0-2),(150)"})

SIM7000 = Personality(
    name="sim7000",
    title="SIM7000G",
    table=TABLE,
    power=PowerTiming(
        on_pulse=1.0,
        off_pulse=1.2,
        hold_reset=3600.0,  # the key does not reset; a pin does
        ready=4.5,
        off_done=1.8,
        gap=0.0,
        reboot=4.5,
    ),
    sockets=CIPSockets,
    purposes={
        "sim": ("+CSIM", "+CRSM"),
        "socket": ("+CIPSEND", "+CIPRXGET", "+RECEIVE", "DATA ACCEPT"),
    },
    context=context_changed,
    attached=open_first,
    **simcom.SHARED,
)
