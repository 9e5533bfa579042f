"""A device certificate of an intermediate authority, at a broker that knows the root only."""

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from iotsafe_tools.testbed import PKI, Rig

CN = "meter-17"


def _der(rig: Rig, leaf: bytes) -> None:
    rig.lab.card.issuer.write_file(b"\x02", leaf + rig.pki.intermediate.der)


def _pem(rig: Rig, leaf: bytes) -> None:
    rig.lab.card.issuer.write_file(b"\x02", ssl.DER_cert_to_PEM_cert(leaf).encode())
    rig.lab.card.issuer.write_file(b"\x03", rig.pki.intermediate.pem)


def _further_file(rig: Rig, leaf: bytes) -> None:
    rig.lab.card.issuer.write_file(b"\x03", rig.pki.intermediate.der)


def _flash(name: str, form: str) -> Callable[[Rig, bytes], None]:
    def write(rig: Rig, leaf: bytes) -> None:
        folder = rig.folder / "firmware"
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(getattr(rig.pki.intermediate, form))

    return write


# Where the intermediate's certificate is: how it gets there, and `sim.chain`.
SOURCES = {
    "DER after the certificate": (_der, ""),
    "PEM in both files of the SIM": (_pem, "03"),
    "a further file of the SIM": (_further_file, "03"),
    "a further file by its label": (_further_file, ["label:CA"]),
    "PEM on flash": (_flash("chain.pem", "pem"), "chain.pem"),
    "DER on flash": (_flash("chain.der", "der"), ["chain.der"]),
}


@pytest.fixture
def rig(make_rig, tmp_path: Path) -> Rig:
    return make_rig(cn=CN, pki=PKI.create(tmp_path / "pki", intermediate=True))


def test_without_its_chain_the_broker_refuses(rig):
    with rig.firmware() as firmware:
        firmware.wait_for("ClientRefused: the server")
    assert not rig.broker.names(CN)


@pytest.mark.parametrize("name", SOURCES)
def test_the_chain_is_sent(rig, name):
    write, chain = SOURCES[name]
    write(rig, rig.enrol(CN))
    # The second start takes the certificate from the cache.
    for _ in ("read", "kept"):
        with rig.firmware(messages=1, changes={"sim.chain": chain}) as firmware:
            assert firmware.wait() == 0, firmware.lines
    rig.broker.wait_until_named(CN)


def test_a_chain_that_is_not_there(rig):
    with rig.firmware(changes={"sim.chain": "chain.pem"}) as firmware:
        firmware.wait_for(
            "BadCertificate: the issuers' certificates cannot be used: chain.pem: no such file: "
            "give .*: sim.chain",
            120,
        )
