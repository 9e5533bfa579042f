"""A sensor of your own; the application does everything else.

mpremote cp own_sensor.py :main.py      (the config stays as it is)
"""

import gc

import board

import app
import ticks


def read():
    """Return a reading, a dict that JSON can carry: free memory and seconds since the start."""
    return {"free": gc.mem_free(), "up": ticks.diff(ticks.now(), START) // 1000}


START = ticks.now()
board.sensor = read
app.run()
