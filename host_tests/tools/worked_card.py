"""The card of the worked examples of the applet reference (data/worked_examples.py)."""

import runpy
from pathlib import Path

from iotsafe_tools.simulator.sim import (
    Card,
    File,
    PrivateKey,
    Profile,
    PublicKey,
    SecretKey,
    Store,
)
from iotsafe_tools.simulator.sim.ecc import key_from_scalar

W = runpy.run_path(str(Path(__file__).parents[1] / "data" / "worked_examples.py"))
RANDOM = bytes.fromhex("221E4C771B447CE49607823D30859B56")

OPEN_AND_SELECT = ("0070000001", "01A4040007A0000005590010")


def fixture_card(fill_peer: bool = False, random: bytes = RANDOM, **switches) -> Card:
    """Return the card of 16.1 with the applet selected on channel 1; `random`: its random
    numbers."""
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
