"""Between two uploads: the session is closed, the modem saves power, readings go on.

Loaded only where the config has `telemetry.upload`.
"""

from micropython import const

import cellular
import ticks

from .log import say

# In seconds: how long a modem in PSM stays awake after its last traffic; and how much longer its
# own timer runs than our pause, so that the modem does not wake by itself.
_AWAKE = const(10)
_SPARE = const(600)


def rest(supervisor, config, key):
    """Rest until the next upload is due and a reading waits; returns the name of the next step.

    `key`: the board can press the modem's power key, which ends PSM. A modem that refuses stays
    on, and a line says so. Raises other ModemErrors.
    """
    modem = supervisor.modem
    how = config["modem.rest"]
    due = ticks.after(config["telemetry.upload"] * 1000)
    say("rest", "all delivered; next connection in %d s", config["telemetry.upload"])
    try:
        if how == "radio":
            modem.at.command(b"+CFUN=4")  # off the air; the SIM keeps its power
        elif how == "psm":
            _sleep(supervisor, config["telemetry.upload"] + _SPARE, key)
    except cellular.CommandError as e:
        say("rest", "the modem stays on: %s", e)
        how = ""
    while True:
        supervisor.pause(max(ticks.left(due), 1000))
        if len(supervisor.queue):
            break
        due = supervisor.due  # of the next reading
    if how == "radio":
        modem.at.command(b"+CFUN=1")
    elif how == "psm" and key:
        modem.extras().wake()
        return "sim"
    return "network"


def _sleep(supervisor, period, key):
    """Have the modem sleep by itself from now on."""
    modem = supervisor.modem
    if not key:
        say("rest", "the modem stays on: this board has no power key to wake it from PSM")
        return
    extras = modem.extras()
    extras.power_saving(period, _AWAKE)
    if not supervisor.slept and not extras.granted()[0]:
        modem.restart()  # SIMCom's modems ask the network for it at their next start only
    supervisor.slept = True
