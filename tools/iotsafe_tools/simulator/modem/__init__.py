"""The simulated cellular modem: AT commands on one side, TCP sockets and a SIM on the other."""

from .core import Modem, Options
from .line import MemoryUART, SerialLine
from .network import Network

__all__ = ["MemoryUART", "Modem", "Network", "Options", "SerialLine"]
