"""The client on the simulated SIM, with a channel between them that changes the card's answers.

FUZZ_CASES in the environment: how many sequences of commands (by default few).
"""

import os
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import iotsafe
from iotsafe import AppletNotFound, CardError, IdentityError, doctor, find_identity, objects
from iotsafe.applet import Applet
from iotsafe_tools.simulator.sim import PROFILES as NAMES
from iotsafe_tools.simulator.sim import Card, Profile, Store

CONTENT = b"\x30\x82\x01\x20" + bytes(range(256)) + bytes(32)
EXPECTED = (CardError, AppletNotFound, IdentityError)
CASES = int(os.environ.get("FUZZ_CASES", "300"))

# A change of an answer: its number, then the kind of change.
CHANGES = st.dictionaries(
    st.integers(0, 30),
    st.one_of(
        st.tuples(st.just("status word"), st.integers(0, 0xFFFF)),
        st.tuples(st.just("byte"), st.integers(0, 255)),
        st.tuples(st.just("cut"), st.integers(0, 255)),
        st.tuples(st.just("replace"), st.binary(max_size=256)),
        st.tuples(st.just("none"), st.just(0)),
    ),
    max_size=6,
)
PROFILES = st.builds(
    Profile,
    channels=st.sampled_from([2, 4, 20]),
    get_response=st.sampled_from(["auto", "t0", "always", "never"]),
    exact_le=st.booleans(),
    success_sw=st.sampled_from([0x9000, 0x9110, 0x63CF]),
    signature_length=st.sampled_from([1, 2]),
    signature_der=st.booleans(),
    list_layout=st.sampled_from(["L1", "L2", "L3"]),
    list_part=st.sampled_from([60, 202, 256]),
    get_data=st.booleans(),
    max_read=st.sampled_from([50, 255, 256]),
    file_padding=st.sampled_from([None, 0x00, 0xFF]),
    wedge=st.booleans(),
)


class Changed:
    """A channel to `card` that changes its answers on the way."""

    generation = 0

    def __init__(self, card: Card, changes: dict) -> None:
        self._card = card
        self._changes = changes
        self.exchanges = 0

    def transmit(self, apdu) -> tuple[memoryview, int]:
        answer = self._card.transmit(bytes(apdu))
        data, sw = answer[:-2], int.from_bytes(answer[-2:], "big")
        how, value = self._changes.get(self.exchanges, ("none", 0))
        self.exchanges += 1
        if how == "status word":
            sw = value
        elif how == "byte" and data:
            at = value % len(data)
            data = data[:at] + bytes([value]) + data[at + 1 :]
        elif how == "cut":
            data = data[:value]
        elif how == "replace":
            data = value
        return memoryview(data), sw


def new_card(profile: Profile) -> Card:
    card = Card(Store.memory(), profile)
    card.power_on()
    card.issuer.create_key_pair(b"\x01", b"ID")
    card.issuer.write_file(b"\x02", CONTENT, label=b"CERT", size=600)
    return card


@settings(max_examples=CASES)
@given(profile=PROFILES, changes=CHANGES)
def test_client_ends_with_its_own_errors(profile, changes):
    channel = Changed(new_card(profile), changes)
    applet = Applet(channel)
    for call in (
        applet.open,
        lambda: find_identity(applet),
        lambda: applet.sign(b"\x01", bytes(48)),
        lambda: applet.random(256),
        applet.close,
    ):
        try:
            call()
        except EXPECTED as error:
            assert "\n" not in str(error)
    assert channel.exchanges < 500


POINT = bytes.fromhex(
    "04D12DFB5289C8D4F81208B70270398C342296970A0BCCB74C736FC7554494BF6356FBF3CA366CC23E8157854C"
    "13C58D6AAC23F046ADA30F8353E74F33039872AB"
)
DIGEST = iotsafe.Digest(bytes(range(32)))
# A verifier that accepts anything: these tests do not check the SIM's signature.
BLIND = {"verify": lambda point, digest, signature: True}
# Everything that a caller can request from the applet.
COMMANDS = (
    lambda applet: applet.open(),
    lambda applet: applet.close(),
    lambda applet: repr(applet.capabilities()),
    lambda applet: repr(applet.objects()),
    lambda applet: applet.object_info(objects.FILE, "CERT"),
    lambda applet: applet.object_info(objects.SECRET_KEY, b"\x06"),
    lambda applet: applet.random(200),
    lambda applet: applet.read_der(b"\x02"),
    lambda applet: applet.read_public_key("KEY"),
    lambda applet: applet.generate_key_pair(b"\x04"),
    lambda applet: applet.put_public_key("PEER", POINT),
    lambda applet: applet.sign(b"\x01", bytes(48)),
    lambda applet: applet.compute_signature(b"\x01", DIGEST, iotsafe.SHA256),
    lambda applet: applet.compute_signature(b"\x01", iotsafe.Text(bytes(700))),
    lambda applet: applet.compute_signature(b"\x01", iotsafe.Text(bytes(700), dialect=iotsafe.K2)),
    lambda applet: applet.compute_signature(b"\x01", iotsafe.LastBlock(b"x", bytes(32), 64)),
    lambda applet: applet.compute_signature(b"\x07", DIGEST, algorithm=iotsafe.RSA_PSS),
    lambda applet: applet.verify_signature(b"\x01", DIGEST, bytes(range(1, 65))),
    lambda applet: applet.verify_signature(b"\x01", iotsafe.Text(bytes(300)), bytes(range(1, 65))),
    lambda applet: applet.compute_dh(b"\x04", b"\x05"),
    lambda applet: applet.compute_prf(b"seed", 48, b"secret"),
    lambda applet: applet.compute_prf(b"seed", 48, key=b"\x06", premaster=bytes(32)),
    lambda applet: applet.compute_hkdf(b"", hash=iotsafe.SHA384),
    lambda applet: applet.identity(),
    lambda applet: applet.explain(),
    lambda applet: [str(step) for step in doctor.steps(applet, **BLIND)],
)


@cache
def _content(name: str) -> list:
    """Return the content of a new card of the profile; its keys are made once."""
    return Card(profile=Profile.named(name)).store.objects()


@settings(max_examples=CASES)
@given(
    name=st.sampled_from(tuple(NAMES)),
    commands=st.lists(st.integers(0, len(COMMANDS) - 1), min_size=1, max_size=5),
    changes=CHANGES,
)
def test_all_commands_end_with_the_clients_own_errors(name, commands, changes):
    card = Card(Store.memory(_content(name)), Profile.named(name))
    card.power_on()
    channel = Changed(card, changes)
    applet = iotsafe.FullApplet(channel)
    for command in commands:
        try:
            COMMANDS[command](applet)
        except EXPECTED as error:
            assert str(error) and "\n" not in str(error)
    assert channel.exchanges < 600, channel.exchanges


@settings(max_examples=100)
@given(profile=PROFILES, changes=CHANGES)
def test_client_recovers_once_the_card_is_good_again(profile, changes):
    card = new_card(profile)
    channel = Changed(card, changes)
    applet = Applet(channel)
    try:
        applet.open()
        applet.sign(b"\x01", bytes(32))
    except EXPECTED:
        pass
    channel._changes = {}
    applet.open()
    point = applet.read_public_key(b"\x01")
    assert point == card.issuer.public_key(b"\x01")
    assert applet.sign(b"\x01", bytes(32))[0] == 0x30
    assert applet.read_der(b"\x02") == CONTENT


@pytest.mark.parametrize("wedge", [False, True])
def test_interrupted_signature(wedge):
    card = new_card(Profile(wedge=wedge))
    applet = Applet(Changed(card, {})).open()
    applet.apdu.command(0x2A, 0, 1, bytes.fromhex("840101A1010391020001920104"))
    exchanges = applet.apdu.exchanges
    assert applet.sign(b"\x01", bytes(32))
    assert applet.apdu.exchanges - exchanges == 4  # refused, closed, init, update
    assert applet.sign(b"\x01", bytes(32))
    assert applet.apdu.exchanges - exchanges == 6
