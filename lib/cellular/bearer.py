"""Modems whose data connection comes with the registration: the default bearer of LTE.

They register with context 1 (3GPP TS 27.007 10.1), so `attach` only waits for its address. A modem
that accepts AT+CGEREP=1 reports a context that the network dropped by +CGEV; `attach` activates it
again.
"""

from .errors import text
from .modem import Modem
from .parser import decimal


class BearerModem(Modem):
    """A `Modem` with the data context of 27.007; a driver adds its sockets."""

    def __init__(self, uart, power_key=None):
        super().__init__(uart, power_key)
        self.at.on(b"+CGEV:", self._on_context)

    def _set_up(self):
        super()._set_up()
        self._attempt(b"+CGEREP=1")  # refused: a dropped context shows by its connections only

    def iccid(self):
        """The SIM's number (ICCID) as text, "" if there is none: `+CCID: <digits>`."""
        digits = self._info_line(b"+CCID", b"+CCID:").strip(b'" Ff')
        return text(digits) if digits.isdigit() else ""

    def _configure(self):
        """Do nothing: `prepare` has stored the context."""

    def _activate(self):
        self._attempt(b"+CGACT=1,1")  # refused: active, or not granted; the address tells
        return self._address()

    def _address(self):
        """An IP address of context 1, or None: `+CGPADDR: 1[,<address>[,<address>]]`, quoted or
        not."""
        for line in self.at.command(b"+CGPADDR=1", b"+CGPADDR:"):
            fields = line.split(b",")
            for address in fields[1:]:
                address = address.strip(b'" ')
                if decimal(fields[0]) == 1 and address.strip(b"0.:"):
                    return text(address)
        return None

    def _on_context(self, line):
        """`+CGEV: NW|ME PDN DEACT <cid>[,…]`, `NW|ME DETACH`: our context is gone."""
        event = bytes(line)
        if b"DEACT " in event:
            cid = decimal(event.partition(b"DEACT ")[2].split(b",")[0])
        else:
            cid = 1 if b"DETACH" in event else None
        if cid == 1:
            self.pdp_drops += 1
