"""Replaces `app` on the emulated Pico: starts the frozen application and prints its heap in use
when the session is open and after the first delivered reading.

The frozen `main.py` imports this file from the root of the flash instead of the frozen package.
"""

import gc
import sys

del sys.modules["app"]
sys.path.remove("")
import app  # noqa: E402  the frozen package

sys.path.insert(0, "")


def measure(name):
    """Make the supervisor print the heap in use after its method `name`."""
    method = getattr(app.Supervisor, name)

    def measured(*arguments):
        method(*arguments)
        gc.collect()
        print("BENCH %s %d" % (name, gc.mem_alloc()))

    setattr(app.Supervisor, name, measured)


def run():
    """Run the application; `main.py` calls this."""
    print("BENCH end %d" % app.run(1))


gc.collect()
print("BENCH total %d" % (gc.mem_alloc() + gc.mem_free()))
measure("_session")
measure("_delivered")
