"""Where the card, or the modem, is: one URL for a modem, a card reader and the simulator.

/dev/ttyUSB0, COM3, socket://HOST:PORT, any URL of pyserial
    [?baud=115200][?transcript=FILE]                                            a modem
pcsc:, pcsc:PART OF A READER'S NAME                                             a card reader
sim:, sim:PATH [?profile=NAME]                                                  the simulator

with open_channel("/dev/ttyUSB0") as port:
    data, sw = port.channel.transmit(apdu)
with open_line("sim:?modem=bg95") as line:      # the simulator has a modem, too
    line.uart.write(b"AT\r")
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode

from .sim import Card, Profile, Store, StoreError
from .tool_errors import BadURL, PortError, split

DEFAULT_BAUD = 115200


class Channel(Protocol):
    """The seam of `iotsafe.apdu`: one command APDU in, response data and status word out."""

    generation: int

    def transmit(self, apdu: bytes | memoryview) -> tuple[memoryview, int]: ...


@dataclass(frozen=True)
class Port:
    """An open port. `what`: what is there, for people."""

    channel: Channel
    what: str


@dataclass(frozen=True)
class Line:
    """An open line to a modem. `uart`: of the shape of machine.UART, without waiting. `where`: for
    people. `url`: the same, short; `baud`: of the modem's end."""

    uart: Any
    where: str
    url: str
    baud: int


def open_channel(url: str, pin: str | None = None) -> AbstractContextManager[Port]:
    """The card at `url`, as a context manager that gives a Port and closes it at the end.

    `pin`: for a SIM behind a modem that asks for one. Raises BadURL at once; on entry PortError,
    and later PortError or cellular.ModemError where the line is cut.
    """
    target, options = _parts(url)
    scheme, colon, rest = target.partition(":")
    if colon and scheme.lower() in _OPENERS:
        return _OPENERS[scheme.lower()](url, rest, options)
    target, baud, transcript = _serial(url, target, options)
    from .port_modem import open_modem

    return open_modem(target, baud, pin, transcript)


def open_line(url: str, baud: int | None = None) -> AbstractContextManager[Line]:
    """The line to the modem at `url`, as a context manager that gives a Line and closes it.

    `baud`: where the URL does not say it. Raises BadURL at once, on entry PortError.
    """
    target, options = _parts(url)
    scheme, colon, rest = target.partition(":")
    if colon and scheme.lower() == "pcsc":
        raise BadURL(
            f"{url}: a card reader has no modem; for the SIM in it there are `iotsafe doctor`, "
            "`objects` and `apdu`"
        )
    if colon and scheme.lower() == "sim":
        from .port_simulated import OPTIONS, open_simulated

        _only(url, options, *OPTIONS)
        return open_simulated(url, rest, options, baud or DEFAULT_BAUD)
    if baud is not None and "baud" in options:
        raise BadURL(f"{url}: the rate is there already, leave --baud out")
    if baud is not None:
        options["baud"] = str(baud)
    target, baud, transcript = _serial(url, target, options)
    from .port_modem import open_serial_line

    return open_serial_line(target, baud, transcript)


def _parts(url: str) -> tuple[str, dict[str, str]]:
    """(what is before the options, the options)."""
    target, mark, query = url.partition("?")
    return target, _options(url, query) if mark else {}


def _serial(url: str, target: str, options: dict[str, str]) -> tuple[str, int, str | None]:
    """The URL for pyserial, the rate, and the file of the transcript."""
    baud = _number(url, options.pop("baud", str(DEFAULT_BAUD)))
    transcript = options.pop("transcript", None)
    if not target:
        raise BadURL("no port is named: write /dev/ttyUSB0, socket://HOST:PORT, pcsc: or sim:")
    return target + ("?" + urlencode(options) if options else ""), baud, transcript


def _options(url: str, query: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(query, keep_blank_values=True, strict_parsing=True))
    except ValueError:
        raise BadURL(f"{url}: options are written ?name=value&name=value") from None


def _number(url: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and 300 <= int(text) <= 4_000_000):
        raise BadURL(f"{url}: baud is a number from 300 to 4000000")
    return int(text)


def _only(url: str, options: dict[str, str], *known: str) -> None:
    for name in options:
        if name not in known:
            raise BadURL(f"{url}: there is no option {name!r} here")


# -- the simulator ------------------------------------------------------------------------------


class SimChannel:
    """A simulated card, called directly."""

    generation = 0

    def __init__(self, card: Card) -> None:
        self._card = card

    def transmit(self, apdu: bytes | memoryview) -> tuple[memoryview, int]:
        answer = memoryview(self._card.transmit(bytes(apdu)))
        return answer[:-2], int.from_bytes(answer[-2:], "big")


def _sim(url: str, path: str, options: dict[str, str]) -> AbstractContextManager[Port]:
    _only(url, options, "profile")
    return _open_sim(path, sim_profile(url, options))


@contextmanager
def _open_sim(path: str, profile: Profile) -> Iterator[Port]:
    card = sim_card(path, profile)
    where = f"its store is {path}" if path else "new, in memory"
    yield Port(SimChannel(card), f"simulated SIM, {where}")


def sim_profile(url: str, options: dict[str, str]) -> Profile:
    """The profile that `url` names. Raises BadURL."""
    try:
        return Profile.named(options.get("profile", "gsma"))
    except ValueError as error:
        raise BadURL(f"{url}: {error}") from None


def sim_card(path: str, profile: Profile) -> Card:
    """The simulated card in the file `path`, or a new one in memory. Raises PortError."""
    try:
        return Card(Store(path, profile.objects) if path else None, profile)
    except StoreError as error:
        told = split(str(error))
        raise PortError(told.problem, told.advice) from None


# -- card readers -------------------------------------------------------------------------------


def _pcsc(url: str, name: str, options: dict[str, str]) -> AbstractContextManager[Port]:
    _only(url, options)
    from .port_pcsc import open_reader

    return open_reader(name)


_OPENERS: dict[str, Callable[[str, str, dict[str, str]], AbstractContextManager[Port]]] = {
    "pcsc": _pcsc,
    "sim": _sim,
}
