"""On the emulated Pico in place of `app`: starts the frozen application, and says how much heap it
has in use when the session is open, and once a reading is delivered.

The frozen `main.py` finds it in the root of the flash, before the frozen package.
"""

import gc
import sys

del sys.modules["app"]
sys.path.remove("")
import app  # noqa: E402  the frozen one

sys.path.insert(0, "")


def measure(name):
    """Let the supervisor say after its method `name` how much heap is in use."""
    method = getattr(app.Supervisor, name)

    def measured(*arguments):
        method(*arguments)
        gc.collect()
        print("BENCH %s %d" % (name, gc.mem_alloc()))

    setattr(app.Supervisor, name, measured)


def run():
    """What `main.py` calls."""
    print("BENCH end %d" % app.run(1))


gc.collect()
print("BENCH total %d" % (gc.mem_alloc() + gc.mem_free()))
measure("_session")
measure("_delivered")
