"""Started before everything else, in place of the port's."""

import file_system
import rp2

file_system.mount(rp2.Flash())
del file_system
