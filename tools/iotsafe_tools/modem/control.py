"""Text commands to a running lab from another process: what is no part of a UART, such as the
power key.

One command a line over TCP, one line of JSON back: `key down`, `key up`, `power on`, `power
off`, `sim remove`, `sim insert`, `fault KIND:name=value,…`, `faults clear`, `counters`. Bad
input gets {"error": …}.
"""

from __future__ import annotations

import json
import socket

from .shells import ShellError

LINE_LIMIT = 512
CLIENT_LIMIT = 8


class Control:
    """Listens at `where` ("tcp:HOST:PORT") for commands to `modem`."""

    def __init__(self, modem, where: str) -> None:
        kind, _, rest = where.partition(":")
        host, _, port = rest.rpartition(":")
        if kind != "tcp" or not host or not port.isdigit():
            raise ShellError(f"no control port {where!r}; use tcp:HOST:PORT")
        self._commands = {
            "key down": lambda: modem.power_key(True),
            "key up": lambda: modem.power_key(False),
            "power on": lambda: modem.power(True),
            "power off": lambda: modem.power(False),
            "sim remove": modem.sim.remove,
            "sim insert": modem.sim.insert,
            "faults clear": modem.faults.clear,
            "counters": lambda: dict(modem.counters),
        }
        self._modem = modem
        self._clients: dict[socket.socket, bytearray] = {}
        try:
            self._server = socket.create_server((host, int(port)))
        except (OSError, OverflowError) as error:
            raise ShellError(f"cannot listen on {host} port {port}: {error}") from error
        self._server.setblocking(False)
        self.name = f"tcp:{host}:{self._server.getsockname()[1]}"

    def readers(self) -> list:
        """What to wait for to become readable."""
        return [self._server, *self._clients]

    def service(self, ready: list) -> None:
        """Answer what has arrived."""
        for client in [item for item in ready if item in self._clients]:
            self._serve(client)
        if self._server in ready:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            client.setblocking(False)
            if len(self._clients) >= CLIENT_LIMIT:
                self._drop(next(iter(self._clients)))
            self._clients[client] = bytearray()

    def close(self) -> None:
        """Hang up."""
        for client in list(self._clients):
            self._drop(client)
        self._server.close()

    def answer(self, line: str) -> dict:
        """Carry out one command."""
        try:
            if line.startswith("fault "):
                self._modem.faults.parse(line[6:].strip())
                return {"ok": True}
            if line not in self._commands:
                raise ValueError(
                    f"no command {line[:40]!r}; there are {', '.join(self._commands)}, fault"
                )
            return {"ok": True, **(self._commands[line]() or {})}
        except ValueError as error:
            return {"error": str(error)}

    def _serve(self, client: socket.socket) -> None:
        buffer = self._clients[client]
        try:
            data = client.recv(LINE_LIMIT)
            buffer += data
            while b"\n" in buffer:
                line, _, rest = bytes(buffer).partition(b"\n")
                buffer[:] = rest
                reply = self.answer(line.decode("latin-1").strip())
                client.send(json.dumps(reply).encode() + b"\n")
        except OSError:
            data = b""
        if not data or len(buffer) > LINE_LIMIT:
            self._drop(client)

    def _drop(self, client: socket.socket) -> None:
        del self._clients[client]
        client.close()
