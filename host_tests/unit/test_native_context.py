"""The TLS context with delegated signatures, without a handshake.

MicroPython only: CPython's ssl cannot delegate a signature.
"""

import tls
from cards import from_hex
from data import certificates as pki
from expect import equal, raises, replaced
from pem_files import pem
from software_key import PRIVATE_KEY, SoftwareIdentity
from tls_session import CA, CLIENT, Session

from iotsafe import SSLContext, native
from iotsafe.errors import BadCertificate

RUNTIMES = ("micropython", "pico")

ED25519 = from_hex(pki.ED25519)

SHA256 = "TLS1-3-AES-128-GCM-SHA256"


def test_damaged_ca():
    for data in (CA[:-1], CA[:40]):
        with raises(ValueError, text="damaged: DER ends early"):
            SSLContext(SoftwareIdentity(CLIENT), data)


def test_a_ca_that_cannot_be_read_is_left_out():
    identity = SoftwareIdentity(CLIENT)
    other = from_hex(pki.OTHER_CA)
    cut = b"-----BEGIN CERTIFICATE-----\nMIIB\n"
    for data, problems in (
        (CA, []),
        (ED25519 + CA, ["ed25519: Ed25519"]),
        (CA + ED25519 + other, ["ed25519: Ed25519"]),
        (pem(ED25519) + pem(CA) + pem(CA[:50]), ["ed25519: Ed25519", "damaged: DER ends early"]),
        (cut + pem(CA), ["a PEM certificate is cut off"]),
    ):
        context = SSLContext(identity, data)
        assert context.problems == problems, context.problems
    with raises(ValueError, text="ed25519: Ed25519"):
        SSLContext(identity, ED25519)


def test_certificate_that_mbedtls_refuses():
    with raises(BadCertificate, text="mbedTLS refuses the certificate of the SIM"):
        SSLContext(SoftwareIdentity(CLIENT[:-1]), CA)


def test_server_is_always_verified():
    context = SSLContext(SoftwareIdentity(CLIENT), CA)
    assert context._engine._tls.verify_mode == tls.CERT_REQUIRED


def test_no_private_key_is_loaded():
    class Context:
        keys = []
        ecdsa_sign_callback = None

        def __init__(self, protocol):
            self.protocol = protocol

        def load_verify_locations(self, ca):
            pass

        def load_cert_chain(self, certificate, key):
            self.keys.append(bytes(key))

        def get_ciphers(self):
            return [SHA256]

        def set_ciphers(self, names):
            assert names == [SHA256]

    class Module:
        SSLContext = Context
        PROTOCOL_TLS_CLIENT = tls.PROTOCOL_TLS_CLIENT

    with replaced(native, tls=Module):
        SSLContext(SoftwareIdentity(CLIENT), CA)
    (key,) = Context.keys
    # SEC1 with the private value 2A: 20 bytes that name the key in the SIM.
    equal(key, from_hex("301202010104012AA00A06082A8648CE3D030107"))
    assert key != PRIVATE_KEY


def test_close_without_a_handshake():
    session = Session()
    session.tls.close()
    assert session.stream.closed and not session.stream.written
