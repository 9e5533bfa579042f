"""The `board` module for any ESP32-S3 with any modem; boards/unix/board.py lists the names.

The config's modem.uart names the modem's pins, for example "tx=17,rx=18,key=4"; see board.md.
"""

import machine
from board_common import BAUDRATE, RX_BUFFER, Line, set_clock
from esp32_board import path, sensor
from micropython import const

__all__ = ("NAME", "led", "path", "power_key", "sensor", "set_clock", "uart")

NAME = "ESP32-S3 with a modem"
led = None
power_key = None  # `uart` sets it when the config names its pin

_ENODEV = const(19)
_PINS = ("tx", "rx", "rts", "cts", "key")
_NAMES = _PINS + ("baud",)
# GPIOs that do not exist, or that flash, PSRAM or USB occupy.
_TAKEN = tuple(range(22, 33)) + (19, 20)


def uart(where):
    """Return the modem's UART on the pins that `where` names; set `power_key`. Raises OSError."""
    global power_key
    fields = parse(where)
    options = {name: machine.Pin(fields[name]) for name in _PINS[:4] if name in fields}
    if "rts" in fields:
        options["flow"] = machine.UART.RTS | machine.UART.CTS
    power_key = Line(fields["key"], fields["pressed"]) if "key" in fields else None
    return machine.UART(1, fields["baud"], timeout=0, rxbuf=RX_BUFFER, txbuf=2048, **options)


def parse(where):
    """Parse `where` into a dict of numbers. Raises OSError that names the bad field."""
    fields = {"baud": BAUDRATE, "pressed": 1}
    given = []
    for part in where.split(",") if where else ():
        name, _, text = part.strip().partition("=")
        if name not in _NAMES:
            _refuse("%s is unknown" % name[:16])
        if name in given:
            _refuse("%s is given twice" % name)
        given.append(name)
        if name == "key" and text.startswith("!"):
            fields["pressed"] = 0
            text = text[1:]
        if not text.isdigit() or len(text) > 6:
            _refuse("%s=%s is not a number" % (name[:16], text[:16]))
        value = int(text)
        if name == "baud":
            if not 9600 <= value <= 921_600:
                _refuse("baud must be 9600 to 921600")
        elif value > 48 or value in _TAKEN:
            _refuse("GPIO%d cannot be used" % value)
        elif value in [fields[other] for other in _PINS if other in fields]:
            _refuse("GPIO%d is used twice" % value)
        fields[name] = value
    if "tx" not in fields or "rx" not in fields:
        _refuse("tx and rx are needed")
    if ("rts" in fields) != ("cts" in fields):
        _refuse("rts and cts belong together")
    return fields


def _refuse(problem):
    raise OSError(_ENODEV, 'modem.uart: %s; write it like "tx=17,rx=18,key=4"' % problem)
