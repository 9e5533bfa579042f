"""The host's end of the control connection: sends commands, receives answers and events.

Each message is one line of JSON; board/control.mjs defines them.
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

    A thread of its own calls `on_event(event)` for each event, in order; the callback may send
    commands. The same thread calls `on_close()` when the connection has ended.
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
            for name, work in (
                ("emulator control", self._read),
                ("emulator events", self._call_back),
            )
        ]
        for thread in self._threads:
            thread.start()

    def request(self, do: str, **fields: Any) -> dict[str, Any]:
        """Send a command; return its answer. Raises EmulatorError on a refusal or no answer."""
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

    def _call_back(self) -> None:
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
        """Hang up after `on_event` has had all received events. May be called twice."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()
        self._socket.close()
