"""What the `board` modules of ESP32 boards share."""

import esp32
from board_common import open_uart, place, uptime

# A write to the modem returns at once when the driver's buffer takes all of it.
_TX_BUFFER = 2048


def uart(number, where, **pins):
    """The modem's UART; see `board_common.open_uart`. `pins`: tx, rx and more of machine.UART."""
    return open_uart(number, where, txbuf=_TX_BUFFER, **pins)


def temperature():
    """The chip's temperature in degrees Celsius."""
    if hasattr(esp32, "mcu_temperature"):
        return esp32.mcu_temperature()
    return round((esp32.raw_temperature() - 32) / 1.8, 1)  # the first ESP32 counts in Fahrenheit


def sensor():
    """One reading: the chip's temperature and the uptime in seconds."""
    return {"temp": temperature(), "uptime": uptime()}


def path(name):
    """Where the file `name` of config or state is: in the root of the flash."""
    return place("/", name)
