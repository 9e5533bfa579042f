"""Starts that end without a word (Ctrl-C, soft reset, power of the board alone) leave no logical
channel behind: after the next start one is open, the client's."""

import pytest
from card_commands_by_profile import Channel

from iotsafe import Applet
from iotsafe_tools.simulator.sim import Card, Profile


def open_channels(card: Card) -> set[int]:
    """Return the numbers of the channels that are open, as the card answers."""
    return {
        n
        for n in range(1, 20)
        if card.transmit(bytes([n if n < 4 else 0x3C + n, 0xF2, 0, 0xC])) != b"\x68\x81"
    }


@pytest.mark.parametrize("channels", [2, 4, 20])
def test_each_start_leaves_none(channels):
    card = Card(profile=Profile(channels=channels))
    for _ in range(12):
        applet = Applet(Channel(card)).open()
        assert len(applet.random(8)) == 8
        assert open_channels(card) == {applet.apdu.number}
    applet.close()
    assert open_channels(card) == set()


def test_channels_of_others_stay_open():
    card = Card()
    card.transmit(bytes.fromhex("0070000001"))  # the modem's own: channel 1, in the file system
    numbers = set()
    for _ in range(5):
        numbers.add(Applet(Channel(card)).open().apdu.number)
        assert open_channels(card) == {1, *numbers}
    assert len(numbers) == 1


def test_a_session_left_open_on_the_channel_is_no_obstacle():
    card = Card(profile=Profile(max_sessions=1))
    for _ in range(3):
        applet = Applet(Channel(card)).open()
        assert applet.sign(b"\x01", bytes(32))
        applet.apdu.command(0x2A, 0, 1, bytes.fromhex("840101A1010391020001920104"))
