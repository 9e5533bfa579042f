"""The runtimes that unit tests run on, and how one file's tests are run on a foreign one.

`RUNTIMES` is the table: pytest's own interpreter, and others that are a command. A board would
be a further row, whose command carries `device_runner.py` and the tests to the board.
"""

import re
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from iotsafe_tools.testbed import ROOT, Process, ProcessError, micropython_binary

HOST_TESTS = Path(__file__).resolve().parent
RUNNER = HOST_TESTS / "device_runner.py"

# Front of sys.path on every runtime, before what is frozen or installed.
SOURCE_FOLDERS = (HOST_TESTS / "unit", HOST_TESTS, ROOT / "lib", ROOT / "firmware")

_EXIT_TIMEOUT = 10.0  # seconds from the last result to the end of the process


def _unix_command(heap: str | None) -> list[str]:
    """MicroPython's unix port, up to the script."""
    options = ["-X", f"heapsize={heap}"] if heap else []
    return [str(micropython_binary()), *options]


@dataclass(frozen=True)
class Runtime:
    """`command(heap)`: the words before the runner script; None: inside pytest's process."""

    name: str
    command: Callable[[str | None], Sequence[str]] | None


RUNTIMES = {
    runtime.name: runtime
    for runtime in (Runtime("cpython", None), Runtime("micropython", _unix_command))
}


@dataclass
class Result:
    """How one function ended: `failure` is "" or a traceback, `output` what it printed."""

    failure: str = ""
    output: str = ""


@dataclass
class ForeignRun:
    """The selected `functions` of one file on one foreign runtime, in one process.

    Only if a function crashes or hangs is a second process started, for the functions after it.
    A function that takes longer than `timeout` seconds hangs.
    """

    runtime: Runtime
    file: Path
    functions: list[str]
    heap: str | None = None
    timeout: float = 30.0
    _results: dict[str, Result] = field(default_factory=dict)
    _stream: Iterator[tuple[str, Result]] | None = None

    def result(self, function: str) -> Result:
        """The result of `function`, as soon as it is there. Raises ProcessError if the runtime
        is not there."""
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
        """End the process, if it still runs."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _run(self, functions: list[str]) -> Iterator[tuple[str, Result]]:
        """Run `functions` in a new process and yield results in order.

        Ends after a crash or a hang, which is the result of the function that was running. At
        least one result comes, so that the caller makes progress.
        """
        token = "@" + secrets.token_hex(8)
        command = [
            *self.runtime.command(self.heap),
            RUNNER,
            token,
            self.file,
            self.file.parent,
            *SOURCE_FOLDERS,
            "--",
            *functions,
        ]
        with (
            tempfile.TemporaryDirectory(prefix=f"unit-{self.runtime.name}-") as folder,
            Process(command, name=self.runtime.name, cwd=Path(folder)) as process,
        ):
            imported, _ = self._next(process, token)
            if imported.failure:
                # Nothing of the file can run, and a second process would not change that.
                yield from ((function, imported) for function in functions)
                return
            for function in functions:
                result, alive = self._next(process, token)
                if function is functions[-1] and alive:
                    self._await_end(process, result)
                yield function, result
                if not alive:
                    return

    def _next(self, process: Process, token: str) -> tuple[Result, bool]:
        """Follow the lines up to the end of the next function; the process is still usable."""
        output: list[str] = []
        trace: list[str] | None = None
        deadline = time.monotonic() + self.timeout
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
            failure = f"no end after {self.timeout:g} s: {process.name} was stopped"
        process.stop(grace=0)
        output += iter(lambda: process.next_line(0), None)  # a line that was left open
        return Result(failure, "\n".join([*output, *(trace or ())])), False

    def _await_end(self, process: Process, result: Result) -> None:
        """Blame the last function for a process that does not end as it should."""
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
    """A traceback of MicroPython with the source line below each place, as CPython has it.

    The frames of the runner are left out.
    """
    lines: list[str] = []
    for line in trace:
        place = _PLACE.match(line)
        if place and Path(place["path"]) == RUNNER:
            continue
        lines.append(line)
        if place:
            lines += _source(Path(place["path"]), int(place["line"]))
    return "\n".join(lines)


def _source(path: Path, number: int) -> list[str]:
    try:
        return ["    " + path.read_text(encoding="utf-8").splitlines()[number - 1].strip()]
    except (OSError, IndexError, UnicodeDecodeError):
        return []  # frozen or built-in: the path is only a name
