"""On the emulated Pico in place of `app`: takes heap away, then starts the frozen application.

The frozen `main.py` finds it in the root of the flash, before the frozen package. The file `bench`
beside it has two numbers: bytes of heap that the application gets, readings to deliver. It is as
short as can be, because what it takes of the heap itself, the application has not.
"""

import gc
import sys

with open("bench") as file:
    size, value = [int(word) for word in file.read().split()]
del file
gc.collect()
data = bytearray(gc.mem_alloc() + gc.mem_free() - size - 16)  # it has a header of 16 bytes

del sys.modules["app"]
sys.path.remove("")
import app  # noqa: E402  the frozen one

sys.path.insert(0, "")


def run():
    """What `main.py` calls."""
    print("BENCH end %d" % app.run(value))
