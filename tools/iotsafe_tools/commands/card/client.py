"""Shared by the commands on a card: the client on a port, which closes the logical channel in any
case."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import iotsafe
from iotsafe_tools.console.errors import FAILURES
from iotsafe_tools.ports import open_channel
from iotsafe_tools.ports.shapes import Channel


class ObservedChannel:
    """A channel with hooks.

    `observer(command, data, sw)`: called after each exchange, if not None.
    `rewrite(command) -> command`: replaces each command, if not None.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.observer: Callable[[bytes, bytes, int], object] | None = None
        self.rewrite: Callable[[bytes], bytes] | None = None

    @property
    def generation(self) -> int:
        return self._channel.generation

    def transmit(self, apdu: bytes | memoryview) -> tuple[memoryview, int]:
        command = self.rewrite(bytes(apdu)) if self.rewrite else apdu
        data, sw = self._channel.transmit(command)
        if self.observer:
            self.observer(bytes(command), bytes(data), sw)
        return data, sw


@dataclass(frozen=True)
class CardClient:
    """A client. `applet`: a FullApplet; its first command opens the channel. `what`: the port's
    description."""

    applet: Any
    channel: ObservedChannel
    what: str

    def report(self, **fields: Any) -> dict[str, Any]:
        """Return the JSON object of a command: port, AID and its `fields`."""
        aid = self.applet.aid
        return {"port": self.what, "aid": hexadecimal(aid) if aid else None, **fields}


@contextlib.contextmanager
def open_client(
    url: str, aids: Sequence[bytes] = (), pin: str | None = None
) -> Iterator[CardClient]:
    """Open a client of the card at `url` (see `ports`); try `aids`, or the known ones.

    Only this function makes a client. Raises BadURL and FAILURES.
    """
    with open_channel(url, pin) as port:
        channel = ObservedChannel(port.channel)
        applet = iotsafe.FullApplet(channel, tuple(aids) or iotsafe.AIDS)
        try:
            yield CardClient(applet, channel, port.what)
        finally:
            with contextlib.suppress(*FAILURES):
                applet.close()


def hexadecimal(data: bytes | memoryview) -> str:
    """Return bytes as upper-case hex, for JSON and displays."""
    return bytes(data).hex().upper()


def unhex(text: str) -> bytes:
    """Return bytes from hex digits; spaces may separate bytes. Raises ValueError."""
    data = bytes.fromhex(text)
    if not data:
        raise ValueError("no hex digits")
    return data
