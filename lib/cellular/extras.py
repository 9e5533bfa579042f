"""What a telemetry session does not need: identity, signal details, power saving. 3GPP TS 27.007.

    extras = modem.extras()
    extras.power_saving(6 * 3600, 30)

Loaded by `Modem.extras` only. A subclass has what a vendor does in its own way.
"""

from micropython import const

from . import timeouts
from .errors import ModemError, text, typed
from .parser import decimal

_LTE_M = const(4)  # +CEDRXS <AcT>
_NB_IOT = const(5)
_MOST = const(31)  # units in a timer

# Seconds of a unit and its code (3GPP TS 24.008 10.5.7.4a and 10.5.7.3), the finest first.
_PERIODIC = ((2, 3), (30, 4), (60, 5), (600, 0), (3_600, 1), (36_000, 2), (1_152_000, 6))
_ACTIVE = ((2, 0), (60, 1), (360, 2))
# eDRX cycles in units of 5.12 s, by their code (10.5.5.32).
_CYCLES = (1, 2, 4, 8, 12, 16, 20, 24, 28, 32, 64, 128, 256, 512, 1024, 2048)
_CYCLE_MS = const(5_120)


class Extras:
    """Extras of `modem`, which is powered up. Each method may raise a ModemError."""

    def __init__(self, modem):
        self._modem = modem
        self._at = modem.at

    def identity(self):
        """Return (model, revision of its firmware, IMEI) as text."""
        return tuple(self._text(command) for command in (b"+CGMM", b"+CGMR", b"+CGSN"))

    def quality(self):
        """Return (RSRP in dBm, RSRQ in dB) of the cell (AT+CESQ), None for an unknown value."""
        fields = self._modem._info_line(b"+CESQ", b"+CESQ:").split(b",")
        if len(fields) < 6:
            return None, None
        rsrq, rsrp = decimal(fields[4]), decimal(fields[5])
        return (
            None if rsrp is None or rsrp > 97 else rsrp - 141,
            None if rsrq is None or rsrq > 34 else rsrq / 2 - 20,
        )

    def network(self, mode="", bands=()):
        """Set where the modem looks for the network. This driver cannot."""
        raise ModemError("network-mode-unsupported")

    # -- power saving ---------------------------------------------------------------------------

    def power_saving(self, period, active=None):
        """Request PSM: the modem sleeps `active` s after its last traffic, until it reports to the
        network after `period` s or `wake` wakes it. `period` None: no PSM. Times are rounded up to
        the next value that the commands can express.

        A sleeping modem is as if it were off: its connections are gone, and commands end in
        ModemReset or ModemSilent. `granted` returns what the network granted.
        """
        if period is None:
            self._at.command(b"+CPSMS=0")
            return
        self._at.command(
            b'+CPSMS=1,,,"%s","%s"' % (_timer(period, _PERIODIC), _timer(active, _ACTIVE))
        )

    def granted(self):
        """Return (period, active) of PSM in seconds, as the network granted them, or None."""
        self._at.command(b"+CEREG=4")
        try:
            fields = self._modem._info_line(b"+CEREG?", b"+CEREG:").split(b",")
        finally:
            self._at.command(b"+CEREG=1")
        if len(fields) < 9:
            return None, None
        return _seconds(fields[-1], _PERIODIC), _seconds(fields[-2], _ACTIVE)

    def edrx(self, cycle, narrow_band=False):
        """Ask for eDRX: the modem listens each `cycle` s only (rounded up to 5.12, 10.24 … 10486)
        and stays reachable. `cycle` None: no eDRX."""
        if cycle is None:
            self._at.command(b"+CEDRXS=0")
            return
        typed("cycle", cycle, (int, float))
        for code in range(len(_CYCLES)):
            if _CYCLES[code] * _CYCLE_MS >= cycle * 1000:
                break
        else:
            raise ModemError("edrx-too-long", _CYCLES[-1] * _CYCLE_MS // 1000)
        act = _NB_IOT if narrow_band else _LTE_M
        self._at.command(b'+CEDRXS=1,%d,"%s"' % (act, _bits(code, 4)))

    def granted_edrx(self):
        """Return the eDRX cycle in seconds that the network granted, or None."""
        fields = self._modem._info_line(b"+CEDRXRDP", b"+CEDRXRDP:").split(b",")
        code = _binary(fields[2], 4) if len(fields) > 2 else None
        return None if code is None else _CYCLES[code] * _CYCLE_MS / 1000

    def wake(self):
        """Wake the modem from PSM, with the power key where it does not answer, and set it up."""
        self._at.poll()  # what it said before it slept is no sign of life
        self._at.restarted()
        self._modem.power_up(timeouts.FIRST_CALL)

    # -- helpers --------------------------------------------------------------------------------

    def _text(self, command):
        """Return the first line of the answer to `command` as text."""
        lines = self._at.command(command, b"")
        return text(lines[0]) if lines else ""


def _bits(value, size):
    """Return `value` as `size` binary digits (bytes)."""
    return b"".join([b"1" if value >> i & 1 else b"0" for i in range(size - 1, -1, -1)])


def _binary(field, size):
    """Return the value of `size` binary digits in quotes (bytes), or None."""
    field = field.strip().strip(b'"')
    if len(field) != size or field.strip(b"01"):
        return None
    value = 0
    for digit in field:
        value = value << 1 | digit & 1
    return value


def _timer(seconds, units):
    """Return the eight bits of a timer of at least `seconds`, in the finest unit that fits."""
    typed("seconds", seconds, int)
    for unit, code in units:
        count = -(-seconds // unit)
        if count <= _MOST:
            return _bits(code << 5 | max(count, 0), 8)
    raise ModemError("psm-too-long", _MOST * units[-1][0])


def _seconds(field, units):
    """Return the seconds of a timer (eight bits in quotes); None if it is off or invalid."""
    value = _binary(field, 8)
    if value is not None:
        for unit, code in units:
            if code == value >> 5:
                return unit * (value & _MOST)
    return None
