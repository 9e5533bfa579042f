"""`python socket_activation.py SOCKET COMMAND…` executes COMMAND with a listening Unix socket as
descriptor 3, as systemd starts a service (sd_listen_fds(3)).

pcscd.py runs this file as a separate program. It uses the standard library only.
"""

import os
import socket
import sys

_FIRST = 3


def main(path: str, *command: str) -> None:
    """Bind `path` so that only its owner can connect, and execute `command`."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    os.chmod(path, 0o600)
    listener.listen(16)
    if listener.fileno() != _FIRST:
        os.dup2(listener.fileno(), _FIRST)
    os.set_inheritable(_FIRST, True)
    os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
