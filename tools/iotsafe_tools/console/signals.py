"""What a signal does while a command runs."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from typing import Any


@contextlib.contextmanager
def handled(handler: Callable[[int, Any], Any], *names: str) -> Iterator[None]:
    """Call `handler` for the signals `names` ("SIGTERM") in the block, as before after it.

    Signals that this system lacks are left out.
    """
    before = {}
    try:
        for name in names:
            if number := getattr(signal, name, None):
                before[number] = signal.signal(number, handler)
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
