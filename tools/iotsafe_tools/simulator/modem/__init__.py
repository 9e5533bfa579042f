"""Simulated cellular modem: AT commands on one side, real TCP sockets and a SIM on the other."""

from .core import Modem, Options
from .line import Line, MemoryUART
from .network import Network

__all__ = ["Line", "MemoryUART", "Modem", "Network", "Options"]
