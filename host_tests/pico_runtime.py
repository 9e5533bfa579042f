"""Unit tests on the emulated Raspberry Pi Pico, over mpremote.

One board serves a whole process of pytest. For each file it gets a soft reset, a file system that
is empty except for `/helpers`, and a mounted host folder with the tests. The tests are sent as
bytecode, because a compiler on the board would take heap that they need. The code under test is
frozen in the image.
"""

import json
import os
import re
import select
import struct
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport, fs_hook_code
from serial import SerialException

from iotsafe_tools.emulator import EmulatorError, Pico
from iotsafe_tools.emulator.pico import FIRMWARE
from iotsafe_tools.testbed import ROOT, ProcessError

HOST_TESTS = Path(__file__).resolve().parent
MPY_CROSS = ROOT / "build" / "mpy-cross" / "mpy-cross"

# The parts of the working tree that the image contains.
FROZEN = (ROOT / "lib", ROOT / "firmware")

# Modules that tests can import. They stay on the board's flash, as most files import them.
_HELPERS = "/helpers"
_HOOK = "mount_hook"  # what the board needs for mpremote's mount
_ALWAYS = (_HOOK, "device_files", "device_runner")
_ARCHITECTURE = "armv6m"

_HURRY = "ipoll(1000)"  # ms that the board waits for the host's answer; a busy host needs more
_MOUNTED = SerialTransport.fs_hook_mount
_START_TIMEOUT = 120.0  # seconds for a soft reset, and for an answer of the prompt
_LOOK = 0.25  # seconds between two looks at the emulator's events
_EVENT_TIMEOUT = 5.0  # seconds from the loss of the console to the event that gives the reason
_READ_MAX = 4096  # bytes between two looks at the clock
_PIECE = 1024  # bytes of a file that are copied with one command
_LINE_MAX = 64 * 1024  # bytes; a longer line arrives in pieces

# The raw REPL ends an execution with one of these: without and with a traceback before it.
_GOOD_END = b"\x04\x04>"
_BAD_END = b"\x04>"

# The connection raises one of these when the board is gone or sends what mpremote cannot parse.
_BROKEN = (
    TransportError,
    SerialException,
    OSError,
    ValueError,
    LookupError,
    TypeError,
    struct.error,
)

_PREPARE = f"""\
import sys
sys.path[:] = [{_HELPERS!r}]
import device_files
device_files.clear("/", keep={_HELPERS!r})
from {_HOOK} import RemoteFS, __mount
"""
_RUN = """\
import os
os.chdir("/")
sys.argv[:] = {}
import device_runner
"""


def _image() -> Path:
    return Path(os.environ.get("PICO_FIRMWARE", FIRMWARE))


class _Transport(SerialTransport):
    """mpremote's, which waits longer than its 10 s for an answer: the machine may be busy."""

    def read_until(self, min_num_bytes, ending, timeout=_START_TIMEOUT, **options):
        return super().read_until(min_num_bytes, ending, timeout, **options)

    def exec_raw(self, command, timeout=_START_TIMEOUT, data_consumer=None):
        return super().exec_raw(command, timeout, data_consumer)


class Board:
    """The emulated board of this session: the first run starts it, `close` ends it."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._pico: Pico | None = None
        self._folder = Path()
        self._helpers: dict[str, Path] = {}  # sources by the name of their module

    def start(self, token: str, file: Path, functions: Sequence[str], _heap: str | None) -> "Run":
        """Begin to run `functions` of `file`. The heap is always the board's own.

        Raises EmulatorError.
        """
        if self._pico is not None and not self._pico.running:
            self.close()
        if self._pico is None:
            self._open()
        tests = self._folder / "tests"
        for old in tests.iterdir():
            old.unlink()
        _compile(file, tests / f"{file.stem}.mpy")
        helpers = dict(map(self._compiled, self._named_by(file, set(_ALWAYS))))
        words = ["device_runner", token, file.name, ".frozen", _HELPERS, _MOUNTED]
        return Run(self._pico, tests, helpers, [*words, "--", *functions])

    def _open(self) -> None:
        if not MPY_CROSS.is_file():
            raise EmulatorError(f"no {MPY_CROSS}: run `make micropython`")
        folder = tempfile.TemporaryDirectory(prefix="unit-pico-")
        self._folder = Path(self._stack.enter_context(folder))
        (self._folder / "tests").mkdir()
        hook = self._folder / f"{_HOOK}.py"
        assert _HURRY in fs_hook_code
        hook.write_text(fs_hook_code.replace(_HURRY, "ipoll(120_000)"))
        sources = [hook, *HOST_TESTS.glob("device_*.py")]
        for name in ("unit", "data"):
            sources += (HOST_TESTS / name).glob("*.py")
        self._helpers = {
            path.stem: path for path in sources if not path.stem.startswith(("test_", "make_"))
        }
        self._pico = self._stack.enter_context(Pico(_image(), flash_time="none"))

    def _named_by(self, source: Path, found: set[str]) -> set[str]:
        """Add to `found` the helpers that `source` names, and those that they name in turn."""
        words = set(re.findall(r"\w+", source.read_text(encoding="utf-8")))
        for name in words & self._helpers.keys():
            if name not in found:
                found.add(name)
                self._named_by(self._helpers[name], found)
        return found

    def _compiled(self, name: str) -> tuple[str, Path]:
        """Return the path of a helper on the board, and its bytecode."""
        source = self._helpers[name]
        bytecode = self._folder / f"{name}.mpy"
        if not bytecode.exists():
            _compile(source, bytecode)
        package = "data/" if source.parent.name == "data" else ""
        return f"{_HELPERS}/{package}{name}.mpy", bytecode

    def note(self) -> str:
        """A warning for the reader of the results if the image may lack a change; otherwise ""."""
        built = _image().stat().st_mtime if _image().exists() else 0
        for path in sorted(path for folder in FROZEN for path in folder.rglob("*.py")):
            if path.stat().st_mtime > built:
                return f"its image may lack a change of {path.relative_to(ROOT)}: `make firmware`"
        return ""

    def close(self) -> None:
        """End the board. The next run starts a new one."""
        self._pico = None
        self._stack.close()


def _compile(source: Path, target: Path) -> None:
    """Compile for the board; tracebacks will name `source`."""
    done = subprocess.run(
        [MPY_CROSS, f"-march={_ARCHITECTURE}", "-s", source, "-o", target, source],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise EmulatorError(f"mpy-cross refuses {source}:\n{done.stderr.strip()}")


class Run:
    """A run of device_runner.py with the `arguments` on the board, read like a `Process`.

    `tests` is the folder to mount, `helpers` the files to copy, by their paths on the board.
    Raises EmulatorError if the board cannot start the run.
    """

    name = "pico"

    def __init__(
        self, pico: Pico, tests: Path, helpers: dict[str, Path], arguments: Sequence[str]
    ) -> None:
        self._pico = pico
        self._mark = pico.mark
        self._rest = bytearray()  # of an incomplete line
        self._lines: list[str] = []
        self._why = ""  # how it ended, if it failed
        self.ended = False
        self._is_last = False  # all functions have ended
        self._transport: SerialTransport | None = None
        try:
            pico.wait_console(_START_TIMEOUT)
            self._transport = _Transport(pico.console, timeout=_START_TIMEOUT)
            self._port = self._transport.serial
            self._transport.enter_raw_repl(timeout_overall=_START_TIMEOUT)
            self._prepare(helpers)
            self._transport.mount_local(str(tests))
            self._transport.exec_raw_no_follow(_RUN.format(json.dumps(arguments)))
        except _BROKEN as error:
            self.stop()
            raise EmulatorError(f"pico: no tests can be started: {error!r}") from error

    def _prepare(self, helpers: dict[str, Path]) -> None:
        """Empty the file system except for the helpers, and copy the helpers that are missing."""
        try:
            self._transport.exec(_PREPARE)
        except TransportExecError:  # a new board, or its files are gone
            for name in _ALWAYS:
                target = f"{_HELPERS}/{name}.mpy"
                self._copy(helpers[target], target)
            self._transport.exec(_PREPARE)
        for target in self._transport.eval(f"device_files.missing({list(helpers)})"):
            self._copy(helpers[target], target)

    def _copy(self, source: Path, target: str) -> None:
        """Copy files like `mpremote fs cp`, but in larger pieces."""
        folder = target.rpartition("/")[0]
        if not self._transport.fs_exists(folder):
            self._transport.fs_mkdir(folder)
        self._transport.fs_writefile(target, source.read_bytes(), _PIECE)

    def next_line(self, timeout: float) -> str | None:
        """Return the next unread line; None after `timeout` seconds or at the end of the run."""
        deadline = time.monotonic() + timeout
        while not self._lines and not self.ended:
            left = deadline - time.monotonic()
            try:
                self._read(max(0.0, min(left, _LOOK)))
            except _BROKEN as error:
                self._end(self._loss(error))
            if left <= 0:
                break
        return self._lines.pop(0) if self._lines else None

    def _read(self, timeout: float) -> None:
        """Wait for bytes, and serve requests for files of the mounted folder."""
        if not select.select([self._port.fileno()], [], [], timeout)[0]:
            self._look_for_end()
            if not self.ended and (halt := self._event("halt")):
                self._end(f"halted, {halt['why']},")
            return
        serial = self._transport.serial
        for _ in range(_READ_MAX):
            if not serial.inWaiting():
                break
            self._rest += serial.read(1)
        *lines, self._rest = self._rest.split(b"\n")
        self._lines += [line.decode("utf-8", "replace").rstrip("\r") for line in lines]
        if self._is_last:
            self._look_for_end()
        if len(self._rest) > _LINE_MAX:
            self._flush()

    def _look_for_end(self) -> None:
        """Check whether the raw REPL has ended. While functions run, the end counts only if
        nothing follows it, as a test may print the same bytes."""
        for mark, why in ((_GOOD_END, ""), (_BAD_END, "stopped running tests")):
            if not self.ended and self._rest.endswith(mark):
                self._rest = self._rest[: -len(mark)]
                self._end(why)

    def _loss(self, error: Exception) -> str:
        if reset := self._event("reset", _EVENT_TIMEOUT):
            return f"was reset ({reset['cause']})"
        return f"was lost ({error!r})"

    def _flush(self) -> None:
        """Split all received bytes into lines, even if the last line is incomplete."""
        self._lines += self._rest.decode("utf-8", "replace").replace("\r", "").split("\n")
        self._rest = bytearray()

    def _end(self, why: str) -> None:
        self.ended = True
        self._why = why
        if why and self._rest:
            self._flush()

    def _event(self, name: str, timeout: float = 0.0) -> dict | None:
        """Return the board's event of that name since the run began, if there is one."""
        try:
            return self._pico.wait_event(name, after=self._mark, timeout=timeout)
        except EmulatorError:
            return None

    def status(self) -> str:
        """How the run ended, in words that follow its name."""
        return self._why or "ended"

    def wait(self, timeout: float) -> int:
        """Wait for the end after the last function; return 0 if the run succeeded.

        Raises ProcessError after `timeout` seconds.
        """
        self._is_last = True
        self._look_for_end()
        deadline = time.monotonic() + timeout
        kept: list[str] = []
        while (line := self.next_line(deadline - time.monotonic())) is not None:
            kept.append(line)
        self._lines = kept
        if not self.ended:
            raise ProcessError(f"{self.name} still runs after {timeout:g} s", kept)
        return 1 if self._why else 0

    def stop(self, grace: float = 0.0) -> None:
        """Leave the board ready for the next file: reset it, unless the run has ended well."""
        if self._transport is None:
            return
        with suppress(*_BROKEN):
            self._transport.close()
        self._transport = None
        if self._rest:
            self._flush()
        if (self._why or not self.ended) and self._pico.running:
            self._pico.reset()
        self.ended = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
