"""A modem at a port, with the board's driver for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cellular
from cellular import timeouts
from iotsafe_tools.console.errors import ToolError
from iotsafe_tools.ports.modem import AnyModem, find
from iotsafe_tools.ports.shapes import DEFAULT_BAUD, ModemLine

from . import identity

BOOT_MS = timeouts.BOOT
"""ms to the first answer: the modem may have been switched on just now."""


@dataclass(frozen=True)
class ConnectedModem:
    """`modem`: the driver's object, set up. `driver`: its name. `model`: of the modem."""

    modem: Any
    driver: str
    model: str
    line: ModemLine

    @property
    def what(self) -> str:
        """Its description, for messages."""
        return f"{self.model} on {self.line.where}"


def connect(line: ModemLine, driver: str | None = None) -> ConnectedModem:
    """Find and set up the modem on `line`, with `driver`, or with the driver for its model.

    Raises PortError if no modem answers, ToolError for an unknown model.
    """
    anybody = AnyModem(line.uart)
    find(anybody, line, BOOT_MS)
    reported = identity.names_of(anybody.at)
    driver = driver or identity.driver_of(reported)
    if driver is None:
        raise ToolError(
            f"{line.url}: no driver for a modem that reports {', '.join(reported) or 'nothing'}",
            f"if it resembles one of these, name that with --modem: {', '.join(cellular.names())}",
        )
    if line.baud != DEFAULT_BAUD:
        _fix_rate(anybody.at, line.baud)
    modem = cellular.driver(driver)(line.uart)
    find(modem, line)
    return ConnectedModem(modem, driver, reported[0] if reported else driver, line)


def _fix_rate(at: Any, baud: int) -> None:
    """Set an auto-baud modem to this line's rate, since its driver would set the boards' rate."""
    if identity.if_answered(at.command, b"+IPR?", b"+IPR:") == [b"0"]:
        at.command(b"+IPR=%d" % baud)
