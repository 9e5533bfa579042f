"""The registration: the context that a modem registers with, and the wait for the network.

This is context 1 of 3GPP TS 27.007 10.1. The modem keeps it, also that of an earlier user, with
which the network may refuse the modem. The driver reads the stored context once after each start.
Only where it differs the driver takes the modem off the air (CFUN=4: the SIM keeps its power and
its channels), stores the wanted context, and puts the modem on the air again.
"""

from micropython import const

import ticks

from . import timeouts
from .at import quotable
from .errors import CommandError, NetworkError, text, typed
from .parser import decimal, number

# The ways to send a login, by <auth_prot> of AT+CGAUTH; the last is `auto_auth`. The IP
# versions, and the PDP types of AT+CGDCONT.
_AUTH = ("none", "pap", "chap", "auto")
_CHAP = const(2)
_IP = ("ipv4", "ipv6", "both")
_PDP_TYPES = (b'"IP"', b'"IPV6"', b'"IPV4V6"')

# What third parties send shall not be printed: short messages (as hex digits if at all), USSD.
_NO_TEXTS = (b"+CMGF=0", b"+CNMI=2,0,0,0,0", b"+CUSD=0")


class Registration:
    """The part of `Modem` that registers; it uses the AT engine and the helpers of `Modem`."""

    # The <stat> of +CEREG that count as success: home, roaming, and both without CSFB. Not so:
    # SMS only (6, 7), emergency calls (8) and restricted services (11) only.
    registered = (1, 5, 9, 10)
    # What stores the login of context 1, whether the password comes first in it, and its number
    # for "auto".
    login_command = b"+CGAUTH="
    password_first = False
    auto_auth = _CHAP

    _wanted = None  # the context that is wanted, see `_want`
    _context = None  # what context 1 was found or made to be, and since which start
    _dark = False  # the radio was switched off, and is to be switched on again
    _registration = None  # last <stat> seen, also from a URC

    def prepare(self, apn, user="", password="", auth="auto", ip="ipv4"):
        """Store the wanted context off the air, where another one is stored; call it before
        `register`.

        `auth`: how user and password are sent, "pap", "chap", "auto", or "none": not at all. `ip`:
        "ipv4", "ipv6" or "both". Raises NetworkError for text that cannot be in a command, and for
        a password without a user.
        """
        self._want(apn, user, password, auth, ip)
        self._prepare()

    def register(self, timeout=timeouts.REGISTRATION):
        """Wait for the network; returns the <stat> (1 home, 5 roaming; see `registered`).
        NetworkError after `timeout` ms."""
        self._light()
        self.at.command(b"+CEREG=1")
        deadline = ticks.after(timeout)
        while True:
            self._registration = None
            self.at.command(b"+CEREG?")  # `_on_registration` gets the answer, as it gets URCs
            ask = ticks.after(5_000)
            while ticks.left(ask) > 0:
                if self._registration in self.registered:
                    return self._registration
                if ticks.left(deadline) <= 0:
                    from .results import no_network

                    raise no_network(self, self._registration)
                self._idle(50)

    def _on_registration(self, line):
        """`+CEREG: <n>,<stat>[,…]` is an answer. A URC, `+CEREG: <stat>[,"<tac>",…]`, has one
        number, or a quoted field behind it."""
        state = number(line, 1)
        self._registration = number(line) if state is None else state

    def _want(self, apn, user, password, auth, ip):
        """Check and keep what is wanted: APN, user, password, <auth_prot> and the place in _IP."""
        quotable(apn, user, password)
        if password and not user:
            raise NetworkError("user-missing")
        code = _choice("auth", auth, _AUTH)
        if not user or not code:
            user = password = ""
            code = 0
        if code > _CHAP:
            code = self.auto_auth
        self._wanted = (apn, user, password, code, _choice("ip", ip, _IP))

    def _prepare(self):
        """Store the wanted context if another one is stored; True if so: the modem registers
        anew."""
        context = (self.at.generation,) + self._wanted
        if self._context == context:
            return False
        for command in _NO_TEXTS:
            self._attempt(command)  # refused: the modem has no such texts, or is not ready for it
        changed = not (self._has_context() and self._has_login())
        if changed:
            self._dark = True
            try:
                self.at.command(b"+CFUN=4")
                self.at.command(
                    b'+CGDCONT=1,%s,"%s"' % (_PDP_TYPES[self._wanted[4]], self._wanted[0].encode())
                )
                self._store_login()
            finally:
                self._light()
        self._context = context
        return changed

    def _light(self):
        """Switch the radio on, where a change of the context left it off."""
        if self._dark:
            self.at.command(b"+CFUN=1")
            self._dark = False

    def _has_context(self):
        """Is the stored context 1 of the wanted type and APN? Some modems add the operator's part
        to the APN."""
        for line in self.at.command(b"+CGDCONT?", b"+CGDCONT:"):
            fields = line.split(b",")  # <cid>,<type>,<APN>,…
            if len(fields) > 2 and decimal(fields[0]) == 1:
                apn = text(fields[2].strip(b'" ')).lower().split(".mnc")[0]
                return (
                    apn == self._wanted[0].lower()
                    and fields[1].strip() == _PDP_TYPES[self._wanted[4]]
                )
        return False

    def _has_login(self):
        """Is the wanted login stored? One that the modem does not tell is taken for another."""
        try:
            for line in self.at.command(b"+CGAUTH?", b"+CGAUTH:"):
                if decimal(line.split(b",")[0]) == 1:
                    wanted = self._login()
                    return line.replace(b", ", b",")[: len(wanted)] == wanted
        except CommandError:
            pass
        return not self._wanted[3]

    def _login(self):
        """`1,<auth_prot>[,"<user>","<password>"]`"""
        _, user, password, auth, _ = self._wanted
        if not auth:
            return b"1,0"
        if self.password_first:
            user, password = password, user
        return b'1,%d,"%s","%s"' % (auth, user.encode(), password.encode())

    def _store_login(self):
        self.at.command(self.login_command + self._login())


def _choice(what, value, names):
    """Return the place of `value`, the argument `what`, in `names`. TypeError, ValueError."""
    typed(what, value, str)
    if value not in names:
        raise ValueError("%s: one of %s" % (what, ", ".join(names)))
    return names.index(value)
