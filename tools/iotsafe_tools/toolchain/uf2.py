"""Writes a flash image as UF2, the file that a user drags onto a Pico.

Format: "USB Flashing Format (UF2)", https://github.com/microsoft/uf2. Families and the block
against erratum E10: RP2350 data sheet. picotool's output is the same, byte for byte.
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
    """The fields of a UF2 file that depend on the chip."""

    family: int
    flash: int  # address of the flash
    erratum_e10: int | None  # address of the block that early chips need, None: no block


CHIPS = {
    "rp2040": Chip(0xE48BFF56, 0x10000000, None),
    "rp2350": Chip(0xE48BFF59, 0x10000000, 0x10FFFF00),
}


def write(image: bytes, chip: Chip) -> bytes:
    """Return the UF2 file for `image`, the contents of the flash from its first byte.

    Blocks have 512 bytes; zeros fill the last one's payload.
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
    """Return a block to put first: early RP2350 chips lose the first block of a download."""
    flags = _FAMILY_PRESENT | _EXTENSION_PRESENT
    data = b"\xef" * _PAYLOAD + struct.pack("<I", _IGNORE_BLOCK)
    return _block((flags, address, _PAYLOAD, 0, 2, _FAMILY_ABSOLUTE), data)


def _block(header: tuple[int, ...], data: bytes) -> bytes:
    return struct.pack("<8I", *_MAGIC, *header) + struct.pack(f"<{_DATA}sI", data, _MAGIC_END)
