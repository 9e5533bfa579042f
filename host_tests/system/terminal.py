"""Acts as a person at the board's USB console: reads the output, prompts included, and types."""

import contextlib
import re
import socket
import threading
from typing import Self

_SIZE = 4096
_TAIL = 1500  # characters quoted in a failure


class Terminal:
    """The only client of the console at `place` (socket://HOST:PORT).

    `text` is the output so far. It ends at the board's reset, which closes the connection.
    """

    def __init__(self, place: str) -> None:
        host, _, port = place.removeprefix("socket://").rpartition(":")
        self._socket = socket.create_connection((host, int(port)), 60)
        self._socket.settimeout(None)
        self._changed = threading.Condition()
        self._seen = 0  # characters of `text` that `wait_for` has consumed
        self._ended = False
        self.text = ""
        self._thread = threading.Thread(target=self._read, name="terminal", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while True:
            try:
                data = self._socket.recv(_SIZE)
            except OSError:
                data = b""
            with self._changed:
                self.text += data.decode("utf-8", "replace").replace("\r", "")
                self._ended = not data
                self._changed.notify_all()
            if not data:
                return

    def wait_for(self, pattern: str, timeout: float = 300.0) -> re.Match[str]:
        """Wait for the next match of `pattern`, and consume the text up to it. Raises
        AssertionError after `timeout` seconds, or if the board hangs up first."""
        found: list[re.Match[str]] = []

        def look() -> bool:
            match = re.compile(pattern).search(self.text, self._seen)
            found[:] = [match] if match else []
            return bool(found) or self._ended

        with self._changed:
            self._changed.wait_for(look, timeout)
            assert found, f"no {pattern!r} in the board's output:\n{self.text[-_TAIL:]}"
            self._seen = found[0].end()
        return found[0]

    def send(self, data: bytes) -> None:
        """Send keystrokes; b"\\x03" is Ctrl-C."""
        self._socket.sendall(data)

    def type(self, line: str) -> None:
        """Type a line and wait until the board has echoed it."""
        self.send(line.encode() + b"\r")
        self.wait_for(re.escape(line) + r"\s")

    def close(self) -> None:
        """Disconnect. May be called twice."""
        with contextlib.suppress(OSError):  # the board may have ended, or this is the second call
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(60)
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
