"""The `board` module of the Arduino Portenta H7 with Cat. M1/NB-IoT GNSS Shield;
boards/unix/board.py lists the names."""

import gc

from board_common import Line, open_uart, place, set_clock, uptime

__all__ = ("NAME", "led", "path", "power_key", "sensor", "set_clock", "uart")

NAME = "Arduino Portenta H7 with Cat. M1/NB-IoT shield"

_ON = "PJ7"
_RESET = "PJ10"
_RTS = "PI10"
_LED = "PK6"  # green

power_key = Line(_ON)  # the rising edge starts the modem
led = Line(_LED, active=0)
_reset = Line(_RESET)  # inverted on the shield: HIGH resets
_rts = Line(_RTS)  # LOW wakes the modem


def uart(where):
    """Return the modem's UART (J1-34, J1-36). No UART can drive the shield's RTS and CTS."""
    return open_uart(4, where)


def sensor():
    """Return one reading: free heap in bytes and uptime in seconds."""
    return {"free": gc.mem_free() if hasattr(gc, "mem_free") else None, "uptime": uptime()}


def path(name):
    """Return the path of the config or state file `name` on the flash file system."""
    return place("/flash/", name)
