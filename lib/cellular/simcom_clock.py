"""SIMCom: the clock from a time server; loaded when the network has not sent the time."""

import ticks

from . import timeouts
from .errors import CommandError
from .parser import decimal

_SIM7080 = (b"+CNTPCID=0", b'+CNTP="pool.ntp.org",0,0,2', b"+CNTP")
_SIM7000 = (b"+CNTPCID=1", b'+CNTP="pool.ntp.org",0', b"+CNTP")


def ask_time_server(modem):
    """Set the clock of `modem` by NTP over its data connection; True if that was done.

    Where it has a `bearer_apn`, the time server is reached over a connection of its own.
    """
    apn = getattr(modem, "bearer_apn", None)
    if apn is not None:
        try:
            modem.at.command(b'+SAPBR=3,1,"APN","%s"' % apn.encode())
            modem.at.command(b"+SAPBR=1,1", timeout=timeouts.OPEN)
        except CommandError:
            pass  # it is up
    results = []
    handler = (b"+CNTP:", lambda line: results.append(decimal(bytes(line[6:]).split(b",")[0])))
    modem.at.handlers.append(handler)
    try:
        for command in _SIM7080 if apn is None else _SIM7000:
            modem.at.command(command)
        deadline = ticks.after(timeouts.NTP)
        while not results and ticks.left(deadline) > 0:
            modem._idle(20)
    except CommandError:
        pass
    finally:
        modem.at.handlers.remove(handler)
    return results[:1] == [1]
