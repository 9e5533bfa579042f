"""Supply voltage, battery and temperature as the modem reports them. They never change."""

from __future__ import annotations

from .parser import Args
from .table import CommandTable

MILLIVOLTS = 3800
PERCENT = 80
DISCHARGING = 0
CELSIUS = 25


def battery(modem, args: Args) -> None:
    """27.007 8.4, and the voltage: status, charge in per cent, millivolts."""
    modem.info(f"+CBC: {DISCHARGING},{PERCENT},{MILLIVOLTS}")


def three_temperatures(modem, args: Args) -> None:
    """AT+QTEMP: print the temperatures of power amplifier, crystal and chip."""
    modem.info(f"+QTEMP: {CELSIUS},{CELSIUS + 1},{CELSIUS + 2}")


def sequans_temperature(modem, args: Args) -> None:
    """AT+SMDTH."""
    modem.info(f"+SMDTH: {CELSIUS:.1f}")


def ublox_temperature(modem, args: Args) -> None:
    """AT+UTEMP?: print the unit (0 Celsius, 1 Fahrenheit) and tenths of a degree."""
    unit = modem.values["+UTEMP"][0]
    tenths = CELSIUS * 18 + 320 if unit else CELSIUS * 10
    modem.info(f"+UTEMP: {unit},{tenths}")


def add_battery(table: CommandTable) -> None:
    """Add +CBC to a table."""
    table.add("+CBC", "exec", battery)
    table.add("+CBC", "read", battery)
    table.tests({"+CBC": "(0-2),(1-100),(2700-4800)"})
