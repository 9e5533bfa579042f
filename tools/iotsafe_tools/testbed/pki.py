"""A certificate authority for tests and the demonstration: EC P-256, on disk, fast.

All files are in one folder (mode 0700, private keys 0600). Validity periods are relative to the
host's clock at the time of issue.
"""

import datetime
import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LOCAL_NAMES = ("localhost", "127.0.0.1")

_DAY = datetime.timedelta(days=1)


class Validity(Enum):
    """Validity period of a certificate: (first, last) day relative to now."""

    CURRENT = (-2, 365)
    EXPIRED = (-20, -1)
    FUTURE = (1, 20)
    AUTHORITY = (-30, 3650)


@dataclass(frozen=True)
class Issued:
    """A certificate with its files and chain. Files are PEM: leaf first, then intermediates."""

    certificate: x509.Certificate
    path: Path
    key_path: Path | None  # None: the key is elsewhere, for example in a SIM
    chain: tuple[x509.Certificate, ...] = ()  # intermediates, without the root

    @property
    def der(self) -> bytes:
        """The leaf certificate, DER."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        """The leaf certificate, PEM."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def chain_der(self) -> tuple[bytes, ...]:
        """The intermediates, DER, the leaf's issuer first."""
        return tuple(each.public_bytes(Encoding.DER) for each in self.chain)

    @property
    def cn(self) -> str:
        """The subject's common name."""
        return _common_name(self.certificate)


class PKI:
    """A root (`ca`) in `folder`, optionally with an intermediate that then issues everything."""

    def __init__(self, folder: Path, name: str, intermediate: bool) -> None:
        self.folder = folder
        self._count = 0
        self._root_key = _new_key()
        root = _sign(
            name, self._root_key.public_key(), None, self._root_key, _authority(not intermediate)
        )
        self.ca = self._store("ca", root, self._root_key)
        self.intermediate: Issued | None = None
        self._issuer, self._issuer_key = root, self._root_key
        if intermediate:
            self._issuer_key = _new_key()
            self._issuer = _sign(
                f"{name} intermediate",
                self._issuer_key.public_key(),
                root,
                self._root_key,
                _authority(True),
            )
            self.intermediate = self._store("intermediate", self._issuer, self._issuer_key)

    @classmethod
    def create(
        cls, folder: str | os.PathLike[str], *, name: str = "Test CA", intermediate: bool = False
    ) -> Self:
        """Create a new authority in `folder`; create the folder if it is missing.

        Raises FileExistsError if the folder already has one. A test that needs an "other CA"
        creates a second PKI in another folder.
        """
        path = Path(folder)
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (path / "ca.key").exists():
            raise FileExistsError(f"{path} already holds an authority: choose an empty folder")
        return cls(path, name, intermediate)

    @property
    def ca_path(self) -> Path:
        """The root certificate, PEM file."""
        return self.ca.path

    @property
    def ca_pem(self) -> bytes:
        """The root certificate, PEM."""
        return self.ca.pem

    @property
    def ca_der(self) -> bytes:
        """The root certificate, DER."""
        return self.ca.der

    def issue_server(
        self,
        *names: str,
        only: bool = False,
        validity: Validity = Validity.CURRENT,
    ) -> Issued:
        """Issue a server certificate and key for localhost, 127.0.0.1 and `names` (DNS or IP).

        `only=True` omits the two local names, which makes a server with the wrong name.
        """
        wanted = names if only else (*LOCAL_NAMES, *names)
        if not wanted:
            raise ValueError(
                "a server certificate needs at least one name: give one with only=True"
            )
        key = _new_key()
        extensions = _leaf(ExtendedKeyUsageOID.SERVER_AUTH, wanted)
        return self._issue(wanted[0], key.public_key(), key, extensions, validity, "server")

    def issue_client(
        self, public_point: bytes, cn: str, *, validity: Validity = Validity.CURRENT
    ) -> bytes:
        """Issue a client certificate, DER, for a key that is elsewhere.

        `public_point`: 65 bytes, 04 X Y on P-256; `cn`: 1 to 64 printable characters.
        Raises ValueError for anything else.
        """
        try:
            if len(public_point) != 65:
                raise ValueError(f"{len(public_point)} bytes")
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes(public_point))
        except ValueError as error:
            raise ValueError(f"no public point of 65 bytes, 04 X Y on P-256: {error}") from None
        extensions = _leaf(ExtendedKeyUsageOID.CLIENT_AUTH)
        return self._issue(cn, key, None, extensions, validity, "client").der

    def software_client(self, cn: str, *, validity: Validity = Validity.CURRENT) -> Issued:
        """Issue a client certificate with a key file, for host programs such as a subscriber."""
        key = _new_key()
        extensions = _leaf(ExtendedKeyUsageOID.CLIENT_AUTH)
        return self._issue(cn, key.public_key(), key, extensions, validity, "client")

    def _issue(self, cn, public_key, key, extensions, validity, kind) -> Issued:
        certificate = _sign(cn, public_key, self._issuer, self._issuer_key, extensions, validity)
        self._count += 1
        chain = (self.intermediate.certificate,) if self.intermediate else ()
        return self._store(f"{kind}-{self._count}", certificate, key, chain)

    def _store(
        self,
        stem: str,
        certificate: x509.Certificate,
        key: ec.EllipticCurvePrivateKey | None,
        chain: tuple[x509.Certificate, ...] = (),
    ) -> Issued:
        path = self.folder / f"{stem}.pem"
        path.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in (certificate, *chain)))
        path.with_suffix(".der").write_bytes(certificate.public_bytes(Encoding.DER))
        key_path = None
        if key is not None:
            key_path = path.with_suffix(".key")
            pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            with open(os.open(key_path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as f:
                f.write(pem)
        return Issued(certificate, path, key_path, chain)


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _common_name(certificate: x509.Certificate) -> str:
    return certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value


def _usage(**true: bool) -> x509.KeyUsage:
    flags = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{flag: true.get(flag, False) for flag in flags})


def _authority(last: bool) -> list[tuple[x509.ExtensionType, bool]]:
    """Return an authority's extensions (value, critical); `last`: it cannot issue authorities."""
    return [
        (x509.BasicConstraints(ca=True, path_length=0 if last else 1), True),
        (_usage(key_cert_sign=True, crl_sign=True), True),
    ]


def _leaf(
    purpose: x509.ObjectIdentifier, names: Sequence[str] = ()
) -> list[tuple[x509.ExtensionType, bool]]:
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_usage(digital_signature=True), True),
        (x509.ExtendedKeyUsage([purpose]), False),
    ]
    if names:
        extensions.append((x509.SubjectAlternativeName([_general(name) for name in names]), False))
    return extensions


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _sign(
    cn: str,
    public_key: ec.EllipticCurvePublicKey,
    issuer: x509.Certificate | None,
    issuer_key: ec.EllipticCurvePrivateKey,
    extensions: list[tuple[x509.ExtensionType, bool]],
    validity: Validity | None = None,
) -> x509.Certificate:
    """Return a certificate for `public_key`, issued by `issuer` (None: self-signed)."""
    if not 1 <= len(cn) <= 64 or not cn.isprintable():
        raise ValueError(f"a common name has 1 to 64 printable characters, not {cn!r}")
    first, last = (validity or Validity.AUTHORITY).value
    now = datetime.datetime.now(datetime.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, cn)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + first * _DAY)
        .not_valid_after(now + last * _DAY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer_key, hashes.SHA256())
