"""Signers of certification requests and tokens in the tests, and OpenSSL's verdict on them."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from iotsafe.applet import Applet
from iotsafe_tools.simulator.sim import Card, Profile, Store
from iotsafe_tools.testbed import PATIENCE


@dataclass(frozen=True)
class Signer:
    """A key: its signing function, and its point (65 bytes)."""

    sign: Callable[[bytes], bytes]
    point: bytes

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), self.point)

    @property
    def pem(self) -> bytes:
        return self.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def software() -> Signer:
    """Return a new key of OpenSSL's."""
    private = ec.generate_private_key(ec.SECP256R1())

    def sign(digest: bytes) -> bytes:
        return private.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256())))

    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return Signer(sign, point)


class Direct:
    """A channel straight to the simulated card."""

    generation = 0

    def __init__(self, card: Card) -> None:
        self._card = card

    def transmit(self, apdu) -> tuple[memoryview, int]:
        answer = self._card.transmit(bytes(apdu))
        return memoryview(answer[:-2]), int.from_bytes(answer[-2:], "big")


def simulated_sim(**profile) -> Signer:
    """Return a new key in the simulated SIM, reached through the device's client."""
    card = Card(Store.memory(), Profile(**profile))
    card.power_on()
    card.issuer.create_key_pair(b"\x01", b"ID")
    applet = Applet(Direct(card)).open()
    return Signer(lambda digest: applet.sign(b"\x01", digest), applet.read_public_key(b"\x01"))


SIGNERS = {
    "software": software,
    "SIM": simulated_sim,
    "SIM that gives DER": lambda: simulated_sim(signature_der=True),
}


def openssl(folder: Path, command: str, **files: bytes) -> subprocess.CompletedProcess:
    """Run `openssl command` in `folder`, where `files` are."""
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return subprocess.run(
        ["openssl", *command.split()], cwd=folder, capture_output=True, text=True, timeout=PATIENCE
    )
