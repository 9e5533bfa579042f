"""Started before everything else, after a soft reset, too; in place of the port's."""

import file_system
import machine  # noqa: F401  it and rp2 are there at the REPL, as after the port's
import rp2
import rp2_watchdog

# Who resets softly, as mpremote does, is there. The application starts it anew.
rp2_watchdog.stop()
file_system.mount(rp2.Flash())
del file_system, rp2_watchdog
