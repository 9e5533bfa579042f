"""What to make of damage on the line. Imported when there is some, and not before.

A send whose result is damaged, or that was refused after its payload, is not the end of a
connection: the modem counts what it takes. It is asked until its answers agree, twice, as a digit
can be lost, too. Nothing is sent again unless the modem refused it and its counter says the same.
"""

from micropython import const

from .errors import ModemError, ModemGarbled, ModemReset, ModemTimeout
from .modem import _number

_ASKED = const(6)
_PAUSE = const(100)  # ms between two of them: what was taken may not be counted at once


def is_damaged(line, known):
    """Is `line` (memoryview), which nobody knows, one of `known` that has lost one byte? Those are
    the final results that the engine waits for and, or None, what the answer begins with."""
    return any(whole and _lacks_one(line, whole) for whole in known)


def _lacks_one(line, whole):
    """Is `line` the bytes of `whole` without one of them? One that ends with a colon is a
    beginning."""
    size = len(whole) - 1
    if len(line) < size or (len(line) > size and whole[size] != 0x3A):
        return False
    at = 0
    while at < size and line[at] == whole[at]:
        at += 1
    return line[at:size] == whole[at + 1 :]


def count(driver, cid):
    """How many bytes of the connection the modem has taken, or None."""
    ask, prefix, field = driver.counter
    lines = driver.at.command(ask % driver._theirs(cid), prefix)
    fields = lines[-1].split(b",") if lines else ()
    return _number(fields[field]) if field < len(fields) else None


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
