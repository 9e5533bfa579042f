"""Certificate chains of TLS servers, as data, and their files."""

import datetime
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Chain:
    """Keys from the root to the server, and which certificates are signed with RSASSA-PSS."""

    keys: tuple[str, ...]
    pss: tuple[int, ...] = ()


CHAINS = {
    "ec-256": Chain(("EC-256", "EC-256")),
    "ec-384": Chain(("EC-384", "EC-384")),
    "rsa-2048": Chain(("RSA-2048", "RSA-2048")),
    "rsa-3072": Chain(("RSA-2048", "RSA-3072")),
    "rsa-4096": Chain(("RSA-4096", "RSA-4096")),
    "rsa-2048-intermediate": Chain(("RSA-2048", "RSA-2048", "RSA-2048")),
    "rsa-2048-pss-leaf": Chain(("RSA-2048", "RSA-2048"), pss=(1,)),
    "rsa-4096-pss-leaf": Chain(("RSA-4096", "RSA-4096"), pss=(1,)),
    "rsa-2048-pss-chain": Chain(("RSA-2048", "RSA-2048", "RSA-2048"), pss=(0, 1, 2)),
    "ec-under-rsa": Chain(("RSA-2048", "EC-256")),
    "rsa-under-ec": Chain(("EC-256", "RSA-2048")),
    "rsa-2048-self-signed": Chain(("RSA-2048",)),  # as `openssl req -x509` makes it
}


class Keys:
    """Private keys by kind and level, each made when it is first needed: RSA takes seconds."""

    def __init__(self) -> None:
        self._made: dict = {}

    def get(self, kind: str, level: int):
        if (kind, level) not in self._made:
            family, bits = kind.split("-")
            if family == "RSA":
                key = rsa.generate_private_key(65537, int(bits))
            else:
                key = ec.generate_private_key({"256": ec.SECP256R1(), "384": ec.SECP384R1()}[bits])
            self._made[kind, level] = key
        return self._made[kind, level]


@dataclass(frozen=True)
class Files:
    """A chain in PEM files: `chain` is the server's certificate with the intermediates."""

    certificate: x509.Certificate
    root: Path
    leaf: Path
    chain: Path
    intermediates: Path | None
    key: Path


def make(name: str, keys: Keys, folder: Path) -> Files:
    """Issue the chain `name` of `CHAINS` for localhost, and write its files into `folder`."""
    row = CHAINS[name]
    folder.mkdir()
    last = len(row.keys) - 1
    issued: list[x509.Certificate] = []
    for level, kind in enumerate(row.keys):
        above = max(level - 1, 0)
        issuer = issued[above].subject if issued else None
        signer = keys.get(row.keys[above], above)
        issued.append(
            _sign(keys.get(kind, level), f"{name} {level}", issuer, signer, level == last,
                  level in row.pss)
        )  # fmt: skip
    pem = [certificate.public_bytes(Encoding.PEM) for certificate in issued]
    below = pem[:0:-1] or pem  # the server's first, without the root unless it is the server's

    def file(stem: str, content: bytes) -> Path:
        path = folder / f"{stem}.pem"
        path.touch(0o600)
        path.write_bytes(content)
        return path

    key = keys.get(row.keys[last], last)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Files(
        issued[last],
        file("root", pem[0]),
        file("leaf", below[0]),
        file("chain", b"".join(below)),
        file("intermediates", b"".join(below[1:])) if below[1:] else None,
        file("key", private),
    )


def _sign(key, name, issuer, signer, is_server, pss) -> x509.Certificate:
    """Return a certificate; self-signed, and an authority, if there is no `issuer`."""
    ca = issuer is None or not is_server
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + 100 * day)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if is_server:
        names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        builder = builder.add_extension(names, critical=False)
    if isinstance(signer, rsa.RSAPrivateKey):
        how = padding.PSS(padding.MGF1(hashes.SHA256()), 32) if pss else padding.PKCS1v15()
        return builder.sign(signer, hashes.SHA256(), rsa_padding=how)
    big = signer.curve.key_size > 256
    return builder.sign(signer, hashes.SHA384() if big else hashes.SHA256())
