"""Starts a modem that does not answer: its UART may have another rate, or it is off.

Loaded when `Modem.power_up` has waited for the modem in vain.
"""

from micropython import const

import ticks

from . import timeouts
from .errors import ModemError, ModemGarbled

_RATE = const(115_200)  # at which boards open the UART
_RATE_WAIT = const(300)  # ms: AT is answered at the right rate within this
_RATE_TRIES = const(2)  # at each other rate; the first may end what the modem took for a line


def start(modem, new, error):
    """Find the modem at another rate if it is `new`, else start it with the power key.

    Raises `error`, with which the wait ended, where there is no key or it is a ModemGarbled: the
    modem is on, then.
    """
    if new and _find_rate(modem):
        return
    if not modem._power_key or isinstance(error, ModemGarbled):
        raise error
    _press_key(modem)


def _press_key(modem):
    """Start the modem with the power key; each second time in vain, reset it with the key."""
    pressed = (modem._hangs and modem.power_reset_ms) or modem.power_pulse_ms
    modem._hangs = not modem._hangs
    try:
        modem._power_key(True)
        ticks.sleep(pressed)
    finally:
        modem._power_key(False)
    modem.at.sync()
    modem._hangs = False


def _find_rate(modem):
    """Look for the modem at each of `rates`, and set it to ours, which it keeps; False if it is
    not there. That needs `uart.init(baudrate=…)`, as machine.UART has it."""
    init = getattr(modem._uart, "init", None)
    if not init:
        return False
    at = modem.at
    for rate in modem.rates:
        init(baudrate=rate)
        for _ in range(_RATE_TRIES):
            try:
                at.sync(_RATE_WAIT)
            except ModemError:
                continue
            try:
                at.command(b"+IPR=%d" % _RATE, timeout=_RATE_WAIT)
            except ModemError:
                pass  # its OK may come at the new rate already
            break
        init(baudrate=_RATE)
        if not at.lost:
            at.sync(timeouts.FIRST_CALL)
            return True
    return False
