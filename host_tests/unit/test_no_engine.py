"""CPython has no engine that can delegate a signature; its error must give the remedy.

CPython only: MicroPython has the engine.
"""

from cards import from_hex
from data import certificates as pki
from expect import raises
from software_key import SoftwareIdentity

from iotsafe import NoEngine, SSLContext

RUNTIMES = ("cpython",)


def test_no_engine():
    with raises(NoEngine, text="its tls has no ecdsa_sign_callback"):
        SSLContext(SoftwareIdentity(from_hex(pki.CLIENT)), from_hex(pki.CA))
