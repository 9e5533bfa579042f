"""Certificates: their names, their validity, and their files on disk."""

import datetime
import ssl
import stat
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from iotsafe_tools.testbed import PKI, Issued, Validity


@pytest.fixture
def pki(tmp_path: Path) -> PKI:
    return PKI.create(tmp_path / "pki")


def point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def verify(pki: PKI, issued: Issued, chain: tuple[x509.Certificate, ...] = ()) -> None:
    """Check that a client accepts the server certificate `issued`; raise VerificationError if
    not."""
    builder = PolicyBuilder().store(Store([pki.ca.certificate]))
    verifier = builder.build_server_verifier(x509.DNSName("localhost"))
    assert verifier.verify(issued.certificate, list(chain))[-1] == pki.ca.certificate


def names(certificate: x509.Certificate) -> list[str]:
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return [str(name.value) for name in extension.value]


def test_a_client_certificate_for_a_public_point(pki: PKI) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    der = pki.issue_client(point(key), "device-1")
    certificate = x509.load_der_x509_certificate(der)
    assert certificate.public_key() == key.public_key()
    assert certificate.subject.rfc4514_string() == "CN=device-1"
    certificate.verify_directly_issued_by(pki.ca.certificate)
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [x509.ExtendedKeyUsageOID.CLIENT_AUTH]
    assert 300 < len(der) < 700
    assert (pki.folder / "client-1.der").read_bytes() == der
    assert not (pki.folder / "client-1.key").exists()


@pytest.mark.parametrize(
    "bad", [b"", b"\x02" * 33, bytes(65), b"\x04" + bytes(64), b"\x04" * 65, b"\x04" * 66]
)
def test_a_point_that_is_none(pki: PKI, bad: bytes) -> None:
    with pytest.raises(ValueError, match=r"04 X Y on P-256"):
        pki.issue_client(bad, "device-1")


@pytest.mark.parametrize("cn", ["", "x" * 65, "a\nb", "a\0"])
def test_a_common_name_that_is_none(pki: PKI, cn: str) -> None:
    with pytest.raises(ValueError, match="common name"):
        pki.software_client(cn)


def test_the_names_of_a_server(pki: PKI) -> None:
    assert names(pki.issue_server().certificate) == ["localhost", "127.0.0.1"]
    more = pki.issue_server("broker.example", "192.0.2.1").certificate
    assert names(more) == ["localhost", "127.0.0.1", "broker.example", "192.0.2.1"]
    assert names(pki.issue_server("wrong.example", only=True).certificate) == ["wrong.example"]
    with pytest.raises(ValueError, match="at least one name"):
        pki.issue_server(only=True)


@pytest.mark.parametrize(
    ("validity", "valid"),
    [(Validity.CURRENT, True), (Validity.EXPIRED, False), (Validity.FUTURE, False)],
)
def test_validity(pki: PKI, validity: Validity, valid: bool) -> None:
    now = datetime.datetime.now(datetime.UTC)
    for issued in (
        pki.issue_server(validity=validity),
        pki.software_client("a", validity=validity),
    ):
        certificate = issued.certificate
        current = certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc
        assert current is valid
    root = pki.ca.certificate  # is always valid, so that only the leaf can fail
    assert root.not_valid_before_utc <= certificate.not_valid_before_utc
    assert root.not_valid_after_utc >= certificate.not_valid_after_utc


def test_an_intermediate_issues_and_is_sent_along(tmp_path: Path) -> None:
    pki = PKI.create(tmp_path, intermediate=True)
    server = pki.issue_server()
    intermediate = pki.intermediate.certificate
    server.certificate.verify_directly_issued_by(intermediate)
    intermediate.verify_directly_issued_by(pki.ca.certificate)
    assert server.chain_der == (pki.intermediate.der,)
    assert server.path.read_bytes() == server.pem + pki.intermediate.pem
    verify(pki, server, server.chain)
    with pytest.raises(VerificationError):
        verify(pki, server)


def test_another_authority_is_another(pki: PKI, tmp_path: Path) -> None:
    other = PKI.create(tmp_path / "other")
    assert other.ca_der != pki.ca_der
    server = other.issue_server()
    verify(other, server)
    with pytest.raises(VerificationError):
        verify(pki, server)


def test_files_and_their_modes(tmp_path: Path) -> None:
    pki = PKI.create(tmp_path / "deep" / "pki", intermediate=True)
    server, client = pki.issue_server(), pki.software_client("a")
    assert stat.S_IMODE(pki.folder.stat().st_mode) == 0o700
    keys = sorted(pki.folder.glob("*.key"))
    assert {server.key_path, client.key_path} < set(keys) and len(keys) == 4
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}
    assert pki.ca_path.read_bytes() == pki.ca_pem
    assert ssl.PEM_cert_to_DER_cert(pki.ca_pem.decode()) == pki.ca_der
    assert not any(b"PRIVATE" in path.read_bytes() for path in pki.folder.glob("*.[dp]e[rm]"))


def test_a_folder_holds_one_authority(pki: PKI) -> None:
    with pytest.raises(FileExistsError, match="choose an empty folder"):
        PKI.create(pki.folder)


def test_it_is_fast(tmp_path: Path) -> None:
    start = time.process_time()
    pki = PKI.create(tmp_path)
    for number in range(20):
        pki.software_client(f"client {number}")
    assert time.process_time() - start < 2
