"""Reads the lines that a board prints on its USB console."""

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Self

_SIZE = 4096
_LINE_MAX = 4096  # longer lines are cut


class Console:
    """Reads the console at `place` (socket://HOST:PORT) and calls `on_line` in a thread.

    The console accepts one client: do not use mpremote meanwhile. A context manager.
    """

    def __init__(self, place: str, on_line: Callable[[str], None]) -> None:
        host, _, port = place.removeprefix("socket://").rpartition(":")
        self._address = (host, int(port))
        self._on_line = on_line
        self._socket: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name="console", daemon=True)

    def __enter__(self) -> Self:
        self._socket = socket.create_connection(self._address, timeout=10)
        self._socket.settimeout(None)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # the board may have ended
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._socket.close()

    def send(self, data: bytes) -> None:
        """Send `data` as keystrokes; b"\\x03" is Ctrl-C."""
        self._socket.sendall(data)

    def _run(self) -> None:
        rest = b""
        while True:
            try:
                data = self._socket.recv(_SIZE)
            except OSError:
                return
            if not data:
                return
            *lines, rest = (rest + data).split(b"\n")
            rest = rest[:_LINE_MAX]
            for line in lines:
                self._on_line(line[:_LINE_MAX].decode("utf-8", "replace").rstrip("\r"))
