"""At the REPL: the applet of the SIM behind the board's modem, for whoever explores it.

import app
applet = app.applet()   # starts the modem; then applet.objects(), applet.doctor() …
"""

import iotsafe

from . import config
from .supervisor import Supervisor

# What the modem needs when there is no config yet.
_NO_CONFIG = {"version": 1, "mqtt": {"host": "none"}}


def applet(board):
    """The whole applet of the SIM (`iotsafe.FullApplet`): the modem is on, the PIN entered.

    AIDs and PIN are those of the config, if there is one. Raises ConfigError, and what the modem
    raises.
    """
    try:
        settings = config.load(board.path("config.json"))
    except config.ConfigMissing:
        settings = config.check(_NO_CONFIG)
    supervisor = Supervisor(board, settings)
    supervisor.do("power")
    supervisor.modem.unlock(settings["modem.pin"])
    return iotsafe.FullApplet(supervisor.modem, supervisor.applet.aids)
