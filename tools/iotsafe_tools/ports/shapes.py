"""What an open port looks like to the commands, whatever is behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

DEFAULT_BAUD = 115200


class Channel(Protocol):
    """The seam of `iotsafe.apdu`: one command APDU in, response data and status word out."""

    generation: int

    def transmit(self, apdu: bytes | memoryview) -> tuple[memoryview, int]: ...


@dataclass(frozen=True)
class OpenCard:
    """An open port. `what`: what is there, for people."""

    channel: Channel
    what: str


@dataclass(frozen=True)
class ModemLine:
    """An open line to a modem. `uart`: of the shape of machine.UART, without waiting. `where`: for
    people. `url`: the same, short; `baud`: of the modem's end."""

    uart: Any
    where: str
    url: str
    baud: int
