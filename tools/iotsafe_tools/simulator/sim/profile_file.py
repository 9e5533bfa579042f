"""Profiles as files: profiles/NAME.toml, or a file of your own.

    about = "One line about the card."
    key = "01"                # the client's private key and certificate file, by ID
    certificate = "02"

    [card]                    # switches of `Profile`, only what differs from its defaults
    aids = ["A0000005590010"]

    [latency]                 # milliseconds, by what the command does
    sign = 60

    [[object]]                # the plan of a new SIM, in the order of creation
    kind = "pair"             # pair, private, public, secret or file
    id = "01"
    label = "KEY"
    type = "P-256"
    functions = ["signature"]
    generate = true           # not empty

The README of this folder has the table of all keys.
"""

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from . import objects as o
from .plan import Planned

FOLDER = Path(__file__).with_name("profiles")
MAX_BYTES = 100_000


class ProfileError(ValueError):
    """A profile can't be read; the message names the file, the key and the allowed values."""


class _BadValue(ValueError):
    """A value is not allowed; the message names the allowed ones."""


# ---- values --------------------------------------------------------------------------------


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _BadValue("must be a text")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _BadValue("must be true or false")
    return value


def _hex(value: Any) -> bytes:
    """Return the bytes of hexadecimal digits, or of text after `ascii:`."""
    try:
        if value.startswith("ascii:"):
            return value[6:].encode("ascii")
        return bytes.fromhex(value)
    except (AttributeError, ValueError):
        raise _BadValue('must be bytes as "0102" or "ascii:text"') from None


def _label(value: Any) -> bytes:
    return _text(value).encode()


def _list_of(item: Callable[[Any], Any]) -> Callable[[Any], tuple]:
    def parse(value: Any) -> tuple:
        if not isinstance(value, list):
            raise _BadValue("must be a list, in [ ]")
        return tuple(item(entry) for entry in value)

    return parse


class _Word:
    """One word for a number: a call converts the word, `show` the number."""

    def __init__(self, words: Mapping[str, int]) -> None:
        self._words = words

    def __call__(self, value: Any) -> int:
        if not isinstance(value, str) or value not in self._words:
            raise _BadValue(f"must be one of: {', '.join(self._words)}")
        return self._words[value]

    def show(self, number: int) -> str:
        """Return the number's word or, without one, its hexadecimal digits."""
        return next((word for word, n in self._words.items() if n == number), f"{number:02X}")


class _Words:
    """A list of words for the bits of a number."""

    def __init__(self, words: Mapping[str, int]) -> None:
        self._one = _Word(words)
        self._words = words

    def __call__(self, value: Any) -> int:
        if not isinstance(value, list):
            raise _BadValue(f"must be a list of: {', '.join(self._words)}")
        return sum({self._one(entry) for entry in value})

    def show(self, number: int) -> list[str]:
        """Return the words of the bits that have one."""
        return [word for word, bit in self._words.items() if number & bit]


def _size(value: Any) -> int:
    if type(value) is not int or not 1 <= value <= 0xFFFF:
        raise _BadValue("must be 1 to 65535")
    return value


def _padding(value: Any) -> int | None:
    return None if value == "none" else value


_FUNCTIONS = _Words(
    {
        "signature": o.SIGNATURE,
        "key generation": o.KEY_GENERATION,
        "key agreement": o.KEY_AGREEMENT,
        "key derivation": o.KEY_DERIVATION,
    }
)
_HASHES = _Words({"SHA-256": 0x01, "SHA-384": 0x02, "SHA-512": 0x04})
_ALGORITHMS = _Words({"RSA PKCS#1": 0x01, "RSA PSS": 0x02, "ECDSA": 0x04})
_AGREEMENTS = _Words({"ECKA": 0x01})
_DERIVATIONS = _Words({"PRF": 0x01, "HKDF": 0x02})
_ACCESS = _Words({"read": o.READ, "update": o.UPDATE})
_PAIR_TYPE = _Word(
    {
        "P-256": o.P256,
        "P-256 volatile": o.P256_VOLATILE,
        "brainpoolP256r1": o.BRAINPOOL,
        "brainpoolP256r1 volatile": o.BRAINPOOL_VOLATILE,
        "RSA-2048": o.RSA_2048,
    }
)
_KEY_USAGE = _Word({"general": o.GENERAL_KEY, "TLS 1.2": o.TLS12_KEY, "TLS 1.3": o.TLS13_KEY})
_FILE_USAGE = _Word({"general": o.GENERAL_FILE, "certificate": o.CERTIFICATE})

# Switches of [card] whose form in a file differs from `Profile`'s. The others pass unchanged;
# `Profile` checks all of them.
_CARD = {
    "aids": _list_of(_hex),
    "applet_id": _hex,
    "open_channels": _list_of(lambda value: value),
    "missing": _list_of(lambda value: value),
    "wedge_ends": _list_of(_text),
    "functions": _FUNCTIONS,
    "hashes": _HASHES,
    "algorithms": _ALGORITHMS,
    "agreements": _AGREEMENTS,
    "derivations": _DERIVATIONS,
    "file_padding": _padding,
}

# ---- objects: key in the file -> (field of the object, how it is read) ---------------------

_ANY = {"id": ("id", _hex), "label": ("label", _label), "access": ("access", _ACCESS)}
_HALF = {
    **_ANY,
    "type": ("key_type", _PAIR_TYPE),
    "usage": ("usage", _KEY_USAGE),
    "functions": ("functions", _FUNCTIONS),
    "algorithms": ("algorithm", _ALGORITHMS),
    "hashes": ("hashes", _HASHES),
    "agreements": ("agreement", _AGREEMENTS),
}
_GENERATE = {"generate": ("", _flag)}
OBJECT_KEYS: dict[str, dict[str, tuple[str, Callable[[Any], Any]]]] = {
    "pair": {**_HALF, **_GENERATE, "public_id": ("", _hex), "public_access": ("", _ACCESS)},
    "private": {**_HALF, **_GENERATE},
    "public": _HALF,
    "secret": {
        **_ANY,
        **_GENERATE,
        "type": ("key_type", _Word({"HMAC": o.HMAC_KEY})),
        "functions": ("functions", _FUNCTIONS),
        "derivations": ("derivation", _DERIVATIONS),
    },
    "file": {**_ANY, "usage": ("usage", _FILE_USAGE), "size": ("size", _size)},
}


def planned(entry: Mapping[str, Any], where: str) -> Planned:
    """Return the plan of an [[object]] table; `where` begins a ProfileError's message."""
    kind = entry.get("kind")
    if not isinstance(kind, str) or kind not in OBJECT_KEYS:
        raise ProfileError(f"{where}: kind must be one of: {', '.join(OBJECT_KEYS)}")
    known = OBJECT_KEYS[kind]
    _check_keys(entry, ("kind", *known), where)
    if "id" not in entry:
        raise ProfileError(f"{where}: id is missing")
    values = {}
    for key, value in entry.items():
        if key != "kind":
            values[key] = _parsed(known[key][1], value, f"{where}: {key}")
    fields = {known[key][0]: value for key, value in values.items() if known[key][0]}
    try:
        containers = tuple(_containers(kind, fields, values))
    except ValueError as error:
        raise ProfileError(f"{where}: {error}") from None
    return Planned(containers, values.get("generate", False))


def _containers(
    kind: str, fields: dict[str, Any], values: Mapping[str, Any]
) -> Iterator[o.Container]:
    if kind != "pair":
        classes = {cls.kind.name.lower(): cls for cls in o.CLASSES}
        yield classes[kind](**fields)
        return
    yield o.PrivateKey(**fields)
    public = {**fields, "id": values.get("public_id", fields["id"])}
    yield o.PublicKey(**{**public, "access": values.get("public_access", o.READ)})


# ---- the file ------------------------------------------------------------------------------

_TOP = ("about", "key", "certificate", "card", "latency", "object")


def read(path: str | os.PathLike[str], switches: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments for `Profile` from a file.

    switches: the fields of `Profile` and their defaults. Raises ProfileError.
    """
    path = Path(path)
    whole = _parse(path)
    _check_keys(whole, _TOP, str(path))
    found: dict[str, Any] = {"name": path.stem}
    for key, field, parse in (
        ("about", "about", _text),
        ("key", "key_id", _hex),
        ("certificate", "certificate_id", _hex),
    ):
        found[field] = _parsed(parse, whole.get(key, ""), f"{path}: {key}")
    card, latency = (_table(whole, name, path) for name in ("card", "latency"))
    times = {name[:-3]: name for name in switches if name.endswith("_ms")}
    allowed = [name for name in switches if name not in (*times.values(), *found, "objects")]
    _check_keys(card, allowed, f"{path}: [card]")
    _check_keys(latency, times, f"{path}: [latency]")
    for key, value in card.items():
        parse = _CARD.get(key, lambda value: value)
        found[key] = _parsed(parse, value, f"{path}: [card] {key}")
    for key, value in latency.items():
        found[times[key]] = value
    entries = whole.get("object", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ProfileError(f"{path}: object must be tables, each under [[object]]")
    found["objects"] = tuple(
        planned(entry, f"{path}: [[object]] {number}") for number, entry in enumerate(entries, 1)
    )
    return found


def _parse(path: Path) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            text = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ProfileError(f"the SIM profile {path} can't be read: {error.strerror}") from None
    if len(text) > MAX_BYTES:
        raise ProfileError(f"the SIM profile {path} has more than {MAX_BYTES} bytes")
    try:
        return tomllib.loads(text.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ProfileError(f"the SIM profile {path} is not TOML: {error}") from None


def _table(whole: Mapping[str, Any], name: str, path: Path) -> Mapping[str, Any]:
    table = whole.get(name, {})
    if not isinstance(table, dict):
        raise ProfileError(f"{path}: {name} must be a table, under [{name}]")
    return table


def described(item: o.Container) -> dict[str, Any]:
    """Return an object's keys as a file would have them, without its value."""
    kind = item.kind.name.lower()
    found: dict[str, Any] = {"kind": kind}
    for key, (field, parse) in OBJECT_KEYS[kind].items():
        value = getattr(item, field) if field else None
        if value is not None:
            found[key] = _shown(parse, value)
    return found


def _shown(parse: Callable[[Any], Any], value: Any) -> Any:
    if parse is _label:
        return value.decode("utf-8", "replace")
    if parse is _hex:
        return value.hex().upper()
    return parse.show(value) if isinstance(parse, _Word | _Words) else value


def _check_keys(table: Mapping[str, Any], allowed: Any, where: str) -> None:
    for key in table:
        if key not in allowed:
            raise ProfileError(f"{where}: no key {key!r}; there are: {', '.join(allowed)}")


def _parsed(parse: Callable[[Any], Any], value: Any, where: str) -> Any:
    try:
        return parse(value)
    except _BadValue as error:
        raise ProfileError(f"{where} {error}, not {value!r:.60}") from None
