"""TLS with a private key that never leaves the SIM: a GSMA IoT SAFE (IoT.05) client.

applet = iotsafe.Applet(channel).open()          # channel: modem.sim() or any other Channel
identity = iotsafe.choose(applet)                # key and certificate that belong together
context = iotsafe.SSLContext(identity, ca)       # the server is always verified
session = context.wrap_socket(stream, "mqtt.example.com")
"""

# ruff: noqa: F401 - these names are the interface; a list of them as text would cost flash

from .applet import AIDS, Applet
from .cache import CertificateCache
from .context import SSLContext
from .errors import (
    AppletNotFound,
    BadCertificate,
    CardError,
    CardProtocolError,
    ClientRefused,
    HandshakeRefused,
    IdentityError,
    KeyMismatch,
    NoCertificate,
    NoEngine,
    NoKey,
    ServerCertificateExpired,
    ServerNameMismatch,
    ServerNotTrusted,
    TLSError,
)
from .identity import SIMIdentity, choose

__version__ = "0.1.0"
