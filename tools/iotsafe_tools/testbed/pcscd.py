"""pcscd with vpcd's virtual reader, apart from the machine's own pcscd.

That one has its folder in /run and perhaps real readers. Ours gets its socket as systemd would
hand it over, reads a configuration with one reader, and looks for no USB reader. It has its own
folder in place of /run/pcscd (pcscd_folder.c), which need not exist. If we are root, it runs as
nobody, so that it cannot touch the files of the other. Clients find it by the variable
PCSCLITE_CSOCK_NAME of their environment.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Self

from iotsafe_tools.toolchain.packages import vpcd_driver

from .preload import compiled, loaded
from .process import DIE_WITH_PARENT, Process, ProcessError
from .reserved_port import ReservedPort
from .started import Started

READER = "Lab 00 00"
"""The reader's name; pcscd appends the numbers of reader and slot."""

_ACTIVATION = Path(__file__).with_name("socket_activation.py")
_FOLDER_SOURCE = Path(__file__).with_name("pcscd_folder.c")
_SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin"
_AS_NOBODY = ("--reuid", "nobody", "--regid", "nogroup", "--clear-groups")
# Lines that pcscd logs when a card enters the reader, and when it leaves.
_STATES = {"Card ATR: ": True, "Card Removed From": False}
_START_TIMEOUT = 30.0  # seconds; it takes a few milliseconds
_CARD_TIMEOUT = 60.0  # seconds; pcscd polls for a card every 0.4


class Pcscd(Started):
    """Our own pcscd, running between `start` and `stop`. Its vpcd listens on `port`.

    A context manager: it starts on entry; on exit it stops and removes its files. vpcd listens on
    loopback, and for its second slot, which stays empty, on the port above `port`.
    """

    def __init__(self) -> None:
        self._program = _program()
        self._driver = vpcd_driver()
        if self._driver is None:
            raise ProcessError("vpcd is not installed: make pcsc installs vsmartcard-vpcd")
        self._reserved = _two_ports()
        self.port: int = self._reserved[0].number
        self._folder = Path(tempfile.mkdtemp(prefix="pcscd-"))
        self._folder.chmod(0o711)
        self._socket = self._folder / "comm"
        self._configure()
        self._library = compiled(_FOLDER_SOURCE, self._folder)
        self._process: Process | None = None
        self._changed = threading.Condition()
        self._has_card = False

    def _configure(self) -> None:
        for name in ("readers", "usb"):
            self._make(name, 0o755)
        self._make("run", 0o777)  # nobody writes its process id there
        reader = self._folder / "readers" / "vpcd"
        reader.write_text(
            f'FRIENDLYNAME "Lab"\nDEVICENAME /dev/null:{self.port:#x}\n'
            f"LIBPATH {self._driver}\nCHANNELID {self.port:#x}\n"
        )
        reader.chmod(0o644)

    def _make(self, name: str, mode: int) -> None:
        """Make folder `name` with `mode`, whatever the umask is."""
        (self._folder / name).mkdir()
        (self._folder / name).chmod(mode)

    @property
    def where(self) -> str:
        """The address to which the card connects, for `Lab(vpcd=...)`."""
        return f"127.0.0.1:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        """The environment for programs that must use this pcscd."""
        return {**os.environ, "PCSCLITE_CSOCK_NAME": str(self._socket)}

    @property
    def pid(self) -> int:
        """Its process id. Raises ProcessError before `start`."""
        if self._process is None:
            raise ProcessError("pcscd was not started")
        return self._process.pid

    def start(self) -> Self:
        """Start pcscd, also after a `stop`. Raises ProcessError if it does not become ready."""
        self._socket.unlink(missing_ok=True)
        self._set(False)
        become = _AS_NOBODY if os.geteuid() == 0 else ()
        command = [*DIE_WITH_PARENT[:-1], *become, "--", *self._program]
        arguments = ["--foreground", "--info", "--config", self._folder / "readers"]
        self._process = Process(
            [sys.executable, _ACTIVATION, self._socket, *command, *arguments],
            name="pcscd",
            env={
                **loaded(self._library, self.env),
                "PCSCD_FOLDER": str(self._folder / "run"),
                "PCSCLITE_HP_DROPDIR": str(self._folder / "usb"),
            },
            on_line=self._note,
        ).start()
        try:
            self._process.wait_for("daemon ready", _START_TIMEOUT)
        except ProcessError:
            self.stop()
            raise
        return self

    def wait_for_card(self) -> None:
        """Wait until pcscd reports a card in the reader. Raises ProcessError if it does not."""
        self._wait_for(True, "no card entered the reader")

    def wait_for_no_card(self) -> None:
        """Wait until the card has left the reader. Raises ProcessError if it does not."""
        self._wait_for(False, "the card did not leave the reader")

    def _wait_for(self, card: bool, failure: str) -> None:
        with self._changed:
            done = self._changed.wait_for(lambda: self._has_card is card, _CARD_TIMEOUT)
        if not done:
            raise ProcessError(f"{failure} within {_CARD_TIMEOUT:g} s", self._process.tail())

    def _note(self, line: str) -> None:
        """Learn from the log whether there is a card; pcscd always logs the ATR of a new one."""
        for text, has_card in _STATES.items():
            if text in line:
                self._set(has_card)

    def _set(self, has_card: bool) -> None:
        with self._changed:
            self._has_card = has_card
            self._changed.notify_all()

    def stop(self) -> None:
        """Stop pcscd and keep the port. May be called twice."""
        if self._process is not None:
            self._process.stop()

    def close(self) -> None:
        """Stop pcscd, remove its files and release the ports."""
        self.stop()
        for port in self._reserved:
            port.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def _two_ports() -> tuple[ReservedPort, ReservedPort]:
    """Reserve a port and the next one: vpcd offers no reader unless it gets both."""
    for _ in range(100):
        first = ReservedPort()
        try:
            return first, ReservedPort(number=first.number + 1)
        except (OSError, OverflowError):
            first.close()
    raise ProcessError("no two neighbouring TCP ports are free")


def _program() -> list[str]:
    """Return the pcscd command, polkit off if it has that: our folder controls access."""
    path = shutil.which("pcscd", path=f"{os.environ.get('PATH', os.defpath)}:{_SYSTEM_PATH}")
    if path is None:
        raise ProcessError("pcscd is not installed: make pcsc installs it")
    options = subprocess.run([path, "--help"], capture_output=True, text=True).stdout
    return [path, "--disable-polkit"] if "--disable-polkit" in options else [path]
