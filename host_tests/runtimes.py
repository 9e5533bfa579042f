"""The runtimes of the unit tests, and how the tests of one file run on a foreign one.

`RUNTIMES` is the table: pytest's own interpreter, MicroPython as a process, a board.
"""

import re
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pico_runtime import Board

from iotsafe_tools.testbed import ROOT, Process, ProcessError, micropython_binary

HOST_TESTS = Path(__file__).resolve().parent
RUNNER = HOST_TESTS / "device_runner.py"

# Front of sys.path on every runtime, before frozen or installed modules.
SOURCE_FOLDERS = (HOST_TESTS / "unit", HOST_TESTS, ROOT / "lib", ROOT / "firmware")

_IMPORT_TIMEOUT = 120.0  # seconds for the import of a file
_EXIT_TIMEOUT = 60.0  # seconds from the last result to the end of the process


class Foreign(Protocol):
    """The interface to a `device_runner.py` that runs elsewhere; see `Process`."""

    name: str
    ended: bool

    def next_line(self, timeout: float) -> str | None: ...
    def status(self) -> str: ...
    def wait(self, timeout: float) -> int: ...
    def stop(self, grace: float) -> None: ...


Start = Callable[[str, Path, Sequence[str], str | None], AbstractContextManager[Foreign]]
"""start(token, file, functions, heap): device_runner.py runs `functions` of `file`."""


@contextmanager
def _unix(token: str, file: Path, functions: Sequence[str], heap: str | None) -> Iterator[Process]:
    """Start MicroPython's unix port in an empty folder."""
    options = ["-X", f"heapsize={heap}"] if heap else []
    folders = [file.parent, *SOURCE_FOLDERS]
    command = [micropython_binary(), *options, RUNNER, token, file, *folders, "--", *functions]
    with (
        tempfile.TemporaryDirectory(prefix="unit-micropython-") as folder,
        Process(command, name="micropython", cwd=Path(folder)) as process,
    ):
        yield process


@dataclass(frozen=True)
class Runtime:
    """A row of the table.

    `start` is None for the runtime inside pytest's process. `patience` multiplies the time limit
    of a function. `close` ends what the runtime keeps from file to file. `note` is a warning for
    the reader of its results.
    """

    name: str
    start: Start | None = None
    patience: float = 1.0
    close: Callable[[], None] = lambda: None
    note: Callable[[], str] = lambda: ""


_pico = Board()

RUNTIMES = {
    runtime.name: runtime
    for runtime in (
        Runtime("cpython"),
        Runtime("micropython", _unix),
        Runtime("pico", _pico.start, patience=8.0, close=_pico.close, note=_pico.note),
    )
}


@dataclass
class Result:
    """How one function ended: `failure` is "" or a traceback, `output` its printed text."""

    failure: str = ""
    output: str = ""


@dataclass
class ForeignRun:
    """The selected `functions` of one file on one foreign runtime, in one process.

    (On a board: after one soft reset.) If a function crashes or hangs, a second process starts for
    the functions after it. A function that takes longer than `timeout` seconds hangs.
    """

    runtime: Runtime
    file: Path
    functions: list[str]
    heap: str | None = None
    timeout: float = 30.0
    _results: dict[str, Result] = field(default_factory=dict)
    _stream: Iterator[tuple[str, Result]] | None = None

    def result(self, function: str) -> Result:
        """Wait for the result of `function` and return it. Raises ProcessError or EmulatorError if
        the runtime does not start."""
        while function not in self._results:
            if self._stream is None:
                self._stream = self._run([n for n in self.functions if n not in self._results])
            for name, result in self._stream:
                self._results[name] = result
                break
            else:
                self._stream = None
        return self._results[function]

    def close(self) -> None:
        """End the process if it still runs."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _run(self, functions: list[str]) -> Iterator[tuple[str, Result]]:
        """Run `functions` in a new process and yield results in order.

        Ends after a crash or a hang, which is the result of the function that was running. At
        least one result comes, so that the caller makes progress.
        """
        token = "@" + secrets.token_hex(8)
        with self.runtime.start(token, self.file, functions, self.heap) as process:
            imported, _ = self._next(process, token, _IMPORT_TIMEOUT)
            if imported.failure:
                # The file cannot be imported, and a second process would not change that.
                yield from ((function, imported) for function in functions)
                return
            for function in functions:
                result, alive = self._next(process, token, self.timeout)
                if function is functions[-1] and alive:
                    self._await_end(process, result)
                yield function, result
                if not alive:
                    return

    def _next(self, process: Foreign, token: str, timeout: float) -> tuple[Result, bool]:
        """Follow the lines up to the end of the next function; the process stays usable."""
        output: list[str] = []
        trace: list[str] | None = None
        deadline = time.monotonic() + timeout
        while (line := process.next_line(deadline - time.monotonic())) is not None:
            mark, _, rest = line.partition(" ")
            if mark != token:
                (output if trace is None else trace).append(line)
                continue
            _drop_last_empty(output if trace is None else trace)
            if rest == "run":
                output = []
            elif rest == "raised":
                trace = []
            elif rest == "end":
                failure = _explain(trace) if trace is not None else ""
                return Result(failure, "\n".join(output)), True
        if process.ended:
            failure = f"{process.name} {process.status()} in the middle of this test"
        else:
            failure = f"did not end within {timeout:g} s: {process.name} was stopped"
        process.stop(grace=0)
        output += iter(lambda: process.next_line(0), None)  # a line that was left open
        return Result(failure, "\n".join([*output, *(trace or ())])), False

    def _await_end(self, process: Foreign, result: Result) -> None:
        """Blame the last function if the process does not end properly."""
        try:
            ok = process.wait(_EXIT_TIMEOUT) == 0
        except ProcessError as error:
            result.failure = result.failure or f"after the last test of the file, {error}"
            return
        if not ok and not result.failure:
            said = iter(lambda: process.next_line(0), None)
            result.failure = "\n".join(
                [f"{process.name} {process.status()} after this test", *said]
            )


def _drop_last_empty(lines: list[str]) -> None:
    """Remove the line end that the runner writes before its own lines."""
    if lines and lines[-1] == "":
        lines.pop()


_PLACE = re.compile(r'^  File "(?P<path>[^"]+)", line (?P<line>\d+)')


def _explain(trace: Sequence[str]) -> str:
    """Return a traceback of MicroPython with the source line below each place, like CPython's.

    The frames of the runner are left out.
    """
    lines: list[str] = []
    for line in trace:
        place = _PLACE.match(line)
        if place and Path(place["path"]) == RUNNER:
            continue
        lines.append(line)
        if place:
            lines += _source(place["path"], int(place["line"]))
    return "\n".join(lines)


def _source(path: str, number: int) -> list[str]:
    """Return the line at a place of a traceback; the path of a frozen file is its module's
    path."""
    for folder in SOURCE_FOLDERS:
        try:
            text = (folder / path).read_text(encoding="utf-8")  # an absolute path stays as it is
            return ["    " + text.splitlines()[number - 1].strip()]
        except (OSError, IndexError, UnicodeDecodeError):
            continue
    return []  # built-in, or foreign code
