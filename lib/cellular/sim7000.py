"""Driver for SIMCom SIM7000 (G, E, A, C): eight connections with the older commands, AT+CIP….

Its CA* commands are others than those of the SIM7080, and freeze some firmware. This TCP/IP stack
is brought up anew by each program that starts (AT+CIPSHUT, AT+CSTT, AT+CIICR). GNSS works beside
the network. Not checked on hardware: the bearer for the time server.
"""

from micropython import const

import ticks

from . import timeouts
from .at import quotable
from .errors import CommandError, ModemGarbled, NetworkError
from .parser import number
from .simcom import SIMCom

_EPIPE = const(32)


class _Accepted(Exception):
    """The modem took fewer bytes than it was offered: so many."""


class SIM7000(SIMCom):
    """SIM7000 on a UART; see `Modem`. It has a pin for the reset, and no long press of the key."""

    max_sockets = 8
    limits = (
        (b"+CIICR", 90_000),
        (b"+CIPCLOSE", 20_000),
        (b"+CIPSHUT", 70_000),
    )
    counter = (b"+CIPACK=%d", b"+CIPACK:", 0)
    dns = (b'+CDNSGIP="%s"', b"+CDNSGIP:")
    shared_receiver = False  # GNSS has its own

    def __init__(self, uart, power_key=None):
        super().__init__(uart, power_key)
        self.bearer_apn = ""  # of the connection to the time server
        self._stack = None  # of the modem's starts the one in which the stack was set up
        self._opening = None  # number of the connection that was opened last …
        self._result = None  # … and what the modem said about it, see `results`
        self.at.on(b"+CIPRXGET: 1,", self._on_received)
        for cid in range(self.max_sockets):
            self.at.on(b"%d, " % cid, self._on_connection)

    # -- data context ---------------------------------------------------------------------------

    def _configure(self):
        self.bearer_apn = self._wanted[0]

    def _activate(self):
        try:
            # From its first state, where alone these can be set.
            self.at.command(b"+CIPSHUT", done=b"SHUT OK")
            self._stack = self.at.generation
            for command in (
                b"+CIPMUX=1",
                b"+CIPQSEND=1",
                b"+CIPRXGET=1",
                ('+CSTT="%s","%s","%s"' % self._wanted[:3]).encode(),
                b"+CIICR",
            ):
                self.at.command(command)
            return self._address()
        except CommandError:
            return None

    def _address(self):
        """Our IP address when the data connection that we set up is active, else None."""
        if self._stack != self.at.generation:
            return None
        try:
            # It has no OK of its own.
            for line in self.at.command(b"+CIFSR;E0", b""):
                if line.count(b".") == 3 and not line.strip(b"0123456789."):
                    return line.decode()
        except CommandError:
            pass  # not active
        return None

    # -- sockets --------------------------------------------------------------------------------

    def _open(self, cid, host, port):
        quotable(host)
        command = b'+CIPSTART=%d,"TCP","%s",%d' % (cid, host.encode(), port)
        begun = ticks.now()
        result = self._start(cid, command)
        if result in (b"", b"ALREADY CONNECT"):  # in use since an earlier run: free it, once
            self._close(cid)
            result = self._start(cid, command)
        if result != b"CONNECT OK":
            if result is None:
                self._close(cid)
            from . import results

            if result in (b"", b"CONNECT FAIL"):
                raise results.unexplained(self, host, port, ticks.diff(ticks.now(), begun))
            raise results.simcom(host, port, result)

    def _start(self, cid, command):
        """Let the modem connect, and return what it says about that."""
        self._opening = cid
        self._result = None
        drops = self.pdp_drops
        try:
            self.at.command(command)
            deadline = ticks.after(timeouts.OPEN)
            while self._result is None and ticks.left(deadline) > 0 and not self.at.lost:
                if drops != self.pdp_drops:
                    raise NetworkError("data-dropped")
                self._idle(20)
        except CommandError:
            self._result = b""
        return self._result

    def _send(self, cid, data):
        """Hand `data` (memoryview) to the modem; how many bytes of it the modem took."""
        size = (cid, len(data))
        try:
            return self._send_payload(
                cid,
                b"+CIPSEND=%d,%d" % size,
                data,
                b"DATA ACCEPT:",
                self._on_accepted,
                b"DATA ACCEPT:%d,%d" % size,
            )
        except _Accepted as e:
            from .recovery import count

            accepted = e.args[0]
            if not accepted:
                self._check(cid, _EPIPE)
            # A part of it, or a digit lost on the way?
            if accepted != count(self, cid) - self._sockets[cid].sent:
                raise ModemGarbled("send-uncertain", "AT+CIPSEND")
            return accepted

    def _on_accepted(self, line):
        """`DATA ACCEPT:<n>,<bytes>`, not all of them, or none: no other result follows."""
        raise _Accepted(number(line, 1) or 0)

    def _is_up(self, cid):
        state = self._info_line(b"+CIPSTATUS=%d" % cid, b"+CIPSTATUS:")
        return state.split(b",")[-1] == b'"CONNECTED"'

    def _receive(self, cid, target):
        """Fetch what the modem has, at most `target` (memoryview) holds; number of bytes."""
        try:
            return self.at.fetch(
                b"+CIPRXGET=2,%d,%d" % (cid, len(target)),
                b"+CIPRXGET: 2,%d," % cid,
                target,
                b",\n",
            )
        except CommandError:
            if self._has_ended(cid):
                return 0
            raise

    def _close(self, cid):
        try:
            self.at.command(b"+CIPCLOSE=%d" % cid, done=b"%d, CLOSE OK" % cid)
        except CommandError:
            pass  # it was not open

    def _on_received(self, line):
        """`+CIPRXGET: 1,<n>`: there is something to read."""
        socket = self._socket_of(line, 1)
        if socket:
            socket.readable = True

    def _on_connection(self, line):
        """`<n>, CONNECT OK`, `<n>, CONNECT FAIL`, `<n>, ALREADY CONNECT`, `<n>, CLOSED`."""
        cid, _, what = bytes(line).partition(b", ")
        cid = int(cid)
        if cid >= len(self._sockets):
            return
        socket = self._sockets[cid]
        if what == b"CLOSED":
            socket.ended()
        elif socket.cid == self._opening and self._result is None and b"CONNECT" in what:
            socket.opened()  # indications before this were for an earlier connection
            self._result = what
