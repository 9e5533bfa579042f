"""A file with the modem's events, one JSON object a line. Events arrive without secrets (see
redact.py)."""

from __future__ import annotations

import json
from typing import IO


class EventLog:
    """Appends to `path`; writes each line before the next event. Raises OSError if it cannot be
    opened."""

    def __init__(self, path: str) -> None:
        self._file: IO[str] = open(path, "a", encoding="utf-8", buffering=1)  # noqa: SIM115

    def __call__(self, event: dict) -> None:
        """Write one event."""
        self._file.write(json.dumps(event, ensure_ascii=True) + "\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()
