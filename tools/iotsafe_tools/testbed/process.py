"""Runs a child process, reads its output line by line, and never leaves it running.

`stop` (or the context manager) ends the child and all processes that the child started. The child
runs in its own session, so Ctrl-C reaches only this process, which then decides. If this process
ends in any other way, the kernel kills the child (`setpriv --pdeathsig`).
"""

import os
import re
import select
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

# Prefix of a command that the kernel must kill when its parent ends; from util-linux.
DIE_WITH_PARENT = ("setpriv", "--pdeathsig", "KILL", "--")

# If the parent ended before setpriv ran, do not start the command at all.
_IF_PARENT_LIVES = ("sh", "-c", '[ "$PPID" = "$0" ] && exec "$@"')

_LINE_MAX = 64 * 1024  # bytes; a longer line arrives in pieces
_LINES_MAX = 100_000  # lines kept; beyond that, the older half is dropped
PATIENCE = 300.0  # seconds for what takes a moment on an idle machine
_KILL_TIMEOUT = 10.0  # seconds; SIGKILL normally takes milliseconds
_TAIL = 12  # lines quoted in an error

# For the kernel, the parent is the *thread* that started the child. So one thread, which lives as
# long as the interpreter, starts all children.
_spawner = ThreadPoolExecutor(1, thread_name_prefix="spawn")


class ProcessError(RuntimeError):
    """A child did not do what its caller waited for. `lines`: the end of its output."""

    def __init__(self, message: str, lines: Sequence[str] = ()) -> None:
        self.lines = list(lines)
        quoted = "".join(f"\n    {line}" for line in self.lines)
        super().__init__(message + (f"; its last lines:{quoted}" if quoted else ""))


class Process:
    """`argv` as a child process; standard output and standard error form one stream of lines.

    The reading thread calls `on_line(line)` for each line; it must not raise. The same lines are
    appended to the file `log`. A Process can be started only once.
    """

    def __init__(
        self,
        argv: Sequence[str | os.PathLike[str]],
        *,
        name: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        log: Path | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        self.argv = [os.fspath(word) for word in argv]
        self.name = name
        self._cwd = cwd
        self._env = env
        self._log = log
        self._on_line = on_line
        self._changed = threading.Condition()
        self._lines: list[str] = []
        self._cursor = 0  # index of the first line that no wait_for has consumed
        self._ended = False  # the output has ended
        self._child: subprocess.Popen[bytes] | None = None
        self._pidfd = -1  # readable once the child has exited; -1 once it is reaped
        self._reaping = threading.Lock()
        self._reader: threading.Thread | None = None

    def start(self) -> Self:
        """Start the child. Raises ProcessError if the program does not exist."""
        if self._child is not None:
            raise ProcessError(f"{self.name} was started before: make a new Process")
        if shutil.which(self.argv[0]) is None:
            raise ProcessError(f"{self.name} does not start: there is no program {self.argv[0]}")
        try:
            self._child = _spawner.submit(self._spawn).result()
        except OSError as error:
            raise ProcessError(f"{self.name} does not start: {error}") from None
        self._pidfd = os.pidfd_open(self._child.pid)
        self._reader = threading.Thread(target=self._read, name=f"read {self.name}", daemon=True)
        self._reader.start()
        return self

    def _spawn(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*DIE_WITH_PARENT, *_IF_PARENT_LIVES, str(os.getpid()), *self.argv],
            cwd=self._cwd,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _read(self) -> None:
        log = self._log.open("a", encoding="utf-8") if self._log else None
        try:
            for raw in iter(lambda: self._child.stdout.readline(_LINE_MAX), b""):
                line = raw.decode("utf-8", "replace").rstrip("\r\n")
                if log:
                    log.write(line + "\n")
                    log.flush()
                with self._changed:
                    self._lines.append(line)
                    if len(self._lines) > _LINES_MAX:
                        del self._lines[: _LINES_MAX // 2]
                        self._cursor = max(0, self._cursor - _LINES_MAX // 2)
                    self._changed.notify_all()
                if self._on_line:
                    self._on_line(line)
        finally:
            if log:
                log.close()
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    # ---- its output -----------------------------------------------------------------------

    @property
    def lines(self) -> list[str]:
        """All lines so far (at least the last 50,000)."""
        with self._changed:
            return list(self._lines)

    def wait_for(self, pattern: str | re.Pattern[str], timeout: float = PATIENCE) -> re.Match[str]:
        """Wait for a line that contains `pattern`; return the match. Consumes the lines up to it.

        Raises ProcessError after `timeout` seconds, or if the output ends first.
        """
        regex = re.compile(pattern)
        deadline = time.monotonic() + timeout
        while (line := self.next_line(deadline - time.monotonic())) is not None:
            if match := regex.search(line):
                return match
        why = f"in {timeout:g} s" if not self._ended else f"before its end ({self.status()})"
        raise ProcessError(f"{self.name} said nothing like {regex.pattern!r} {why}", self.tail())

    def next_line(self, timeout: float) -> str | None:
        """Return the next unconsumed line; None after `timeout` seconds or at the end."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._cursor < len(self._lines) or self._ended, max(timeout, 0)
            )
            if self._cursor == len(self._lines):
                return None
            self._cursor += 1
            return self._lines[self._cursor - 1]

    @property
    def ended(self) -> bool:
        """Whether the output has ended."""
        return self._ended

    def tail(self) -> list[str]:
        """Return the last few lines, for an error message."""
        return self.lines[-_TAIL:]

    # ---- its end --------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        """The child's process id. Raises ProcessError before `start`."""
        if self._child is None:
            raise ProcessError(f"{self.name} was not started")
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether the child has been started and has not exited."""
        return self._child is not None and not self._exited(0)

    @property
    def returncode(self) -> int | None:
        """Exit status; negative: the signal that ended it; None: still running or not started."""
        return self._child.returncode if self._child and self._exited(0) else None

    def wait(self, timeout: float = PATIENCE) -> int:
        """Wait until the child ends by itself; return its exit status, as in `returncode`.

        Raises ProcessError after `timeout` seconds; the child then still runs.
        """
        if self._child is None:
            raise ProcessError(f"{self.name} was not started")
        if not self._exited(timeout):
            raise ProcessError(f"{self.name} still runs after {timeout:g} s", self.tail())
        self._reader.join()
        return self._child.returncode

    def _exited(self, timeout: float) -> bool:
        """Return whether the child exits in `timeout` s; if so, reap it, end its group."""
        with self._reaping:
            if self._pidfd < 0:
                return True
            poll = select.poll()
            poll.register(self._pidfd, select.POLLIN)
            if not poll.poll(max(timeout, 0) * 1000):
                return False
            # The child has exited but is not reaped, so it still holds its id: this signal can
            # reach only its own group.
            os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()
            os.close(self._pidfd)
            self._pidfd = -1
            return True

    def status(self) -> str:
        """Return how the child ended, as text for a message."""
        if self._ended:
            self._exited(1.0)  # a process closes its output a moment before it exits
        code = self.returncode
        if code is None:
            return "still running"
        return f"exit status {code}" if code >= 0 else f"ended by {signal.Signals(-code).name}"

    def signal(self, number: int) -> None:
        """Send a signal to the child and its own children, unless the child has exited."""
        if self.running:
            os.killpg(self._child.pid, number)

    def interrupt(self) -> None:
        """Send SIGINT, like Ctrl-C."""
        self.signal(signal.SIGINT)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.signal(signal.SIGKILL)

    def stop(self, grace: float = 5.0) -> None:
        """End the child with SIGTERM, after `grace` seconds with SIGKILL. May be called twice."""
        if self._child is None:
            return
        self.terminate()
        if not self._exited(grace):
            self.kill()
            self._exited(_KILL_TIMEOUT)
        self._reader.join()
        self._child.stdout.close()

    def __enter__(self) -> Self:
        return self if self._child else self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
