"""The file that a user drags onto a Pico: UF2, written from a flash image.

Format: "USB Flashing Format (UF2)", https://github.com/microsoft/uf2; families and the block
against erratum E10: RP2350 data sheet, and picotool, whose output this equals byte for byte.
"""

import struct
from typing import NamedTuple

_MAGIC = (0x0A324655, 0x9E5D5157)
_MAGIC_END = 0x0AB16F30
_FAMILY_PRESENT = 0x2000
_EXTENSION_PRESENT = 0x8000
_PAYLOAD = 256  # bytes of flash in a block
_DATA = 476  # bytes of data in a block, used or not

_FAMILY_ABSOLUTE = 0xE48BFF57
_IGNORE_BLOCK = 0x9957E304  # extension: this block's payload is not for the flash


class Chip(NamedTuple):
    """What a UF2 file says about the chip it is for."""

    family: int
    flash: int  # address of the flash
    erratum_e10: int | None  # address for the block that early chips need, None: none needed


CHIPS = {
    "rp2040": Chip(0xE48BFF56, 0x10000000, None),
    "rp2350": Chip(0xE48BFF59, 0x10000000, 0x10FFFF00),
}


def write(image: bytes, chip: Chip) -> bytes:
    """Return the UF2 file for `image`, the contents of the flash from its first byte.

    Blocks of 512 bytes; the last one's payload is filled up with zeros.
    """
    count = -(-len(image) // _PAYLOAD)
    blocks = [] if chip.erratum_e10 is None else [_erratum_e10(chip.erratum_e10)]
    for number in range(count):
        offset = _PAYLOAD * number
        payload = image[offset : offset + _PAYLOAD]
        header = (_FAMILY_PRESENT, chip.flash + offset, _PAYLOAD, number, count, chip.family)
        blocks.append(_block(header, payload))
    return b"".join(blocks)


def _erratum_e10(address: int) -> bytes:
    """The first block of a download to an early RP2350, which would be lost: one to lose."""
    flags = _FAMILY_PRESENT | _EXTENSION_PRESENT
    data = b"\xef" * _PAYLOAD + struct.pack("<I", _IGNORE_BLOCK)
    return _block((flags, address, _PAYLOAD, 0, 2, _FAMILY_ABSOLUTE), data)


def _block(header: tuple[int, ...], data: bytes) -> bytes:
    return struct.pack("<8I", *_MAGIC, *header) + struct.pack(f"<{_DATA}sI", data, _MAGIC_END)
