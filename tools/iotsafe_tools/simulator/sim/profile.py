"""How a simulated card behaves where real cards differ (section 13), as data."""

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, Literal

from . import objects as o
from . import profile_file
from .plan import Planned
from .profile_file import ProfileError

GSMA_AID = bytes.fromhex("A0000005590010")
DEFAULT = "gsma"


def _default_objects() -> tuple[Planned, ...]:
    return _read(str(profile_file.FOLDER / f"{DEFAULT}.toml"))["objects"]


@dataclass
class Profile:
    """Switches of one card; the defaults are the profile "gsma".

    The card reads them at each command, so a test may change one between two commands. A bad
    value raises ValueError with the switch and the allowed values.
    """

    name: str = field(default=DEFAULT, compare=False)
    about: str = field(default="", compare=False)

    # ---- content -----------------------------------------------------------------------------
    # The objects of a new SIM; of these, the private key and certificate file of the TLS client.
    objects: tuple[Planned, ...] = field(default_factory=_default_objects, repr=False)
    key_id: bytes = b"\x01"
    certificate_id: bytes = b"\x02"

    # ---- UICC --------------------------------------------------------------------------------
    # The modem reads these: 19 or 20 digits, 6 to 15 digits (network 001 01 is for tests).
    iccid: str = "8988211000000000011"
    imsi: str = "001010000000001"
    # Digits of the network code in the IMSI; name of the network; number of the subscriber.
    mnc_digits: Literal[2, 3] = 2
    spn: str = "IoT SAFE"
    msisdn: str = ""
    # Applications that SELECT finds; () is a SIM without the applet (6A82).
    aids: tuple[bytes, ...] = (GSMA_AID,)
    # Logical channels, the basic one included: 1..20.
    channels: int = 20
    # The modem lets AT+CSIM reach other channels than the basic one (False: AT+CCHO only). The
    # modem reads this; the card behaves the same either way.
    csim: bool = True
    # Channels that are open after a reset without MANAGE CHANNEL.
    open_channels: tuple[int, ...] = ()
    # Data of a reply: "auto" at once if the command had Le, else 61xx; "t0" as over T=0: 61xx
    # after a command with data, else at once, or 6Cxx for a wrong Le other than 00; "never" at
    # once, as with a reader that fetches by itself; "always" 61xx, which no card does.
    get_response: Literal["auto", "t0", "always", "never"] = "auto"
    # True: 6Cxx unless Le is exactly the data's length. False: 6Cxx only if Le is too short.
    exact_le: bool = False
    # Instead of 9000: 91xx (after any command) or 63CF (after a command of the applet).
    success_sw: int = 0x9000

    # ---- encodings ---------------------------------------------------------------------------
    # Length bytes of tag 33: 2 (33 00 40) or 1 (33 40).
    signature_length: Literal[1, 2] = 2
    # In commands: the form of tag 33's length that VERIFY SIGNATURE reads, one byte (33 40), two
    # (33 00 40), or both; the form of other lengths of 80 to FF, BER (81 80), one plain byte (80),
    # or both.
    command_signature: Literal["both", "one", "two"] = "both"
    long_lengths: Literal["both", "ber", "plain"] = "both"
    # DER inside tag 33 instead of r||s.
    signature_der: bool = False
    # Nonces of RFC 6979, for signatures that can be compared.
    deterministic: bool = False
    # Object list: L1 a wrapper per object, L2 a wrapper per type, L3 no wrapper.
    list_layout: Literal["L1", "L2", "L3"] = "L1"
    # Bytes of the object list in one reply; 6300 when more follow. 1..256.
    list_part: int = 256
    # Object data inside C1..C4.
    wrapped: bool = True
    # Tag 21 in file information.
    file_usage: bool = True
    # Tags of functions and key agreement in the application data.
    application_tags: Literal["90/93", "61/6F"] = "90/93"
    # GENERATE KEY PAIR returns both IDs and the key, only the IDs, only the key, or nothing.
    keygen_response: Literal["full", "ids", "key", "none"] = "full"
    # GENERATE KEY PAIR gives both halves new IDs.
    new_ids: bool = False
    # VERIFY SIGNATURE of a wrong signature: 6D01, or 6985.
    mismatch_sw: int = 0x6D01

    # ---- capabilities, as the application data reports them -----------------------------------
    applet_id: bytes = bytes(range(32))
    max_files: int = 8
    max_private_keys: int = 4
    max_public_keys: int = 4
    max_secret_keys: int = 2
    max_sessions: int = 4
    functions: int = 0x0F
    hashes: int = 0x0007
    algorithms: int = 0x04
    agreements: int = 0x01
    derivations: int = 0x03
    # Instructions that the applet lacks (6D00), besides those of the functions above.
    missing: tuple[int, ...] = ()
    # COMPUTE HKDF takes an empty salt. False: 6A80.
    empty_salt: bool = True
    # The applet has GET DATA. False: 6D00.
    get_data: bool = True
    # A digest (9E) may have another length than the announced hash: 1 to 64 bytes.
    lenient_digest: bool = False
    # Most bytes that one READ FILE returns: 1..256.
    max_read: int = 256
    # The byte that fills the container after the content; None: the file ends with its content.
    file_padding: int | None = 0x00
    # Tag 20 is the size of the file's content, not of its container.
    content_size: bool = False
    # READ FILE with the offset at the end: 9000 without data, or 6A86 or 6981.
    read_end_sw: int = 0x9000
    # READ FILE with the offset beyond the end: 6A86 or 6981.
    read_beyond_sw: int = 0x6A86

    # ---- faults ------------------------------------------------------------------------------
    # Sessions survive a reset: an abandoned one blocks its number.
    wedge: bool = False
    # What ends such a session: "close"; a last "update" in its mode; a last update with a digest
    # ("9E") or a text ("9B") in any mode; the applet's next "select"; the end of any "channel".
    wedge_ends: tuple[str, ...] = ("close", "update")
    # Tag 92 in information about keys announces 2 bytes and has one.
    algorithm_slip: bool = False
    # Application data: the length of the identifier (11) is one too large.
    identifier_slip: bool = False
    # Application data: bytes of the hash algorithms (91), 2 or 1.
    hash_bytes: Literal[1, 2] = 2
    # The card inverts this byte of the signature (0..63 for r||s; modulo its length).
    flip_signature_byte: int | None = None

    # ---- time, in milliseconds: each APDU, and the command's work in addition ------------------
    apdu_ms: float = 0
    select_ms: float = 0
    read_ms: float = 0
    random_ms: float = 0
    generate_ms: float = 0
    sign_ms: float = 0
    verify_ms: float = 0
    agree_ms: float = 0
    derive_ms: float = 0
    data_ms: float = 0  # GET DATA
    key_ms: float = 0  # READ PUBLIC KEY, PUT PUBLIC KEY

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            good, meaning = _limit(item.name, item.default)
            if not good(value):
                raise ValueError(f"{item.name} must be {meaning}, not {value!r:.60}")
        if not set(self.open_channels) <= set(range(1, self.channels)):
            raise ValueError(f"open_channels must be in 1..{self.channels - 1}")

    @classmethod
    def named(cls, name: str, **switches: Any) -> "Profile":
        """Return the profile `name` of PROFILES, or of the file `name`, changed by `switches`.

        Raises ValueError for an unknown name or value, TypeError for an unknown switch.
        """
        if name in PROFILES:
            found = PROFILES[name]
        elif name.endswith(".toml") or "/" in name:
            found = profile_file.read(name, _defaults())
        else:
            raise ValueError(
                f"no SIM profile {name!r}; there are: {', '.join(PROFILES)}, or a file NAME.toml"
            )
        try:
            made = cls(**{**found, **switches})
            made.check_plan()
        except ValueError as error:
            raise ProfileError(f"{name}: {error}") from None
        return made

    def check_plan(self) -> None:
        """Raise ValueError unless the objects fit the card and the TLS client's are among them."""
        items = [item for planned in self.objects for item in planned.containers]
        for kind, limit in self.limits().items():
            count = sum(item.kind is kind for item in items)
            if count > limit:
                raise ValueError(
                    f"{count} objects of type {kind.name}, but the card has room for {limit}"
                )
        for name in ("id", "label"):
            names = [(i.kind, value) for i in items if (value := getattr(i, name))]
            for kind, value in names:
                if names.count((kind, value)) > 1:
                    raise ValueError(
                        f"two {kind.name} objects have the {name} {value!r}; it must be unique"
                    )
        for kind, id, meaning in (
            (o.Kind.PRIVATE, self.key_id, "key must be the ID of a private key in the plan"),
            (o.Kind.FILE, self.certificate_id, "certificate must be the ID of a file in the plan"),
        ):
            if id and not any((item.kind, item.id) == (kind, id) for item in items):
                raise ValueError(f"{meaning}, not {id.hex()}")

    def limits(self) -> dict[o.Kind, int]:
        """Return how many objects of each type the card has room for."""
        return {
            o.Kind.PRIVATE: self.max_private_keys,
            o.Kind.PUBLIC: self.max_public_keys,
            o.Kind.SECRET: self.max_secret_keys,
            o.Kind.FILE: self.max_files,
        }


_Limit = tuple[Callable[[Any], bool], str]


def _one_of(allowed: Container[Any], meaning: str) -> _Limit:
    """Limit a switch to whole numbers, texts or None of a set. True and 1.0 are not numbers."""
    return lambda value: type(value) in (int, str, type(None)) and value in allowed, meaning


def _each(good: Callable[[Any], bool], meaning: str) -> _Limit:
    return lambda value: isinstance(value, tuple) and all(map(good, value)), meaning


def _digits(fewest: int, most: int) -> _Limit:
    def good(value: Any) -> bool:
        digits = isinstance(value, str) and value.isascii() and value.isdigit()
        return digits and fewest <= len(value) <= most

    return good, f"{fewest} to {most} digits"


def _bytes(fewest: int, most: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, bytes) and fewest <= len(value) <= most


def _of_type(type_: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, type_)


def _network_name(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isprintable() and len(value) <= 16


def _phone_number(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    digits = value.removeprefix("+")
    return value == "" or (digits.isascii() and digits.isdigit() and len(digits) <= 20)


_WEDGE_ENDS = ("close", "update", "9E", "9B", "select", "channel")
_BYTE = range(256)
_BITS = "a number of 0 to 255"
_LIMITS: dict[str, _Limit] = {
    "name": (_of_type(str), "a text"),
    "about": (_of_type(str), "a text"),
    "objects": _each(_of_type(Planned), "a plan"),
    "key_id": (_bytes(0, 20), "0 to 20 bytes"),
    "certificate_id": (_bytes(0, 20), "0 to 20 bytes"),
    "iccid": _digits(19, 20),
    "imsi": _digits(6, 15),
    "mnc_digits": _one_of((2, 3), "2 or 3"),
    "spn": (_network_name, "0 to 16 characters of ASCII"),
    "msisdn": (_phone_number, "0 to 20 digits, with a + before them or not"),
    "aids": _each(_bytes(5, 16), "AIDs of 5 to 16 bytes"),
    "channels": _one_of(range(1, 21), "1..20"),
    "open_channels": _each(_of_type(int), "numbers of channels"),
    "wedge_ends": _each(_WEDGE_ENDS.__contains__, f"a list of {', '.join(_WEDGE_ENDS)}"),
    "get_response": _one_of(("auto", "t0", "always", "never"), "auto, t0, always or never"),
    "success_sw": _one_of((0x9000, 0x63CF, *range(0x9100, 0x9200)), "9000, 63CF or 91xx"),
    "signature_length": _one_of((1, 2), "1 or 2"),
    "command_signature": _one_of(("both", "one", "two"), "both, one or two"),
    "long_lengths": _one_of(("both", "ber", "plain"), "both, ber or plain"),
    "list_layout": _one_of(("L1", "L2", "L3"), "L1, L2 or L3"),
    "list_part": _one_of(range(1, 257), "1..256"),
    "application_tags": _one_of(("90/93", "61/6F"), "90/93 or 61/6F"),
    "keygen_response": _one_of(("full", "ids", "key", "none"), "full, ids, key or none"),
    "mismatch_sw": _one_of((0x6D01, 0x6985), "6D01 or 6985"),
    "applet_id": (_bytes(0, 127), "0 to 127 bytes"),
    "max_sessions": _one_of(range(1, 256), "1..255"),
    "hashes": _one_of(range(8), "bits of 01, 02, 04"),
    "missing": _each(_BYTE.__contains__, "a list of INS bytes"),
    "max_read": _one_of(range(1, 257), "1..256"),
    "file_padding": _one_of((None, *_BYTE), "a byte or None"),
    "read_end_sw": _one_of((0x9000, 0x6A86, 0x6981), "9000, 6A86 or 6981"),
    "read_beyond_sw": _one_of((0x6A86, 0x6981), "6A86 or 6981"),
    "flip_signature_byte": _one_of((None, *range(1 << 16)), "a number of 0 to 65535, or None"),
    "hash_bytes": _one_of((1, 2), "1 or 2"),
}
_MAX_MS = 600_000


def _limit(name: str, default: Any) -> _Limit:
    """Return a switch's limit, from the table or by the type of its default."""
    if name in _LIMITS:
        return _LIMITS[name]
    if isinstance(default, bool):
        return _of_type(bool), "true or false"
    if name.endswith("_ms"):
        good = lambda value: type(value) in (int, float) and 0 <= value <= _MAX_MS  # noqa: E731
        return good, f"0 to {_MAX_MS} milliseconds"
    return _one_of(_BYTE, _BITS)


def _defaults() -> dict[str, Any]:
    return {
        item.name: None if item.default is MISSING else item.default for item in fields(Profile)
    }


@cache
def _read(path: str) -> dict[str, Any]:
    return profile_file.read(path, _defaults())


class _Profiles(Mapping):
    """Name -> arguments for `Profile`, from the files in profiles/."""

    def __getitem__(self, name: str) -> dict[str, Any]:
        if name not in self._names():
            raise KeyError(name)
        return dict(_read(str(profile_file.FOLDER / f"{name}.toml")))

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    @staticmethod
    @cache
    def _names() -> tuple[str, ...]:
        """Return the names, the broken profiles last."""
        names = [Path(path).stem for path in profile_file.FOLDER.glob("*.toml")]
        return tuple(sorted(names, key=lambda name: (name.startswith(BROKEN), name)))


# The name of a profile with a defect that was seen on a card begins with this.
BROKEN = "broken-"
PROFILES: Mapping[str, dict[str, Any]] = _Profiles()
