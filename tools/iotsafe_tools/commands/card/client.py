"""What the commands on a card share: the client on a port, and an end that closes the logical
channel whatever happens."""

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
    """The channel, for those who look at it.

    `observer(command, data, sw)`: called after each exchange. `rewrite(command) -> command`: what
    is sent instead. None: neither.
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
    """`applet`: a FullApplet; its first command opens the channel. `what`: what the port is."""

    applet: Any
    channel: ObservedChannel
    what: str

    def report(self, **fields: Any) -> dict[str, Any]:
        """The JSON object of a command: where it was, and its `fields`."""
        aid = self.applet.aid
        return {"port": self.what, "aid": hexadecimal(aid) if aid else None, **fields}


@contextlib.contextmanager
def open_client(
    url: str, aids: Sequence[bytes] = (), pin: str | None = None
) -> Iterator[CardClient]:
    """The client of the card at `url` (see `ports`), which tries `aids`, or those it knows.

    The one place that makes a client. Raises BadURL and FAILURES.
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
    """Bytes as JSON and people get them: upper-case hex."""
    return bytes(data).hex().upper()


def unhex(text: str) -> bytes:
    """Bytes from hex digits, spaces allowed between bytes; ValueError."""
    data = bytes.fromhex(text)
    if not data:
        raise ValueError("no hex digits")
    return data
