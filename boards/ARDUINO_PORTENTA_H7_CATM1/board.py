"""Arduino Portenta H7 with Cat. M1/NB-IoT GNSS Shield: the board seam (names as in
boards/unix/board.py)."""

import gc

from board_common import Line, open_uart, place, set_clock, uptime

__all__ = ("NAME", "led", "path", "power_key", "sensor", "set_clock", "uart")

NAME = "Arduino Portenta H7 with Cat. M1/NB-IoT shield"

_ON = "PJ7"
_RESET = "PJ10"
_RTS = "PI10"
_LED = "PK6"  # green

power_key = Line(_ON)  # the modem starts at the rising edge
led = Line(_LED, active=0)
_reset = Line(_RESET)  # inverted on the shield: HIGH resets
_rts = Line(_RTS)  # LOW wakes the modem


def uart(where):
    """The modem's UART (J1-34, J1-36); no UART can drive the shield's RTS and CTS."""
    return open_uart(4, where)


def sensor():
    """One reading: free bytes of the heap, and the uptime in seconds."""
    return {"free": gc.mem_free() if hasattr(gc, "mem_free") else None, "uptime": uptime()}


def path(name):
    """Where the file `name` of config or state is: on the flash file system."""
    return place("/flash/", name)
