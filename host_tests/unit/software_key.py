"""A software signer with pair 01 of the worked examples, which replaces the SIM's key in tests.

Its nonce is fixed (that of RFC 6979 A.2.5 for SHA-256 of "sample"), so that a signature costs
three operations and little memory. A fixed nonce reveals the key, which is public anyway.
"""

from binascii import unhexlify

from data.worked_examples import PAIR_01_D, PAIR_01_POINT

from iotsafe.der import signature

_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_R = 0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716
_D = int(PAIR_01_D, 16)
# The nonce's inverse modulo _N, computed beforehand: a board needs seconds for it.
_K_INVERSE = 0xAAF7A4C4D10293A89370E2CC3E88CA623E38B5814D37EB5E96FFDEA769CFE547
_RD = _R * _D % _N

PRIVATE_KEY = unhexlify("30310201010420" + PAIR_01_D + "A00A06082A8648CE3D030107")  # SEC1


def sign(digest):
    """Return an ECDSA signature over `digest` in DER; the leftmost 256 bits count."""
    s = _K_INVERSE * (int.from_bytes(digest[:32], "big") + _RD) % _N
    return signature(_R.to_bytes(32, "big") + s.to_bytes(32, "big"))


class Signer:
    """Signs with a given signature or with the software key; records the digests."""

    def __init__(self, signature=None):
        self.signature = signature
        self.digests = []

    def __call__(self, digest):
        self.digests.append(bytes(digest))
        return sign(digest) if self.signature is None else self.signature


class SoftwareIdentity:
    """An identity that records the digests that it signed; it raises `failure` instead, if set."""

    chain = ()
    public_key = unhexlify(PAIR_01_POINT)

    def __init__(self, certificate, failure=None):
        self.certificate = certificate
        self.digests = []
        self.failure = failure

    def sign(self, digest):
        self.digests.append(digest)
        if self.failure:
            raise self.failure
        return sign(digest)
