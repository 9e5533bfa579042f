"""Real services for tests and demonstrations: certificates, a broker, a firmware process."""

from .broker import Broker, ConnectedClient
from .firmware import ROOT, Firmware, micropython_binary
from .pcscd import Pcscd
from .pki import PKI, Issued, Validity
from .process import PATIENCE, Process, ProcessError
from .reserved_port import ReservedPort
from .rig import Rig
from .subscriber import Message, Subscriber

__all__ = [
    "PATIENCE",
    "PKI",
    "ROOT",
    "Broker",
    "ConnectedClient",
    "Firmware",
    "Issued",
    "Message",
    "Pcscd",
    "Process",
    "ProcessError",
    "ReservedPort",
    "Rig",
    "Subscriber",
    "Validity",
    "micropython_binary",
]
