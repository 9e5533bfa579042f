"""What to make of damage on the line. Imported when there is some, and not before.

A send whose result is damaged, or that was refused after its payload, is not the end of a
connection: the modem counts what it takes. It is asked until its answers agree, twice, as a digit
can be lost, too. Nothing is sent again unless the modem refused it and its counter says the same.
"""

from micropython import const

from .errors import ModemError, ModemGarbled, ModemReset, ModemTimeout
from .parser import decimal

_ASKED = const(6)
_PAUSE = const(100)  # ms between two of them: what was taken may not be counted at once


def count(driver, cid):
    """How many bytes of the connection the modem has taken, or None."""
    ask, prefix, field = driver.counter
    lines = driver.at.command(ask % driver._modem_number(cid), prefix)
    fields = lines[-1].split(b",") if lines else ()
    return decimal(fields[field]) if field < len(fields) else None


def taken_after(error, socket, size):
    """How many bytes the modem took of the `size` that it was given in a send that ended in
    `error`: all or none. Raises `error` where that is not certain.
    """
    driver = socket.driver
    at = driver.at
    if isinstance(error, ModemTimeout):
        # It may still wait for bytes that were lost, and would take the next command for them.
        at.fill(size)
        raise error
    want = size if isinstance(error, ModemGarbled) else 0
    last = None
    for _ in range(_ASKED if error.again else 0):
        try:
            counted = count(driver, socket.cid)
        except ModemReset:
            raise
        except ModemError:
            counted = None
        if counted is not None and counted == last and counted - socket.sent == want:
            return want
        last = counted
        driver._idle(_PAUSE)
    raise error
