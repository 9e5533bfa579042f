"""The `board` module of the LILYGO T-SIM7000G; boards/unix/board.py lists the names."""

import machine
from board_common import Line, set_clock
from esp32_board import path, sensor
from esp32_board import uart as _uart
from micropython import const

__all__ = ("NAME", "led", "path", "power_key", "sensor", "set_clock", "uart")

NAME = "LILYGO T-SIM7000G"

_TX = const(27)
_RX = const(26)
_PWRKEY = const(4)
_DTR = const(25)
_LED = const(12)

power_key = Line(_PWRKEY)  # through a transistor: HIGH presses the key
led = Line(_LED, active=0)
_dtr = Line(_DTR)  # LOW keeps the modem awake


def uart(where):
    """Return the modem's UART: UART 1, because PSRAM occupies the default pins of UART 2."""
    return _uart(1, where, tx=machine.Pin(_TX), rx=machine.Pin(_RX))
