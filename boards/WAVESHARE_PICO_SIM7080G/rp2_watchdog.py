"""What MicroPython leaves out: the watchdog of RP2040 and RP2350 can be stopped."""

import sys

import machine
from micropython import const

# Register CTRL at the address whose writes clear bits (RP2040 data sheet, 2.1.2 and 4.7.6; RP2350,
# 2.1.3 and 12.9.7), and its bit that says run.
_BASE = 0x400D8000 if "RP2350" in getattr(sys.implementation, "_machine", "") else 0x40058000
_CLEAR = _BASE + 0x3000
_ENABLE = const(1 << 30)


def stop():
    """Nobody feeds it any more. (A timer that does would not outlive a soft reset.)"""
    machine.mem32[_CLEAR] = _ENABLE
