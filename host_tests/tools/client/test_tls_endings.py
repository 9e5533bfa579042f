"""How handshakes with OpenSSL end: each ending has its own reason, also where mbedTLS has one word
for several."""

import contextlib
import datetime
import re
import subprocess
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tls_run import PKI, VERSIONS, run_client

HOST = PKI["HOST"]
NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)
CURVE = ec.SECP256R1()


def issue(
    cn, key, issuer=None, issuer_key=None, *, ca=True, days=(-9, 9), purpose=None, padding=0
):
    """Return a certificate; `padding`: bytes of an extension that makes it longer."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, cn)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW + days[0] * DAY)
        .not_valid_after(NOW + days[1] * DAY)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if not ca:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), False)
    if purpose:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), False)
    if padding:
        oid = x509.ObjectIdentifier("1.3.6.1.4.1.99999.1")
        builder = builder.add_extension(x509.UnrecognizedExtension(oid, bytes(padding)), False)
    return builder.sign(issuer_key or key, hashes.SHA256())


def pem(*certificates) -> bytes:
    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates)


class World:
    """A root, and a server below it; `files` for `openssl s_server` in `folder`."""

    def __init__(self, folder: Path, root_days=(-9, 9), **leaf) -> None:
        self.key, self.leaf_key = (ec.generate_private_key(CURVE) for _ in range(2))
        self.folder = folder
        self.root = issue("The root", self.key, days=root_days)
        self.leaf = issue("leaf", self.leaf_key, self.root, self.key, ca=False, **leaf)
        self.write(self.leaf, self.root)

    def write(self, leaf, root, *chain) -> None:
        form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.folder / "key.pem").write_bytes(self.leaf_key.private_bytes(*form))
        (self.folder / "leaf.pem").write_bytes(pem(leaf))
        (self.folder / "chain.pem").write_bytes(pem(*chain))
        (self.folder / "ca.pem").write_bytes(pem(root))
        client_ca = x509.load_der_x509_certificate(bytes.fromhex(PKI["CA"]))
        (self.folder / "client.pem").write_bytes(pem(client_ca))


@contextlib.contextmanager
def s_server(folder: Path, version: str, *options: str):
    """Run openssl s_server; yield (port, process). It answers each line in reverse."""
    command = [
        "openssl",
        "s_server",
        "-accept",
        "127.0.0.1:0",
        "-naccept",
        "1",
        "-cert",
        "leaf.pem",
    ]
    command += ["-key", "key.pem", "-" + version.lower().replace("v", "").replace(".", "_")]
    if (folder / "chain.pem").stat().st_size:
        command += ["-cert_chain", "chain.pem"]
    process = subprocess.Popen(
        [*command, *options],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        for line in process.stdout:
            if found := re.match(r"ACCEPT .*:(\d+)$", line):
                break
        yield int(found[1]), process
    finally:
        process.kill()
        process.communicate()


MUTUAL = ("-Verify", "1", "-CAfile", "client.pem", "-rev")


def ending(folder: Path, version: str, *options: str) -> dict:
    with s_server(folder, version, *(options or MUTUAL)) as (port, _):
        return run_client(port, "none", str(folder / "ca.pem"))


@pytest.mark.parametrize("version", VERSIONS)
def test_own_ca_that_has_expired(tmp_path, version):
    world = World(tmp_path, root_days=(-9, -2))
    got = ending(tmp_path, version)
    assert got["error"] == "ServerNotTrusted"
    until = world.root.not_valid_after_utc.strftime("%Y-%m-%d %H:%M:%S")
    assert got["text"] == (
        f"the certificate of The root, an authority of the server, has expired ({until} UTC)"
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_an_issuer_that_has_expired(tmp_path, version):
    world = World(tmp_path)
    middle_key = ec.generate_private_key(CURVE)
    middle = issue("The middle", middle_key, world.root, world.key, days=(-9, -2))
    leaf = issue("leaf", world.leaf_key, middle, middle_key, ca=False)
    world.write(leaf, world.root, middle)
    assert ending(tmp_path, version)["text"].startswith("the certificate of The middle, an auth")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_certificate_for_clients_only(tmp_path, version):
    World(tmp_path, purpose=ExtendedKeyUsageOID.CLIENT_AUTH)
    got = ending(tmp_path, version)
    assert (got["error"], got["digests"]) == ("ServerNotTrusted", [])
    assert got["text"] == "the server's certificate is not for servers"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_chain_longer_than_the_buffer(tmp_path, version):
    world = World(tmp_path)
    extra = [issue(f"extra {n}", world.key, padding=6000) for n in range(3)]
    world.write(world.leaf, world.root, *extra)
    got = ending(tmp_path, version)
    found = re.match(r"the server sends (\d+) bytes at once, more than the (\d+) of", got["text"])
    assert found, got
    assert int(found[1]) > int(found[2]) == 16384


@pytest.mark.parametrize("version", VERSIONS)
def test_a_certificate_that_cannot_be_read(tmp_path, version):
    world = World(tmp_path)
    curve = ec.BrainpoolP256R1()
    strange = issue("strange", ec.generate_private_key(curve), world.root, world.key)
    world.write(world.leaf, world.root, strange)
    got = ending(tmp_path, version)
    assert got["text"].startswith("the server's certificates cannot be read here"), got


@pytest.mark.parametrize("version", VERSIONS)
def test_a_server_that_asks_for_no_certificate(tmp_path, version):
    World(tmp_path)
    got = ending(tmp_path, version, "-rev")
    assert got["text"].startswith("the server asked for no certificate"), got


def test_a_server_that_takes_no_signature_of_ours(tmp_path):
    World(tmp_path)
    got = ending(tmp_path, "TLSv1.3", *MUTUAL, "-client_sigalgs", "rsa_pss_rsae_sha256")
    assert got["text"].startswith("the server takes no signature that the SIM can make"), got


def test_a_key_update_ends_the_session_with_its_own_reason(tmp_path):
    # mbedTLS does not know it; the application connects again.
    World(tmp_path)
    with s_server(tmp_path, "TLSv1.3", *MUTUAL[:-1]) as (port, process):

        def update() -> None:
            for line in process.stdout:
                if line.startswith("CIPHER is"):  # the handshake is over
                    process.stdin.write("k\n")
                    process.stdin.flush()

        thread = threading.Thread(target=update, daemon=True)
        thread.start()
        got = run_client(port, "none", str(tmp_path / "ca.pem"))
    assert "such as KeyUpdate" in got["text"], got
