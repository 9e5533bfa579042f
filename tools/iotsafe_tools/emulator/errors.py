"""Errors of the emulated board."""

from collections.abc import Sequence


class EmulatorError(RuntimeError):
    """The emulator cannot do what was asked; the message is one line that says what to do."""


class MpremoteError(EmulatorError):
    """mpremote failed. `output`: its output until then; `status`: its exit status, None after a
    time-out."""

    def __init__(
        self, arguments: Sequence[str], status: int | None, output: str, why: str
    ) -> None:
        last = output.strip().splitlines()[-1:] or ["it printed nothing"]
        super().__init__(f"mpremote {' '.join(arguments)[:80]}: {why}; {last[0]}")
        self.status = status
        self.output = output
