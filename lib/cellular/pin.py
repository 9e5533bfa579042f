"""Enters the PIN of the SIM, while another attempt is left for a person; loaded when the SIM asks.

Where the modem tells how many attempts are left, that counts. Where it does not, the program's own
count does: two at most without success, which `modem.pin_record` keeps over restarts.
"""

from micropython import const

from .errors import CommandError, SIMError, typed
from .parser import number

# Attempts where the modem does not tell how many are left: the third wrong one locks the SIM.
_MOST = const(2)
_LEFT = const(2)  # attempts that the modem has to tell, at least
REFUSED = const(99)  # in place of a count: this PIN was refused

_SIM_FAILURE = const(13)
_SIM_BUSY = const(14)


def enter(modem, pin):
    """Enter `pin` (str). Raises SIMError: it is none, it was refused now or before, or the attempt
    is left to a person; CommandError 13 or 14: the SIM does not answer."""
    if not pin:
        raise SIMError("pin-wanted")
    typed("pin", pin, str)
    digits = pin.encode()  # as str.isdigit() of CPython takes digits of every script
    if not (4 <= len(digits) <= 8 and digits.isdigit()):
        raise SIMError("pin-malformed")
    record = modem.pin_record and modem.pin_record()
    if record:
        modem._pin_entries = max(modem._pin_entries, record.load(_card(modem), digits))
    if modem._pin_entries == REFUSED:
        raise SIMError("pin-refused-before")
    left = _left(modem)
    if left is None:
        try:
            if modem._pin_entries >= _MOST:
                raise SIMError("pin-kept")
            if record:  # before the attempt: its end may never be known
                record.save(modem._pin_entries + 1)
        except OSError as e:
            raise SIMError("pin-kept") from e
    elif left < _LEFT:
        raise SIMError("pin-kept")
    modem._pin_entries += 1
    try:
        modem.at.command(b'+CPIN="%s"' % digits)
    except CommandError as e:
        if e.code in (_SIM_FAILURE, _SIM_BUSY):
            if left is not None and _left(modem) == left:  # it has not looked at the PIN
                modem._pin_entries -= 1
            raise
        count, modem._pin_entries = modem._pin_entries, REFUSED
        if record:
            try:
                record.save(count, True)
            except OSError:
                pass
        raise SIMError("pin-refused", e.detail)


def _card(modem):
    """The SIM's number, b"" where the modem does not tell it without the PIN."""
    try:
        return modem.iccid().encode()
    except CommandError:
        return b""


def _left(modem):
    """How many attempts are left, or None."""
    for command, prefix, field in modem.pin_counters:
        try:
            for line in modem.at.command(command, prefix):
                return number(b":" + line, field)
        except CommandError:
            pass
    return None
