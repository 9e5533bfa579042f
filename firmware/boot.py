"""MicroPython starts this file first. Put no code here that can fail."""

import gc
import sys

# Search /lib before the frozen modules: mip installs packages there, and an older frozen copy must
# not hide an update.
for place in [path for path in sys.path if path.endswith("/lib")]:
    sys.path.remove(place)
    sys.path.insert(1, place)

# Collect before the heap is full: TLS needs large contiguous blocks.
gc.threshold(32 * 1024)
