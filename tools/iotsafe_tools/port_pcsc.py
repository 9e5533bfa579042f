"""A card in a reader (PC/SC) as a card channel, over T=0 and T=1. pyscard is needed only here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from .ports import Port
from .tool_errors import PortError

_GONE = "the card was taken out, or another program reset it"


class ReaderChannel:
    """A connected card. T=0 has no Le behind data, and a fifth byte in every command."""

    generation = 0

    def __init__(self, connection: Any, *, t0: bool) -> None:
        self._connection = connection
        self._t0 = t0

    def transmit(self, apdu: bytes | memoryview) -> tuple[memoryview, int]:
        """One command APDU; PortError when the card does not answer."""
        from smartcard.Exceptions import SmartcardException

        command = as_t0(bytes(apdu)) if self._t0 else bytes(apdu)
        try:
            data, sw1, sw2 = self._connection.transmit(list(command))
        except SmartcardException:
            raise PortError(_GONE, "put it in and try again") from None
        return memoryview(bytes(data)), sw1 << 8 | sw2


def as_t0(apdu: bytes) -> bytes:
    """The command APDU as T=0 carries it (ISO/IEC 7816-3 12.2.2): case 1 has P3 = 00, case 4 no
    Le: the card says by 61xx what there is to fetch."""
    if len(apdu) == 4:
        return apdu + b"\0"
    if len(apdu) > 5 and len(apdu) == 6 + apdu[4]:
        return apdu[:-1]
    return apdu


@contextmanager
def open_reader(name: str) -> Iterator[Port]:
    """The card in the first reader that has `name` (any case) in its own and holds a card.

    Raises PortError.
    """
    try:
        from smartcard.CardConnection import CardConnection
        from smartcard.Exceptions import SmartcardException
        from smartcard.System import readers
    except ImportError:
        raise PortError(
            "no card reader can be used, as pyscard is not installed",
            "install it with `pip install pyscard`, the extra `pcsc` of this package",
        ) from None
    try:
        found = readers()
    except SmartcardException:
        raise PortError(
            "the PC/SC service does not answer", "start it, on Debian `systemctl start pcscd`"
        ) from None
    named = [reader for reader in found if name.casefold() in str(reader).casefold()]
    if not named:
        there = ", ".join(_printable(str(reader)) for reader in found) or "none at all"
        raise PortError(
            f"no card reader {name!r}" if name else "no card reader",
            f"connect one; there is {there}",
        )
    connection, protocol = _connect(named, CardConnection)
    try:
        what = f"card in {_printable(str(connection.getReader()))}, T={protocol}"
        yield Port(ReaderChannel(connection, t0=protocol == 0), what)
    finally:
        with suppress(SmartcardException):
            connection.disconnect()


def _connect(found: list, kinds: Any) -> tuple[Any, int]:
    """The first of the readers `found` that has a card: (its connection, 0 or 1 for T=0, T=1)."""
    from smartcard.Exceptions import NoCardException, SmartcardException

    refused = None
    for reader in found:
        connection = reader.createConnection()
        try:
            connection.connect(kinds.T0_protocol | kinds.T1_protocol)
        except NoCardException:
            continue
        except SmartcardException as error:
            refused = refused or (reader, error)
            continue
        return connection, 0 if connection.getProtocol() == kinds.T0_protocol else 1
    if refused:
        raise PortError(
            f"{_printable(str(refused[0]))}: the card can't be used",
            "another program has it for itself, or it is in upside down",
        )
    names = ", ".join(_printable(str(reader)) for reader in found)
    raise PortError(f"no card in {names}", "put one in, the contacts first")


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)
