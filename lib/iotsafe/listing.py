"""Puts a card's objects into words, and into the table that the REPL shows."""

from . import objects

# Key types (4B).
_KEY_TYPES = (
    (0x03, "RSA-2048"),
    (0x13, "P-256"),
    (0x14, "P-256, volatile"),
    (0x23, "brainpoolP256r1"),
    (0x24, "brainpoolP256r1, volatile"),
    (0xA0, "HMAC"),
    (0xB0, "CMAC"),
)
# Usages of keys (4E) and of files (21), functions (61) and access conditions (60) by their bits.
_KEY_USAGES = ((1, "general"), (2, "TLS 1.2"), (3, "TLS 1.3"))
_FILE_USAGES = ((1, "general"), (2, "certificate"))
_FUNCTIONS = ("sign", "generate", "agree", "derive")
_ACCESS = ("read", "update")
_STATES = ("empty", "active")

_COLUMNS = ("object", "ID", "label", "state", "type", "usage", "may", "access", "bytes")


class ObjectList(list):
    """A list of ObjectInfo that prints as a table."""

    def __repr__(self):
        rows = [[_cell(value) for value in fields(info)] for info in self]
        return "\n".join(_table([_COLUMNS] + rows))

    __str__ = __repr__


def fields(info):
    """Return the fields of the object `info` (ObjectInfo) in words; None where the card has none.

    (kind, ID in hex, label, state, type of key, usage, functions, access, size): functions and
    access are tuples of words, the size is a number of bytes, the others are texts.
    """
    usages = _FILE_USAGES if info.kind == objects.FILE else _KEY_USAGES
    return (
        objects.kind_name(info.kind),
        objects.name(info.id),
        objects.printable(info.label) or None,
        None if info.state is None else _STATES[info.state & 1],
        _word(_KEY_TYPES, info.key_type),
        _word(usages, info.usage),
        _bits(_FUNCTIONS, info.functions),
        _bits(_ACCESS, info.access),
        info.size,
    )


def _word(words, value):
    """Return the word for a number, else its hex; None for None."""
    for known, text in words:
        if known == value:
            return text
    return None if value is None else "%02X" % value


def _bits(words, value):
    """Return the words for the bits of `value`, from the lowest, as a tuple; None for None."""
    if value is None:
        return None
    return tuple(text for i, text in enumerate(words) if value >> i & 1)


def _cell(value):
    """Return a field as the text of a cell: "" for None, "-" for an empty tuple."""
    if value is None:
        return ""
    return ", ".join(value) or "-" if isinstance(value, tuple) else str(value)


def _table(rows):
    """Return lines of text with the columns of `rows` aligned and without empty columns."""
    widths = [max(len(line[i]) for line in rows) for i in range(len(rows[0]))]
    used = [i for i in range(len(widths)) if len(rows) < 2 or any(line[i] for line in rows[1:])]
    return [
        "  ".join(line[i] + " " * (widths[i] - len(line[i])) for i in used).rstrip()
        for line in rows
    ]
