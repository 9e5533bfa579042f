"""Replaces `app` on the emulated Pico: takes heap away, then starts the frozen application.

The frozen `main.py` imports this file from the root of the flash instead of the frozen package.
The file `bench` beside it has two numbers: bytes of heap for the application, readings to deliver.
Keep this file short: the heap that it uses itself is missing from the application's.
"""

import gc
import sys

with open("bench") as file:
    size, value = [int(word) for word in file.read().split()]
del file
gc.collect()
data = bytearray(gc.mem_alloc() + gc.mem_free() - size - 16)  # a bytearray has a 16-byte header

del sys.modules["app"]
sys.path.remove("")
import app  # noqa: E402  the frozen package

sys.path.insert(0, "")


def run():
    """Run the application; `main.py` calls this."""
    print("BENCH end %d" % app.run(value))
