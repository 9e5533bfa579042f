"""A simulated modem with a simulated SIM in this process, for `--port sim:`.

sim:[PATH][?modem=NAME&profile=NAME&pin=DIGITS&registration=WORD&delays=FACTOR&transcript=FILE]
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from .modem import MemoryUART, Modem
from .port_modem import recorded
from .ports import Line, sim_card, sim_profile
from .tool_errors import BadURL

# Option of the URL -> option of the simulated modem, and what makes its value of the text.
_PASSED = {
    "modem": ("personality", str),
    "pin": ("pin", str),
    "registration": ("registration", str),
    "delays": ("delays", float),
}
OPTIONS = ("profile", "transcript", *_PASSED)


def open_simulated(
    url: str, path: str, options: dict[str, str], baud: int
) -> AbstractContextManager[Line]:
    """The line of a modem that starts now; `path`: file of its SIM, "" for one in memory.

    Raises BadURL at once, on entry PortError.
    """
    profile = sim_profile(url, options)
    given = {}
    for name, text in options.items():
        if name in _PASSED:
            option, convert = _PASSED[name]
            try:
                given[option] = convert(text)
            except ValueError:
                raise BadURL(f"{url}: {name} is a number") from None
    return _open(url, path, profile, given, baud, options.get("transcript"))


@contextmanager
def _open(
    url: str, path: str, profile: Any, given: dict[str, Any], baud: int, transcript: str | None
) -> Iterator[Line]:
    card = sim_card(path, profile)
    try:
        modem = Modem(card, **given)
    except ValueError as error:
        raise BadURL(f"{url}: {error}") from None
    try:
        uart = MemoryUART(modem, baud)
        uart.init(baud)
        what = f"simulated {modem.personality.title}"
        with recorded(uart, baud, transcript, modem=modem.personality.name) as uart:
            yield Line(uart, what, what, baud)
    finally:
        modem.close()
