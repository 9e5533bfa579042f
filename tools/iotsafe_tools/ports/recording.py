"""A transcript of what passes on a line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from iotsafe_tools.console.errors import PortError
from iotsafe_tools.simulator.modem.transcript import RecordedUART, Transcript


@contextmanager
def recorded(uart: Any, baud: int, transcript: str | None, **details) -> Iterator[Any]:
    """`uart`, and where a `transcript` is named all that passes goes to that new file, too.
    `details`: for its header. Raises PortError."""
    if not transcript:
        yield uart
        return
    try:
        record = Transcript(transcript, rate=baud, **details)
    except OSError as error:
        raise PortError(
            f"{transcript}: {error.strerror}", "name a file that is not there yet"
        ) from None
    with record:
        yield RecordedUART(uart, record)
