"""The simulated SIM against the worked examples of the applet reference, byte for byte."""

import runpy
from pathlib import Path

import pytest

from iotsafe_tools.sim import Card, File, PrivateKey, Profile, PublicKey, SecretKey, Store
from iotsafe_tools.sim.ecc import key_from_scalar

W = runpy.run_path(str(Path(__file__).parents[1] / "data" / "worked_examples.py"))
RANDOM = bytes.fromhex("221E4C771B447CE49607823D30859B56")

OPEN_AND_SELECT = ("0070000001", "01A4040007A0000005590010")


def fixture_card(fill_peer: bool = False, random: bytes = RANDOM, **switches) -> Card:
    """The card of 16.1, the applet selected on channel 1; `random` is what it draws."""
    classes = {"private": PrivateKey, "public": PublicKey, "secret": SecretKey, "file": File}
    names = {
        "60": "access",
        "4B": "key_type",
        "4E": "usage",
        "61": "functions",
        "92": "algorithm",
        "91": "hashes",
        "6F": "agreement",
        "94": "derivation",
        "21": "usage",
        "20": "size",
    }
    values = {
        ("private", "01"): {"key": key_from_scalar(0x13, int(W["PAIR_01_D"], 16))},
        ("private", "04"): {"key": key_from_scalar(0x14, int(W["PAIR_04_D"], 16))},
        ("public", "01"): {"point": bytes.fromhex(W["PAIR_01_POINT"])},
        ("public", "04"): {"point": bytes.fromhex(W["PAIR_04_POINT"])},
        ("secret", "06"): {"value": bytes.fromhex(W["SECRET_06"])},
        ("file", "02"): {"content": bytes.fromhex(W["FILE_02"])},
    }
    if fill_peer:
        values["public", "05"] = {"point": bytes.fromhex(W["PEER_POINT"])}
    objects = []
    for kind, id, label, attributes in W["OBJECTS"]:
        fields = {names[tag]: int(value, 16) for tag, value in attributes if tag in names}
        fields |= values.get((kind, id), {})
        objects.append(classes[kind](id=bytes.fromhex(id), label=label.encode(), **fields))
    profile = Profile(**{"deterministic": True, **switches})
    card = Card(Store.memory(objects), profile, random=lambda n: random)
    for command in OPEN_AND_SELECT:
        card.transmit(bytes.fromhex(command))
    return card


# Example -> how the card differs from the fixture.
CARDS = {
    "16.3": {},
    "16.4": {},
    "16.4 61/6F": {"application_tags": "61/6F"},
    "16.4 wrong Le": {"exact_le": True},
    "16.5 L1": {},
    "16.5 L1 fetch": {"get_response": "always"},
    "16.5 L2": {"list_layout": "L2"},
    "16.5 L3": {"list_layout": "L3"},
    "16.6": {},
    "16.6 bare": {"wrapped": False},
    "16.6 without 21": {"file_usage": False},
    "16.7": {"random": bytes.fromhex(W["PAIR_04_D"])},
    "16.7 fetch": {"random": bytes.fromhex(W["PAIR_04_D"])},
    "16.7 key only": {"random": bytes.fromhex(W["PAIR_04_D"]), "keygen_response": "key"},
    "16.8": {},
    "16.9": {},
    "16.10": {"fill_peer": True},
    "16.10 empty": {},
    "16.11": {},
    "16.12": {},
    "16.12 one-byte length": {"signature_length": 1},
    "16.12 DER": {"signature_length": 1, "signature_der": True},
    "16.12 fetch": {},
    "16.12 one-byte length fetch": {"signature_length": 1},
    "16.13": {},
    "16.14": {},
    "16.15 K1": {},
    "16.15 K2": {},
    "16.16": {},
    "16.16 one-byte length": {},
    "16.16 wrong signature": {},
    "16.17 general": {},
    "16.17 PSK-plain": {},
    "16.17 PSK-ECDHE": {},
    "16.18 early secret": {},
    "16.18 handshake secret": {},
    "16.18 RFC 5869": {},
    "16.19 no such pair": {},
    "16.19 no open session": {},
    "16.19 init twice": {},
    "16.19 unknown INS": {},
    "16.19 unknown class": {},
}


def transmit(card: Card, command: str) -> str:
    return card.transmit(bytes.fromhex(command)).hex().upper()


def in_proprietary_class(command: str) -> str:
    return "81" + command[2:]


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize("rewrite", [str, in_proprietary_class], ids=["0X", "8X"])
def test_example(name, rewrite):
    card = fixture_card(**CARDS[name])
    for command, response in W["EXAMPLES"][name]:
        unchanged = not command.startswith("01")
        assert transmit(card, command if unchanged else rewrite(command)) == response


def test_selection_of_16_2():
    card = fixture_card()
    card.power_on()
    for command, response in W["EXAMPLES"]["16.2"]:
        assert transmit(card, command) == response


def test_every_example_is_played():
    assert set(CARDS) | {"16.2"} == set(W["EXAMPLES"])


def test_put_public_key_is_what_is_read_back():
    card = fixture_card()
    for command, _ in W["EXAMPLES"]["16.9"]:
        transmit(card, command)
    assert transmit(card, "01CD00000385010500") == "344549438641" + W["PEER_POINT"] + "9000"
    assert card.issuer.public_key(b"\x05").hex().upper() == W["PEER_POINT"]


@pytest.mark.parametrize("part", [1, 60, 202])
def test_object_list_in_parts(part):
    card = fixture_card(list_part=part)
    whole = W["EXAMPLES"]["16.5 L1"][0][1][:-4]
    got, command = "", "01CB010000"
    while True:
        answer = transmit(card, command)
        assert len(answer) <= 2 * part + 4
        got += answer[:-4]
        if answer[-4:] != "6300":
            break
        command = "01CB010100"
    assert (got, answer[-4:]) == (whole, "9000")
    assert transmit(card, "01CB010100") == "6985"
