"""The applet's objects: private, public and secret keys, and files (sections 5 and 6).

The objects are immutable; a change makes a new one, and the store replaces the old. An object is
*activated* (state 01) when its container holds a value and the issuer has not deactivated it.
Absent optional attributes are None.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, ClassVar

from . import ecc, pairs, tlv

MAX_ID = 20
MAX_LABEL = 60

# Access conditions (60).
READ = 0x01
UPDATE = 0x02
# Cryptographic functions (61).
SIGNATURE = 0x01
KEY_GENERATION = 0x02
KEY_AGREEMENT = 0x04
KEY_DERIVATION = 0x08
# Key usage (4E).
GENERAL_KEY = 0x01
TLS12_KEY = 0x02
TLS13_KEY = 0x03
# File usage (21).
GENERAL_FILE = 0x01
CERTIFICATE = 0x02
# Key types (4B); the curves are in ecc.CURVES.
P256 = 0x13
P256_VOLATILE = 0x14
BRAINPOOL = 0x23
BRAINPOOL_VOLATILE = 0x24
RSA_2048 = 0x03
HMAC_KEY = 0xA0


@dataclass(frozen=True)
class _KindTags:
    label: int
    id: int
    wrapper: int


class Kind(Enum):
    """The four types of object; IDs and labels are unique within each of them."""

    PRIVATE = _KindTags(0x74, 0x84, 0xC1)
    PUBLIC = _KindTags(0x75, 0x85, 0xC2)
    FILE = _KindTags(0x73, 0x83, 0xC3)
    SECRET = _KindTags(0x76, 0x86, 0xC4)

    @property
    def tags(self) -> _KindTags:
        """Tags of the label, the ID and the information structure."""
        return self.value


def _check(good: bool, problem: str) -> None:
    if not good:
        raise ValueError(problem)


@dataclass(frozen=True, kw_only=True)
class Container:
    """The attributes of all objects. IDs have 1..20 bytes, labels 0..60 (empty: no label).

    `active` is False while the issuer has the object deactivated; its value stays.
    """

    kind: ClassVar[Kind]

    id: bytes
    label: bytes = b""
    access: int = 0
    active: bool = True

    def __post_init__(self) -> None:
        _check(1 <= len(self.id) <= MAX_ID, f"an object's ID must have 1 to {MAX_ID} bytes")
        _check(len(self.label) <= MAX_LABEL, f"a label may have at most {MAX_LABEL} bytes")
        _check(type(self.active) is bool, "an object is either active or not")
        for tag, size, value in [(0x60, 1, self.access), *self._attributes()]:
            good = value is None or (type(value) is int and 0 <= value < 1 << 8 * size)
            _check(good, f"the attribute {tag:02X} of an object must be a number of {size} bytes")

    @property
    def filled(self) -> bool:
        """Whether the container holds a value."""
        raise NotImplementedError

    @property
    def activated(self) -> bool:
        """Whether the state is 01: the value may be used."""
        return self.active and self.filled

    @property
    def volatile(self) -> bool:
        """Whether the card forgets the value at its reset."""
        return False

    def info(self, *, file_usage: bool = True, algorithm_slip: bool = False) -> bytes:
        """Return the information structure without its wrapper (7.5); `file_usage`: with tag 21.

        `algorithm_slip`: tag 92 announces 2 bytes and has one (section 14, item 6).
        """
        tags = self.kind.tags
        items = [(tags.label, self.label)] if self.label else []
        state = (0x4A, bytes([self.activated]))
        items += [(tags.id, self.id), (0x60, bytes([self.access])), state]
        for tag, size, value in self._attributes():
            if value is not None and (file_usage or tag != 0x21):
                items.append((tag, value.to_bytes(size, "big")))
        encoded = [tlv.encode(tag, value) for tag, value in items]
        if algorithm_slip:
            encoded = [b"\x92\x02" + item[2:] if item[0] == 0x92 else item for item in encoded]
        return b"".join(encoded)

    def _attributes(self) -> Iterator[tuple[int, int, int | None]]:
        """Yield (tag, size in bytes, value) of the attributes after the state, in 7.5's order."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class _KeyOfPair(Container):
    """The attributes that private and public keys share."""

    key_type: int = P256
    usage: int = GENERAL_KEY
    functions: int = SIGNATURE
    algorithm: int | None = None  # 92
    hashes: int | None = None  # 91
    agreement: int | None = None  # 6F

    def __post_init__(self) -> None:
        super().__post_init__()
        pairs.module_for(self.key_type)

    @property
    def volatile(self) -> bool:
        return ecc.is_volatile(self.key_type)

    def _attributes(self) -> Iterator[tuple[int, int, int | None]]:
        yield 0x4B, 1, self.key_type
        yield 0x4E, 1, self.usage
        yield 0x61, 1, self.functions
        yield 0x92, 1, self.algorithm
        yield 0x91, 2, self.hashes
        yield 0x6F, 1, self.agreement

    def allows(self, algorithm: int, hash_id: int) -> bool:
        """Whether the key may be used in a signature with this algorithm (92) and hash (91)."""
        return bool(
            self.functions & SIGNATURE
            and (self.algorithm is None or self.algorithm & algorithm)
            and (self.hashes is None or self.hashes & hash_id)
        )


@dataclass(frozen=True, kw_only=True)
class PrivateKey(_KeyOfPair):
    """A private key. No command and no repr shows `key`."""

    kind: ClassVar[Kind] = Kind.PRIVATE

    key: Any = field(default=None, repr=False)  # of `cryptography`, or None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.key is not None:
            pairs.module_for(self.key_type).check_private(self.key_type, self.key)

    @property
    def filled(self) -> bool:
        return self.key is not None


@dataclass(frozen=True, kw_only=True)
class PublicKey(_KeyOfPair):
    """A public key, or an empty container for one.

    point: 65 bytes 04 X Y of an elliptic curve. modulus, exponent: of RSA, 256 bytes and a number.
    """

    kind: ClassVar[Kind] = Kind.PUBLIC

    access: int = READ
    point: bytes = b""
    modulus: bytes = b""
    exponent: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        pairs.module_for(self.key_type).check_public(self)
        rsa = self.key_type == RSA_2048
        _check(
            not (self.point if rsa else self.modulus), "a public key has the value of another type"
        )

    @property
    def filled(self) -> bool:
        return bool(self.point or self.modulus)


@dataclass(frozen=True, kw_only=True)
class SecretKey(Container):
    """A symmetric key. No command and no repr shows `value`."""

    kind: ClassVar[Kind] = Kind.SECRET

    key_type: int = HMAC_KEY
    functions: int = KEY_DERIVATION
    derivation: int | None = None  # 94
    value: bytes = field(default=b"", repr=False)

    @property
    def filled(self) -> bool:
        return bool(self.value)

    def _attributes(self) -> Iterator[tuple[int, int, int | None]]:
        yield 0x4B, 1, self.key_type
        yield 0x61, 1, self.functions
        yield 0x94, 1, self.derivation

    def derives(self, derivation: int) -> bool:
        """Whether the key may be used for PRF (01) or HKDF (02) of tag 94."""
        return bool(
            self.functions & KEY_DERIVATION
            and (self.derivation is None or self.derivation & derivation)
        )


@dataclass(frozen=True, kw_only=True)
class File(Container):
    """A file: a container of `size` bytes that begins with `content`."""

    kind: ClassVar[Kind] = Kind.FILE

    access: int = READ
    usage: int = CERTIFICATE
    size: int = 0
    content: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        _check(
            len(self.content) <= self.size,
            f"{len(self.content)} bytes do not fit into a file container of {self.size} bytes",
        )

    @property
    def filled(self) -> bool:
        return bool(self.content)

    def _attributes(self) -> Iterator[tuple[int, int, int | None]]:
        yield 0x21, 1, self.usage
        yield 0x20, 2, self.size


CLASSES: tuple[type[Container], ...] = (PrivateKey, PublicKey, SecretKey, File)


# Kind -> the attribute that holds the value, and its content in an empty container.
_NO_VALUE = {
    Kind.PRIVATE: {"key": None},
    Kind.PUBLIC: {"point": b"", "modulus": b"", "exponent": 0},
    Kind.SECRET: {"value": b""},
    Kind.FILE: {"content": b""},
}


def emptied(item: Container) -> Container:
    """Return the same container without a value: state 00."""
    return replace(item, **_NO_VALUE[item.kind])


def after_reset(item: Container) -> Container:
    """Return the object after a reset: a volatile key without its value."""
    return emptied(item) if item.volatile else item
