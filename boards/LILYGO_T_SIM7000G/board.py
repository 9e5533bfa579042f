"""LILYGO T-SIM7000G: the board seam (names as in boards/unix/board.py)."""

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

power_key = Line(_PWRKEY)  # through a transistor: HIGH is pressed
led = Line(_LED, active=0)
_dtr = Line(_DTR)  # LOW keeps the modem awake


def uart(where):
    """The modem's UART. UART 1: PSRAM occupies the pins that UART 2 has by default."""
    return _uart(1, where, tx=machine.Pin(_TX), rx=machine.Pin(_RX))
