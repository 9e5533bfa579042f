"""What all cellular modems have in common: 3GPP TS 27.007 commands and how they are used.

A driver for a family subclasses `Modem` and adds what the vendor does in its own way: sockets, the
data context, the SIM's number.
"""

from micropython import const

import ticks

from . import timeouts
from .at import AT
from .csim import CSIM
from .errors import (
    CommandError,
    ModemError,
    ModemGarbled,
    ModemReset,
    ModemSilent,
    NetworkError,
    SIMError,
    text,
)
from .parser import decimal, number
from .registration import Registration
from .socket import Socket, buffers

_SIM_ABSENT = const(10)
_PIN_REQUIRED = const(11)
_PUK_REQUIRED = const(12)

_EPIPE = const(32)

# Attempts of one `unlock`, where the SIM did not look at the first.
_MOST_PIN_ENTRIES = const(2)


class Modem(Registration):
    """A modem on a UART.

    `uart`: see `cellular.at`. `power_key`: callable(pressed) that presses and releases the modem's
    power key, or None where the modem has none. `connect` does all that a connection needs: in
    this order power_up, unlock, prepare, register, attach, each of which does nothing that is done
    already. All of them raise a ModemError; `DRIVER.md` says which, with what errno.
    """

    # Of each driver's own:
    # boot_lines   see `AT`
    # limits       see `AT`
    # max_sockets  the connections that it offers
    # dns          what asks for an address, and the prefix of the line that tells it, or None

    # How long the power key is pressed to start, and to reset a modem that hangs (0: it cannot);
    # the rates to which its UART may have been set; the bytes that one send or receive command
    # takes at most.
    power_pulse_ms = 1_200
    power_reset_ms = 0
    rates = ()
    chunk = 1460
    # Servers that are asked for the time: NTP by UDP, where the modem does not do it itself, and
    # HTTP. No time that is earlier than `clock_floor` (year, …) is believed.
    has_udp = False
    time_server = "pool.ntp.org"
    date_servers = ("example.com",)
    clock_floor = ()
    web_date = None  # asks a web server by TLS; called with the floor, and what asks on a stream
    # What asks how many bytes of a connection the modem took (for its number), the prefix of the
    # line that tells it, and the field in it.
    counter = None
    restart_command = b"+CFUN=1,1"
    # What asks how many attempts for the PIN are left, the prefix of the answer, the field in it:
    # the first that is answered counts.
    pin_counters = ((b'+CPINR="SIM PIN"', b"+CPINR:", 1),)

    def __init__(self, uart, power_key=None):
        self.at = AT(uart, self.boot_lines, self.limits)
        self._uart = uart
        self._power_key = power_key
        self._hangs = False  # the power key was pressed, and it stayed silent
        self._sim = CSIM(self.at, _replace_csim)
        self._sockets = []  # by connection number: who had it last
        self._settled = False  # `_set_up` was done since the modem started
        self._pin_entries = 0  # without success; `pin.REFUSED`
        # Returns what keeps the attempts over restarts, or None: `load(iccid, pin)` returns their
        # count, or `pin.REFUSED` (both bytes); `save(count, refused=False)`, then `clear()`.
        self.pin_record = None
        self.was_dark = False  # a start found the radio off, and switched it on
        self.pdp_drops = 0  # how often the network dropped the data context
        self.at.on(b"+CEREG:", self._on_registration)

    def sim(self, channel="auto"):
        """The channel to the SIM (see `iotsafe.apdu` for its shape); its `name` says which it is.

        `channel`: "csim" for AT+CSIM; "cgla" for AT+CCHO, AT+CGLA and AT+CCHC; "auto" begins with
        AT+CSIM and finds out with the first commands, once: what it found holds for this object,
        and can be kept and given the next time.
        """
        if channel not in ("auto", "csim", "cgla"):
            raise ValueError("no channel %s to the SIM: auto, csim or cgla" % channel)
        if channel != "auto":
            if channel != self._sim.name:
                from .cgla import CGLA

                self._sim = CGLA(self.at) if channel == "cgla" else CSIM(self.at)
            self._sim.settle()
        return self._sim

    def connect(self, apn, user="", password="", pin=None, auth="auto", ip="ipv4"):
        """Open a data connection with `apn`, in whatever state the modem is; return our IP address
        as text. `user` and `password` as the operator wants them, `auth` and `ip` as in `prepare`;
        `pin` (str) is entered if the SIM asks for one. Then it waits for the time, see `clock`,
        but not for long.

        It calls power_up, unlock, prepare, register and attach, each with its time-out of
        `timeouts`. It only checks what is done already, so a program may call it again at any
        time; after a ModemReset it does everything anew. It raises what these raise: ModemSilent,
        ModemGarbled, SIMError, NetworkError; a ModemReset says that the modem restarted meanwhile.
        """
        self.at.poll()  # it may have restarted
        self.power_up()
        self.unlock(pin)
        self.prepare(apn, user, password, auth, ip)
        self.register()
        address = self.attach(apn, user, password, auth, ip)
        deadline = ticks.after(timeouts.CLOCK)
        while not self.clock() and ticks.left(deadline) > 0:
            self._idle(1_000)
        return address

    # -- start ----------------------------------------------------------------------------------

    def power_up(self, patience=timeouts.BOOT):
        """Find the modem, or start it with the power key if it is silent, and set it up.

        The key is pressed only after silence: on a running modem the same pulse may switch it off.
        A modem that has answered before has `patience` ms to start by itself.
        """
        if self.at.lost:
            self._settled = False
            new = not self.at.generation
            heard = self.at.urcs
            try:
                self.at.sync(timeouts.FIRST_CALL if new and self._power_key else patience)
            except (ModemSilent, ModemGarbled) as e:
                if self.at.urcs != heard:  # it is there, and starting
                    self.at.sync(patience)
                else:
                    from .silent import start

                    start(self, new, e)
        if not self._settled:
            self._set_up()
            self._settled = True

    def restart(self):
        """Switch the modem off and on by command; `power_up` finds it again."""
        try:
            self.at.command(self.restart_command)
        except OSError:
            pass  # then `power_up` has more to do
        self.at.restarted()

    def _set_up(self):
        """Settings that the modem forgets at a restart."""
        self.at.command(b"+CMEE=1")
        # Without radio there is no network, and on some no SIM. Some start without; others were
        # left so by a program that ended.
        if self._info_line(b"+CFUN?", b"+CFUN:")[:1] != b"1":
            self.at.command(b"+CFUN=1")
            self.was_dark = True
        self._dark = False

    def unlock(self, pin=None):
        """Wait until the SIM is readable; enter `pin` (str) once if the SIM asks for one.

        Raises SIMError: no SIM, no PIN, wrong PIN, PUK needed. After a refusal no call enters a
        PIN again, and the last attempt is never used: see `pin.py`.
        """
        deadline = ticks.after(timeouts.BOOT_SETTLE)
        entered = 0
        while True:
            absent = False
            try:
                state = self._info_line(b"+CPIN?", b"+CPIN:")
                if state == b"READY":
                    if self._pin_entries:
                        self._pin_entries = 0
                        if self.pin_record:
                            self.pin_record().clear()
                    return
                problem = text(state)
                if state == b"SIM PIN":
                    if entered < _MOST_PIN_ENTRIES:
                        from .pin import enter

                        entered += 1
                        enter(self, pin)
                        entered = _MOST_PIN_ENTRIES
                elif state[:3] == b"SIM" or state[:2] == b"PH":  # else it starts, or lost bytes
                    raise (
                        SIMError("puk-wanted")
                        if state == b"SIM PUK"
                        else SIMError("sim-locked", problem)
                    )
            except CommandError as e:
                if e.code == _PIN_REQUIRED:
                    raise SIMError("pin-wanted")
                if e.code == _PUK_REQUIRED:
                    raise SIMError("puk-wanted")
                problem = e.detail
                absent = e.code == _SIM_ABSENT
            if ticks.left(deadline) <= 0:
                raise SIMError("sim-absent") if absent else SIMError("sim-unreadable", problem)
            self._idle(500)

    # -- network --------------------------------------------------------------------------------

    def attach(self, apn, user="", password="", auth="auto", ip="ipv4", timeout=timeouts.PDP):
        """Activate the data connection with `apn` and return our IP address as text; the others
        as in `prepare`, which is done if it was left out.

        Raises NetworkError when the network has not granted one after `timeout` ms.
        """
        self._want(apn, user, password, auth, ip)
        if self._prepare():
            self.register()
        address = self._address()
        if not address:
            self._configure()
            deadline = ticks.after(timeout)
            while not address:
                if ticks.left(deadline) <= 0:
                    from .results import no_context

                    raise no_context()
                address = self._activate()
                if not address:  # refused, or forgotten: again, not at once
                    self._idle(2_000)
                    address = self._address()
        return address

    def signal(self):
        """Received signal strength in dBm, or None when unknown (AT+CSQ)."""
        rssi = decimal(self._info_line(b"+CSQ", b"+CSQ:").split(b",")[0])
        return None if rssi is None or rssi > 31 else -113 + 2 * rssi

    def imsi(self):
        """The SIM's IMSI as text."""
        return self._bare_number(b"+CIMI")

    def clock(self):
        """UTC as (year, month, day, hour, minute, second), or None if nobody tells it: the network
        by AT+CCLK?; with a data connection a time server, asked by the modem or by us."""
        return self._told() or self._asked()

    def _told(self):
        from .clock import to_time

        return to_time(self._info_line(b"+CCLK?", b"+CCLK:").strip(b'"'), self.clock_floor)

    def _asked(self):
        from .time_server import ask

        return ask(self)

    def set_clock(self):
        """Set the chip's clock (machine.RTC) by `clock`: with a cold one no certificate is valid.
        NetworkError if nobody tells the time."""
        utc = self.clock()
        if not utc:
            raise NetworkError("clock-unset")
        from machine import RTC

        RTC().datetime(utc[:3] + (0,) + utc[3:] + (0,))

    # -- sockets --------------------------------------------------------------------------------

    def socket(self, udp=False):
        """A Socket, not connected. `udp`, where `has_udp`: each flush is a datagram."""
        return Socket(self, udp)

    def resolve(self, host):
        """Return the IP address of `host` (str) as text, from the network's DNS.

        `Socket.connect` takes names, too. Raises NetworkError with EHOSTUNREACH when there is no
        such name, ETIMEDOUT when nothing answers; ModemError where the modem does not tell.
        """
        from .dns import resolve

        return resolve(self, host)

    def extras(self):
        """What a session does without: an object of `cellular.extras`, loaded when it is asked
        for; some drivers have their own."""
        from .extras import Extras

        return Extras(self)

    def _place(self, socket):
        """A free connection number for `socket`, and its buffers; NetworkError if there is none.

        The buffers are those of the number's last user: a reconnect allocates none.
        """
        for cid in range(self.max_sockets):
            if cid == len(self._sockets):
                self._sockets.append(socket)
                return cid, buffers(self.chunk)
            last = self._sockets[cid]
            if last.free():
                self._sockets[cid] = socket
                return cid, last.buffers
        raise NetworkError("connections-used", self.max_sockets)

    def _socket_of(self, line, field=0):
        """The socket whose connection number is in that field of the URC `line`, or None."""
        cid = number(line, field)
        return self._sockets[cid] if cid is not None and cid < len(self._sockets) else None

    def _on_data(self, line):
        """A URC with a connection's number: there is something to read."""
        socket = self._socket_of(line)
        if socket:
            socket.readable = True

    def _on_hang_up(self, line):
        """A URC with a connection's number: the peer has closed."""
        socket = self._socket_of(line)
        if socket:
            socket.ended()

    def _check(self, cid, errno):
        """Raise NetworkError with `errno` if the peer has closed connection `cid`."""
        if self._has_ended(cid):
            raise NetworkError("closed-by-peer", errno=errno)

    def _has_ended(self, cid):
        """Has the peer closed connection `cid`, announced or not? The modem then has no data for
        it. It is asked twice, as bytes of an answer can be lost, too."""
        socket = self._sockets[cid]
        try:
            for _ in range(2):
                if not socket.hung_up and self._is_up(cid):
                    return False
        except ModemReset:
            raise
        except ModemError:
            return False  # not known; whoever goes on with it asks again
        socket.hung_up = True
        return True

    def _modem_number(self, cid):
        """The number that the modem has for the connection `cid`."""
        return cid

    def _send_payload(self, cid, command, data, prefix=None, on_line=None, done=b"OK"):
        """Send `data` (memoryview) behind the prompt of `command`; how many bytes the modem took,
        all or none. The others as in `AT.send`."""
        try:
            self.at.send(command, data, prefix, on_line, done)
        except CommandError:
            prompted = self.at.prompted
            self._check(cid, _EPIPE)
            if prompted:  # it may have taken them: never sent twice
                raise
            return 0
        return len(data)

    # -- helpers --------------------------------------------------------------------------------

    def _attempt(self, command):
        """Send `command`; False when the modem refuses it."""
        try:
            self.at.command(command)
        except CommandError:
            return False
        return True

    def _info_line(self, command, prefix):
        """The one information line of a command, without the prefix; b"" if there is none."""
        lines = self.at.command(command, prefix)
        return lines[-1] if lines else b""

    def _bare_number(self, command):
        """The number (hex digits) that is the whole answer of `command`, as text; "" if there is
        none.

        The answer has no prefix, so any line could be it: only a line of hex digits counts.
        """
        for line in self.at.command(command, b""):
            if not line.strip(b"0123456789ABCDEFabcdef"):
                return text(line)
        return ""

    def _idle(self, ms):
        """Wait `ms`, taking in what the modem sends."""
        deadline = ticks.after(ms)
        while ticks.left(deadline) > 0:
            self.at.poll()
            ticks.sleep(5)


def _replace_csim(at, error, apdu):
    from .cgla import replace_csim

    return replace_csim(at, error, apdu)
