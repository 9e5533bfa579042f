"""The containers of a card as a table, for people."""

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
        return "\n".join(table([_COLUMNS] + [row(info) for info in self]))

    __str__ = __repr__


def row(info):
    """The cells of one object, texts; "" where the card does not say."""
    kind = repr(info)[1:].split(" " + objects.name(info.id))[0]
    usages = _FILE_USAGES if info.kind == objects.FILE else _KEY_USAGES
    return (
        kind,
        objects.name(info.id),
        objects.name(b"", info.label)[2:-1],
        "" if info.state is None else _STATES[info.state & 1],
        word(_KEY_TYPES, info.key_type),
        word(usages, info.usage),
        bits(_FUNCTIONS, info.functions),
        bits(_ACCESS, info.access),
        "" if info.size is None else str(info.size),
    )


def word(words, value):
    """The word for a number, else its hex; "" for None."""
    for known, text in words:
        if known == value:
            return text
    return "" if value is None else "%02X" % value


def bits(words, value):
    """The words for the bits of `value`, from the lowest; "" for None."""
    if value is None:
        return ""
    return ", ".join(text for i, text in enumerate(words) if value >> i & 1) or "-"


def table(rows):
    """Lines of text, the columns of `rows` aligned; empty columns are left out."""
    widths = [max(len(line[i]) for line in rows) for i in range(len(rows[0]))]
    used = [i for i in range(len(widths)) if len(rows) < 2 or any(line[i] for line in rows[1:])]
    return [
        "  ".join(line[i] + " " * (widths[i] - len(line[i])) for i in used).rstrip()
        for line in rows
    ]
