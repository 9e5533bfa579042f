"""The TLS servers that people have, as data: certificate chains, versions and programs.

`Cell` is one of them. `serving` runs the programs of some cells on loopback, each with its own
port and chain; all of them ask for a certificate of the device's authority. What the device and
the server say of a session is reduced to the same words: see `Session`.
"""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from iotsafe_tools.testbed import Broker, ReservedPort
from iotsafe_tools.testbed.chains import CHAINS, Files, Keys, make
from iotsafe_tools.testbed.pki import PKI, Issued
from iotsafe_tools.testbed.preload import compiled, loaded
from iotsafe_tools.testbed.process import Process

HOST = "127.0.0.1"
NAME = "localhost"
CLIENT = "device-1"

# What a server allows -> the version that the two must agree on: never 1.2 where 1.3 is possible.
VERSIONS = {"1.2": "TLSv1.2", "1.3": "TLSv1.3", "both": "TLSv1.3"}

# The same for the programs' command lines.
_OPENSSL = {"1.2": ["-tls1_2"], "1.3": ["-tls1_3"], "both": ["-no_tls1", "-no_tls1_1"]}
_GNUTLS = {"1.2": "+VERS-TLS1.2", "1.3": "+VERS-TLS1.3", "both": "+VERS-TLS1.2:+VERS-TLS1.3"}

# MQTT CONNECT of a client without a name, and the CONNACK that accepts it.
_CONNECT = bytes.fromhex("100c00044d5154540402003c0000")
_CONNACK = bytes.fromhex("20020000")
_TEXT = b"hello\n"


class Session(NamedTuple):
    """What one side says: "TLSv1.2" or "TLSv1.3", and the cipher, such as "AES-128-GCM"."""

    version: str
    cipher: str


@dataclass(frozen=True)
class Cell:
    """One server: a row of `CHAINS`, one of `VERSIONS`, one of `PROGRAMS`."""

    chain: str
    version: str
    program: str

    @property
    def name(self) -> str:
        return f"{self.program}/{self.chain}/{self.version}"


def session(text: str) -> Session | None:
    """Find version and cipher in a suite's name, or in a line of a server's log."""
    version = re.search(r"TLSv?(1\.\d)", text)
    cipher = re.search(r"AES[-_]?(128|256)[-_]GCM|(CHACHA20[-_]POLY1305)", text)
    if not version or not cipher:
        return None
    name = f"AES-{cipher[1]}-GCM" if cipher[1] else "CHACHA20-POLY1305"
    return Session("TLSv" + version[1], name)


def _library(name: str, folder: Path) -> Path:
    """Return the file of C beside this one, compiled in `folder`."""
    library = (folder / name).with_suffix(".so")
    return library if library.exists() else compiled(Path(__file__).with_name(name), folder)


class OpenSSL:
    """`openssl s_server`; it answers a line with its letters in reverse order."""

    send, expect = _TEXT, b"olleh\n"

    def __init__(self, cell: Cell, files: Files, pki: PKI, folder: Path) -> None:
        self._reserved = ReservedPort()
        self.port = self._reserved.number
        command = ["openssl", "s_server", "-accept", f"{HOST}:{self.port}", "-rev"]
        command += ["-cert", files.leaf, "-key", files.key, "-CAfile", pki.ca_path]
        command += ["-Verify", "1", "-verify_return_error", *_OPENSSL[cell.version]]
        if files.intermediates:
            command += ["-cert_chain", files.intermediates]
        self._process = Process(command, name=cell.name)

    def start(self) -> None:
        self._process.start()
        self._process.wait_for("ACCEPT")

    def said(self) -> str:
        """Return the log's words on the session."""
        version = self._process.wait_for(r"^Protocol version: (.*)")[1]
        suite = self._process.wait_for(r"^Ciphersuite: (.*)")[1]
        return f"{version} {suite}"

    def close(self) -> None:
        self._process.stop()
        self._reserved.close()


class GnuTLS:
    """`gnutls-serv`; it answers with what it gets. It cannot be told on which address to listen,
    nor how long to wait: functions of ours keep it on loopback, and let it wait for ever."""

    send, expect = _TEXT, _TEXT

    def __init__(self, cell: Cell, files: Files, pki: PKI, folder: Path) -> None:
        self._reserved = ReservedPort()
        self.port = self._reserved.number
        library = _library("gnutls_server.c", folder)
        command = ["gnutls-serv", "--port", self.port, "--echo", "--require-client-cert"]
        command += ["--verify-client-cert", "--x509cafile", pki.ca_path]
        command += ["--x509certfile", files.chain, "--x509keyfile", files.key]
        command += ["--priority", "NORMAL:-VERS-ALL:" + _GNUTLS[cell.version]]
        self._process = Process(list(map(str, command)), name=cell.name, env=loaded(library))

    def start(self) -> None:
        self._process.start()
        self._process.wait_for("listening on IPv4.*done")

    def said(self) -> str:
        """Return the log's words on the session."""
        return self._process.wait_for(r"^- Description: (.*)")[1]

    def close(self) -> None:
        self._process.stop()
        self._reserved.close()


class Mosquitto:
    """The broker, as in all other tests. It does not log the version: a file of ours does."""

    send, expect = _CONNECT, _CONNACK

    def __init__(self, cell: Cell, files: Files, pki: PKI, folder: Path) -> None:
        server = Issued(files.certificate, files.chain, files.key)
        exactly = None if cell.version == "both" else cell.version
        place = folder / cell.name.replace("/", "-")
        library = _library("tls_said.c", folder)
        self._broker = Broker(place, pki, server=server, tls_exactly=exactly, preload=library)
        self.port = self._broker.port

    def start(self) -> None:
        self._broker.start()

    def said(self) -> str:
        """Return the log's words on the session."""
        return self._broker.wait_for(r"negotiated (.*)")[1]

    def close(self) -> None:
        self._broker.close()


PROGRAMS = {"openssl": OpenSSL, "gnutls": GnuTLS, "mosquitto": Mosquitto}

TABLE = [Cell(c, v, p) for p in PROGRAMS for c in CHAINS for v in VERSIONS]


@contextlib.contextmanager
def serving(cells: list[Cell], pki: PKI, keys: Keys, folder: Path) -> Iterator[dict]:
    """Run the servers of `cells`; a dict of cell -> (server, files of its chain)."""
    chains = {name: make(name, keys, folder / name) for name in {cell.chain for cell in cells}}
    with contextlib.ExitStack() as stack:
        running = {}
        for cell in cells:
            files = chains[cell.chain]
            server = PROGRAMS[cell.program](cell, files, pki, folder)
            stack.callback(server.close)
            server.start()
            running[cell] = server, files
        yield running
