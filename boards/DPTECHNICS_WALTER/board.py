"""The `board` module of the DPTechnics Walter; boards/unix/board.py lists the names."""

import machine
from board_common import Line, set_clock
from esp32_board import path, sensor
from esp32_board import uart as _uart
from micropython import const

__all__ = ("NAME", "led", "path", "power_key", "sensor", "set_clock", "uart")

NAME = "DPTechnics Walter"
led = None

_TX = const(48)
_RX = const(14)
_RTS = const(21)
_CTS = const(47)
_RESET = const(45)

# There is no power key: the modem starts when it gets power. RESET stands in for the key, so a
# silent modem is reset. RESET needs LOW for at least 300 ms; every driver's key pulse is longer.
power_key = Line(_RESET, active=0)


def uart(where):
    """Return the modem's UART, with RTS/CTS flow control."""
    return _uart(
        2,
        where,
        tx=machine.Pin(_TX),
        rx=machine.Pin(_RX),
        rts=machine.Pin(_RTS),
        cts=machine.Pin(_CTS),
        flow=machine.UART.RTS | machine.UART.CTS,
    )
