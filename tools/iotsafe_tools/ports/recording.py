"""Records the bytes on a line as a transcript."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from iotsafe_tools.console.errors import PortError
from iotsafe_tools.simulator.modem.transcript import RecordedUART, Transcript


@contextmanager
def recorded(uart: Any, baud: int, transcript: str | None, **details) -> Iterator[Any]:
    """Yield `uart`; with a `transcript`, one that also records all bytes in that new file.
    `details`: for its header. Raises PortError."""
    if not transcript:
        yield uart
        return
    try:
        record = Transcript(transcript, rate=baud, **details)
    except OSError as error:
        raise PortError(
            f"{transcript}: {error.strerror}", "name a file that does not exist yet"
        ) from None
    with record:
        yield RecordedUART(uart, record)
