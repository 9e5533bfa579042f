"""The place of the card or the modem: one URL for a modem, a card reader or the simulator.

/dev/ttyUSB0, COM3, socket://HOST:PORT, any URL of pyserial
    [?baud=115200][?transcript=FILE]                                            a modem
pcsc:, pcsc:PART OF A READER'S NAME                                             a card reader
sim:, sim:PATH [?profile=NAME][?pin=DIGITS]                                     the simulator

with open_channel("/dev/ttyUSB0") as port:
    data, sw = port.channel.transmit(apdu)
with open_line("sim:?modem=bg95") as line:      # the simulator also has a modem
    line.uart.write(b"AT\r")
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from urllib.parse import parse_qsl, urlencode

from iotsafe_tools.console.errors import BadURL

from .shapes import DEFAULT_BAUD, ModemLine, OpenCard


def open_channel(url: str, pin: str | None = None) -> AbstractContextManager[OpenCard]:
    """Return a context manager that opens the card at `url` as an OpenCard, and closes it.

    `pin`: for a SIM that asks for one. Raises BadURL at once; on entry PortError,
    and later PortError or cellular.ModemError if the line is cut.
    """
    target, options = _parts(url)
    scheme, colon, rest = target.partition(":")
    if colon and scheme.lower() in _OPENERS:
        return _OPENERS[scheme.lower()](url, rest, options, pin)
    target, baud, transcript = _serial(url, target, options)
    from .modem import open_modem

    return open_modem(target, baud, pin, transcript)


def open_line(url: str, baud: int | None = None) -> AbstractContextManager[ModemLine]:
    """Return a context manager that opens the line at `url` as a ModemLine, and closes it.

    `baud`: if the URL does not have it. Raises BadURL at once, on entry PortError.
    """
    target, options = _parts(url)
    scheme, colon, rest = target.partition(":")
    if colon and scheme.lower() == "pcsc":
        raise BadURL(
            f"{url}: a card reader has no modem; for the SIM in it there are `iotsafe doctor`, "
            "`objects` and `apdu`"
        )
    if colon and scheme.lower() == "sim":
        from .simulated import OPTIONS, open_simulated

        _only(url, options, *OPTIONS)
        return open_simulated(url, rest, options, baud or DEFAULT_BAUD)
    if baud is not None and "baud" in options:
        raise BadURL(f"{url}: the URL has the rate already, omit --baud")
    if baud is not None:
        options["baud"] = str(baud)
    target, baud, transcript = _serial(url, target, options)
    from .modem import open_serial_line

    return open_serial_line(target, baud, transcript)


def _parts(url: str) -> tuple[str, dict[str, str]]:
    """Return the part before the options, and the options."""
    target, mark, query = url.partition("?")
    return target, _options(url, query) if mark else {}


def _serial(url: str, target: str, options: dict[str, str]) -> tuple[str, int, str | None]:
    """Return the URL for pyserial, the rate, and the transcript's file."""
    baud = _number(url, options.pop("baud", str(DEFAULT_BAUD)))
    transcript = options.pop("transcript", None)
    if not target:
        raise BadURL("the port is missing: write /dev/ttyUSB0, socket://HOST:PORT, pcsc: or sim:")
    return target + ("?" + urlencode(options) if options else ""), baud, transcript


def _options(url: str, query: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(query, keep_blank_values=True, strict_parsing=True))
    except ValueError:
        raise BadURL(f"{url}: write options as ?name=value&name=value") from None


def _number(url: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and 300 <= int(text) <= 4_000_000):
        raise BadURL(f"{url}: baud is a number from 300 to 4000000")
    return int(text)


def _only(url: str, options: dict[str, str], *known: str) -> None:
    for name in options:
        if name not in known:
            raise BadURL(f"{url}: such a port has no option {name!r}")


# -- card readers -------------------------------------------------------------------------------


_Opened = AbstractContextManager[OpenCard]


def _pcsc(url: str, name: str, options: dict[str, str], pin: str | None) -> _Opened:
    _only(url, options)
    from .pcsc import open_reader

    return open_reader(name, pin)


def _sim(url: str, path: str, options: dict[str, str], pin: str | None) -> _Opened:
    _only(url, options, "profile", "pin")
    from .simulated import open_card

    return open_card(url, path, options, pin)


_OPENERS: dict[str, Callable[[str, str, dict[str, str], str | None], _Opened]] = {
    "pcsc": _pcsc,
    "sim": _sim,
}
