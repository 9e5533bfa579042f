"""The PIN of a card in a reader: entered where the card announces it, and never the last try."""

import pytest
from iotsafe_command import answer, failure

from iotsafe_tools.console.errors import PortError
from iotsafe_tools.ports.card_pin import asks, enter_pin
from iotsafe_tools.ports.simulated import SimChannel
from iotsafe_tools.simulator.sim import Card
from iotsafe_tools.simulator.sim.apdu import over_t0
from iotsafe_tools.simulator.sim.pin import Pin

SELECT_MF, STATE = "00A40004023F00", "0020000100"
IMSI = ("00A4080C047FFF6F07", "00B0000009")


class Logged(SimChannel):
    """A channel over T=0 that logs the commands."""

    def __init__(self, card):
        super().__init__(card)
        self.log = []

    def transmit(self, apdu):
        self.log.append(bytes(apdu).hex().upper())
        return super().transmit(over_t0(bytes(apdu)))


def locked(digits="1234"):
    card = Card()
    pin = Pin(digits)
    card.ask_for_pin(pin)
    return card, pin, Logged(card)


@pytest.mark.parametrize(
    ("status", "enabled"),
    [
        ("900180 830101", True),
        ("900100 830101", False),
        ("900140 830101 830181", False),  # only the second key reference
        ("900140 830181 830101", True),
        ("9001C0 830101 830181", True),
        ("90020080" + "83010A" * 8 + "830101", True),  # in the second byte
        ("", False),
        ("830101", False),
        ("900180 8301", False),
    ],
)
def test_what_a_card_announces(status, enabled):
    data = bytes.fromhex(status)
    for more in (b"", bytes.fromhex("8A0105")):
        body = more + bytes([0xC6, len(data)]) + data
        assert asks(bytes([0x62, len(body)]) + body) is enabled


def test_a_pin_is_entered_where_the_card_asks_for_it():
    card, pin, channel = locked("12345678")
    enter_pin(channel, "12345678")
    assert pin.verified
    assert channel.log[0] == SELECT_MF + "00" and channel.log[1][:4] == "00C0"
    assert channel.log[2:] == [STATE, "0020000108" + "3132333435363738"]
    channel.log.clear()
    enter_pin(channel, "1234")  # it was entered already: the card says so, and loses no try
    assert channel.log[-1] == STATE and pin.verified
    card.ask_for_pin(None)
    channel.log.clear()
    enter_pin(channel, "1234")
    assert STATE not in channel.log


def test_the_last_try_is_left_to_a_person():
    _, pin, channel = locked()
    for left in (2, 1):
        with pytest.raises(PortError, match=rf"refused the PIN \(63C{left}\), {left} tries"):
            enter_pin(channel, "9999")
    channel.log.clear()
    for digits in ("9999", "1234"):
        with pytest.raises(PortError, match="one try of its PIN left"):
            enter_pin(channel, digits)
    assert pin.left == 1 and not [text for text in channel.log if text[8:10] == "08"]
    channel.transmit(bytes.fromhex("002000010839393939FFFFFFFF"))
    with pytest.raises(PortError, match="blocked"):
        enter_pin(channel, "1234")


@pytest.mark.parametrize("digits", ["", "123", "123456789", "12a4", "١٢٣٤"])
def test_what_is_no_pin_is_not_sent(digits):
    _, _, channel = locked()
    with pytest.raises(PortError, match="4 to 8 digits"):
        enter_pin(channel, digits)
    assert channel.log == []


def test_the_command_line():
    there = {"IOTSAFE_SIM_PIN": "1234"}
    done = answer("apdu", *IMSI, "--port", "sim:?pin=1234", **there)["exchanges"]
    assert [entry["sw"] for entry in done] == ["9000"] * 2
    done = answer("apdu", *IMSI, "--port", "sim:?pin=1234")["exchanges"]
    assert done[-1]["sw"] == "6982"
    said = failure("random", "1", "--port", "sim:?pin=4321", **there)
    assert "refused the PIN (63C2), 2 tries are left: correct --pin" in said
