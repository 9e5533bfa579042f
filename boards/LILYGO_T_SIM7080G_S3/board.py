"""The `board` module of the LILYGO T-SIM7080G-S3 with AXP2101 (names: boards/unix/board.py)."""

import machine
from axp2101 import AXP2101
from board_common import Line, set_clock
from esp32_board import path
from esp32_board import sensor as _chip
from esp32_board import uart as _uart
from micropython import const

import ticks

__all__ = ("NAME", "led", "path", "power_key", "sensor", "set_clock", "uart")

NAME = "LILYGO T-SIM7080G-S3"
led = None  # the LEDs belong to the modem and to the power chip

_TX = const(5)
_RX = const(4)
_PWRKEY = const(41)
_DTR = const(42)
_SDA = const(15)
_SCL = const(7)
_RAIL_OFF_MS = const(200)

_pwrkey = Line(_PWRKEY)  # through a transistor: HIGH presses the key
_dtr = Line(_DTR)  # LOW keeps the modem awake
_pmu = None


def pmu():
    """Return the power chip (AXP2101). Raises OSError when it does not answer."""
    global _pmu
    if _pmu is None:
        _pmu = AXP2101(machine.I2C(0, scl=machine.Pin(_SCL), sda=machine.Pin(_SDA), freq=400_000))
    return _pmu


def uart(where):
    """Supply the modem and return its UART.

    A reset of the ESP32 does not reset the power chip. After any reset except a soft reset or the
    end of a deep sleep, the modem may be hung as well, so cut its supply for 200 ms first.
    """
    chip = pmu()
    if machine.reset_cause() not in (machine.SOFT_RESET, machine.DEEPSLEEP_RESET):
        chip.modem_off()
        ticks.sleep(_RAIL_OFF_MS)
    chip.modem_on()
    chip.allow_charging()
    return _uart(1, where, tx=machine.Pin(_TX), rx=machine.Pin(_RX))


def power_key(pressed):
    """Press or release the modem's power key; before pressing, make sure the modem has power."""
    if pressed:
        pmu().modem_on()
    _pwrkey(pressed)


def sensor():
    """Return one reading: chip temperature, uptime in seconds, and the battery if there is one."""
    reading = _chip()
    battery = pmu().battery()
    if battery:
        reading["battery_mv"], reading["battery"] = battery
    return reading
