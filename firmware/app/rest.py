"""The rest between two uploads: no session, a modem that saves power, but still readings.

Loaded only if the config has `telemetry.upload`.
"""

from micropython import const

import cellular
import ticks

from .log import say

# In seconds: how long a modem in PSM stays awake after its last traffic; and how much longer its
# own timer runs than the rest, so that the modem does not wake by itself.
_AWAKE = const(10)
_SPARE = const(600)


def rest(supervisor, config, key):
    """Rest until the next upload is due and a reading waits; return the name of the next step.

    `key`: the board's power key, which ends PSM, or None. A modem that refuses stays on, and the
    log has a line about it. Raises other ModemErrors.
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
    """Set the modem to sleep by itself from now on."""
    modem = supervisor.modem
    if not key:
        say("rest", "the modem stays on: this board has no power key to wake it from PSM")
        return
    extras = modem.extras()
    extras.power_saving(period, _AWAKE)
    if not supervisor.slept and not extras.granted()[0]:
        modem.restart()  # SIMCom's modems request PSM at their next start only
    supervisor.slept = True
