"""Runs before all other Python, also after a soft reset; replaces the port's `_boot.py`."""

import file_system
import machine  # noqa: F401  the port's `_boot.py` leaves machine and rp2 at the REPL, so do we
import rp2
import rp2_watchdog

# A soft reset means that a person or mpremote is at the REPL: stop the watchdog. The application
# starts it again.
rp2_watchdog.stop()
file_system.mount(rp2.Flash())
del file_system, rp2_watchdog
