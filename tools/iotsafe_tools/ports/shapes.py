"""The interface of an open port to the commands, for all kinds of ports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

DEFAULT_BAUD = 115200


class Channel(Protocol):
    """The interface of `iotsafe.apdu`: one command APDU in, response data and status word out."""

    generation: int

    def transmit(self, apdu: bytes | memoryview) -> tuple[memoryview, int]: ...


@dataclass(frozen=True)
class OpenCard:
    """An open card. `what`: its description, for messages."""

    channel: Channel
    what: str


@dataclass(frozen=True)
class ModemLine:
    """An open line to a modem. `uart`: in the shape of machine.UART, never waiting. `where`: the
    place, for messages; `url`: the same, short. `baud`: the rate of the modem's end."""

    uart: Any
    where: str
    url: str
    baud: int
