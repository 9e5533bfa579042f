"""A TCP port that stays ours, also while nobody listens on it."""

import socket
from typing import Self


class ReservedPort:
    """Holds `number` by a socket that is bound but never listens.

    Linux gives such a port to nobody who asks for any free port, neither to bind nor as the
    source of a connection, while a server that sets SO_REUSEADDR (mosquitto does) may listen on
    it. Connecting to it without a server is refused at once. So there is no moment between
    choosing the port and using it in which it can be taken, and a server can come back on it.

    address, number: instead of loopback and any free port. Raises OSError when that is in use.
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
        """Give the port back; may be called twice."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
