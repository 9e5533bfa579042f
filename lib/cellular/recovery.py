"""Recovers from bytes that were lost on the line in a send. Imported when that happens.

A send whose result is damaged, or that was refused after its payload, is not the end of a
connection: the modem counts what it takes. It is asked until its answers agree, twice, as a
digit can be lost, too. Nothing is sent again unless the modem refused it and its counter says
the same.

What lost bytes cost, here and elsewhere:

    of a final result           known as such (`damage.py`): ModemGarbled at once; nothing behind
                                counted data or an answer of the SIM that is whole
    of an answer of the SIM,    `iotsafe` repeats commands that only read, up to five times, and
    or of its command           begins a signature anew (`again` of the exceptions)
    of received data            ModemGarbled, and the connection ends, as no modem tells the same
                                data twice. Two lost bytes can look like a whole line end: they are
                                noticed where the modem has an empty line before OK
    of the result of a send     the modem is asked what it took, and the connection goes on
    of a payload                SIM7080 and Sequans give it up after some seconds and take none of
                                it: it is sent again. The others wait for the rest; after 5 s they
                                are given CRs for it (`AT.fill`), and the connection ends
    of a command or its CR      the time-out of the command

Never sent again: what the modem did not refuse, what its count does not confirm, key generation,
keys to store, the PIN. With a tenth of a percent of the bytes lost, one handshake of three
(SIM7080, Sequans) to ten (the others) passes with TLS 1.2. The session tickets that OpenSSL
sends in TLS 1.3 double what comes down: then it is one of ten to forty.
"""

from micropython import const

from .errors import ModemError, ModemGarbled, ModemReset, ModemTimeout
from .parser import decimal

_ASKED = const(6)
_PAUSE = const(100)  # ms between two of them: what was taken may not be counted at once


def count(driver, cid):
    """Return how many bytes of the connection the modem has taken, or None."""
    ask, prefix, field = driver.counter
    lines = driver.at.command(ask % driver._modem_number(cid), prefix)
    fields = lines[-1].split(b",") if lines else ()
    return decimal(fields[field]) if field < len(fields) else None


def taken_after(error, socket, size):
    """Return how many bytes the modem took of the `size` that it was given in a send that ended in
    `error`: all or none. Raises `error` where that is not certain."""
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
