"""Functions that the `board` modules of all ESP32 boards share."""

import esp32
from board_common import open_uart, place, uptime

# The UART driver's transmit buffer: a write that fits into it returns at once.
_TX_BUFFER = 2048


def uart(number, where, **pins):
    """Open the modem's UART; see `board_common.open_uart`. `pins`: options of machine.UART."""
    return open_uart(number, where, txbuf=_TX_BUFFER, **pins)


def temperature():
    """Return the chip's temperature in degrees Celsius."""
    if hasattr(esp32, "mcu_temperature"):
        return esp32.mcu_temperature()
    return round((esp32.raw_temperature() - 32) / 1.8, 1)  # the original ESP32 measures Fahrenheit


def sensor():
    """Return one reading: the chip's temperature and the uptime in seconds."""
    return {"temp": temperature(), "uptime": uptime()}


def path(name):
    """Return the path of the config or state file `name` in the root of the flash."""
    return place("/", name)
