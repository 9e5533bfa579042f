"""Driver for Cinterion TX62 (Portenta Cat. M1/NB IoT GNSS shield): its internet services.

`power_key` is the ON line. `attach` hands the context to the internet services (SICA).

Answers and indications of these have the same beginnings. `^SISW: <id>,1` and
`^SISW: <id>,<n>,<m>` differ in their fields; the latter takes the place of a prompt and asks for n
bytes. `^SISR: <id>,1` is an indication, or the head of one byte of data. The modem indicates data
once, until all of it was read: so a connection is read only after an indication, or after a look
(a read of 0 bytes), and only as much as that found.
"""

from micropython import const

import ticks

from . import timeouts
from .at import quotable
from .bearer import BearerModem
from .errors import CommandError, NetworkError, text
from .parser import decimal, number

_EPIPE = const(32)
_UNKNOWN = const(100)  # refusal of a command that lost bytes: no answer to it
_UP = const(4)  # ^SISI: <id>,<state>
_CONNECTING = const(3)
_OPEN = const(90_000)  # ms for an attempt to connect
_LOOK = const(5_000)  # ms until the modem is asked what became of an attempt
_LAST_ERROR = const(2_000)  # ^SIS: <id>,0,<n>: with a greater n it only tells something


class TX62(BearerModem):
    """TX62 on a UART; see `Modem`."""

    boot_lines = (b"^SYSSTART", b"^SYSSTART AIRPLANE MODE", b"^SHUTDOWN")
    max_sockets = 10
    has_udp = True
    pin_counters = ((b"^SPIC", b"^SPIC:", 0),)
    chunk = 1500
    limits = (
        (b"^SICA", 150_000),
        (b"^SISC", 20_000),
        (b"^SISO", _OPEN),
        (b"^SISR", 10_000),
    )
    counter = (b"^SISI=%d", b"^SISI:", 3)
    dns = (b'^SISX="HostByName",1,"%s"', b"^SISX:")

    def __init__(self, uart, power_key=None):
        super().__init__(uart, power_key)
        self._unread = [0] * self.max_sockets  # bytes that the modem has for certain
        self._writable = bytearray(self.max_sockets)
        self._trouble = None  # what the modem said of a connection that ended
        at = self.at
        at.on(b"^SIS:", self._on_event)
        at.on(b"^SISR:", self._on_data)
        at.on(b"^SISW:", self._on_room)

    def _set_up(self):
        super()._set_up()
        self.at.command(b"+CTZU=1")  # clock from the network

    def attach(self, apn, user="", password="", auth="auto", ip="ipv4", timeout=timeouts.PDP):
        """As `Modem.attach`; its context is given to the internet services."""
        address = super().attach(apn, user, password, auth, ip, timeout)
        if b"1,1" not in self.at.command(b"^SICA?", b"^SICA:"):
            try:
                self.at.command(b"^SICA=1,1", timeout=timeout)
            except CommandError:
                from .results import no_context

                raise no_context()
        return address

    # -- sockets --------------------------------------------------------------------------------

    def _open(self, cid, host, port):
        quotable(host)
        try:
            self._store(cid, b"srvType", b"Socket")
        except CommandError:  # an earlier run left it open: close it, once
            self._close(cid)
            self._store(cid, b"srvType", b"Socket")
        self._store(cid, b"conId", b"1")
        place = b"sock%s://[%s]:%d" if ":" in host else b"sock%s://%s:%d"
        kind = b"udp" if self._sockets[cid].udp else b"tcp"
        self._store(cid, b"address", place % (kind, host.encode(), port))
        self._unread[cid] = self._writable[cid] = 0
        self._trouble = None
        self._sockets[cid].opened()
        begun = ticks.now()
        try:
            self.at.command(b"^SISO=%d" % cid)
            failed = not self._wait(cid)
        except CommandError:
            failed = True
        if failed:
            trouble = self._trouble
            self._close(cid)
            from . import results

            if trouble:
                raise results.cinterion(host, port, trouble) or results.no_connection(
                    host, port, trouble
                )
            raise results.unexplained(self, host, port, ticks.diff(ticks.now(), begun))

    def _store(self, cid, key, value):
        self.at.command(b'^SISS=%d,"%s","%s"' % (cid, key, value))

    def _wait(self, cid):
        """Wait until the connection is up; False if it does not come."""
        socket = self._sockets[cid]
        deadline = ticks.after(_OPEN)
        look = ticks.after(_LOOK)
        while not self._writable[cid]:
            if socket.hung_up:
                return False
            if ticks.left(look) <= 0:  # the indication may be lost
                state = self._state(cid)
                if state == _UP:
                    break
                if state != _CONNECTING:
                    return False
                look = ticks.after(_LOOK)
            if ticks.left(deadline) <= 0:
                return False
            self._idle(10)
        return True

    def _state(self, cid):
        """The state of a service, or None: `^SISI: <id>,<state>,…`."""
        return decimal(self._info_line(b"^SISI=%d" % cid, b"^SISI: %d," % cid).split(b",")[0])

    def _send(self, cid, data):
        """Hand `data` (memoryview, at most 1500 bytes) to the modem; how many of them it took."""
        took = []

        def on_line(line):
            """`^SISW: <id>,<bytes wanted>,<unacknowledged>`: so many are sent."""
            count = number(line, 1)
            if number(line) != cid or number(line, 2) is None or count is None:
                return self.at.urc(line)
            if took or count > len(data):
                return self.at.urc(line)
            took.append(count)
            if count:
                self.at.write(data[:count])
                self.at.due_in(timeouts.DEFAULT)

        try:
            self.at.command(b"^SISW=%d,%d" % (cid, len(data)), b"^SISW:", on_line)
        except CommandError:
            if took:  # how much of it left is not known
                raise
            self._check(cid, _EPIPE)
        return took[0] if took else 0

    def _is_up(self, cid):
        try:
            return self._state(cid) == _UP
        except CommandError as e:
            if e.code == _UNKNOWN:
                raise
            return False

    def _check(self, cid, errno):
        """As `Modem._check`, with what the modem said."""
        try:
            super()._check(cid, errno)
        except NetworkError:
            if self._trouble:
                raise NetworkError("closed-with-cause", self._trouble, errno=errno)
            raise

    def _receive(self, cid, target):
        """Fetch what the modem has, at most `target` (memoryview) holds; number of bytes."""
        unread = self._unread[cid] or self._read(cid, 0, None)
        if not unread:
            return 0
        self._unread[cid] = 0
        self._read(cid, len(target), target)
        got = self.at.parser.count
        if unread > got:
            self._unread[cid] = unread - got
        return got

    def _read(self, cid, size, target):
        """^SISR of `size` bytes into `target`; 0 asks how many there are: that number."""
        socket = self._sockets[cid]
        count = 0
        try:
            command, prefix = b"^SISR=%d,%d" % (cid, size), b"^SISR: %d," % cid
            if target:
                self.at.fetch(command, prefix, target, b"\n")
                lines = self.at.said
            else:
                lines = self.at.command(command, prefix)
        except CommandError:
            if not self._has_ended(cid):
                raise
            lines = ()
        for line in lines:
            if line[:1] == b"-":  # the end, or not connected
                socket.hung_up = True
            else:
                count = decimal(line.split(b",")[0]) or 0
        return count

    def _close(self, cid):
        self._attempt(b"^SISC=%d" % cid)

    # -- indications ----------------------------------------------------------------------------

    def _on_data(self, line):
        """`^SISR: <id>,1` data, `,2` the end of it."""
        socket = self._socket_of(line)
        if socket:
            self._unread[number(line)] = 1  # at least
            socket.readable = True

    def _on_room(self, line):
        """`^SISW: <id>,1` there is room, `,2` all was sent."""
        if self._socket_of(line):
            self._writable[number(line)] = 1

    def _on_event(self, line):
        """`^SIS: <id>,0,<n>[,"<text>"]` an error, or the peer has closed; `,5,…` connected."""
        socket = self._socket_of(line)
        if not socket:
            return
        cause = number(line, 1)
        if cause == 5:
            self._writable[number(line)] = 1
        elif cause == 0 and (number(line, 2) or 0) <= _LAST_ERROR:
            self._trouble = text(bytes(line).partition(b",0,")[2])
            socket.ended()
