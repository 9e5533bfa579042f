"""Drivers for Sequans Monarch: GM02S (Monarch 2) and GMS01Q, GM01Q (Monarch 1).

Sockets work in command mode, so that the line stays free for AT commands to the SIM. The radio
is off after a start, and the SIM with it: `power_up` switches both on. The modem's own time-out
for connections without traffic, 90 s by default, is switched off. A SQNSSENDEXT that is refused
before its prompt is repeated while the connection is up; after the prompt only if SQNSI says
that nothing was taken. It is not documented whether SQNSRECV without data is refused or answers
0 bytes: both count as "nothing yet".

The GMS01Q cuts off long answers of the SIM: its channel has `part` = 112, and files are read in
pieces of that size. Other answers of more than 254 bytes, such as `random(256)`, are damaged on
it.
"""

from micropython import const

import ticks

from .at import quotable
from .bearer import BearerModem
from .errors import CommandError
from .parser import decimal, number

_HEX = b"0123456789ABCDEFabcdef"
# +SQNSCFG: packet size, seconds without traffic until the modem hangs up by itself (0: never, an
# MQTT connection is silent for long), connect and transmit time-out in 100 ms.
_CONFIG = b"+SQNSCFG=%d,1,300,0,600,50"
# +SQNSCFGEXT: indications with a length; received and sent data as they are, no hex.
_RAW = b"+SQNSCFGEXT=%d,1,0,0,0,0"
# +SQNSS <state>: open, suspended (command mode), suspended with data waiting.
_UP = (1, 2, 3)
# Response data that fits the GMS01Q's buffer for an answer: 256 of something, of characters at
# worst, `+CSIM: ` and the length included.
_PART = const(112)


class GM02S(BearerModem):
    """Monarch 2 on a UART; see `Modem`. `power_key` pulls the reset line: it has no other key."""

    boot_lines = (b"+SYSSTART", b"+SHUTDOWN")
    power_pulse_ms = 350
    restart_command = b"^RESET"
    max_sockets = 6  # numbered from 1 in the modem's commands
    chunk = 1500
    has_udp = True
    limits = (
        (b"+SQNSD", 90_000),  # 60 s as configured, and the resolver
        (b"+SQNSH", 20_000),
        (b"+SQNSRECV", 10_000),
        (b"+SQNSSENDEXT", 15_000),
    )
    counter = (b"+SQNSI=%d", b"+SQNSI:", 1)
    dns = (b'+SQNDNSLKUP="%s"', b"+SQNDNSLKUP:")

    def __init__(self, uart, power_key=None):
        super().__init__(uart, power_key)
        self.at.calls = (b"D", b"+SQNSD=")
        self.at.on(b"+SQNSRING:", self._on_data)
        self.at.on(b"+SQNSH:", self._on_hang_up)

    def iccid(self):
        """Return the SIM's number (ICCID) as text; "" if the modem does not report it."""
        digits = self._info_line(b"+SQNCCID", b"+SQNCCID:").split(b",")[0].strip(b'" ')
        return "" if digits.strip(_HEX) else digits.decode().rstrip("Ff")

    # -- sockets --------------------------------------------------------------------------------

    def _modem_number(self, cid):
        return cid + 1

    def _open(self, cid, host, port):
        quotable(host)
        named = cid + 1
        try:
            self.at.command(_CONFIG % named)
        except CommandError:  # the number was left in use by an earlier run: free it, once
            self._close(cid)
            self.at.command(_CONFIG % named)
        self.at.command(_RAW % named)
        begun = ticks.now()
        try:
            self.at.command(
                b'+SQNSD=%d,%d,%d,"%s",0,0,1'
                % (named, self._sockets[cid].udp, port, host.encode())
            )
        except CommandError:  # NO CARRIER says no more than that, either
            from .results import unexplained

            raise unexplained(self, host, port, ticks.diff(ticks.now(), begun))
        self._sockets[cid].opened()  # indications before this were for an earlier connection

    def _send(self, cid, data):
        """Hand `data` (memoryview, at most 1500 bytes) to the modem; return how many it took."""
        return self._send_payload(cid, b"+SQNSSENDEXT=%d,%d" % (cid + 1, len(data)), data)

    def _is_up(self, cid):
        for line in self.at.command(b"+SQNSS", b"+SQNSS:"):
            fields = line.split(b",")
            if len(fields) > 1 and decimal(fields[0]) == cid + 1 and decimal(fields[1]) in _UP:
                return True
        return False

    def _receive(self, cid, target):
        """Fetch what the modem has into `target` (memoryview); return the number of bytes."""
        named = cid + 1
        try:
            return self.at.fetch(
                b"+SQNSRECV=%d,%d" % (named, len(target)), b"+SQNSRECV: %d," % named, target, b"\n"
            )
        except CommandError:  # nothing is there; after a hang-up, nothing more
            return 0

    def _close(self, cid):
        self._attempt(b"+SQNSH=%d" % (cid + 1))

    def _socket_of(self, line, field=0):
        """As `Modem._socket_of`; the modem counts from 1."""
        theirs = number(line, field)
        return self._sockets[theirs - 1] if theirs and theirs <= len(self._sockets) else None


class GMS01Q(GM02S):
    """Monarch 1 (GM01Q): as the GM02S, but long answers of the SIM come back cut off."""

    def sim(self, channel="auto"):
        """As `Modem.sim`. The channel's `part` keeps answers as short as this modem passes on."""
        sim = super().sim(channel)
        sim.part = _PART
        sim.mixed = True
        return sim
