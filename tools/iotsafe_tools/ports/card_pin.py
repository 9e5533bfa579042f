"""PIN 1 of a card in a reader (TS 102 221, 9.5.2 and 11.1.9). Behind a modem AT+CPIN enters it."""

from __future__ import annotations

import iotsafe
from iotsafe import tlv
from iotsafe.apdu import APDU
from iotsafe_tools.console.errors import PortError

from .shapes import Channel

_MF = b"\x3f\x00"
_FCP, _PIN_STATUS, _ENABLED, _REFERENCE = 0x62, 0xC6, 0x90, 0x83
_PIN_1 = 0x01
_VERIFY = bytes.fromhex("00200001")
_BLOCKED = 0x6983
_SUCCESS = 0x9000


def enter_pin(channel: Channel, pin: str) -> None:
    """Enter the PIN if the card announces that it asks for one, and it was not entered yet.

    One try is always left to a person. Raises PortError.
    """
    if not (pin.isascii() and pin.isdigit() and 4 <= len(pin) <= 8):
        raise PortError("a PIN has 4 to 8 digits", "correct --pin or IOTSAFE_SIM_PIN")
    try:
        fcp = APDU(channel).command(0xA4, 0x00, 0x04, _MF, 0)
    except iotsafe.CardError:
        return  # no UICC, so no such PIN
    if not asks(bytes(fcp)):
        return
    _, sw = channel.transmit(_VERIFY + b"\x00")
    if sw == _SUCCESS:
        return
    _check(sw)
    _, sw = channel.transmit(_VERIFY + b"\x08" + pin.encode().ljust(8, b"\xff"))
    if sw != _SUCCESS:
        left = sw & 0x0F if sw & 0xFFF0 == 0x63C0 else 0
        raise PortError(
            f"the card refused the PIN ({sw:04X}), {left} tries are left",
            "correct --pin or IOTSAFE_SIM_PIN; the last try is left to you",
        )


def asks(fcp: bytes) -> bool:
    """Whether file control parameters say that PIN 1 is enabled: in C6, the bits of 90, from the
    highest, say which of the key references (83) after it are."""
    try:
        status = tlv.find(tlv.find(fcp, _FCP) or b"", _PIN_STATUS) or b""
        bits, place = b"", 0
        for tag, value in tlv.items(status):
            if tag == _ENABLED:
                bits = bytes(value)
            elif tag == _REFERENCE:
                byte, bit = divmod(place, 8)
                if bytes(value) == bytes([_PIN_1]):
                    return byte < len(bits) and bool(bits[byte] << bit & 0x80)
                place += 1
    except tlv.TLVError:
        pass
    return False


def _check(sw: int) -> None:
    """Raise PortError unless the card says that more than one try is left."""
    if sw == _BLOCKED or sw == 0x63C0:
        raise PortError(
            "the card's PIN is blocked: it was wrong three times",
            "enter the PUK in a telephone",
        )
    if sw == 0x63C1:
        raise PortError(
            "the card has one try of its PIN left", "it is left to you: enter it in a telephone"
        )
    if sw & 0xFFF0 != 0x63C0:
        raise PortError(
            f"the card does not tell the tries of its PIN ({sw:04X})",
            "omit --pin, or enter the PIN in a telephone",
        )
