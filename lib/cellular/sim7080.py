"""Driver for SIMCom SIM7080G (and 7070G, 7090G): data context and CA sockets of the vendor."""

from micropython import const

import ticks

from . import timeouts
from .errors import CommandError, ModemError, text
from .modem import Modem, _number, closed, quotable
from .parser import number

_PDP = const(0)  # index of the data context
_ECONNRESET = const(104)
_LOOKS = const(4)  # for an activation without an indication, until it is asked for again


class SIM7080(Modem):
    """SIM7080G on a UART; see `Modem`."""

    boot_lines = (
        b"RDY",
        b"NORMAL POWER DOWN",
        b"UNDER-VOLTAGE POWER DOWN",
        b"OVER-VOLTAGE POWER DOWN",
        b"PSM POWER DOWN",
        b'+CPSMSTATUS: "ENTER PSM"',
    )
    # A pulse switches on from 1 s, and off from 1.2 s: this one never switches off. Held for 12 s
    # (15 s, the data sheet says in another place) the key resets.
    power_pulse_ms = 1_100
    power_reset_ms = 16_000
    rates = (9_600, 57_600, 38_400, 19_200, 230_400, 460_800, 921_600)
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
    maker = "SIMCom"  # of whom the extras are

    def __init__(self, uart, power_key=None):
        super().__init__(uart, power_key)
        self._pdp = None  # state of the data context, also from a URC
        at = self.at
        at.on(b"+CADATAIND:", self._on_data)
        at.on(b"+CASTATE:", self._on_state)
        at.on(b"+CACLOSE:", self._on_hang_up)
        on_pdp = self._on_pdp
        at.on(b"+APP PDP:", on_pdp)
        at.on(b"+PDP:", on_pdp)

    def _set_up(self):
        super()._set_up()
        self.at.command(b"+IFC=0,0")  # boards wire no RTS/CTS
        if self._one(b"+CLTS?", b"+CLTS:") != b"1":
            self.at.command(b"+CLTS=1")  # clock from the network; from the modem's next start on
        if self._one(b"+IPR?", b"+IPR:") == b"0":
            # Auto-baud, the factory setting: no boot line is printed, and the first commands may
            # be lost. The modem keeps what it is set to.
            self.at.command(b"+IPR=115200")

    def iccid(self):
        """The SIM's number (ICCID) as text."""
        return self._bare(b"+CCID")

    def clock(self):
        """As `Modem.clock`; a time server is asked when the network has not told the time."""
        told = super().clock()
        if not told:
            from .simcom_clock import ask_time_server

            if ask_time_server(self):
                told = super().clock()
        return told

    # -- data context ---------------------------------------------------------------------------

    def attach(self, apn, user="", password="", timeout=timeouts.PDP):
        """Activate the data connection with `apn` and return our IP address as text.

        Raises NetworkError when the network has not granted one after `timeout` ms.
        """
        address = self._address()
        if not address:
            quotable(apn, user, password)
            login = ',"%s","%s",3' % (user, password) if user else ""
            self.at.command(b'+CNCFG=%d,1,"%s"%s' % (_PDP, apn.encode(), login.encode()))
            deadline = ticks.after(timeout)
            while not address:
                if ticks.left(deadline) <= 0:
                    from .results import no_context

                    raise no_context()
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
                if not address:  # refused, or forgotten: again, not at once
                    self._idle(2_000)
                    address = self._address()
        return address

    def _address(self):
        """Our IP address when the data context is active, else None."""
        for line in self.at.command(b"+CNACT?", b"+CNACT:"):
            fields = line.split(b",")
            if len(fields) == 3 and _number(fields[0]) == _PDP and _number(fields[1]) == 1:
                return text(fields[2].strip(b'"'))
        return None

    def _on_pdp(self, line):
        """`+APP PDP: [<index>,]ACTIVE|DEACTIVE`, `+PDP: DEACT`."""
        fields = bytes(line).split(b":")[1].split(b",")
        if len(fields) > 1 and _number(fields[0]) != _PDP:
            return
        self._pdp = fields[-1].strip() == b"ACTIVE"
        if not self._pdp:
            self.pdp_drops += 1

    # -- sockets --------------------------------------------------------------------------------

    def _open(self, cid, host, port):
        quotable(host)
        command = b'+CAOPEN=%d,%d,"TCP","%s",%d' % (cid, _PDP, host.encode(), port)
        answers = []
        begun = ticks.now()

        def on_line(line):
            fields = bytes(line[8:]).split(b",")
            if len(fields) != 2 or _number(fields[0]) != cid:
                return False
            answers.append(_number(fields[1]))
            self._sockets[cid].opened()  # indications before this were for an earlier connection
            return True

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
            raise ModemError("AT+CAOPEN: the modem's answer is not understood")

    def _send(self, cid, data):
        """Hand `data` (memoryview, at most 1460 bytes) to the modem; how many of them it took."""
        return self._hand_over(cid, b"+CASEND=%d,%d" % (cid, len(data)), data)

    def _check(self, cid, errno):
        """Raise NetworkError with `errno` unless connection `cid` is up."""
        states = []

        def on_line(line):
            self._on_state(line)
            states.append(bytes(line[9:]).replace(b" ", b""))

        self.at.command(b"+CASTATE?", b"+CASTATE:", on_line)
        if self._sockets[cid].hung_up or b"%d,1" % cid not in states:
            raise closed(errno)

    def _receive(self, cid, target):
        """Fetch what the modem has, at most `target` (memoryview) holds; number of bytes."""
        try:
            self.at.command(b"+CARECV=%d,%d" % (cid, len(target)), b"+CARECV: ", target=target)
            return self.at.parser.count
        except CommandError:
            self._check(cid, _ECONNRESET)
            raise

    def _close(self, cid):
        self._attempt(b"+CACLOSE=%d" % cid)

    def _on_state(self, line):
        """`+CASTATE: <cid>,<state>`, 0 when the peer has closed."""
        if number(line, 1) == 0:
            self._on_hang_up(line)
