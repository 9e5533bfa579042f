"""Stops the watchdog of RP2040 and RP2350, for which MicroPython has no function."""

import sys

import machine
from micropython import const

# The clear-bits alias of the register CTRL (RP2040 data sheet, 2.1.2 and 4.7.6; RP2350, 2.1.3 and
# 12.9.7), and its ENABLE bit.
_BASE = 0x400D8000 if "RP2350" in getattr(sys.implementation, "_machine", "") else 0x40058000
_CLEAR = _BASE + 0x3000
_ENABLE = const(1 << 30)


def stop():
    """Stop the watchdog. (A timer that feeds it instead would not survive a soft reset.)"""
    machine.mem32[_CLEAR] = _ENABLE
