"""Runs mosquitto as a child process with its own configuration: loopback only, mutual TLS.

The broker takes the client's user name from the certificate's CN (`use_identity_as_username`) and
refuses clients without a certificate of the authority (`require_certificate`).
"""

import os
import pwd
import re
import shutil
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from .pki import PKI, Issued
from .preload import loaded
from .process import PATIENCE, Process, ProcessError
from .reserved_port import ReservedPort
from .started import Started

HOST = "127.0.0.1"

_RETRY = 0.05  # seconds between two attempts to connect; a log line ends the wait early

# mosquitto's `tls_version` is only a minimum. An OpenSSL configuration sets the maximum; OpenSSL
# reads it when mosquitto makes its TLS context. Below TLS 1.2 the security level must be 0: at a
# higher level OpenSSL offers no signature algorithm.
_OPENSSL_CONF = """\
openssl_conf = init
[init]
ssl_conf = ssl
[ssl]
system_default = limits
[limits]
MinProtocol = TLSv{version}
MaxProtocol = TLSv{version}
CipherString = DEFAULT@SECLEVEL={level}
"""
_SECURITY_LEVELS = {"1.1": 0, "1.2": 2, "1.3": 2}

# "... New client connected from 127.0.0.1:40112 as device-1 (p2, c1, k60, u'CN')."
_CONNECTED = re.compile(r"New client connected from \S+ as (.*) \(p\d, c\d, k\d+, u'(.*)'\)\.$")


@dataclass(frozen=True)
class ConnectedClient:
    """A client that the broker accepted: MQTT client identifier and the CN of its certificate."""

    id: str
    cn: str


class Broker(Started):
    """A broker for the clients of `pki` on 127.0.0.1; it holds its `port` until `close`.

    `server`: the broker's certificate; by default `pki` issues one for localhost and 127.0.0.1.
    `client_ca`: PEM file of the authority of the clients; by default that of `pki`.
    `tls_version`: the minimum in mosquitto's notation, "tlsv1.2" or "tlsv1.3".
    `tls_exactly`: the only version: "1.1", "1.2" or "1.3".
    `settings`: further lines of configuration for the listener.
    `preload`: a library of ours in front of mosquitto's: see `preload.py`.
    `on_line(line)` is called for each line of the log as mosquitto writes it.

    A context manager: it starts on entry, and stops and closes on exit.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        pki: PKI,
        *,
        server: Issued | None = None,
        client_ca: Path | None = None,
        tls_version: str | None = None,
        tls_exactly: str | None = None,
        settings: Sequence[str] = (),
        preload: Path | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        if tls_exactly is not None and tls_exactly not in _SECURITY_LEVELS:
            raise ValueError(f"tls_exactly is one of {', '.join(_SECURITY_LEVELS)}: {tls_exactly}")
        self.folder = Path(folder)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.pki = pki
        self.server = server or pki.issue_server()
        self.log_path = self.folder / "broker.log"
        self.log_path.write_text("")
        self._on_line = on_line
        self._reserved = ReservedPort()
        self.port: int = self._reserved.number
        self._process: Process | None = None
        self._env = dict(os.environ)
        if tls_exactly:
            openssl = self.folder / "openssl.cnf"
            openssl.write_text(
                _OPENSSL_CONF.format(version=tls_exactly, level=_SECURITY_LEVELS[tls_exactly])
            )
            self._env["OPENSSL_CONF"] = str(openssl)
            tls_version = f"tlsv{tls_exactly}"
        if preload:
            self._env = loaded(preload, self._env)
        self.config_path = self.folder / "mosquitto.conf"
        self._configure(client_ca or pki.ca_path, tls_version or "tlsv1.2", settings)

    def _configure(self, client_ca: Path, tls_version: str, settings: Sequence[str]) -> None:
        lines = [
            # Without this, a mosquitto started as root becomes the user "mosquitto", which may
            # not read our keys.
            f"user {pwd.getpwuid(os.geteuid()).pw_name}",
            "persistence false",
            "log_dest stderr",
            "log_type all",
            "log_timestamp_format %Y-%m-%dT%H:%M:%S",
            "allow_anonymous false",
            f"listener {self.port} {HOST}",
            f"cafile {client_ca}",
            f"certfile {self.server.path}",
            f"keyfile {self.server.key_path}",
            f"tls_version {tls_version}",
            "require_certificate true",
            "use_identity_as_username true",
            *settings,
        ]
        self.config_path.write_text("\n".join(lines) + "\n")

    # ---- running --------------------------------------------------------------------------

    def start(self) -> Self:
        """Start mosquitto, also again on the same port; return when it accepts connections.

        Raises ProcessError with the end of the log if it does not.
        """
        if self._process and self._process.running:
            return self
        self.stop()
        process = Process(
            [_mosquitto(), "-c", self.config_path],
            name="mosquitto",
            env=self._env,
            log=self.log_path,
            on_line=self._on_line,
        )
        self._process = process.start()
        try:
            self._await_listener(process)
        except ProcessError:
            self.stop()
            raise
        return self

    def _await_listener(self, process: Process) -> None:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                socket.create_connection((HOST, self.port), timeout=_RETRY).close()
                return
            except OSError:
                process.next_line(_RETRY)
            if process.ended:
                raise ProcessError("mosquitto ended at its start", process.tail())
        raise ProcessError(
            f"mosquitto does not listen on port {self.port} after {PATIENCE:g} s",
            process.tail(),
        )

    def stop(self) -> None:
        """Stop mosquitto. The port stays reserved, so it refuses connections until `start`."""
        if self._process:
            self._process.stop()

    def close(self) -> None:
        """Stop mosquitto and release the port. A closed broker cannot start again."""
        self.stop()
        self._reserved.close()

    @property
    def pid(self) -> int:
        """Process id of the last started mosquitto."""
        if self._process is None:
            raise ProcessError("mosquitto was not started")
        return self._process.pid

    # ---- its log --------------------------------------------------------------------------

    @property
    def log(self) -> str:
        """The whole log of all starts."""
        return self.log_path.read_text(encoding="utf-8")

    @property
    def clients(self) -> list[ConnectedClient]:
        """All connections that the broker has accepted so far, in order."""
        found = map(_CONNECTED.search, self.log.splitlines())
        return [ConnectedClient(*match.groups()) for match in found if match]

    def names(self, cn: str) -> bool:
        """Whether the log names a client by its certificate's common name `cn`."""
        return any(client.cn == cn for client in self.clients)

    def wait_until(self, holds: Callable[[str], bool], timeout: float = PATIENCE) -> None:
        """Wait until the whole log fulfils `holds`: a line may arrive after what it tells.

        Raises ProcessError after `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while not holds(self.log):
            if time.monotonic() > deadline:
                raise ProcessError(
                    f"not in mosquitto's log after {timeout:g} s", self.log.splitlines()[-12:]
                )
            time.sleep(_RETRY)

    def wait_until_named(self, cn: str, timeout: float = PATIENCE) -> None:
        """Wait until `names(cn)`. Raises ProcessError."""
        self.wait_until(lambda _: self.names(cn), timeout)

    def wait_for(self, pattern: str, timeout: float = PATIENCE) -> re.Match[str]:
        """Wait for a line with `pattern` in the log of this start; see `Process.wait_for`."""
        if self._process is None:
            raise ProcessError("mosquitto was not started")
        return self._process.wait_for(pattern, timeout)

    def wait_for_client(self, cn: str, timeout: float = PATIENCE) -> re.Match[str]:
        """Wait until the broker accepts a client whose certificate has the CN `cn`."""
        return self.wait_for(rf"New client connected .* u'{re.escape(cn)}'\)", timeout)


def _mosquitto() -> str:
    """Return the path of the program. Debian installs it outside the PATH of ordinary users."""
    found = shutil.which(
        "mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin"
    )
    if found is None:
        raise ProcessError("mosquitto is not installed: apt-get install mosquitto")
    return found
