"""Functions of SIMCom's modems that a session does not need: network mode and bands, serving cell,
GNSS, options of the sockets. See `extras`."""

from micropython import const

import ticks

from .errors import ModemError, NetworkError, text, typed
from .extras import Extras
from .parser import decimal, meaning

_LTE_ONLY = const(38)  # +CNMP
# Name -> +CMNB and the names of the systems in +CBANDCFG.
_MODES = (
    ("lte-m", (1, ("CAT-M",))),
    ("nb-iot", (2, ("NB-IOT",))),
    ("both", (3, ("CAT-M", "NB-IOT"))),
)
_MOST_BANDS = const(19)
_HIGHEST_BAND = const(85)
_LOOK = const(1_000)  # ms between two looks for a position

# Keys of AT+CACFG that are of use to a client, and how many numbers each takes at most.
_OPTIONS = (
    ("TRANSWAITTM", 1),
    ("TRANSPKTSIZE", 1),
    ("SACK", 1),
    ("MSS", 1),
    ("ACKDELAY", 1),
    ("TCPIRT", 1),
    ("TCPOT", 1),
    ("MAXRXT", 1),
    ("KEEPALIVE", 4),
    ("TCP_NODELAY", 1),
    ("LINGER", 2),
    ("SNDBUF", 1),
    ("RCVBUF", 1),
)


class SIMComExtras(Extras):
    """For a SIM7080 or SIM7000 (`modem`)."""

    def network(self, mode="", bands=()):
        """Set where the modem looks for the network: `mode` is "lte-m", "nb-iot" or "both",
        `bands` the numbers of the bands ("" and () change nothing). The modem keeps both. A value
        that is set already is not set again, because the modem would leave the network for it."""
        systems = meaning(_MODES, mode or "both")
        if not systems:
            raise ModemError("network-mode-unknown", mode)
        number, systems = systems
        if mode:
            for command, wanted in ((b"+CNMP", _LTE_ONLY), (b"+CMNB", number)):
                if decimal(self._modem._info_line(command + b"?", command + b":")) != wanted:
                    self._at.command(b"%s=%d" % (command, wanted))
        if not bands:
            return
        typed("bands", bands, (tuple, list))
        if len(bands) > _MOST_BANDS or not all(
            isinstance(band, int) and 1 <= band <= _HIGHEST_BAND for band in bands
        ):
            raise ModemError("bands-invalid", _HIGHEST_BAND)
        wanted = b",".join([b"%d" % band for band in sorted(set(bands))])
        known = {}
        for line in self._at.command(b"+CBANDCFG?", b"+CBANDCFG:"):
            name, _, numbers = line.partition(b",")
            known[text(name.strip(b'"')).upper()] = numbers.replace(b" ", b"")
        for system in systems:
            if known.get(system) != wanted:
                self._at.command(b'+CBANDCFG="%s",%s' % (system.encode(), wanted))

    def access_point(self, apn):
        """As `Modem.prepare`, which sees to the APN of the registration."""
        self._modem.prepare(apn)

    def cell(self):
        """The serving cell (AT+CPSI) as a dict: system, operator, tac, cell, band as text; earfcn,
        rsrq (dB), rsrp, rssi (dBm), snr as numbers or None. None without service."""
        fields = [
            text(field.strip())
            for field in self._modem._info_line(b"+CPSI?", b"+CPSI:").split(b",")
        ]
        if len(fields) < 14 or fields[1] != "Online":
            return None
        cell = {}
        for name, at in (("system", 0), ("operator", 2), ("tac", 3), ("cell", 4), ("band", 6)):
            cell[name] = fields[at]
        for name, at in (("earfcn", 7), ("rsrq", 10), ("rsrp", 11), ("rssi", 12), ("snr", 13)):
            cell[name] = _signed(fields[at])
        return cell

    def quality(self):
        """As `Extras.quality`, from AT+CPSI."""
        cell = self.cell()
        return (cell["rsrp"], cell["rsrq"]) if cell else (None, None)

    def power_saving(self, period, active=None):
        """As `Extras.power_saving`; the modem says when it goes to sleep."""
        self._at.command(b"+CPSMSTATUS=%d" % (period is not None))
        super().power_saving(period, active)

    def socket_option(self, key, *values):
        """Set an option of the connections that are opened from now on, until the modem restarts
        (AT+CACFG), e.g. socket_option("KEEPALIVE", 1, 120, 30, 4)."""
        most = meaning(_OPTIONS, key)
        if not most:
            raise ModemError("option-unknown", key, ", ".join([o[0] for o in _OPTIONS]))
        if not 1 <= len(values) <= most or not all(isinstance(value, int) for value in values):
            raise ModemError("option-values", key, most)
        numbers = b",".join([b"%d" % value for value in values])
        self._at.command(b'+CACFG="%s",%s' % (key.encode(), numbers))

    # -- position -------------------------------------------------------------------------------

    def position(self, timeout=300_000):
        """Where we are by GNSS, a tuple (UTC as a tuple of six or None, latitude, longitude in
        degrees, altitude in m, speed in km/h, course in degrees; None for what is missing), or
        None without a fix after `timeout` ms.

        The SIM7080 has one receiver for GNSS and the network: it must have no connection, and the
        network is gone until this ends; register and attach anew. A SIM7000 has two.
        """
        modem = self._modem
        if getattr(modem, "shared_receiver", True):
            for socket in modem._sockets:
                if not socket.free():
                    raise NetworkError("receiver-shared")
        self._at.command(b"+CGNSPWR=1")
        try:
            deadline = ticks.after(timeout)
            while True:
                found = _fix(modem._info_line(b"+CGNSINF", b"+CGNSINF:"))
                if found or ticks.left(deadline) <= 0:
                    return found
                modem._idle(_LOOK)
        finally:
            try:
                self._at.command(b"+CGNSPWR=0")
            except ModemError:  # its answer, or the command, was lost
                self._at.command(b"+CGNSPWR=0")


def _fix(line):
    """The position in `+CGNSINF: <run>,<fix>,<yyyyMMddhhmmss.sss>,<lat>,<lon>,<alt>,<speed>,
    <course>,…`, or None."""
    fields = [text(field.strip()) for field in line.split(b",")]
    if len(fields) < 8 or fields[:2] != ["1", "1"]:
        return None
    latitude, longitude, altitude, speed, course = [_decimal(field) for field in fields[3:8]]
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return _moment(fields[2]), latitude, longitude, altitude, speed, course


def _moment(digits):
    """yyyyMMddhhmmss… as (year, month, day, hour, minute, second), or None."""
    digits = digits[:14]
    if len(digits) != 14 or not digits.isdigit():
        return None
    pairs = [int(digits[i : i + 2]) for i in range(4, 14, 2)]
    return (int(digits[:4]),) + tuple(pairs)


def _decimal(value):
    """A decimal fraction (text), or None."""
    try:
        return float(value) if not value.strip("+-.0123456789") else None
    except ValueError:
        return None


def _signed(value):
    """A decimal number with or without a sign (text), or None."""
    digits = value[1:] if value[:1] == "-" else value
    return int(value) if digits.isdigit() else None
