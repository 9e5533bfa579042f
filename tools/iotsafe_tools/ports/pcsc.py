"""A card in a reader (PC/SC) as a card channel, over T=0 and T=1. Only this file needs pyscard."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from iotsafe_tools.console.errors import PortError, printable
from iotsafe_tools.simulator.sim.apdu import over_t0

from .card_pin import enter_pin
from .shapes import OpenCard


class _PySCard(NamedTuple):
    """The parts of pyscard in use."""

    readers: Callable[[], list[Any]]
    t0: int
    t1: int
    no_card: type[Exception]
    failures: tuple[type[Exception], ...]


class ReaderChannel:
    """A connected card. `failures`: exceptions of the connection."""

    generation = 0

    def __init__(
        self, connection: Any, *, t0: bool, failures: tuple[type[Exception], ...]
    ) -> None:
        self._connection = connection
        self._t0 = t0
        self._failures = failures

    def transmit(self, apdu: bytes | memoryview) -> tuple[memoryview, int]:
        """Exchange one command APDU; raise PortError if the card does not answer."""
        command = over_t0(bytes(apdu)) if self._t0 else bytes(apdu)
        try:
            data, sw1, sw2 = self._connection.transmit(list(command))
        except self._failures:
            raise PortError(
                "the card was taken out, or another program reset it", "put it in and try again"
            ) from None
        return memoryview(bytes(data)), sw1 << 8 | sw2


@contextmanager
def open_reader(name: str, pin: str | None = None) -> Iterator[OpenCard]:
    """Open the card in the first reader with a card whose name contains `name` (in any case).

    `pin`: entered if the card asks for one. Raises PortError.
    """
    pyscard = _pyscard()
    try:
        found = pyscard.readers()
    except pyscard.failures:
        raise PortError(
            "the PC/SC service does not answer", "start it, on Debian `systemctl start pcscd`"
        ) from None
    named = [reader for reader in found if name.casefold() in str(reader).casefold()]
    if not named:
        wanted = f"card reader with {name!r} in its name" if name else "card reader"
        raise PortError(f"no {wanted}", f"connect it; found: {_names(found) or 'none'}")
    connection, reader = _connect(pyscard, named)
    try:
        t0 = connection.getProtocol() == pyscard.t0
        channel = ReaderChannel(connection, t0=t0, failures=pyscard.failures)
        if pin is not None:
            enter_pin(channel, pin)
        yield OpenCard(channel, f"card in {_names([reader])}, T={0 if t0 else 1}")
    finally:
        with suppress(*pyscard.failures):
            connection.disconnect()


def _pyscard() -> _PySCard:
    try:
        from smartcard.CardConnection import CardConnection
        from smartcard.Exceptions import NoCardException, SmartcardException
        from smartcard.pcsc.PCSCExceptions import BaseSCardException
        from smartcard.System import readers
    except ImportError:
        raise PortError(
            "no card reader can be used, as pyscard is not installed",
            f"install it with `make pcsc`, or `{sys.executable} -m pip install pyscard`",
        ) from None
    return _PySCard(
        readers,
        CardConnection.T0_protocol,
        CardConnection.T1_protocol,
        NoCardException,
        (SmartcardException, BaseSCardException),
    )


def _connect(pyscard: _PySCard, readers: list[Any]) -> tuple[Any, Any]:
    """Return (connection, reader) for the first of `readers` with a card. Raises PortError."""
    refused = None
    for reader in readers:
        try:
            connection = reader.createConnection()
            connection.connect(pyscard.t0 | pyscard.t1)
            return connection, reader
        except pyscard.no_card:
            continue
        except pyscard.failures:
            refused = refused or reader
    if refused:
        raise PortError(
            f"{_names([refused])}: the card can't be used",
            "close the program that has it for itself, or turn the card over",
        )
    raise PortError(f"no card in {_names(readers)}", "put one in, the contacts first")


def _names(readers: list[Any]) -> str:
    return printable(", ".join(str(reader) for reader in readers))
