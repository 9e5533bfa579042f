"""Driver for SIMCom SIM7080G (and 7070G, 7090G): data context and CA sockets of the vendor."""

from micropython import const

import ticks

from . import timeouts
from .errors import CommandError, ModemError, NetworkError
from .modem import Modem, _number

_PDP = const(0)  # index of the data context

# +CAOPEN: <cid>,<result>
_RESULTS = {
    1: "socket error",
    2: "no memory (or the data quota of the SIM is used up)",
    3: "too many connections",
    4: "parameter invalid",
    6: "invalid IP address",
    7: "not supported",
    12: "cannot bind",
    13: "cannot listen",
    20: "the host name cannot be resolved: check mqtt.host",
    21: "the data connection is not active",
    23: "refused by the server: check mqtt.port",
    27: "connect failed",
}


class SIM7080(Modem):
    """SIM7080G on a UART; see `Modem`."""

    # With auto-baud (factory setting) none of these is printed: a restart then shows by its echo.
    boot_lines = (
        b"RDY",
        b"NORMAL POWER DOWN",
        b"UNDER-VOLTAGE POWER DOWN",
        b"OVER-VOLTAGE POWER DOWN",
    )
    max_sockets = 13

    def __init__(self, uart, power_key=None):
        super().__init__(uart, power_key)
        self._pdp = None  # state of the data context, also from a URC
        at = self.at
        at.on(b"+CADATAIND:", self._on_data)
        at.on(b"+CASTATE:", self._on_state)
        at.on(b"+CACLOSE:", self._on_state)
        at.on(b"+APP PDP:", self._on_pdp)

    def _set_up(self):
        super()._set_up()
        self.at.command(b"+IFC=0,0")  # boards wire no RTS/CTS
        if self._one(b"+CLTS?", b"+CLTS:") != b"1":
            self.at.command(b"+CLTS=1")  # clock from the network; from the modem's next start on

    def iccid(self):
        """The SIM's number (ICCID) as text."""
        return self._one(b"+CCID", b"").decode()

    # -- data context ---------------------------------------------------------------------------

    def attach(self, apn, user="", password="", timeout=timeouts.PDP):
        """Activate the data connection with `apn` and return our IP address as text.

        Raises NetworkError when the network has not granted one after `timeout` ms.
        """
        address = self._address()
        if address is None:
            for text in (apn, user, password):
                if '"' in text or not all(32 <= ord(c) < 127 for c in text):
                    raise NetworkError("APN, user and password are printable text without quotes")
            login = ',"%s","%s",3' % (user, password) if user else ""
            self.at.command(b'+CNCFG=%d,1,"%s"%s' % (_PDP, apn.encode(), login.encode()))
            self._pdp = None
            self._activate()
            deadline = ticks.after(timeout)
            while address is None:
                if ticks.left(deadline) <= 0:
                    raise NetworkError("the network gives no data connection: check modem.apn")
                if self._pdp is False:  # refused: ask again, not at once
                    self._idle(2_000)
                    self._pdp = None
                    self._activate()
                look = ticks.after(5_000)  # the URC may have been lost
                while self._pdp is None and ticks.left(look) > 0:
                    self._idle(20)
                address = self._address()
        self.pdp_lost = False
        return address

    def _activate(self):
        try:
            self.at.command(b"+CNACT=%d,1" % _PDP)
        except CommandError:
            pass  # may mean "already active": the state is asked for in any case

    def _address(self):
        """Our IP address when the data context is active, else None."""
        for line in self.at.command(b"+CNACT?", b"+CNACT:"):
            fields = line.split(b",")
            if len(fields) == 3 and _number(fields[0]) == _PDP and _number(fields[1]) == 1:
                return fields[2].strip(b'"').decode()
        return None

    def _on_pdp(self, line):
        text = bytes(line[9:]).strip()
        self._pdp = text.endswith(b",ACTIVE")
        if not self._pdp:
            self.pdp_lost = True

    # -- sockets --------------------------------------------------------------------------------

    def _open(self, cid, host, port):
        if len(host) > 64 or '"' in host:
            raise NetworkError("a host name for this modem has at most 64 characters")
        command = b'+CAOPEN=%d,%d,"TCP","%s",%d' % (cid, _PDP, host.encode(), port)
        try:
            answer = self._one(command, b"+CAOPEN:").split(b",")
        except CommandError:  # the number was left in use by an earlier run: free it, once
            self._close(cid)
            answer = self._one(command, b"+CAOPEN:").split(b",")
        result = _number(answer[1]) if len(answer) == 2 and _number(answer[0]) == cid else None
        if result:
            raise NetworkError(
                "no connection to %s port %d: %s"
                % (host, port, _RESULTS.get(result, "modem's result %d" % result))
            )
        if result is None:
            raise ModemError("AT+CAOPEN: the modem's answer is not understood")

    def _send(self, cid, data):
        """Hand `data` (memoryview, at most 1460 bytes) to the modem, when it has room for it."""
        deadline = ticks.after(timeouts.SEND)
        while True:
            try:
                return self.at.send(b"+CASEND=%d,%d" % (cid, len(data)), data)
            except CommandError:
                self._check(cid)
                if ticks.left(deadline) <= 0:
                    raise NetworkError("the network takes no data: the modem is full")
            while self._room(cid) < len(data) and ticks.left(deadline) > 0:
                self._idle(200)

    def _room(self, cid):
        """Free bytes in the modem's send buffer."""
        return _number(self._one(b"+CASEND=%d" % cid, b"+CASEND:")) or 0

    def _check(self, cid):
        """Raise NetworkError unless connection `cid` is up."""
        for line in self.at.command(b"+CASTATE?", b"+CASTATE:"):
            if line.replace(b" ", b"") == b"%d,1" % cid:
                return
        raise NetworkError("the server closed the connection")

    def _receive(self, cid, target):
        return self.at.receive(b"+CARECV=%d,%d" % (cid, len(target)), b"+CARECV: ", target)

    def _close(self, cid):
        try:
            self.at.command(b"+CACLOSE=%d" % cid)
        except CommandError:
            pass  # it was not open

    def _on_data(self, line):
        socket = self._socket_of(line[11:])
        if socket:
            socket.readable = True

    def _on_state(self, line):
        text = bytes(line)
        if text.startswith(b"+CASTATE:") and not text.endswith(b",0"):
            return
        socket = self._socket_of(line[9:])
        if socket:
            socket.hung_up = True
            socket.readable = True  # what is buffered can still be read

    def _socket_of(self, text):
        cid = _number(bytes(text).split(b",")[0])
        if cid is not None and cid < len(self._sockets):
            return self._sockets[cid]
        return None
