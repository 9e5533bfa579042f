"""What the commands on a card share: the client on a port, errors as one line or as JSON, and an
end that closes the logical channel whatever happens."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import typer

import iotsafe

from .ports import Channel, open_channel
from .tool_errors import FAILURES, BadURL, printable, told

INTERRUPTED = 128  # and the signal's number: the exit status


class Seen:
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
class Session:
    """`safe`: the client, whose first command opens its channel. `what`: what the port is."""

    safe: Any
    channel: Seen
    what: str

    def report(self, **fields: Any) -> dict[str, Any]:
        """The JSON object of a command: where it was, and its `fields`."""
        aid = self.safe.aid
        return {"port": self.what, "aid": hexadecimal(aid) if aid else None, **fields}


@contextlib.contextmanager
def open_safe(url: str, aids: Sequence[bytes] = (), pin: str | None = None) -> Iterator[Session]:
    """The client of the card at `url` (see `ports`), which tries `aids`, or those it knows.

    The one place that makes a client. Raises BadURL and FAILURES.
    """
    with open_channel(url, pin) as port:
        channel = Seen(port.channel)
        safe = iotsafe.open(channel, tuple(aids) or iotsafe.AIDS)
        try:
            yield Session(safe, channel, port.what)
        finally:
            with contextlib.suppress(*FAILURES):
                safe.close()


@contextlib.contextmanager
def outcome(name: str, as_json: bool) -> Iterator[None]:
    """Turns failures in a command's block into one line, or an object, and an exit status.

    1 when it fails, 2 for a port that is written wrongly, 128 and more when a signal ends it.
    """
    _end_in_order()
    try:
        yield
    except BadURL as error:
        raise typer.BadParameter(str(error), param_hint="--port") from None
    except FAILURES as error:
        failure = told(error)
        if as_json:
            say_json({"error": failure.problem, "advice": failure.advice})
        else:
            typer.echo(printable(f"iotsafe {name}: {failure}"), err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.echo(f"iotsafe {name}: interrupted", err=True)
        raise typer.Exit(INTERRUPTED + signal.SIGINT) from None


def _end_in_order() -> None:
    """SIGTERM and SIGHUP unwind what is open, as Ctrl-C does. What can't be shown is a `?`."""
    for signal_name in ("SIGTERM", "SIGHUP"):
        if number := getattr(signal, signal_name, None):
            signal.signal(number, _end)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _end(number: int, _: object) -> NoReturn:
    raise SystemExit(INTERRUPTED + number)


def say_json(whole: dict[str, Any]) -> None:
    """Print the one JSON object of a command."""
    typer.echo(json.dumps(whole, indent=2))


def hexadecimal(data: bytes | memoryview) -> str:
    """Bytes as JSON and people get them: upper-case hex."""
    return bytes(data).hex().upper()


def unhex(text: str) -> bytes:
    """Bytes from hex digits, spaces allowed between bytes; ValueError."""
    data = bytes.fromhex(text)
    if not data:
        raise ValueError("no hex digits")
    return data
