"""What `app` has for the REPL: the applet of the SIM behind the board's modem, and what to forget.

import app
applet = app.applet()   # starts the modem; then applet.objects(), applet.doctor() …
app.forget("pin")       # may be tried again, though the SIM has refused it
"""

import iotsafe
from iotsafe.advice import advice

from . import config, files
from .supervisor import Supervisor

# The config for the modem on a board that has none yet.
_NO_CONFIG = {"version": 1, "mqtt": {"host": "none"}}


def applet(board, pin="", aids=()):
    """Start the modem, enter the PIN, and return the SIM's applet (`iotsafe.FullApplet`).

    `pin` (str) and `aids` (AIDs as bytes) replace those of the config, if there is one. Raises
    ConfigError, and the modem's exceptions after a line with the advice.
    """
    problem = config.problem("modem.pin", pin)
    if problem:
        raise ValueError("pin " + problem)
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
        # Here a file keeps it, and a new object does not forget it.
        what = advice(reason, package).replace("make a new modem object", "app.forget('pin')")
        if what:
            print("-> " + what)
        raise
    return iotsafe.FullApplet(supervisor.modem, aids or supervisor.applet.aids)


def forget(board, what):
    """Remove the file `what`: "date" or "pin". Raises ValueError for another name."""
    if what not in ("date", "pin"):
        raise ValueError('"date" or "pin", not %r' % (what,))
    files.remove(board.path(what))
