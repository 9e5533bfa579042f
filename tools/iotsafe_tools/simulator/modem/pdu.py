"""Messages in PDU form (3GPP TS 23.040, 9.2.2): SMS-DELIVER to the host, SMS-SUBMIT from it."""

from __future__ import annotations

from datetime import datetime

ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""23.038, 6.2.1: the characters of seven bits."""
SEVEN_BITS, EIGHT_BITS, UCS2 = 0x00, 0x04, 0x08
INTERNATIONAL, UNKNOWN = 0x91, 0x81
_VALIDITY_SIZE = (0, 7, 1, 7)
"""Bytes of the validity period by bits 4 and 3 of the first byte."""


class WrongPDU(ValueError):
    """The bytes are not an SMS-SUBMIT."""


def submitted(data: bytes) -> tuple[str, str]:
    """Return number and text of an SMS-SUBMIT (without the service centre's number)."""
    try:
        first, _, digits = data[0], data[1], data[2]
        if first & 3 != 1:
            raise WrongPDU("not a SUBMIT")
        size = (digits + 1) // 2
        number = _number(data[3], data[4 : 4 + size], digits)
        at = 4 + size
        coding = data[at + 1]
        at += 2 + _VALIDITY_SIZE[first >> 3 & 3]
        length, content = data[at], data[at + 1 :]
        return number, _text(coding, length, content, bool(first & 0x40))
    except (IndexError, UnicodeDecodeError) as error:
        raise WrongPDU("cut short") from error


def delivered(sender: str, text: str, moment: datetime, quarters: int) -> bytes:
    """Return a PDU with an empty service centre's number and an SMS-DELIVER."""
    coding = SEVEN_BITS if all(letter in ALPHABET for letter in text) else UCS2
    digits = sender.lstrip("+")
    kind = INTERNATIONAL if sender.startswith("+") else UNKNOWN
    stamp = _swapped(f"{moment:%y%m%d%H%M%S}") + bytes([_zone(quarters)])
    if coding == UCS2:
        content = text.encode("utf-16-be")
        length = len(content)
    else:
        content, length = _packed(text), len(text)
    head = bytes((0, 0x04, len(digits), kind)) + _swapped(digits)
    return head + bytes((0, coding)) + stamp + bytes([length]) + content


def _number(kind: int, coded: bytes, digits: int) -> str:
    text = "".join(f"{byte & 15:X}{byte >> 4:X}" for byte in coded)[:digits]
    return ("+" if kind == INTERNATIONAL else "") + text


def _swapped(digits: str) -> bytes:
    digits += "F" * (len(digits) % 2)
    return bytes(int(digits[i + 1] + digits[i], 16) for i in range(0, len(digits), 2))


def _zone(quarters: int) -> int:
    """Return the time zone as 23.040, 9.2.3.11 codes it: swapped digits, bit 3 for the west."""
    count = abs(quarters)
    return (count % 10) << 4 | count // 10 | (8 if quarters < 0 else 0)


def _text(coding: int, length: int, content: bytes, header: bool) -> str:
    if coding & 0x0C == UCS2:
        skip = 1 + content[0] if header else 0
        return content[skip:length].decode("utf-16-be")
    if coding & 0x0C == EIGHT_BITS:
        skip = 1 + content[0] if header else 0
        return content[skip:length].decode("latin-1")
    bits = int.from_bytes(content, "little")
    skip = (8 * (1 + content[0]) + 6) // 7 if header else 0
    letters = [ALPHABET[bits >> 7 * index & 0x7F] for index in range(length)]
    if len(content) < (7 * length + 7) // 8:
        raise WrongPDU("cut short")
    return "".join(letters[skip:])


def _packed(text: str) -> bytes:
    bits = 0
    for index, letter in enumerate(text):
        bits |= ALPHABET.index(letter) << 7 * index
    return bits.to_bytes((7 * len(text) + 7) // 8, "little")
