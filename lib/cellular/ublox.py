"""Drivers for u-blox SARA-R4 and SARA-R5: sockets, and the data context of the R5.

Data goes out behind the prompt `@`, after the pause of 50 ms that the manual asks for. That is
exact, where quoted text is not, and faster than hex. 1024 bytes, the most that one command takes,
need 89 ms on the line, so sending reaches 61 % of the line's rate at most (receiving 93 %); if a
firmware needs a shorter pause, set `modem.at.prompt_pause`.

The modem numbers its sockets itself; the driver keeps that number beside ours, and frees what an
earlier run left open when the modem has none left. If the modem says that it took less than it was
given, its own count (USOCTL) has to confirm that: a digit lost on the line must not send bytes
twice. The R4's sockets use the context of the registration, the R5's a profile that `attach` puts
on it. A greeting (CSGT, kept by the modem) makes a restart show by a line.
"""

from micropython import const

import ticks

from . import timeouts
from .at import quotable
from .bearer import BearerModem
from .errors import (
    CommandError,
    ModemError,
    ModemGarbled,
    text,
)
from .parser import decimal, number

_GREETING = b"STARTED"  # the URC that the modem sends when it starts, by our setting
_PROMPT = const(0x40)
_TCP = const(6)
_UDP = const(17)
_ESTABLISHED = const(4)
_UNKNOWN = const(100)  # refusal of a command that lost bytes: no answer to it

# +USOCTL parameters
_SENT = const(2)
_STATE = const(10)

_EPIPE = const(32)


class SARAR4(BearerModem):
    """SARA-R4 on a UART; see `Modem`. Its sockets use the context that it registered with."""

    boot_lines = (_GREETING,)
    power_pulse_ms = 1_000
    max_sockets = 7
    has_udp = True
    chunk = 1024
    limits = (
        (b"+UPSDA", 150_000),
        (b"+USOCL", 130_000),
        (b"+USOCO", 130_000),
        (b"+USORD", 10_000),
    )
    counter = (b"+USOCTL=%d,2", b"+USOCTL:", 2)
    dns = (b'+UDNSRN=0,"%s"', b"+UDNSRN:")
    restart_command = b"+CFUN=15"
    login_command = b"+UAUTHREQ="
    pin_counters = ((b"+UPINCNT", b"+UPINCNT:", 0),)

    def __init__(self, uart, power_key=None):
        super().__init__(uart, power_key)
        self._numbers = [None] * self.max_sockets  # the modem's, by connection number
        at = self.at
        at.prompt = _PROMPT
        at.prompt_pause = 50
        at.on(b"+UUSORD:", self._on_data)
        at.on(b"+UUSOCL:", self._on_hang_up)
        at.on(b"+UUPSDD:", self._on_drop)

    def _set_up(self):
        """In the first seconds some refuse even these commands (SIM busy)."""
        deadline = ticks.after(timeouts.BOOT_SETTLE)
        while True:
            try:
                super()._set_up()
                self.at.command(b"+UPSV=0")  # a UART that sleeps loses what wakes it
                self.at.command(b"+CTZU=1")  # clock from the network
                if _GREETING not in self._info_line(b"+CSGT?", b"+CSGT:"):
                    self.at.command(b'+CSGT=1,"%s"' % _GREETING)  # is kept
                return
            except CommandError:
                if ticks.left(deadline) <= 0:
                    raise
                self._idle(500)

    def _has_login(self):
        return not self._wanted[3]  # it does not tell

    def _on_drop(self, line):
        self.pdp_drops += 1

    # -- sockets --------------------------------------------------------------------------------

    def _open(self, cid, host, port):
        quotable(host)
        if self._numbers[cid] is not None:  # an attempt that had no answer
            self._close(cid)
        self._numbers[cid] = handle = self._create(_UDP if self._sockets[cid].udp else _TCP)
        begun = ticks.now()
        try:
            self.at.command(b'+USOCO=%d,"%s",%d' % (handle, host.encode(), port))
        except CommandError:
            code = decimal(self._info_line(b"+USOER", b"+USOER:"))
            self._close(cid)
            from . import results

            ms = ticks.diff(ticks.now(), begun)
            raise results.ublox(host, port, code) or results.unexplained(self, host, port, ms)
        self._sockets[cid].opened()

    def _create(self, protocol):
        """A new socket: the modem's number of it."""
        try:
            handle = self._info_line(b"+USOCR=%d" % protocol, b"+USOCR:")
        except CommandError:  # an earlier run left them all in use: free what is not ours, once
            for handle in range(self.max_sockets):
                if handle not in self._numbers:
                    self._free(handle)
            handle = self._info_line(b"+USOCR=%d" % protocol, b"+USOCR:")
        handle = decimal(handle)
        if handle in self._numbers and handle is not None:
            last = self._numbers.index(handle)
            if self._sockets[last].is_over():  # the modem has freed it since
                self._numbers[last] = None
        if handle is None or handle in self._numbers:
            raise ModemError("answer-damaged", "AT+USOCR", "socket %s" % handle)
        return handle

    def _send(self, cid, data):
        """Hand `data` (memoryview, at most 1024 bytes) to the modem; how many of them it took."""
        handle = self._numbers[cid]
        if handle is None:
            self._check(cid, _EPIPE)
        try:
            lines = self.at.send(
                b"+USOWR=%d,%d" % (handle, len(data)), data, b"+USOWR: %d," % handle
            )
        except CommandError:
            if self.at.prompted:  # how much of it left is not known
                raise
            self._check(cid, _EPIPE)
            return 0
        count = decimal(lines[-1]) if lines else None
        # A part of it, or a digit lost on the way? What was sent twice or never is worse than
        # a question.
        if count != len(data) and count != self._control(cid, _SENT) - self._sockets[cid].sent:
            raise ModemGarbled("send-uncertain", "AT+USOWR")
        return count

    def _modem_number(self, cid):
        return self._numbers[cid]

    def _control(self, cid, parameter):
        """The number that AT+USOCTL tells about a connection; -1 if it tells none."""
        handle = self._numbers[cid]
        line = self._info_line(
            b"+USOCTL=%d,%d" % (handle, parameter), b"+USOCTL: %d,%d," % (handle, parameter)
        )
        value = decimal(line.split(b",")[0])
        return -1 if value is None else value

    def _is_up(self, cid):
        try:
            return self._numbers[cid] is not None and self._control(cid, _STATE) == _ESTABLISHED
        except CommandError as e:
            if e.code == _UNKNOWN:
                raise
            return False

    def _receive(self, cid, target):
        """Fetch what the modem has, at most `target` (memoryview) holds; number of bytes."""
        handle = self._numbers[cid]
        if handle is None:
            return 0
        try:
            return self.at.fetch(
                b"+USORD=%d,%d" % (handle, len(target)), b"+USORD: %d," % handle, target, b',"'
            )
        except CommandError:
            if self._has_ended(cid):
                return 0
            raise

    def _close(self, cid):
        handle = self._numbers[cid]
        self._numbers[cid] = None
        if handle is not None:
            self._free(handle)

    def _free(self, handle):
        """Close, without waiting for the server where the modem can do that."""
        for command in (b"+USOCL=%d,1", b"+USOCL=%d"):
            if self._attempt(command % handle):
                return  # else it was not open, or this is one of the first R4

    def _socket_of(self, line, field=0):
        """As `Modem._socket_of`, by the modem's number."""
        handle = number(line, field)
        if handle is None or handle not in self._numbers:
            return None
        return self._sockets[self._numbers.index(handle)]


class SARAR5(SARAR4):
    """SARA-R5 on a UART; see `Modem`. Its sockets use profile 0, on the context of the
    registration."""

    restart_command = b"+CFUN=16"

    def __init__(self, uart, power_key=None):
        super().__init__(uart, power_key)
        self._activation_ended = False  # the URC of an activation's end has come
        self.at.on(b"+UUPSDA:", self._on_profile)

    def attach(self, apn, user="", password="", auth="auto", ip="ipv4", timeout=timeouts.PDP):
        """As `Modem.attach`; the profile of the sockets is put on it."""
        super().attach(apn, user, password, auth, ip, timeout)
        deadline = ticks.after(timeout)
        address = self._profile()
        while not address:
            if ticks.left(deadline) <= 0:
                from .results import no_context

                raise no_context()
            self._activation_ended = False
            try:
                self.at.command(b"+UPSD=0,100,1")
                self.at.command(b"+UPSD=0,0,%d" % self._wanted[4])
                self.at.command(b"+UPSDA=0,3")
            except CommandError:
                self._activation_ended = True  # it may be active already
            look = ticks.after(10_000)  # the URC may be lost
            while not self._activation_ended and ticks.left(look) > 0:
                self._idle(20)
            address = self._profile()
            if not address:
                self._idle(2_000)
        return address

    def _profile(self):
        """The address of profile 0 when it is active, or None: `+UPSND: 0,0,"<address>"`."""
        try:
            address = self._info_line(b"+UPSND=0,0", b"+UPSND: 0,0,").strip(b'"')
        except CommandError:
            return None
        return text(address) if address.strip(b"0.") else None

    def _on_profile(self, line):
        """`+UUPSDA: <result>[,"<address>"]`."""
        self._activation_ended = True
