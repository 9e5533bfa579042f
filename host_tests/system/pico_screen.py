"""The console of an emulated board, as a test reads and types on it."""

import re
import threading
from typing import Self

from iotsafe_tools.emulator import Pico
from iotsafe_tools.emulator.console import Console

CONTROL_C = b"\x03"
CONTROL_D = b"\x04"


class Screen:
    """Lines of the console of `pico`; a context manager. Not together with mpremote."""

    def __init__(self, pico: Pico) -> None:
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._console = Console(pico.console, self._line)
        self.type = self._console.send

    def _line(self, line: str) -> None:
        with self._changed:
            self.lines.append(line)
            self._changed.notify_all()

    def wait_for(self, pattern: str, *, after: int = 0, timeout: float = 120.0) -> int:
        """The number of lines up to and with the first one after `after` that has `pattern`."""
        found = 0

        def look() -> bool:
            nonlocal found
            later = enumerate(self.lines[after:], after + 1)
            found = next((n for n, line in later if re.search(pattern, line)), 0)
            return bool(found)

        with self._changed:
            shown = self._changed.wait_for(look, timeout)
        assert shown, f"no {pattern!r} in {timeout:g} s:\n" + "\n".join(self.lines[after:])
        return found

    def __enter__(self) -> Self:
        self._console.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._console.__exit__()
