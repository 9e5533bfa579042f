"""What SIMCom's modems have in common: power key, rates, settings, the SIM's number, the clock.

The power key is pressed for 1.1 s, which starts the modem and is too short to switch it off. The
factory setting, auto-baud, is left at first contact for 115200 (AT+IPR, kept by the modem): boot
lines are printed from then on. A modem at 9600 to 921600 baud is found at first contact, before
the key is pressed, and set to 115200. If the network does not tell the time, AT+CNTP asks a time
server.

Not checked on hardware: that the SIM7080 answers AT+IPR at the old rate (either is accepted).
"""

from .modem import Modem
from .parser import decimal


class SIMCom(Modem):
    """A modem of SIMCom on a UART; see `Modem`. A driver adds data context and sockets."""

    boot_lines = (
        b"RDY",
        b"NORMAL POWER DOWN",
        b"UNDER-VOLTAGE POWER DOWN",
        b"OVER-VOLTAGE POWER DOWN",
        b"PSM POWER DOWN",
        b'+CPSMSTATUS: "ENTER PSM"',
    )
    # A pulse switches on from 1 s, and off from 1.2 s: this one never switches off.
    power_pulse_ms = 1_100
    pin_counters = ((b"+SPIC", b"+SPIC:", 0),)
    # As AT+CGAUTH of its other modems has it; 3: PAP or CHAP. Not checked on hardware.
    password_first = True
    auto_auth = 3
    rates = (9_600, 57_600, 38_400, 19_200, 230_400, 460_800, 921_600)

    def __init__(self, uart, power_key=None):
        super().__init__(uart, power_key)
        self._pdp = None  # state of the data context, also from a URC
        on_pdp = self._on_pdp
        self.at.on(b"+APP PDP:", on_pdp)
        self.at.on(b"+PDP:", on_pdp)

    def _set_up(self):
        super()._set_up()
        self.at.command(b"+IFC=0,0")  # boards wire no RTS/CTS
        if self._info_line(b"+CLTS?", b"+CLTS:") != b"1":
            self.at.command(b"+CLTS=1")  # clock from the network; from the modem's next start on
        if self._info_line(b"+IPR?", b"+IPR:") == b"0":
            # Auto-baud, the factory setting: no boot line is printed, and the first commands may
            # be lost. The modem keeps what it is set to.
            self.at.command(b"+IPR=115200")

    def iccid(self):
        """The SIM's number (ICCID) as text."""
        return self._bare_number(b"+CCID")

    def _asked(self):
        from .simcom_clock import ask_time_server

        return (ask_time_server(self) and self._told()) or super()._asked()

    def extras(self):
        """As `Modem.extras`, with what SIMCom's modems have beside it."""
        from .simcom_extras import SIMComExtras

        return SIMComExtras(self)

    def _on_pdp(self, line):
        """`+APP PDP: [<index>,]ACTIVE|DEACTIVE`, `+PDP: DEACT`."""
        fields = bytes(line).split(b":")[1].split(b",")
        if len(fields) > 1 and decimal(fields[0]) != 0:
            return
        self._pdp = fields[-1].strip() == b"ACTIVE"
        if not self._pdp:
            self.pdp_drops += 1
