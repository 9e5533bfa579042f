"""Cellular modems behind a UART: AT engine, drivers, TCP sockets, and APDUs to the SIM.

modem = cellular.SIM7080(uart)                   # or cellular.driver("sim7080")(uart)
modem.connect("internet")                        # power, PIN, context, registration, clock
stream = modem.socket(); stream.connect(("host", 8883))
channel = modem.sim()                            # for iotsafe.Applet
"""

# ruff: noqa: F401 - these names are the interface; a list of them as text would cost flash

from .at import AT
from .csim import CSIM
from .errors import (
    CellularError,
    CommandError,
    ModemError,
    ModemGarbled,
    ModemReset,
    ModemSilent,
    ModemTimeout,
    NetworkError,
    SIMError,
    StreamError,
)
from .socket import Socket

__version__ = "0.2.0"

# Name in a config, module and class of each driver. It is imported when it is first used.
DRIVERS = (
    ("bg77", "quectel", "BG77"),
    ("bg95", "quectel", "BG95"),
    ("bg96", "quectel", "BG96"),
    ("eg91", "quectel", "EG91"),
    ("eg95", "quectel", "EG95"),
    ("gm02s", "sequans", "GM02S"),
    ("gms01q", "sequans", "GMS01Q"),
    ("sara-r4", "ublox", "SARAR4"),
    ("sara-r5", "ublox", "SARAR5"),
    ("sim7000", "sim7000", "SIM7000"),
    ("sim7080", "sim7080", "SIM7080"),
    ("tx62", "cinterion", "TX62"),
)


def names():
    """The names that `driver` knows."""
    return [name for name, _, _ in DRIVERS]


def driver(name):
    """The class of the driver `name`, as in a config; ValueError if there is none."""
    found = _find(0, name)
    if not found:
        raise ValueError("no driver %r" % (name,))
    return found


def __getattr__(name):
    # A module of the package is asked for here too, by `from . import …` before it is loaded.
    if name[0] != "_":
        try:
            if name in ("SIM7070", "SIM7090"):  # do all as the SIM7080 does
                name = "SIM7080"
            return _find(2, name) or _submodule(name)
        except ImportError:
            from .renamed import message

            name = message(name)
    raise AttributeError(name)


def _find(column, wanted):
    for row in DRIVERS:
        if row[column] == wanted:
            return getattr(_submodule(row[1]), row[2])


def _submodule(name):
    return __import__("cellular." + name, None, None, (name,))
