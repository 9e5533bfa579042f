"""For tests of the modem and of its hosts: virtual time, a scripted card, loopback peers."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable

from iotsafe_tools.simulator.modem.core import Modem
from iotsafe_tools.simulator.modem.line import interest
from iotsafe_tools.testbed import PATIENCE

"""Seconds of real time after which a loopback peer counts as lost."""


class StubCard:
    """Answers APDUs from `script` (hex -> hex), others with 6D00; `log` has the APDUs it got."""

    def __init__(self, script: dict[str, str] | None = None, seconds: float = 0.0) -> None:
        self.script = script or {}
        self.seconds = seconds
        self.resets = 0
        self.log: list[str] = []

    def power_on(self) -> bytes:
        """Count a reset."""
        self.resets += 1
        return b"\x3b\x00"

    def latency(self, apdu: bytes) -> float:
        """Return the same latency for every command."""
        return self.seconds

    def transmit(self, apdu: bytes) -> bytes:
        """Look up the command's answer."""
        key = apdu.hex().upper()
        self.log.append(key)
        return bytes.fromhex(self.script.get(key, "6D00"))


class Bench:
    """A modem in virtual time: nothing happens outside `ask` and `run`.

    options: as for Modem, but without delays by default.
    """

    def __init__(self, card=None, *, echo: bool = False, **options) -> None:
        self.time = 0.0
        self.events: list[dict] = []
        self.card = card or StubCard()
        options.setdefault("delays", 0.0)
        self.modem = Modem(
            self.card, clock=lambda: self.time, on_event=self.events.append, **options
        )
        self.modem.take()
        if not echo and self.modem.ready:
            self.ask("ATE0")

    def ask(self, line: str | bytes, end: bytes = b"\r") -> bytes:
        """Send a command line; return what the modem prints at once."""
        data = line.encode("latin-1") if isinstance(line, str) else line
        self.modem.feed(data + end)
        self.modem.service()
        return self.modem.take()

    def run(self, seconds: float) -> bytes:
        """Let time pass, from one due time to the next; return what the modem prints."""
        end = self.time + seconds
        while (due := self.modem.next_due()) is not None and due <= end:
            self.time = max(self.time, due)
            self.modem.service()
        self.time = end
        self.modem.service()
        return self.modem.take()

    def wait(self, test: Callable[[], object]) -> None:
        """Serve real sockets until `test()`; virtual time stands still.

        Raises AssertionError if it never comes true.
        """
        due = time.monotonic() + PATIENCE
        while not test():
            assert time.monotonic() < due, "the loopback peer did not answer"
            select.select(*interest(self.modem), (), 0.01)
            self.modem.service()

    def until(self, text: bytes) -> bytes:
        """Serve real sockets until the modem has printed `text`; return everything it printed."""
        printed = bytearray()

        def seen() -> bool:
            printed.extend(self.modem.take())
            return text in printed

        self.wait(seen)
        return bytes(printed)

    def kinds(self, kind: str) -> list[dict]:
        """Return the events of one kind."""
        return [event for event in self.events if event["kind"] == kind]


class Peer:
    """A loopback TCP server under the test's control, one connection at a time."""

    def __init__(self, receive_buffer: int | None = None) -> None:
        self._server = socket.socket()
        if receive_buffer:
            self._server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._server.bind(("127.0.0.1", 0))
        self._server.listen()
        self._server.settimeout(PATIENCE)
        self.port = self._server.getsockname()[1]
        self.socket: socket.socket | None = None

    def accept(self) -> socket.socket:
        """Accept the connection that the modem opened."""
        self.socket, _ = self._server.accept()
        self.socket.settimeout(PATIENCE)
        return self.socket

    def __enter__(self) -> Peer:
        return self

    def __exit__(self, *exc: object) -> None:
        if self.socket:
            self.socket.close()
        self._server.close()


class EchoServer:
    """A loopback TCP server in a thread that returns what it gets; any number of connections."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._connections: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> EchoServer:
        return self

    def __exit__(self, *exc: object) -> None:
        for sock in (self._server, *self._connections):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        for thread in self._threads:
            thread.join(PATIENCE)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self._connections.append(connection)
            thread = threading.Thread(target=self._echo, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    @staticmethod
    def _echo(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := connection.recv(65536):
                connection.sendall(data)
