"""What `app` has for the REPL: the applet of the SIM behind the board's modem, and what to forget.

import app
applet = app.applet()   # starts the modem; then applet.objects(), applet.doctor() …
app.forget("pin")       # may be tried again, though the SIM has refused it
"""

import iotsafe
from iotsafe.objects import typed

from . import config, files
from .supervisor import Supervisor

# The config for the modem on a board that has none yet.
_NO_CONFIG = {"version": 1, "mqtt": {"host": "none"}}


def applet(board, pin="", aids=()):
    """Start the modem, enter the PIN, and return the SIM's applet (`iotsafe.FullApplet`).

    `pin` (str) and `aids` (AIDs as bytes) replace those of the config, if there is one. Raises
    ConfigError, and the modem's exceptions after a line with the advice.
    """
    typed("pin", pin, str)
    try:
        settings = config.load(board.path("config.json"))
    except config.ConfigMissing:
        settings = config.check(_NO_CONFIG)
    supervisor = Supervisor(board, settings)
    try:
        supervisor.do("power")
        supervisor.modem.unlock(pin or settings["modem.pin"])
    except Exception as e:
        from .advice import advice

        what = advice(e).replace("modem.pin", "pin=")
        if what:
            print("-> " + what)
        raise
    return iotsafe.FullApplet(supervisor.modem, aids or supervisor.applet.aids)


def forget(board, what):
    """Remove the file `what`: "date" or "pin". Raises ValueError for another name."""
    if what not in ("date", "pin"):
        raise ValueError("date or pin, not %r" % (what,))
    files.remove(board.path(what))
