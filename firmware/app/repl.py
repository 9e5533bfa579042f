"""The applet of the SIM behind the board's modem, for use at the REPL.

import app
applet = app.applet()   # starts the modem; then applet.objects(), applet.doctor() …
"""

import iotsafe
from iotsafe.advice import advice

from . import config
from .supervisor import Supervisor

# The config for the modem on a board that has none yet.
_NO_CONFIG = {"version": 1, "mqtt": {"host": "none"}}


def applet(board, pin="", aids=()):
    """Start the modem, enter the PIN, and return the SIM's applet (`iotsafe.FullApplet`).

    `pin` (str) and `aids` (AIDs as bytes) replace those of the config, if there is one. Raises
    ConfigError, and the modem's exceptions after a line with the advice.
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
        reason = getattr(e, "reason", "")
        package = getattr(e, "package", "")
        if package == "cellular":
            from cellular.causes import remedy

            reason = remedy(e)
        what = advice(reason, package)
        if what:
            print("-> " + what)
        raise
    return iotsafe.FullApplet(supervisor.modem, aids or supervisor.applet.aids)
