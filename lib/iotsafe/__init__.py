"""TLS with a private key that never leaves the SIM: a GSMA IoT SAFE (IoT.05) client.

identity = iotsafe.identity(modem)               # finds applet, key and certificate in the SIM
context = iotsafe.SSLContext(identity, ca)       # the server is always verified
stream = context.connect(modem, "mqtt.example.com", 8883)

applet = iotsafe.FullApplet(modem)               # at the REPL: all commands, and a doctor
applet.doctor()
"""

# ruff: noqa: F401 - these names are the interface; a list of them as text would cost flash

from .applet import AIDS, Applet
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
from .sim_key import SIMIdentity

# Imported at first use: a module, and the names that come from it.
_LATER = (
    ("cache", ("CertificateCache",)),
    ("sim_identity", ("find_identity",)),
    ("full_applet", ("FullApplet",)),
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
    from .renamed import message

    raise AttributeError(message(name))


def _submodule(name):
    return __import__("iotsafe." + name, None, None, (name,))


def identity(channel, key=b"", certificate=b"", cache=None, aids=AIDS, chain=()):
    """Open the applet, find its key and certificate for TLS, and return a SIMIdentity.

    `channel`: a modem, or a Channel (see `iotsafe.apdu`). `key`, `certificate`: an ID (bytes) or a
    label (str), needed only if the first pair that fits is the wrong one. `cache`: a
    CertificateCache, so that the SIM need not send the certificate each time. `aids`: AIDs (bytes)
    to try in order. `chain`: where further certificates for the server are, see `find_identity`.
    Raises AppletNotFound, an IdentityError that says what is missing, CardError, or what the
    channel raises.
    """
    applet = Applet(channel, aids).open()
    try:
        return _submodule("sim_identity").find_identity(applet, key, certificate, cache, chain)
    except (CardError, IdentityError) as e:
        try:
            applet.close()  # another attempt opens another channel, and the SIM has few
        except Exception:
            pass  # what failed first is raised
        raise e


__version__ = "0.2.0"
