"""Started first by MicroPython: nothing that could fail belongs here."""

import gc
import sys

# What was installed goes before what is frozen: mip puts a package into /lib, and an update that
# the older frozen copy hides would be none.
for place in [path for path in sys.path if path.endswith("/lib")]:
    sys.path.remove(place)
    sys.path.insert(1, place)

# Collect before the heap is full: TLS needs large pieces in one.
gc.threshold(32 * 1024)
