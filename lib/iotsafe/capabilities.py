"""The features that an applet announces: GET DATA - application (IoT.05 2.12), sans-I/O."""

from . import tlv

# Tag -> attribute. Two attributes have a second tag, on cards that use those of objects (61, 6F).
_FIELDS = (
    (0x10, "version"),
    (0x11, "identifier"),
    (0xB1, "max_files"),
    (0xB2, "max_private_keys"),
    (0xB3, "max_public_keys"),
    (0xB4, "max_secret_keys"),
    (0x90, "functions"),
    (0x61, "functions"),
    (0x91, "hashes"),
    (0x92, "algorithms"),
    (0x93, "agreements"),
    (0x6F, "agreements"),
    (0x94, "derivations"),
    (0xB7, "max_sessions"),
)
_IDENTIFIER = 0x11
_MAX_FILES = 0xB1
_MAX_IDENTIFIER = 32

# Attribute -> names of its bits, from the lowest.
BITS = (
    ("functions", ("signature", "key generation", "key agreement", "key derivation")),
    ("hashes", ("SHA-256", "SHA-384", "SHA-512")),
    ("algorithms", ("RSA PKCS#1", "RSA PSS", "ECDSA")),
    ("agreements", ("ECKA",)),
    ("derivations", ("PRF", "HKDF")),
)


class Capabilities:
    """Attributes, each None if the card does not report it: `version` (0x10 is 1.0), `identifier`
    (bytes), `max_files`, `max_private_keys`, `max_public_keys`, `max_secret_keys`,
    `max_sessions`, and the bit masks `functions`, `hashes`, `algorithms`, `agreements`,
    `derivations` (see BITS).
    """

    version = identifier = max_files = max_private_keys = max_public_keys = None
    max_secret_keys = max_sessions = functions = hashes = algorithms = None
    agreements = derivations = None

    def names(self, attribute):
        """Return the names of the bits that are set in a mask of BITS, as a tuple; None if the
        card does not report the mask."""
        value = getattr(self, attribute)
        if value is None:
            return None
        for known, names in BITS:
            if known == attribute:
                return tuple(n for i, n in enumerate(names) if value >> i & 1)

    def __repr__(self):
        lines = ["version     %s" % version(self.version)]
        if self.identifier:
            lines.append("identifier  " + "".join("%02X" % byte for byte in self.identifier))
        for attribute, _ in BITS:
            lines.append("%-11s %s" % (attribute, joined(self.names(attribute))))
        lines.append(
            "at most     %s files, %s private, %s public, %s secret keys, %s sessions"
            % tuple(
                "?" if number is None else number
                for number in (
                    self.max_files,
                    self.max_private_keys,
                    self.max_public_keys,
                    self.max_secret_keys,
                    self.max_sessions,
                )
            )
        )
        return "\n".join(lines)


def joined(words):
    """Return the words as one text: "?" for None, "none" if there is no word."""
    return "?" if words is None else ", ".join(words) or "none"


def version(number):
    """Return the version as text: "1.0" for 0x10."""
    return "?" if number is None else "%d.%d" % (number >> 4, number & 0x0F)


def parse(data):
    """Return the Capabilities in the answer; raises TLVError if it is malformed.

    One applet announces its identifier one byte too long; this also reads its later fields.
    """
    found, read = _parse(data)
    if read and found.max_files is None:
        view = bytearray(data)
        at = 3 if view[0] == 0x10 else 0  # the identifier comes second, after the version
        size = view[at + 1] if len(view) > at + 1 and view[at] == _IDENTIFIER else 0
        if size and view[at + 1 + size : at + 2 + size] == bytes((_MAX_FILES,)):
            view[at + 1] = size - 1
            found, read = _parse(view)
    if not read:
        raise tlv.TLVError("no capability is in the answer")
    return found


def _parse(data):
    """Return Capabilities, and the number of fields that it has read."""
    found = Capabilities()
    read = 0
    try:
        for tag, value in tlv.items(data):
            read += _field(found, tag, value)
    except tlv.TLVError:
        if found.max_files is not None or not read:
            raise
    return found, read


def _field(found, tag, value):
    for known, attribute in _FIELDS:
        if known != tag:
            continue
        if tag == _IDENTIFIER:
            found.identifier = bytes(value[:_MAX_IDENTIFIER])
        elif 1 <= len(value) <= 2:
            setattr(found, attribute, value[0] if len(value) == 1 else value[0] << 8 | value[1])
        return 1
    return 0
