"""A modem at a port, with the driver that the board has for it."""

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
"""How long a modem may take to answer: it may have been switched on just now."""


@dataclass(frozen=True)
class ConnectedModem:
    """`modem`: the driver's object, set up. `driver`: its name. `model`: of the modem."""

    modem: Any
    driver: str
    model: str
    line: ModemLine

    @property
    def what(self) -> str:
        """For people."""
        return f"{self.model} on {self.line.where}"


def connect(line: ModemLine, driver: str | None = None) -> ConnectedModem:
    """The modem on `line`, found and set up, with `driver`, or with that for what it says it is.

    Raises PortError when no modem answers, ToolError for one that nobody knows.
    """
    anybody = AnyModem(line.uart)
    find(anybody, line, BOOT_MS)
    said = identity.names_of(anybody.at)
    driver = driver or identity.driver_of(said)
    if driver is None:
        raise ToolError(
            f"{line.url}: no driver is known for a modem that says {', '.join(said) or 'nothing'}",
            f"if it is a relative of one of these, name it with --modem: "
            f"{', '.join(cellular.names())}",
        )
    if line.baud != DEFAULT_BAUD:
        _fix_rate(anybody.at, line.baud)
    modem = cellular.driver(driver)(line.uart)
    find(modem, line)
    return ConnectedModem(modem, driver, said[0] if said else driver, line)


def _fix_rate(at: Any, baud: int) -> None:
    """A driver sets a modem that follows any rate to that of the boards: set it to this one."""
    if identity.if_answered(at.command, b"+IPR?", b"+IPR:") == [b"0"]:
        at.command(b"+IPR=%d" % baud)
