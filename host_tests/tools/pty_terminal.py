"""A program in a terminal of its own, with a test that reads and types like a person."""

import os
import pty
import subprocess
import termios
import threading
from collections.abc import Sequence
from typing import Self

from iotsafe_tools.testbed import PATIENCE


class PtyTerminal:
    """Runs `command` in a pseudo-terminal; a context manager that ends it in any case."""

    def __init__(self, command: Sequence[str], env: dict[str, str] | None = None) -> None:
        self._command = command
        self._env = env
        self._shown = ""
        self._changed = threading.Condition()

    def __enter__(self) -> Self:
        self._ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (40, 200))
        self._process = subprocess.Popen(
            self._command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=self._env,
            start_new_session=True,
        )
        os.close(theirs)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(PATIENCE)
        self._thread.join(PATIENCE)
        os.close(self._ours)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._ours, 4096)
            except OSError:  # Linux's error once the other side has closed
                return
            with self._changed:
                self._shown += data.decode("utf-8", "replace")
                self._changed.notify_all()

    @property
    def shown(self) -> str:
        """The whole output so far."""
        with self._changed:
            return self._shown

    def type(self, text: str) -> int:
        """Type `text`; return the mark from which `wait_for` searches the new output."""
        mark = len(self.shown)
        os.write(self._ours, text.encode())
        return mark

    def wait_for(self, text: str, after: int = 0, timeout: float = PATIENCE) -> None:
        """Wait until `text` appears behind the mark `after`."""
        with self._changed:
            found = self._changed.wait_for(lambda: text in self._shown[after:], timeout)
        assert found, f"no {text!r} in {timeout:g} s:\n{self.shown[after:]}"

    def wait(self, timeout: float = PATIENCE) -> int:
        """Return the exit status, once the program has ended."""
        return self._process.wait(timeout)
