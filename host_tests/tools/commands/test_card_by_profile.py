"""Every command on every profile of the simulated SIM: it works, or fails like on that card.

The run prints the table at its end.
"""

import card_commands_by_profile as commands
import pytest
from card_commands_by_profile import COMMANDS, NO_OBJECT, NOT_OFFERED, WORKS, Probe
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from iotsafe import IdentityError, doctor, find_identity
from iotsafe_tools.simulator.sim import PROFILES
from iotsafe_tools.testbed import PKI

_GET_DATA = [name for name in COMMANDS if name.startswith("GET DATA")]
_VERIFY = [name for name in COMMANDS if name.startswith("VERIFY")]
_DERIVE = [name for name in COMMANDS if name.startswith(("COMPUTE PRF", "COMPUTE HKDF"))]

# (profile, commands, the card's answer), where the command does not work.
EXCEPTIONS = [
    ("minimal", [*_GET_DATA, *_VERIFY, *_DERIVE, "PUT PUBLIC KEY"], NOT_OFFERED),
    ("orange", _DERIVE, NOT_OFFERED),
    ("card-l3", ["COMPUTE PRF 01", "COMPUTE PRF 02"], "6985"),  # its secret key is empty
    ("broken-absent", list(COMMANDS), "6A82"),
]


@pytest.fixture(scope="module")
def table():
    """Return {command: {profile: cell}}."""
    return commands.table()


def test_no_cell_is_empty(table, summarize):
    summarize("card_commands_by_profile.summary", table)
    assert table.keys() == COMMANDS.keys()
    assert all(row.keys() == set(PROFILES) and all(row.values()) for row in table.values())


@pytest.mark.parametrize("profile", PROFILES)
def test_each_command_works_or_is_refused_as_that_card_would(table, profile):
    expected = {
        command: answer
        for name, names, answer in EXCEPTIONS
        if name == profile
        for command in names
    }
    wrong = {
        command: row[profile]
        for command, row in table.items()
        if row[profile] not in (expected.get(command, WORKS), NO_OBJECT)
    }
    assert not wrong


def test_each_command_works_somewhere(table):
    assert {command for command in COMMANDS if table[command]["full"] == WORKS} == set(COMMANDS)


@pytest.mark.parametrize("profile", [name for name in PROFILES if name != "broken-absent"])
def test_identity_and_doctor(profile, tmp_path):
    """With a certificate for its key each card makes a TLS client, and the doctor finds no
    fault."""
    probe = Probe(profile)
    card = probe.card
    with pytest.raises(IdentityError):  # the file exists and is not a certificate
        find_identity(probe.applet)
    pki = PKI.create(tmp_path)
    certificate = pki.issue_client(card.issuer.point_of(card.profile.key_id), "device-0001")
    card.issuer.write_file(card.profile.certificate_id, certificate)
    identity = find_identity(probe.applet)
    assert identity.key_id == card.profile.key_id
    assert identity.certificate_id == card.profile.certificate_id
    before = probe.applet.apdu.exchanges
    steps = list(doctor.steps(probe.applet, verify=_verify))
    shown = "\n".join(map(str, steps))
    assert [step for step in steps if step.state == "fail"] == [], shown
    assert "the signature is good" in shown
    assert probe.applet.apdu.exchanges - before <= 25, shown


def _verify(point, digest, signature):
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    key.verify(signature, digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    return True
