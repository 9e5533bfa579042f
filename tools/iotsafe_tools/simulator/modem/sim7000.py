"""SIMCom SIM7000G: the older TCP/IP commands, and a GNSS receiver of its own.

After "SIM7000 Series AT Command Manual" V1.06 and "SIM7000 Hardware Design" V1.07.
"""

from __future__ import annotations

from . import simcom
from .cip_sockets import CIPSockets, add_socket_commands, context_changed
from .personality import Personality
from .power import PowerTiming

TABLE = simcom.TABLE.extended()
simcom.identify(TABLE, "SIMCOM_SIM7000G", "Revision:1529B10SIM7000G", "SIM7000G R1529")
TABLE.fixed("+CGPIO", "set")
add_socket_commands(TABLE)

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
    codes=simcom.CODES,
    announce=simcom.announce,
    registered=simcom.registered,
    context=context_changed,
    line_limit=simcom.LINE_LIMIT,
    commands_limit=simcom.COMMANDS_LIMIT,
    sim_start=0.6,
    sim_ready=((0.0, "+CPIN: READY"), (5.0, "SMS Ready")),
    search=2.0,
    search_gives_up=45.0,
    pdp_activation=0.5,
)
