"""Reserves a TCP port, also while no program listens on it."""

import socket
from typing import Self


class ReservedPort:
    """Holds the port `number` with a socket that is bound but never listens.

    Linux does not assign such a port to a program that asks for any free port, neither for bind
    nor as the source of a connection. A server that sets SO_REUSEADDR (mosquitto does) can still
    listen on it. Without a server, Linux refuses a connection at once. So no other program can
    take the port before its first use, and a server can restart on it.

    address, number: instead of loopback and any free port. Raises OSError when the port is in use.
    """

    def __init__(self, address: str = "127.0.0.1", number: int = 0) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind((address, number))
        except OSError:
            self._socket.close()
            raise
        self.number: int = self._socket.getsockname()[1]

    def close(self) -> None:
        """Release the port; may be called twice."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
