"""Waveshare Pico-SIM7080G on a Raspberry Pi Pico: the board seam (names as in boards/unix)."""

import sys

import board_common
import machine
import rp2_watchdog
from board_common import Line, open_uart, place, set_clock, uptime
from micropython import const

try:
    from _entropy import feed as entropy_feed
except ImportError:  # somebody else's firmware: it mixes nothing
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

# Bytes of a connection that go in one command, and of each of its two buffers: less than the modem
# takes (1460), for the sake of the heap.
chunk = 1024

# Through a transistor: HIGH presses the modem's key. The same pulse switches a running modem off.
power_key = Line(_PWRKEY)
# Pico W and Pico 2 W have their LED on the radio chip, which this firmware does not drive.
led = None if " W with " in _MACHINE else Line("LED")


def uart(where):
    """The modem's UART: GP0 and GP1."""
    return open_uart(0, where, tx=machine.Pin(0), rx=machine.Pin(1))


class _Watchdog:
    def __init__(self):
        self.feed = board_common.watchdog().feed

    stop = staticmethod(rp2_watchdog.stop)


watchdog = _Watchdog


def sensor():
    """One reading: temperature of the chip in degrees Celsius, uptime in seconds."""
    volts = machine.ADC(_TEMPERATURE).read_u16() * 3.3 / 65535
    # RP2040 data sheet, 4.9.5: 0.706 V at 27 degrees, -1.721 mV per degree.
    return {"temp": round(27 - (volts - 0.706) / 0.001721, 1), "uptime": uptime()}


def path(name):
    """Files of config and state are in the root of the flash."""
    return place("/", name)
