"""Functions that the `board` modules of all real boards share. They use `machine`, not a port."""

import time

import machine
from micropython import const

import ticks

BAUDRATE = const(115_200)
# Holds 90 ms of received data at that rate while the AT engine does not read. URCs are short.
RX_BUFFER = const(1024)
_WATCHDOG_MS = const(8_000)
_ENODEV = const(19)


class Line:
    """An output pin: `line(True)` drives it to the level `active`, `line(False)` to the other.

    It starts inactive: power key released, LED off, reset not asserted.
    """

    def __init__(self, pin, active=1):
        self._active = active
        self._pin = machine.Pin(pin, machine.Pin.OUT, value=1 - active)

    def __call__(self, on):
        self._pin(self._active if on else 1 - self._active)


def open_uart(number, where, **options):
    """Open the modem's UART, number `number`; reads never block.

    `where` is the config's modem.uart. It must be empty, because the modem is wired to this UART.
    `options` go to machine.UART: pins, buffers, flow control. Raises OSError.
    """
    if where:
        raise OSError(
            _ENODEV,
            "modem.uart: this board's modem is wired to UART %d; leave the field out of the config"
            % number,
        )
    return machine.UART(number, BAUDRATE, timeout=0, rxbuf=RX_BUFFER, **options)


def watchdog():
    """Start the chip's watchdog. Call `feed()` at least every 8 s, the RP2040's maximum."""
    return machine.WDT(timeout=_WATCHDOG_MS)


def set_clock(utc):
    """Set the chip's clock to `utc` (year, month, day, hour, minute, second)."""
    year, month, day, hour, minute, second = utc
    # Some ports store the given weekday instead of computing it. 1 is Monday.
    weekday = time.localtime(time.mktime((year, month, day, 12, 0, 0, 0, 0, -1)))[6] + 1
    machine.RTC().datetime((year, month, day, weekday, hour, minute, second, 0))


_seconds = 0
_mark = ticks.now()


def uptime():
    """Return the seconds since start. Call it at least every six days: the tick counter wraps."""
    global _seconds, _mark
    whole = ticks.diff(ticks.now(), _mark) // 1000
    _seconds += whole
    _mark = ticks.add(_mark, whole * 1000)
    return _seconds


def place(root, name):
    """Return the path of the file `name`: in the folder `root`, unless `name` is absolute."""
    return name if name.startswith("/") else root + name
