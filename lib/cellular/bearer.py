"""Modems whose data connection comes with the registration: the default bearer of LTE.

They register with context 1 (3GPP TS 27.007 10.1). Its APN has to be stored before that, and
stays stored in the modem: only the first start with another APN registers twice. `prepare`
compares the stored APN with the one that is wanted. Only if they differ, or a user is given, it
goes off the air (CFUN=4: the SIM keeps its power), stores the context, and goes on the air
again. `attach` does the same where `prepare` was left out, and then registers anew, but never
gets there if the network refuses the APN that was stored before. A context that the network
drops shows by +CGEV, where the modem takes AT+CGEREP=1; `attach` activates it again.
"""

from . import timeouts
from .at import quotable
from .errors import text
from .modem import Modem
from .parser import decimal


class BearerModem(Modem):
    """A `Modem` with the data context of 27.007; a driver adds its sockets."""

    login_command = b'+CGAUTH=1,2,"%s","%s"'

    def __init__(self, uart, power_key=None):
        super().__init__(uart, power_key)
        self._context = None  # what context 1 was found or made to be, and since which start
        self.at.on(b"+CGEV:", self._on_context)

    def _set_up(self):
        super()._set_up()
        # Without radio there is no SIM either. Only now, as some start with the radio off.
        self.at.command(b"+CFUN=1")
        self._attempt(b"+CGEREP=1")  # refused: a dropped context shows by its connections only

    def iccid(self):
        """The SIM's number (ICCID) as text, "" if there is none: `+CCID: <digits>`."""
        digits = self._info_line(b"+CCID", b"+CCID:").strip(b'" Ff')
        return text(digits) if digits.isdigit() else ""

    def _prepare(self, apn, user, password):
        """See that context 1 has this APN; True if that was not so: the modem registers anew.

        With a wrong one the network may not let the modem in at all. Nothing is asked again until
        the modem restarts.
        """
        context = (self.at.generation, apn, user, password)
        if self._context == context:
            return False
        changed = bool(user) or self._apn() != apn.lower()
        if changed:
            self._define(apn, user, password)
        self._context = context
        return changed

    def attach(self, apn, user="", password="", timeout=timeouts.PDP):
        """See that the data connection is one with `apn`, and return our IP address as text.

        Raises NetworkError when the network has not granted one after `timeout` ms.
        """
        quotable(apn, user, password)
        if self._prepare(apn, user, password):
            self.register()
        return super().attach(apn, user, password, timeout)

    def _configure(self, apn, user, password):
        """`prepare` has done that."""

    def _activate(self):
        self._attempt(b"+CGACT=1,1")  # refused: active, or not granted; the address tells
        return self._address()

    def _apn(self):
        """The stored APN of context 1 as text, in lower case; "" if there is none."""
        for line in self.at.command(b"+CGDCONT?", b"+CGDCONT:"):
            fields = line.split(b",")  # <cid>,<type>,<APN>,…
            if len(fields) > 2 and decimal(fields[0]) == 1:
                return text(fields[2].strip(b'" ')).lower()
        return ""

    def _define(self, apn, user, password):
        """Store the context, off the air. The SIM keeps its power, and its channels."""
        self._settled = False  # if this fails in the middle, `power_up` has to switch on the radio
        self.at.command(b"+CFUN=4")
        self.at.command(b'+CGDCONT=1,"IP","%s"' % apn.encode())
        if user:
            self.at.command(self.login_command % (user.encode(), password.encode()))
        self.at.command(b"+CFUN=1")
        self._settled = True

    def _address(self):
        """The IP address of context 1, or None: `+CGPADDR: 1,<address>`, quoted or not."""
        for line in self.at.command(b"+CGPADDR=1", b"+CGPADDR:"):
            fields = line.split(b",")
            address = fields[1].strip(b'" ') if len(fields) > 1 else b""
            if decimal(fields[0]) == 1 and address.strip(b"0."):
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
