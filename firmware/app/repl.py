"""At the REPL: the applet of the SIM behind the board's modem, for whoever explores it.

import app
applet = app.applet()   # starts the modem; then applet.objects(), applet.doctor() …
"""

import iotsafe
from iotsafe.advice import advice

from . import config
from .supervisor import Supervisor

# What the modem needs when there is no config yet.
_NO_CONFIG = {"version": 1, "mqtt": {"host": "none"}}


def applet(board, pin="", aids=()):
    """The whole applet of the SIM (`iotsafe.FullApplet`): the modem is on, the PIN entered.

    `pin` (str) and `aids` (AIDs as bytes): those of the config, if there is one, unless they are
    given. Raises ConfigError, and what the modem raises, after a line that says what to do.
    """
    try:
        settings = config.load(board.path("config.json"))
    except config.ConfigMissing:
        settings = config.check(_NO_CONFIG)
    supervisor = Supervisor(board, settings)
    try:
        supervisor.do("power")
        supervisor.modem.unlock(pin or settings["modem.pin"])
    except Exception as e:
        what = advice(getattr(e, "reason", ""), getattr(e, "package", ""))
        if what:
            print("-> " + what)
        raise
    return iotsafe.FullApplet(supervisor.modem, aids or supervisor.applet.aids)
