"""A simulated modem with a simulated SIM in this process, for `--port sim:`.

sim:[PATH][?modem=NAME&profile=NAME&pin=DIGITS&registration=WORD&delays=FACTOR&transcript=FILE]
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from iotsafe_tools.console.errors import BadURL, PortError, split
from iotsafe_tools.simulator.modem import MemoryUART, Modem
from iotsafe_tools.simulator.sim import Card, Profile, Store, StoreError
from iotsafe_tools.simulator.sim.pin import Pin

from .card_pin import enter_pin
from .recording import recorded
from .shapes import ModemLine, OpenCard

# Option of the URL -> option of the simulated modem, and the conversion of its text.
_PASSED = {
    "modem": ("personality", str),
    "pin": ("pin", str),
    "registration": ("registration", str),
    "delays": ("delays", float),
}
OPTIONS = ("profile", "transcript", *_PASSED)


def open_simulated(
    url: str, path: str, options: dict[str, str], baud: int
) -> AbstractContextManager[ModemLine]:
    """Return a context manager with the line of a modem that starts now; `path`: file of its SIM,
    "" for one in memory.

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
    url: str, path: str, profile: Profile, given: dict[str, Any], baud: int, transcript: str | None
) -> Iterator[ModemLine]:
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
            yield ModemLine(uart, what, what, baud)
    finally:
        modem.close()


# -- the SIM without a modem -------------------------------------------------------------------


class SimChannel:
    """A simulated card, called directly."""

    generation = 0

    def __init__(self, card: Card) -> None:
        self._card = card

    def transmit(self, apdu: bytes | memoryview) -> tuple[memoryview, int]:
        answer = memoryview(self._card.transmit(bytes(apdu)))
        return answer[:-2], int.from_bytes(answer[-2:], "big")


def open_card(
    url: str, path: str, options: dict[str, str], pin: str | None = None
) -> AbstractContextManager[OpenCard]:
    """Return a context manager with a card alone; `path`: its file, "" for one in memory.

    The option `pin`: the PIN for which it asks; `pin`: the one that is entered then. Raises BadURL
    at once, on entry PortError.
    """
    try:
        asked = Pin(options["pin"]) if "pin" in options else None
    except ValueError as error:
        raise BadURL(f"{url}: {error}") from None
    return _open_card(path, sim_profile(url, options), asked, pin)


@contextmanager
def _open_card(
    path: str, profile: Profile, asked: Pin | None, pin: str | None
) -> Iterator[OpenCard]:
    card = sim_card(path, profile)
    card.ask_for_pin(asked)
    channel = SimChannel(card)
    if pin is not None:
        enter_pin(channel, pin)
    where = f"its store is {path}" if path else "new, in memory"
    yield OpenCard(channel, f"simulated SIM, {where}")


def sim_profile(url: str, options: dict[str, str]) -> Profile:
    """Return the profile that `url` names. Raises BadURL."""
    try:
        return Profile.named(options.get("profile", "gsma"))
    except ValueError as error:
        raise BadURL(f"{url}: {error}") from None


def sim_card(path: str, profile: Profile) -> Card:
    """Return the simulated card in the file `path`, or a new one in memory. Raises PortError."""
    try:
        return Card(Store(path, profile.objects) if path else None, profile)
    except StoreError as error:
        failure = split(str(error))
        raise PortError(failure.problem, failure.advice) from None
