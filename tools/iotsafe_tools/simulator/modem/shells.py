"""The places of the modem's UART for a host: a pseudo terminal or a TCP port. `lab.Lab` drives
both.

A shell has `name` (for the host to open), `attached` (a host has opened it), `readers(room)` and
`writers()` (files to wait for), `read`, `write`, `poll` (to call in each turn), `retry` (seconds
until the next `poll`, or None) and `close`.
"""

from __future__ import annotations

import errno
import hashlib
import os
import select
import socket

CHUNK = 4096
LOOK_AGAIN = 0.01
"""Seconds between two checks whether a host opened the pseudo terminal (the kernel does not report
that)."""


class ShellError(Exception):
    """The UART cannot be opened there; the message says what to do."""


class PtyShell:
    """A raw pseudo terminal; with `link` also a symbolic link to it, removed at the end.

    The host may close and reopen it. While no host has it open, output is lost. A link that
    another running shell has made is refused.
    """

    def __init__(self, link: str | None = None) -> None:
        try:
            import tty
        except ImportError:
            raise ShellError(
                "this system has no pseudo terminals; use --uart tcp:127.0.0.1:0"
            ) from None
        self._claim = claimed(link, "the UART") if link else None
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self._device = os.ttyname(slave)
        os.close(slave)  # from now on the master can tell whether a host has it open
        os.set_blocking(self._master, False)
        self.attached = False
        self._link = link
        self.name = link or self._device
        if link:
            self._make_link(link)

    def _make_link(self, link: str) -> None:
        temporary = f"{link}.{os.getpid()}.new"
        try:
            if os.path.lexists(link) and not os.path.islink(link):
                raise ShellError(f"{link} exists and is not a link; use another name for the pty")
            os.symlink(self._device, temporary)
            os.replace(temporary, link)
        except OSError as error:
            self.close()
            raise ShellError(f"cannot link {link} to the pty: {error.strerror}") from error
        except ShellError:
            self.close()
            raise

    @property
    def retry(self) -> float | None:
        """Seconds until the next `poll`."""
        return None if self.attached else LOOK_AGAIN

    def poll(self) -> bool:
        """Check whether a host has it open; return True if one has just opened it."""
        poller = select.poll()
        poller.register(self._master, select.POLLIN)
        events = dict(poller.poll(0)).get(self._master, 0)
        before, self.attached = self.attached, not events & select.POLLHUP or bool(events & 1)
        return self.attached and not before

    def readers(self, room: int) -> list:
        """What to wait for to become readable."""
        return [self._master] if self.attached and room > 0 else []

    def writers(self) -> list:
        """What to wait for to become writable."""
        return [self._master] if self.attached else []

    def read(self, limit: int) -> bytes:
        """Bytes from the host, b"" when there are none."""
        try:
            return os.read(self._master, min(limit, CHUNK))
        except BlockingIOError:
            return b""
        except OSError:  # EIO: the other side is closed
            self.attached = False
            return b""

    def write(self, data: bytes) -> int:
        """Send to the host; how many bytes were taken."""
        try:
            return os.write(self._master, data)
        except BlockingIOError:
            return 0
        except OSError:
            self.attached = False
            return len(data)

    def close(self) -> None:
        """Remove the link and close the pty."""
        link = self._link
        if link and os.path.islink(link) and os.readlink(link) == self._device:
            os.unlink(link)
        os.close(self._master)
        if self._claim is not None:
            self._claim.close()


def claimed(path: str, what: str) -> socket.socket | None:
    """Claim `path` among all labs of this machine, until the result is closed or the process
    ends, however it ends; None where the system cannot. Raises ShellError if another has it.

    Linux has names of sockets that are no files, and so cannot be left over.
    """
    if not hasattr(socket, "AF_UNIX"):  # Windows
        return None
    place = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
    name = hashlib.sha256(os.fsencode(place)).hexdigest()
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f"\0iotsafe-lab-{name}")
    except OSError as error:
        claim.close()
        if error.errno == errno.EADDRINUSE:
            raise ShellError(
                f"{path} is {what} of another running lab; stop that one, or use another name"
            ) from None
        return None
    return claim


class TcpShell:
    """A listening TCP port; one host at a time, a new one replaces the old."""

    retry = None

    def __init__(self, host: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._server = socket.socket(family, socket.SOCK_STREAM)
        if os.name == "posix":  # on Windows it would let another program take the port
            self._server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._server.bind((host, port))
        except (OSError, OverflowError) as error:
            self._server.close()
            raise ShellError(f"cannot listen on {host} port {port}: {error}") from error
        self._server.listen(4)
        self._server.setblocking(False)
        self._client: socket.socket | None = None
        self.name = tcp_place(host, self._server)

    @property
    def attached(self) -> bool:
        """Whether a host is connected."""
        return self._client is not None

    def poll(self) -> bool:
        """Accept a new host; return True if one has just connected."""
        try:
            client, _ = self._server.accept()
        except OSError:
            return False
        self._drop()
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client = client
        return True

    def readers(self, room: int) -> list:
        """What to wait for to become readable."""
        return [self._server, *([self._client] if self._client and room > 0 else [])]

    def writers(self) -> list:
        """What to wait for to become writable."""
        return [self._client] if self._client else []

    def read(self, limit: int) -> bytes:
        """Bytes from the host, b"" when there are none."""
        if self._client is None:
            return b""
        try:
            data = self._client.recv(min(limit, CHUNK))
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            self._drop()
        return data

    def write(self, data: bytes) -> int:
        """Send to the host; how many bytes were taken."""
        if self._client is None:
            return len(data)
        try:
            return self._client.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            self._drop()
            return len(data)

    def close(self) -> None:
        """Close all sockets."""
        self._drop()
        self._server.close()

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None


def tcp_place(host: str, server: socket.socket) -> str:
    """Return "tcp:HOST:PORT" of a listening socket; an IPv6 address is in brackets."""
    shown = f"[{host.strip('[]')}]" if ":" in host else host
    return f"tcp:{shown}:{server.getsockname()[1]}"


def open_shell(where: str) -> PtyShell | TcpShell:
    """Return the shell for "pty", "pty:LINK" or "tcp:HOST:PORT" (port 0 = any free one). Raises
    ShellError."""
    kind, _, rest = where.partition(":")
    if kind == "pty":
        return PtyShell(rest or None)
    host, _, port = rest.rpartition(":")
    if kind == "tcp" and host and port.isdigit():
        return TcpShell(host.strip("[]"), int(port))
    raise ShellError(f"no UART {where!r}; use pty, pty:LINK or tcp:HOST:PORT")
