"""The simulated SIM against the worked examples of the applet reference, byte for byte."""

import pytest
from card_apdus import transmit
from worked_card import W, fixture_card

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
