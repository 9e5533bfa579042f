"""Started first by MicroPython: nothing that could fail belongs here."""

import gc

# Collect before the heap is full: TLS needs large pieces in one.
gc.threshold(32 * 1024)
