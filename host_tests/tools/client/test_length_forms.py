"""Lengths in commands have two forms, and cards read one of them, the other, or both: the client
finds the form that the simulated card reads, for every command that has both."""

import hashlib
import hmac

import pytest
from card_commands_by_profile import Channel

import iotsafe
from iotsafe_tools.simulator.sim import Card, Profile

LONG = bytes(range(200))
DIGEST = hashlib.sha256(LONG).digest()
# SHA-256's state before the first block (FIPS 180-4 5.3.3): nothing is hashed yet.
STATE = bytes.fromhex("6A09E667BB67AE853C6EF372A54FF53A510E527F9B05688C1F83D9AB5BE0CD19")


@pytest.mark.parametrize("signature", ["one", "two", "both"])
@pytest.mark.parametrize("length", ["ber", "plain", "both"])
def test_every_command(signature, length):
    profile = Profile.named("full", command_signature=signature, long_lengths=length)
    applet = iotsafe.FullApplet(Channel(Card(profile=profile)))
    block = iotsafe.LastBlock(LONG[:128], STATE, 0)
    for what, digest in (
        (iotsafe.Digest(DIGEST), DIGEST),
        (iotsafe.Text(LONG), DIGEST),
        (iotsafe.Text(LONG * 2, dialect=iotsafe.K2), hashlib.sha256(LONG * 2).digest()),
        (block, hashlib.sha256(LONG[:128]).digest()),
    ):
        signed = applet.compute_signature(b"\x01", what)
        assert applet.verify_signature(b"\x01", iotsafe.Digest(digest), signed)
        assert applet.verify_signature(b"\x01", what, signed)
        wrong = iotsafe.Digest(bytes(32))
        assert not applet.verify_signature(b"\x01", wrong, signed)
    assert applet.compute_hkdf(LONG, b"salt") == hmac.digest(b"salt", LONG, "sha256")
    first = hmac.digest(b"secret", hmac.digest(b"secret", LONG, "sha256") + LONG, "sha256")
    assert applet.compute_prf(LONG, 16, b"secret") == first[:16]
    before = applet.apdu.exchanges
    assert applet.verify_signature(
        b"\x01", iotsafe.Text(LONG), applet.compute_signature(b"\x01", iotsafe.Text(LONG))
    )
    assert applet.apdu.exchanges - before == 5  # the forms are known
