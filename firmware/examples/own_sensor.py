"""A sensor of your own; the application does everything else.

mpremote cp own_sensor.py :sensors.py + reset      (the config stays as it is)
"""

import gc

import ticks

START = ticks.now()


def read():
    """Return a reading, a dict that JSON can carry: free memory and seconds since the start."""
    return {"free": gc.mem_free(), "up": ticks.diff(ticks.now(), START) // 1000}
