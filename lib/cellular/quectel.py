"""Driver for Quectel BG77, BG95, BG96, EG91, EG95: data context and QI sockets of the vendor.

The result of QIOPEN is a URC; if it is lost, the driver asks for the state of the connection.
"Connected" counts only if the number was free before: the lost result may be "in use". The driver
clears a data context that the network dropped before it activates it again. Where CSQ does not
know the signal, QCSQ does. The driver does not change bands and technologies (QCFG).
"""

from micropython import const

import ticks

from . import timeouts
from .at import quotable
from .errors import CommandError, ModemGarbled, NetworkError, text
from .modem import Modem
from .parser import decimal, number

_TIME_SERVER = b"pool.ntp.org"
_EPIPE = const(32)
_ETIMEDOUT = const(110)
_PDP = const(1)  # number of the data context
_CONNECTED = (2, 3)  # <state> of +QISTATE; some BG96 say 3, listening
_CLOSING = const(4)
_ROOM = const(60_000)  # ms for room in the modem's send buffer

_FAILED = const(566)
_IN_USE = const(563)
_TOO_LATE = const(569)


class Quectel(Modem):
    """A modem of the family on a UART; see `Modem`."""

    boot_lines = (b"RDY", b"POWERED DOWN", b"NORMAL POWER DOWN")
    power_pulse_ms = 750
    auto_auth = 3
    pin_counters = ((b'+QPINC="SC"', b"+QPINC:", 1),)
    max_sockets = 12
    limits = (
        (b"+QIACT", 150_000),
        (b"+QICLOSE", 20_000),
        (b"+QIDEACT", 40_000),
        (b"+QIRD", 10_000),
    )
    dns = (b'+QIDNSGIP=1,"%s"', b'+QIURC: "dnsgip"')
    counter = (b"+QISEND=%d,0", b"+QISEND:", 0)

    def __init__(self, uart, power_key=None):
        super().__init__(uart, power_key)
        self._opening = -1  # number of the connection that is being made
        self._freed = 0  # a bit for each number that we closed and have not opened since
        self._result = self._ntp = None
        at = self.at
        at.on(b"+QIURC:", self._on_socket)
        at.on(b"+QIOPEN:", self._on_open)
        at.on(b"+QNTP:", self._on_ntp)

    def _set_up(self):
        super()._set_up()
        # Else URCs may go to the USB port; refused, this firmware has no other port for them.
        self._attempt(b'+QURCCFG="urcport","uart1"')
        if self._info_line(b"+CTZU?", b"+CTZU:") != b"3":
            self.at.command(b"+CTZU=3")  # clock and zone from the network

    def iccid(self):
        """The SIM's number (ICCID) as text."""
        return text(self._info_line(b"+QCCID", b"+QCCID:")).rstrip("F")

    def signal(self):
        """As `Modem.signal`; on LTE-M only AT+QCSQ knows it for a while."""
        dbm = super().signal()
        if dbm is None:
            try:
                dbm = int(self._info_line(b"+QCSQ", b"+QCSQ:").split(b",")[1])
            except (CommandError, IndexError, ValueError):
                pass
        return dbm

    # -- time -----------------------------------------------------------------------------------

    def _asked(self):
        """The time that the network told last, then that of the modem's time server, then ours."""
        return (
            self._network_time() or (self._ask_time_server() and self._told()) or super()._asked()
        )

    def _network_time(self):
        """AT+QLTS=2: local time and zone, `"yyyy/MM/dd,hh:mm:ss+zz,<dst>"`."""
        try:
            from .clock import to_time

            line = self._info_line(b"+QLTS=2", b"+QLTS:").strip(b'"')
            return to_time(line[2:22], self.clock_floor)
        except CommandError:
            return None

    def _ask_time_server(self):
        """NTP over the data connection sets the modem's clock; True if it did."""
        self._ntp = None
        if not self._attempt(b'+QNTP=%d,"%s"' % (_PDP, _TIME_SERVER)):
            return False
        deadline = ticks.after(timeouts.NTP)
        while self._ntp is None and ticks.left(deadline) > 0:
            self._idle(20)
        return self._ntp == 0

    def _on_ntp(self, line):
        self._ntp = number(line)

    # -- data context ---------------------------------------------------------------------------

    # The login of the registration is that of AT+QICSGP, which the modem may forget.

    def _has_login(self):
        stored = self._info_line(b"+QICSGP=%d" % _PDP, b"+QICSGP:").replace(b", ", b",")
        return stored == self._login() if self._wanted[3] else stored[-2:] in (b"", b",0")

    def _login(self):
        apn, user, password, auth, ip = self._wanted
        return ('%d,"%s","%s","%s",%d' % (ip + 1, apn, user, password, auth)).encode()

    def _store_login(self):
        self.at.command(b"+QICSGP=%d,%s" % (_PDP, self._login()))

    _configure = _store_login

    def _activate(self):
        if not self._attempt(b"+QIACT=%d" % _PDP):
            # One that the network dropped has to be cleared first.
            self._attempt(b"+QIDEACT=%d" % _PDP)
        return self._address()

    def _address(self):
        """Our IP address when the data context is active, else None."""
        for line in self.at.command(b"+QIACT?", b"+QIACT:"):
            fields = line.split(b",")
            if len(fields) > 3 and decimal(fields[0]) == _PDP and decimal(fields[1]) == 1:
                return text(fields[3].strip(b'"'))
        return None

    # -- sockets --------------------------------------------------------------------------------

    def _open(self, cid, host, port):
        quotable(host)
        command = b'+QIOPEN=%d,%d,"TCP","%s",%d,0,0' % (_PDP, cid, host.encode(), port)
        begun = ticks.now()
        result = self._connect(cid, command)
        if result == _IN_USE:  # left by an earlier run, or by a close that failed: free it, once
            self._close(cid)
            result = self._connect(cid, command)
        if result:
            self._close(cid)
            from .results import quectel

            raise quectel(host, port, result, ticks.diff(ticks.now(), begun))

    def _connect(self, cid, command):
        """Have the connection opened; 0, or the modem's error."""
        free = self._freed & 1 << cid
        self._freed ^= free
        self._opening = cid
        self._result = None
        try:
            self.at.command(command)
        except CommandError:
            error = decimal(self._info_line(b"+QIGETERROR", b"+QIGETERROR:").split(b",")[0])
            if not error:
                raise
            return error
        deadline = ticks.after(timeouts.OPEN)
        while self._result is None:
            look = ticks.after(5_000)  # the URC may be lost
            while self._result is None and ticks.left(look) > 0:
                self._idle(20)
            if self._result is None:
                state = self._state(cid)
                if state in _CONNECTED:
                    if not free:  # it may be an earlier connection
                        return _IN_USE
                    self._sockets[cid].opened()
                    return 0
                if state == _CLOSING:
                    return _FAILED
                if ticks.left(deadline) <= 0:
                    return _TOO_LATE
        return self._result

    def _on_open(self, line):
        """`+QIOPEN: <id>,<err>`"""
        result = number(line, 1)
        if result is not None and number(line) == self._opening:
            self._result = result
            self._sockets[self._opening].opened()  # indications before were of an earlier one

    def _state(self, cid):
        """The <state> of connection `cid`, None if there is none."""
        fields = self._info_line(b"+QISTATE=1,%d" % cid, b"+QISTATE:").split(b",")
        return decimal(fields[5]) if len(fields) > 5 and decimal(fields[0]) == cid else None

    def _is_up(self, cid):
        return self._state(cid) in _CONNECTED

    def _send(self, cid, data):
        """Hand `data` (memoryview, at most 1460 bytes) to the modem, when it has room for all of
        it; how many there were."""
        deadline = ticks.after(_ROOM)
        while True:
            try:
                self.at.send(b"+QISEND=%d,%d" % (cid, len(data)), data, done=b"SEND OK")
                return len(data)
            except CommandError:
                self._check(cid, _EPIPE)
            full = self._unacknowledged(cid)
            while True:
                if ticks.left(deadline) <= 0:
                    raise NetworkError("network-full", errno=_ETIMEDOUT)
                self._idle(200)
                if self._unacknowledged(cid) <= full // 2:
                    break

    def _unacknowledged(self, cid):
        """`+QISEND: <sent>,<acked>,<unacked>`"""
        return decimal(self._info_line(b"+QISEND=%d,0" % cid, b"+QISEND:").split(b",")[-1]) or 0

    def _receive(self, cid, target):
        """Fetch what the modem has, at most `target` (memoryview) holds; number of bytes."""
        at = self.at
        try:
            command = b"+QIRD=%d,%d" % (cid, len(target))
            count = at.fetch(command, b"+QIRD: ", target, b"\n")
            if at.said and at.said != [b"0"]:  # it has nothing
                raise ModemGarbled("answer-damaged", "AT+QIRD", text(at.said[-1]))
            return count
        except CommandError:
            if self._has_ended(cid):
                return 0
            raise

    def _close(self, cid):
        if self._attempt(b"+QICLOSE=%d" % cid):
            self._freed |= 1 << cid

    def _on_socket(self, line):
        """`+QIURC: "recv",<id>`, `"closed",<id>`, `"pdpdeact",<context>` and others."""
        kind = bytes(line[7:]).split(b",")[0].strip(b' "')
        if kind == b"pdpdeact":
            if number(line, 1) == _PDP:
                self.pdp_drops += 1
            return
        socket = self._socket_of(line, 1)
        if socket and kind == b"recv":
            socket.readable = True
        elif socket and kind == b"closed":
            socket.ended()


# The five do all alike.
BG77 = BG95 = BG96 = EG91 = EG95 = Quectel
