"""The client ends a session that an earlier program left open on the simulated card, by whatever
remedy the card understands."""

import pytest
from card_commands_by_profile import Channel

import iotsafe
from iotsafe_tools.simulator.sim import Card, Profile

SIGN = bytes.fromhex("840101A1010391020001920104")
VERIFY = b"\x85" + SIGN[1:]
REMEDIES = ("close", "update", "9E", "9B", "select", "channel")


def wedged(ins: int, session: int, remedy: str, sessions: int) -> tuple[Card, iotsafe.FullApplet]:
    """Return a card with a session of `ins` that only `remedy` ends, and a new client on it."""
    card = Card(profile=Profile(wedge=True, wedge_ends=(remedy,), max_sessions=sessions))
    other = iotsafe.FullApplet(Channel(card))
    other.session = session
    data = {0x2A: SIGN, 0x2C: VERIFY, 0x24: b"\x85\x01\x05"}[ins]
    other.begin(ins, data, "")
    card.power_on()
    return card, iotsafe.FullApplet(Channel(card))


@pytest.mark.parametrize("remedy", REMEDIES)
@pytest.mark.parametrize("session", [0, 1, 5, 9])
def test_a_wedged_signature_is_ended(remedy, session):
    for sessions in (1, 10):
        if session >= max(6, sessions):
            continue
        _, applet = wedged(0x2A, session, remedy, sessions)
        assert applet.sign(b"\x01", bytes(32))[0] == 0x30
        assert applet.apdu.exchanges < 150
        before = applet.apdu.exchanges
        assert applet.sign(b"\x01", bytes(32))[0] == 0x30
        assert applet.apdu.exchanges - before == 2


@pytest.mark.parametrize("remedy", REMEDIES)
def test_a_wedged_verification_is_ended(remedy):
    _, applet = wedged(0x2C, 0, remedy, 1)
    assert applet.sign(b"\x01", bytes(32))[0] == 0x30


@pytest.mark.parametrize("remedy", ["close", "select", "channel"])
def test_a_wedged_put_public_key_is_ended_and_writes_nothing(remedy):
    card, applet = wedged(0x24, 0, remedy, 1)
    assert applet.sign(b"\x01", bytes(32))[0] == 0x30
    assert card.issuer.public_key(b"\x05") == b""


def test_the_card_of_the_report():
    """Session 0 of a card that a power cycle and a close left at 6A86; a last update with P1 = 90
    and the text 01020304 brought it back."""
    card, _ = wedged(0x2A, 0, "9B", 1)
    for command, answer in (
        ("0070000001", "019000"),
        ("01A4040007A0000005590010", "9000"),
        ("012A00000D840101A1010391020001920104", "6A86"),
        ("012A010000", "9000"),
        ("012A00000D840101A1010391020001920104", "6A86"),
    ):
        assert card.transmit(bytes.fromhex(command)).hex().upper() == answer
    signed = card.transmit(bytes.fromhex("012B9000069B0401020304") + b"\x00")
    assert signed[:3].hex() == "330040" and signed[-2:] == b"\x90\x00"
    again = bytes.fromhex("012A00000D840101A1010391020001920104")
    assert card.transmit(again) == b"\x90\x00"
