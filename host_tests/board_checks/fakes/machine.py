"""A stand-in for `machine` that records what a board does to its hardware.

`log` gets a list per action. `registers` is the register file of an I2C device at `address`; an
empty one is a device that does not answer. Runs on CPython and MicroPython.
"""

log = []
registers = {}
address = 0x34

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5
cause = PWRON_RESET


def reset_cause():
    return cause


class Pin:
    OUT = 3
    IN = 1

    def __init__(self, pin, mode=None, value=None):
        self.pin = pin
        if mode == Pin.OUT:
            log.append(["out", pin, value])

    def __call__(self, value):
        log.append(["pin", self.pin, value])


class UART:
    RTS = 1
    CTS = 2

    def __init__(self, number, baudrate, **options):
        shown = {name: getattr(value, "pin", value) for name, value in options.items()}
        log.append(["uart", number, baudrate, shown])


class I2C:
    def __init__(self, number, scl, sda, freq):
        log.append(["i2c", number, scl.pin, sda.pin, freq])

    def _check(self, device):
        if device != address or not registers:
            raise OSError(19)

    def readfrom_mem_into(self, device, register, buf):
        self._check(device)
        for i in range(len(buf)):
            buf[i] = registers.get(register + i, 0)

    def writeto_mem(self, device, register, buf):
        self._check(device)
        for i in range(len(buf)):
            registers[register + i] = buf[i]
        log.append(["write", register, list(buf)])


class RTC:
    def datetime(self, fields):
        log.append(["rtc", list(fields)])
