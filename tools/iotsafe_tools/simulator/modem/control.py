"""Text commands to a running lab from another process, for things that are not part of a UART,
such as the power key.

One command a line over TCP, one line of JSON back: `key down`, `key up`, `power on`, `power
off`, `sim remove`, `sim insert`, `fault [SECONDS ]KIND:name=value,…`, `fault
random:seed=7,seconds=600`, `faults`, `faults clear`, `counters`, and the lab's own: `reader
insert`, `reader remove`, and the issuer's `card …` (lab/issuer_control.py). Bad input gets
{"error": …}.

Any program that can connect can do all of this: listen on loopback only.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping

from .shells import ShellError, tcp_place

LINE_LIMIT = 132 * 1024
"""Bytes; the longest is a file of 64 KB in hexadecimal."""
CLIENT_LIMIT = 8


class Control:
    """Listens at `where` ("tcp:HOST:PORT") for commands to `modem`.

    commands: whole line -> function, added to the table or replacing an entry. groups: first word
    -> function of the rest of the line. Both functions return fields of the answer, or None, and
    raise ValueError.
    """

    def __init__(
        self,
        modem,
        where: str,
        *,
        commands: Mapping[str, Callable[[], dict | None]] | None = None,
        groups: Mapping[str, Callable[[str], dict | None]] | None = None,
    ) -> None:
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
            "faults": modem.faults.state,
            "faults clear": modem.faults.clear,
            "counters": lambda: dict(modem.counters),
            **(commands or {}),
        }
        self._groups = {"fault": self._fault, **(groups or {})}
        self._modem = modem
        self._clients: dict[socket.socket, bytearray] = {}
        try:
            self._server = socket.create_server(
                (host.strip("[]"), int(port)),
                family=socket.AF_INET6 if ":" in host else socket.AF_INET,
            )
        except (OSError, OverflowError) as error:
            raise ShellError(f"cannot listen on {host} port {port}: {error}") from error
        self._server.setblocking(False)
        self.name = tcp_place(host, self._server)

    def readers(self) -> list:
        """Return the sockets to wait for until readable."""
        return [self._server, *self._clients]

    def service(self, ready: list) -> None:
        """Answer the commands that have arrived."""
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
        """Close all sockets."""
        for client in list(self._clients):
            self._drop(client)
        self._server.close()

    def answer(self, line: str) -> dict:
        """Carry out one command; return the answer's fields."""
        try:
            return {"ok": True, **(self._carry_out(line) or {})}
        except ValueError as error:
            return {"error": str(error)}

    def _carry_out(self, line: str) -> dict | None:
        group, _, rest = line.partition(" ")
        if group in self._groups and rest:
            return self._groups[group](rest.strip())
        if line not in self._commands:
            there = ", ".join((*self._commands, *self._groups))
            raise ValueError(f"no command {line[:40]!r}; there are {there}")
        return self._commands[line]()

    def _fault(self, text: str) -> None:
        self._modem.faults.parse(text)

    def _serve(self, client: socket.socket) -> None:
        buffer = self._clients[client]
        try:
            data = client.recv(LINE_LIMIT)
            buffer += data
            while b"\n" in buffer:
                line, _, rest = bytes(buffer).partition(b"\n")
                buffer[:] = rest
                reply = self.answer(line.decode("latin-1").strip())
                text = json.dumps(reply).encode() + b"\n"
                if client.send(text) != len(text):
                    raise BlockingIOError("the client does not take its answers")
        except OSError:
            data = b""
        if not data or len(buffer) > LINE_LIMIT:
            self._drop(client)

    def _drop(self, client: socket.socket) -> None:
        del self._clients[client]
        client.close()
