"""Makes `certificates.py`: the fixed certificates and server keys of the unit tests.

    .venv/bin/python host_tests/data/make_certificates.py

A run makes new keys for the authorities and the servers; the client key is pair 01 of the worked
examples. The certificates outlive the project, unless their name says otherwise.
"""

import textwrap
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from worked_examples import PAIR_01_D, PAIR_04_D

HOST = "broker.test"
START = datetime(2020, 1, 1, tzinfo=UTC)
END = datetime(2120, 1, 1, tzinfo=UTC)


def name(cn: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test"),
            x509.NameAttribute(NameOID.COMMON_NAME, cn),
        ]
    )


def issue(subject, key, issuer, issuer_key, *, start=START, end=END, host="", ca=False) -> bytes:
    """Return a certificate in DER."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject if isinstance(subject, x509.Name) else name(subject))
        .issuer_name(name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if host:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False
        )
    digest = None if isinstance(issuer_key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(issuer_key, digest).public_bytes(Encoding.DER)


def literal(title: str, value: bytes) -> str:
    lines = "\n".join(f'    "{line}"' for line in textwrap.wrap(value.hex().upper(), 88))
    return f"{title} = (\n{lines}\n)\n"


def main() -> None:
    curve = ec.SECP256R1()
    ca, other_ca, server = (ec.generate_private_key(curve) for _ in range(3))
    client = ec.derive_private_key(int(PAIR_01_D, 16), curve)
    edwards = ed25519.Ed25519PrivateKey.generate()
    second = ec.derive_private_key(int(PAIR_04_D, 16), curve)
    values = {
        "CA": issue("Test CA", ca, "Test CA", ca, ca=True),
        "OTHER_CA": issue("Other CA", other_ca, "Other CA", other_ca, ca=True),
        "SERVER_KEY": server.private_bytes(
            Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()
        ),
        "SERVER": issue(HOST, server, "Test CA", ca, host=HOST),
        "SERVER_EXPIRED": issue(
            HOST, server, "Test CA", ca, host=HOST, end=datetime(2021, 1, 1, tzinfo=UTC)
        ),
        "SERVER_FUTURE": issue(
            HOST, server, "Test CA", ca, host=HOST, start=datetime(2119, 1, 1, tzinfo=UTC)
        ),
        "CLIENT": issue("device-0001", client, "Test CA", ca),
        "CLIENT_RENEWED": issue("device-0001", client, "Test CA", ca),
        "CLIENT_SHORT": issue(
            x509.Name([]), client, "Test CA", ca, end=datetime(2049, 12, 31, 23, 59, 59)
        ),
        "CLIENT_UTF8": issue("Zähler", client, "Test CA", ca),
        "CLIENT_CONTROL": issue("a\nb", client, "Test CA", ca),
        "SECOND": issue("device-0004", second, "Test CA", ca),
        "P384": issue("p384", ec.generate_private_key(ec.SECP384R1()), "Test CA", ca),
        "ED25519": issue("ed25519", edwards, "ed25519", edwards, ca=True),
        "RSA": issue("rsa", rsa.generate_private_key(65537, 2048), "Test CA", ca),
    }
    head = (
        '"""Certificates and server keys of the unit tests, in DER as upper-case hex.\n\n'
        "Made by make_certificates.py. CLIENT... certify pair 01 of the worked examples, SECOND\n"
        'certifies pair 04.\n"""\n\n'
        f'HOST = "{HOST}"\n'
    )
    body = "".join(literal(title, value) for title, value in values.items())
    Path(__file__).with_name("certificates.py").write_text(head + body, encoding="utf-8")


if __name__ == "__main__":
    main()
