"""ICCID and IMSI (102 221 13.2, 31.102 4.2.2), which the modem reads when the card starts."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Identity(NamedTuple):
    """The digits that AT+CCID and AT+CIMI print, and the number of AT+CNUM, "" for none."""

    iccid: str
    imsi: str
    msisdn: str = ""


NOBODY = Identity("89000000000000000000", "001010000000000")
"""The identity of a card without these files."""

_ICCID = ("00A4000C023F00", "00A4000C022FE2", "00B000000A")
_NUMBER = ("00A4040C07A0000000871002", "00A4000C026F40", "00B201041C")
_IMSI = ("00A4040C07A0000000871002", "00A4000C026F07", "00B0000009")


def read_identity(transmit: Callable[[bytes], bytes]) -> Identity:
    """Read both numbers over the basic channel, as a modem does before the host may talk to the
    card."""
    iccid = _read(transmit, _ICCID)
    imsi = _read(transmit, _IMSI)
    return Identity(
        _digits(iccid) or NOBODY.iccid,
        _digits(imsi[1:])[1:] if imsi else NOBODY.imsi,
        _number(_read(transmit, _NUMBER)),
    )


def _number(record: bytes) -> str:
    """Return the number in a record of EF_MSISDN (31.102 4.2.26): its last 14 bytes."""
    size, kind, coded = record[-14:-13], record[-13:-12], record[-12:-2]
    if not size or not 1 < size[0] < 12:
        return ""
    return ("+" if kind[0] & 0x70 == 0x10 else "") + _digits(coded[: size[0] - 1])


def _read(transmit: Callable[[bytes], bytes], steps: tuple[str, ...]) -> bytes:
    answer = b""
    for step in steps:
        answer = transmit(bytes.fromhex(step))
        if answer[-2:] != b"\x90\x00":
            return b""
    return answer[:-2]


def _digits(swapped: bytes) -> str:
    """Return the digits of BCD with the low nibble first, padded with F."""
    return "".join(f"{byte & 15:x}{byte >> 4:x}" for byte in swapped).rstrip("f")
