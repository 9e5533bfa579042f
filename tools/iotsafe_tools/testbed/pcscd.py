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

from ..setup.packages import vpcd_driver
from .ports import ReservedPort
from .preload import compiled, loaded
from .process import DIE_WITH_PARENT, Process, ProcessError

READER = "Lab 00 00"
"""The reader's name: pcscd appends numbers of reader and slot."""

_ACTIVATION = Path(__file__).with_name("socket_activation.py")
_FOLDER_SOURCE = Path(__file__).with_name("pcscd_folder.c")
_SYSTEM_PATH = "/usr/local/sbin:/usr/sbin:/sbin"
_AS_NOBODY = ("--reuid", "nobody", "--regid", "nogroup", "--clear-groups")
# What pcscd writes when there is a card in the reader, and when there is none any more.
_STATES = {"Card ATR: ": True, "Card Removed From": False}
_START_TIMEOUT = 30.0  # seconds; it takes a few milliseconds
_CARD_TIMEOUT = 60.0  # seconds; it looks for a card every 0.4


class Pcscd:
    """A pcscd of our own, running between `start` and `stop`; the vpcd in it listens on `port`.

    As a context manager it is started on entry, and stopped and removed on exit. vpcd
    listens on all addresses, and for its second slot, which stays empty, on the port above `port`.
    """

    def __init__(self) -> None:
        self._program = _program()
        self._driver = vpcd_driver()
        if self._driver is None:
            raise ProcessError("there is no vpcd: run make pcsc, which installs vsmartcard-vpcd")
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
        """Where the card connects to, as `Lab(vpcd=...)` takes it."""
        return f"127.0.0.1:{self.port}"

    @property
    def env(self) -> dict[str, str]:
        """The environment for programs that are to use this pcscd."""
        return {**os.environ, "PCSCLITE_CSOCK_NAME": str(self._socket)}

    @property
    def pid(self) -> int:
        """Its process id. Raises ProcessError before `start`."""
        if self._process is None:
            raise ProcessError("pcscd was not started")
        return self._process.pid

    def start(self) -> Self:
        """Start it, also after a `stop`. Raises ProcessError if it does not come up."""
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
        """Wait until pcscd has a card in the reader. Raises ProcessError if none comes."""
        self._wait_for(True, "no card came into the reader")

    def wait_for_no_card(self) -> None:
        """Wait until pcscd has none. Raises ProcessError if it stays."""
        self._wait_for(False, "the card stays in the reader")

    def _wait_for(self, card: bool, failure: str) -> None:
        with self._changed:
            done = self._changed.wait_for(lambda: self._has_card is card, _CARD_TIMEOUT)
        if not done:
            raise ProcessError(f"{failure} in {_CARD_TIMEOUT:g} s", self._process.tail())

    def _note(self, line: str) -> None:
        """Read from the log whether there is a card, whose ATR it writes at any rate."""
        for text, has_card in _STATES.items():
            if text in line:
                self._set(has_card)

    def _set(self, has_card: bool) -> None:
        with self._changed:
            self._has_card = has_card
            self._changed.notify_all()

    def stop(self) -> None:
        """End it; the port stays ours. May be called twice."""
        if self._process is not None:
            self._process.stop()

    def close(self) -> None:
        """Stop it, remove its files and give the port back."""
        self.stop()
        for port in self._reserved:
            port.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_: object) -> None:
        self.close()


def _two_ports() -> tuple[ReservedPort, ReservedPort]:
    """A port and the next one: a vpcd that does not get both has no reader at all."""
    for _ in range(100):
        first = ReservedPort("0.0.0.0")
        try:
            return first, ReservedPort("0.0.0.0", first.number + 1)
        except (OSError, OverflowError):
            first.close()
    raise ProcessError("no two neighbouring TCP ports are free")


def _program() -> list[str]:
    """pcscd, with polkit off where it has it: who may enter is the matter of our folder."""
    path = shutil.which("pcscd", path=f"{os.environ.get('PATH', os.defpath)}:{_SYSTEM_PATH}")
    if path is None:
        raise ProcessError("there is no pcscd: run make pcsc, which installs it")
    options = subprocess.run([path, "--help"], capture_output=True, text=True).stdout
    return [path, "--disable-polkit"] if "--disable-polkit" in options else [path]
