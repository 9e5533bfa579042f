"""What the tests of the applet client share: commands with their answers, and an open applet."""

from cards import OPEN, SELECT, ScriptedCard, from_hex

from iotsafe.applet import Applet

RANDOM = ("0184000004", "010203049000")
DIGEST = bytes(range(32))
INIT = ("012A00010D840101A1010391020001920104", "9000")
UPDATE = "012B8001229E20" + "".join("%02X" % i for i in range(32)) + "00"
RAW = "330040" + "11" * 32 + "22" * 32
SIGNATURE = from_hex("30440220" + "11" * 32 + "0220" + "22" * 32)


def opened(*steps):
    """Return a card with `steps` after opening, and its applet."""
    card = ScriptedCard(OPEN, SELECT)
    applet = Applet(card).open()
    card.then(*steps)
    return card, applet
