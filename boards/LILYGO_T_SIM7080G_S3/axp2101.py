"""Driver for the power chip AXP2101: the modem's supply, charging and battery of this board.

DC1 supplies the ESP32, so no method switches it. Registers: X-Powers' AXP2101, 8 bits each. A
write changes only the bits that this driver owns.
"""

from micropython import const

_ADDRESS = const(0x34)
_ENODEV = const(19)

_STATUS = const(0x00)
_CHIP_ID = const(0x03)
_ADC_ENABLE = const(0x30)
_BATTERY_MV = const(0x34)  # and 0x35
_DCDC_ENABLE = const(0x80)
_DC3_VOLTAGE = const(0x84)
_LDO_ENABLE = const(0x90)
_BLDO1_VOLTAGE = const(0x96)
_BLDO2_VOLTAGE = const(0x97)
_BATTERY_PERCENT = const(0xA4)

_ID = const(0x4A)
_BATTERY_PRESENT = const(0x08)
_ADC_BATTERY = const(0x01)
_ADC_TS = const(0x02)
_DC3 = const(0x04)
_BLDO1 = const(0x10)
_BLDO2 = const(0x20)


class AXP2101:
    """The chip on `i2c` (machine.I2C). Raises OSError when it does not answer."""

    def __init__(self, i2c):
        self._i2c = i2c
        self._buf = bytearray(1)
        try:
            found = self._read(_CHIP_ID)
        except OSError:
            found = None
        if found != _ID:
            raise OSError(
                _ENODEV,
                "no AXP2101 at I2C address 0x34 (%s): "
                "is this the board version with the power chip?"
                % ("no answer" if found is None else "chip id 0x%02X" % found),
            )

    def modem_on(self, millivolts=3000):
        """Supply the modem (DC3, 2700 to 3400 mV) and its level shifter (BLDO1).

        Writes nothing when both are already on with these voltages.
        """
        if not 2700 <= millivolts <= 3400:
            raise ValueError("the modem takes 2700 to 3400 mV, not %d" % millivolts)
        self._update(_DC3_VOLTAGE, 0x7F, 88 + (millivolts - 1600) // 100)
        self._update(_DCDC_ENABLE, _DC3, _DC3)
        self._update(_BLDO1_VOLTAGE, 0x1F, _ldo(3300))
        self._update(_LDO_ENABLE, _BLDO1, _BLDO1)

    def modem_off(self):
        """Cut the modem's supply. The level shifter must stay on."""
        self._update(_DCDC_ENABLE, _DC3, 0)

    def antenna(self, on):
        """Switch the supply of the active GNSS antenna (BLDO2, 3300 mV)."""
        if on:
            self._update(_BLDO2_VOLTAGE, 0x1F, _ldo(3300))
        self._update(_LDO_ENABLE, _BLDO2, _BLDO2 if on else 0)

    def allow_charging(self):
        """Measure the battery's voltage but not its temperature.

        The board has no battery temperature sensor, and the open input would stop the charger.
        """
        self._update(_ADC_ENABLE, _ADC_TS | _ADC_BATTERY, _ADC_BATTERY)

    def battery(self):
        """Return (millivolts, percent) of the battery, or None if there is no battery."""
        if not self._read(_STATUS) & _BATTERY_PRESENT:
            return None
        millivolts = (self._read(_BATTERY_MV) & 0x1F) << 8 | self._read(_BATTERY_MV + 1)
        return millivolts, self._read(_BATTERY_PERCENT)

    def _read(self, register):
        self._i2c.readfrom_mem_into(_ADDRESS, register, self._buf)
        return self._buf[0]

    def _update(self, register, mask, bits):
        """Set the bits of `mask` in `register` to `bits`; write only if the value changes."""
        old = self._read(register)
        new = old & ~mask | bits
        if new != old:
            self._buf[0] = new
            self._i2c.writeto_mem(_ADDRESS, register, self._buf)


def _ldo(millivolts):
    return (millivolts - 500) // 100
