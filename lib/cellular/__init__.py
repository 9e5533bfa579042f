"""Cellular modems behind a UART: AT engine, drivers, TCP sockets, and APDUs to the SIM.

modem = cellular.SIM7080(uart)
modem.power_up(); modem.unlock(); modem.register(); modem.attach("apn")
stream = modem.socket(); stream.connect(("host", 8883))
channel = modem.sim()                            # for iotsafe.Applet
"""

# ruff: noqa: F401 - these names are the interface; a list of them as text would cost flash

from .at import AT
from .csim import CSIM
from .errors import (
    CommandError,
    ModemError,
    ModemGarbled,
    ModemReset,
    ModemSilent,
    ModemTimeout,
    NetworkError,
    SIMError,
)
from .sim7080 import SIM7080
from .socket import Socket

__version__ = "0.1.0"

# Name in a config -> driver.
DRIVERS = {"sim7080": SIM7080}
