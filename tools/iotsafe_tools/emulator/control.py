"""The host's end of the control connection: commands with answers, and events.

One JSON object a line each way; board/control.mjs says which.
"""

import contextlib
import itertools
import json
import socket
import threading
from collections.abc import Callable
from typing import Any

from .errors import EmulatorError

_LINE_MAX = 1024 * 1024  # bytes
_TIMEOUT = 60.0  # seconds for an answer: the emulator answers between two slices of 1 ms


class Control:
    """A connection to `port` on this machine.

    `on_event(event)` is called for each event, in the order they come, from a thread of its own;
    it may send commands. `on_close()` is called there when the connection has ended.
    """

    def __init__(
        self,
        port: int,
        on_event: Callable[[dict[str, Any]], None],
        on_close: Callable[[], None] = lambda: None,
    ) -> None:
        try:
            self._socket = socket.create_connection(("127.0.0.1", port), _TIMEOUT)
        except OSError as error:
            raise EmulatorError(f"no emulator at port {port}: {error}") from error
        self._socket.settimeout(None)
        self._on_event = on_event
        self._on_close = on_close
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        self._answers: dict[int, dict[str, Any]] = {}
        self._closed = False
        self._events: list[dict[str, Any]] = []
        self._threads = [
            threading.Thread(target=work, name=name, daemon=True)
            for name, work in (("emulator control", self._read), ("emulator events", self._tell))
        ]
        for thread in self._threads:
            thread.start()

    def request(self, do: str, **fields: Any) -> dict[str, Any]:
        """Send a command; its answer. Raises EmulatorError if it is refused, or nobody answers."""
        number = next(self._numbers)
        line = json.dumps({"id": number, "do": do, **fields}).encode() + b"\n"
        with contextlib.suppress(OSError):
            self._socket.sendall(line)
        with self._changed:
            self._changed.wait_for(lambda: number in self._answers or self._closed, _TIMEOUT)
            answer = self._answers.pop(number, None)
        if answer is None:
            raise EmulatorError(f"the emulator does not answer to {do}: it has ended or hangs")
        if "error" in answer:
            raise EmulatorError(f"the emulator refuses {do}: {answer['error']}")
        return answer

    def _read(self) -> None:
        with self._socket.makefile("rb") as stream, contextlib.suppress(OSError, ValueError):
            while (line := stream.readline(_LINE_MAX)).endswith(b"\n"):
                message = json.loads(line)
                with self._changed:
                    if "event" in message:
                        self._events.append(message)
                    elif message["id"] is not None:
                        self._answers[message["id"]] = message
                    self._changed.notify_all()
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _tell(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._events or self._closed)
                events, self._events = self._events, []
            for event in events:
                self._on_event(event)
            if self._closed and not events:
                break
        self._on_close()

    def close(self) -> None:
        """Hang up; all events that came have been told after this. May be called twice."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()
        self._socket.close()
