"""The symbols of a built firmware: a 32-bit little-endian ELF file."""

import struct
from pathlib import Path

_HEADER = struct.Struct("<16sHHIIIIIHHHHHH")
_SECTION = struct.Struct("<10I")
_SYMBOL = struct.Struct("<IIIBBH")
_SYMTAB = 2


def symbols(path: Path) -> dict[str, int]:
    """Return name -> value of the symbols that the ELF file at `path` defines.

    Raises ValueError if it is no such file, or cut off.
    """
    data = path.read_bytes()
    try:
        header = _HEADER.unpack_from(data)
        if header[0][:6] != b"\x7fELF\x01\x01":
            raise ValueError(f"{path} is no 32-bit little-endian ELF file")
        start, size, count = header[6], header[11], header[12]
        sections = [_SECTION.unpack_from(data, start + size * n) for n in range(count)]
        found = {}
        for _, kind, _, _, offset, length, link, *_ in sections:
            if kind == _SYMTAB:
                names = sections[link][4]
                for name, value, _, _, _, section in _SYMBOL.iter_unpack(
                    data[offset : offset + length]
                ):
                    if name and section:
                        end = data.index(b"\0", names + name)
                        found[data[names + name : end].decode(errors="replace")] = value
    except (struct.error, IndexError):
        raise ValueError(f"{path} is cut off") from None
    return found
