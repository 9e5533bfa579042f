"""What the tests of the whole applet share: an applet before a scripted card, a long text."""

from cards import ScriptedCard
from data.worked_examples import EXAMPLES

import iotsafe


def opened(*steps):
    """Return a card with `steps` after opening, and the whole applet on it."""
    card = ScriptedCard(*EXAMPLES["16.2"][:2])
    applet = iotsafe.FullApplet(card).open()
    card.then(*steps)
    return card, applet


def played(name, call, first=None, last=None):
    """Return the result of `call(applet)` with the examples `name`, which it must use up."""
    card, applet = opened(*EXAMPLES[name][first:last])
    result = call(applet)
    card.done()
    return result


LONG = bytes(range(200))
