"""TLS with a private key that never leaves the SIM: a GSMA IoT SAFE (IoT.05) client.

applet = iotsafe.Applet(channel).open()          # channel: modem.sim() or any other Channel
identity = iotsafe.choose(applet)                # key and certificate that belong together
context = iotsafe.SSLContext(identity, ca)       # the server is always verified
session = context.wrap_socket(stream, "mqtt.example.com")

safe = iotsafe.open(modem)                       # at the REPL: all commands, and a doctor
safe.doctor()
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

# What is imported when it is first used: names of other modules, and those modules.
_LATER = (
    ("safe", ("Safe",)),
    (
        "signing",
        (
            "Digest",
            "ECDSA",
            "K1",
            "K2",
            "LastBlock",
            "RSA_PKCS1",
            "RSA_PSS",
            "SHA256",
            "SHA384",
            "SHA512",
            "Text",
        ),
    ),
)


def __getattr__(name):
    for module, names in _LATER:
        if name in names:
            return getattr(_submodule(module), name)
    if name[0] != "_":
        try:
            return _submodule(name)
        except ImportError:
            pass
    raise AttributeError(name)


def _submodule(name):
    return __import__("iotsafe." + name, None, None, (name,))


def open(channel, aids=AIDS, number=None):
    """The whole applet on `channel`, which is a Channel or a modem: see `safe.Safe`.

    `aids`: AIDs (bytes) to try in order. `number`: a logical channel to use as it is, 0 for a
    reader on a desk; by default one is opened.
    """
    from .safe import Safe

    return Safe(channel, aids, number)


__version__ = "0.1.0"
