"""Driver for SIMCom SIM7080G (and 7070G, 7090G): data context and CA sockets of the vendor.

AT+CNCFG and AT+CNACT for the data context, AT+CAOPEN … for 13 connections. GNSS and the network
share one receiver: there is no network while a position is looked for.
"""

from micropython import const

import ticks

from .at import quotable
from .errors import CommandError, ModemError, text
from .parser import decimal, number
from .simcom import SIMCom

_PDP = const(0)  # index of the data context
_IP_TYPES = (1, 2, 0)  # <ip_type> of AT+CNCFG: IPv4, IPv6, both
_LOOKS = const(4)  # for an activation without an indication, until it is asked for again


class SIM7080(SIMCom):
    """SIM7080G on a UART; see `Modem`."""

    # Held for 12 s (15 s, the data sheet says in another place) the key resets.
    power_reset_ms = 16_000
    max_sockets = 13
    limits = (
        (b"+CACLOSE", 20_000),
        (b"+CAOPEN", 90_000),  # a refused SYN is repeated for some 75 s
        (b"+CARECV", 10_000),
        (b"+CASEND", 15_000),
        (b"+CNACT", 60_000),
    )
    counter = (b"+CAACK=%d", b"+CAACK:", 0)
    dns = (b'+CDNSGIP="%s"', b"+CDNSGIP:")

    def __init__(self, uart, power_key=None):
        super().__init__(uart, power_key)
        at = self.at
        at.on(b"+CADATAIND:", self._on_data)
        at.on(b"+CASTATE:", self._on_state)
        at.on(b"+CACLOSE:", self._on_hang_up)

    def _set_up(self):
        super()._set_up()
        self._attempt(b"+CGNSPWR=0")  # left on, it keeps the receiver from the network

    # -- data context ---------------------------------------------------------------------------

    def _configure(self):
        apn, user, password, auth, ip = self._wanted
        login = ',"%s","%s",%d' % (user, password, auth) if auth else ""
        self.at.command(
            b'+CNCFG=%d,%d,"%s"%s' % (_PDP, _IP_TYPES[ip], apn.encode(), login.encode())
        )

    def _activate(self):
        self._pdp = None
        # Refused, it may be active already: the state is asked for in any case.
        self._attempt(b"+CNACT=%d,1" % _PDP)
        for _ in range(_LOOKS):
            look = ticks.after(5_000)  # the URC may be lost
            while self._pdp is None and ticks.left(look) > 0:
                self._idle(20)
            address = self._address()
            if address or self._pdp is not None:
                break
        return address

    def _address(self):
        """Our IP address when the data context is active, else None."""
        for line in self.at.command(b"+CNACT?", b"+CNACT:"):
            fields = line.split(b",")
            if len(fields) == 3 and decimal(fields[0]) == _PDP and decimal(fields[1]) == 1:
                return text(fields[2].strip(b'"'))
        return None

    # -- sockets --------------------------------------------------------------------------------

    def _open(self, cid, host, port):
        quotable(host)
        command = b'+CAOPEN=%d,%d,"TCP","%s",%d' % (cid, _PDP, host.encode(), port)
        answers = []
        begun = ticks.now()

        def on_line(line):
            fields = bytes(line[8:]).split(b",")
            if len(fields) != 2 or decimal(fields[0]) != cid:
                return self.at.urc(line)
            answers.append(decimal(fields[1]))
            self._sockets[cid].opened()  # indications before this were for an earlier connection

        try:
            self.at.command(command, b"+CAOPEN:", on_line)
        except CommandError:  # the number was left in use by an earlier run: free it, once
            self._close(cid)
            self.at.command(command, b"+CAOPEN:", on_line)
        result = answers[-1] if answers else None
        if result:
            from .results import simcom

            raise simcom(host, port, result, ticks.diff(ticks.now(), begun))
        if result is None:
            raise ModemError("answer-missing", "AT+CAOPEN")

    def _send(self, cid, data):
        """Hand `data` (memoryview, at most 1460 bytes) to the modem; how many of them it took."""
        return self._send_payload(cid, b"+CASEND=%d,%d" % (cid, len(data)), data)

    def _is_up(self, cid):
        states = []

        def on_line(line):
            self._on_state(line)
            states.append(bytes(line[9:]).replace(b" ", b""))

        self.at.command(b"+CASTATE?", b"+CASTATE:", on_line)
        return b"%d,1" % cid in states

    def _receive(self, cid, target):
        """Fetch what the modem has, at most `target` (memoryview) holds; number of bytes."""
        try:
            return self.at.fetch(b"+CARECV=%d,%d" % (cid, len(target)), b"+CARECV: ", target)
        except CommandError:
            if self._has_ended(cid):
                return 0
            raise

    def _close(self, cid):
        self._attempt(b"+CACLOSE=%d" % cid)

    def _on_state(self, line):
        """`+CASTATE: <cid>,<state>`, 0 when the peer has closed."""
        if number(line, 1) == 0:
            self._on_hang_up(line)
