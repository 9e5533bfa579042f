"""SIMCom SIM7080G: packet data and CA* sockets.

After "SIM7070_SIM7080_SIM7090 Series AT Command Manual" V1.05 and the TCPUDP(S) note V1.03.
"""

from __future__ import annotations

from . import simcom
from .ca_sockets import CASockets, add_socket_commands
from .errors import CMEError
from .packet_data import open_first
from .parser import Args
from .personality import Personality
from .power import PowerTiming
from .table import render

TABLE = simcom.TABLE.extended()
simcom.identify(TABLE, "SIMCOM_SIM7080", "Revision:1951B17SIM7080", "SIM7080 R1951.17")
TABLE.fixed("+CGNAPN", "exec", '+CGNAPN: 1,"lab.apn"')


# -- packet data ---------------------------------------------------------------------------------


@TABLE.on("+CNCFG", "set")
def configure_context(modem, args: Args) -> None:
    """Store APN and credentials of an application context."""
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
    """Print all application contexts."""
    empty = (0, "", "", "", 0)
    modem.info(*("+CNCFG: " + render((i, *modem.contexts.get(i, empty))) for i in range(4)))


@TABLE.on("+CNACT", "set")
def activate(modem, args: Args) -> None:
    """Switch a context on (1, 2 = automatic) or off; +APP PDP reports the outcome."""
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
    modem.sim.require()
    modem.radio.activate(index)


@TABLE.on("+CNACT", "read")
def active_contexts(modem, args: Args) -> None:
    """Print state and address of the four contexts."""
    modem.info(
        *(
            "+CNACT: " + render((index, modem.radio.pdp[index], modem.radio.address(index)))
            for index in range(4)
        )
    )


def context_changed(modem, index: int, active: bool, by_host: bool) -> None:
    """Print +APP PDP for every change, also for the host's own."""
    modem.urc(f"+APP PDP: {index},{'ACTIVE' if active else 'DEACTIVE'}")


add_socket_commands(TABLE)
TABLE.tests({"+CNCFG": "(0-3),(0-4),(150),(127),(127),(0-3)", "+CNACT": "(0-3),(0-2)"})
TABLE.remove("+CESQ")

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
    context=context_changed,
    attached=open_first,
    shared_receiver=True,
    under_voltage="UNDER-VOLTAGE POWER DOWN",
    **simcom.SHARED,
)
