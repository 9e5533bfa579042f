"""The `board` module of the Waveshare Pico-SIM7080G; boards/unix/board.py lists the names."""

import sys

import board_common
import machine
import rp2_watchdog
from board_common import Line, open_uart, place, set_clock, uptime
from micropython import const

try:
    from _entropy import feed as entropy_feed
except ImportError:  # a stock MicroPython firmware, which cannot mix in the SIM's random numbers
    entropy_feed = None

__all__ = (
    "NAME",
    "chunk",
    "entropy_feed",
    "led",
    "path",
    "power_key",
    "sensor",
    "set_clock",
    "uart",
    "watchdog",
)

NAME = "Waveshare Pico-SIM7080G"

_PWRKEY = const(14)
_TEMPERATURE = const(4)  # the chip's own sensor, an ADC channel
_MACHINE = getattr(sys.implementation, "_machine", "")

# Bytes that one socket command carries, and size of each of a connection's two buffers. The modem
# takes 1460; a smaller value saves heap.
chunk = 512

# Through a transistor: HIGH presses the power key. The same pulse switches a running modem off.
power_key = Line(_PWRKEY)
# On Pico W and Pico 2 W the radio chip drives the LED, and this firmware leaves that chip alone.
led = None if " W with " in _MACHINE else Line("LED")


def uart(where):
    """Return the modem's UART: GP0 and GP1."""
    return open_uart(0, where, tx=machine.Pin(0), rx=machine.Pin(1))


class _Watchdog:
    def __init__(self):
        self.feed = board_common.watchdog().feed

    stop = staticmethod(rp2_watchdog.stop)


watchdog = _Watchdog


def sensor():
    """Return one reading: chip temperature in degrees Celsius, uptime in seconds."""
    volts = machine.ADC(_TEMPERATURE).read_u16() * 3.3 / 65535
    # RP2040 data sheet, 4.9.5: 0.706 V at 27 degrees, -1.721 mV per degree.
    return {"temp": round(27 - (volts - 0.706) / 0.001721, 1), "uptime": uptime()}


def path(name):
    """Return the path of the config or state file `name` in the root of the flash."""
    return place("/", name)
