"""The issuer's commands to the lab's card: on a real SIM, the issuer does this at the factory or
over the air, and never by the device's APDUs. They come over the lab's control port, each after
the word `card`; ../simulator/modem/control.py carries lines and answers.

    card objects
    card profile
    card create pair id=10 label="spare key" type="P-256 volatile" functions="key generation"
    card write file 02 hex=3082…          also base64=…
    card empty|remove|deactivate|activate KIND ID
    card admin begin|end KIND ID

KIND is private, public, secret or file; or pair for private and public, but not for `write` and
`admin`. An ID is in hexadecimal. `create` takes the keys and words of a profile file
(../simulator/sim/profile_file.py), with commas in lists. No command returns a key.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import shlex
from collections.abc import Callable, Iterator
from typing import Any

from iotsafe_tools.simulator.sim import objects as o
from iotsafe_tools.simulator.sim import profile_file
from iotsafe_tools.simulator.sim.issuer import Issuer
from iotsafe_tools.simulator.sim.profile import Profile
from iotsafe_tools.simulator.sim.store import StoreError

FILE_BYTES = 0xFFFF
"""The longest possible file, in bytes."""
SECRET_BYTES = 255
"""The longest secret key to write, in bytes."""

_KINDS: dict[str, tuple[o.Kind, ...]] = {
    **{kind.name.lower(): (kind,) for kind in o.Kind},
    "pair": (o.Kind.PRIVATE, o.Kind.PUBLIC),
}
# Keys of `create` whose value is not a single text.
_LISTS = frozenset(
    (
        "access",
        "agreements",
        "algorithms",
        "derivations",
        "functions",
        "hashes",
        "public_access",
    )
)
_FLAGS = {"true": True, "false": False}
# Type of object -> the field for a written value, and the value's longest length in bytes.
_VALUES = {
    o.Kind.FILE: ("content", FILE_BYTES),
    o.Kind.PUBLIC: ("point", 65),
    o.Kind.SECRET: ("value", SECRET_BYTES),
}
_ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "hex": bytes.fromhex,
    "base64": lambda text: base64.b64decode(text, validate=True),
}


class IssuerControl:
    """Carries out commands as the issuer of one card."""

    def __init__(self, issuer: Issuer, profile: Profile) -> None:
        self._issuer = issuer
        self._profile = profile

    def __call__(self, line: str) -> dict[str, Any]:
        """Carry out one command, without the word `card`; return the answer's fields.

        Raises ValueError with problem and advice; it never quotes a value.
        """
        name, _, rest = line.strip().partition(" ")
        if name not in _COMMANDS:
            raise ValueError(
                f"the issuer has no command {name[:20]!r}; it has {', '.join(_COMMANDS)}"
            )
        act, usage = _COMMANDS[name]
        words = _split(rest)
        try:
            return act(self, *words) or {}
        except StoreError as error:
            raise ValueError(str(error)) from None
        except TypeError:
            if _fits(act, words):
                raise
            raise ValueError(f"write: {name} {usage}".rstrip()) from None

    # ---- reading -------------------------------------------------------------------------

    def objects(self) -> dict[str, Any]:
        """Return all objects with their attributes and states, without their values."""
        running = self._issuer.administrations()
        return {
            "objects": [
                {
                    **profile_file.described(item),
                    "state": _state(item),
                    "administration": (item.kind, item.id) in running,
                    **({"bytes": len(item.content)} if isinstance(item, o.File) else {}),
                }
                for item in self._issuer.objects()
            ]
        }

    def profile(self) -> dict[str, Any]:
        """Return the switches of the card's profile."""
        switches = dataclasses.fields(self._profile)
        values = {item.name: getattr(self._profile, item.name) for item in switches}
        del values["objects"]
        return {"profile": {name: _plain(value) for name, value in values.items()}}

    # ---- changing ------------------------------------------------------------------------

    def create(self, kind: str, *pairs: str) -> None:
        """Make containers; `generate=true` also makes the key."""
        entry: dict[str, Any] = {"kind": kind}
        for key, value in _pairs(pairs):
            entry[key] = _value(key, value)
        self._issuer.create(profile_file.planned(entry, f"card create {kind}"))

    def write(self, kind: str, id: str, *data: str) -> dict[str, Any]:
        """Fill a container; return the number of bytes."""
        (found,) = self._find(kind, id, pair=False)
        if found.kind not in _VALUES:
            raise ValueError(
                "a private key cannot be written; use: card create pair … generate=true"
            )
        field, most = _VALUES[found.kind]
        value = _decoded(data)
        if not 1 <= len(value) <= most:
            raise ValueError(f"a {kind} value has 1 to {most} bytes, not {len(value)}")
        try:
            filled = dataclasses.replace(found, **{field: value})
        except ValueError:
            if found.kind is o.Kind.PUBLIC:
                raise ValueError("a public key is a point of its curve, 65 bytes 04 X Y") from None
            raise
        self._issuer.put(filled)
        return {"bytes": len(value)}

    def empty(self, kind: str, id: str) -> None:
        """Delete the values."""
        for item in self._find(kind, id):
            self._issuer.empty(item.kind, item.id)

    def remove(self, kind: str, id: str) -> None:
        """Delete the containers."""
        for item in self._find(kind, id):
            self._issuer.remove(item.kind, item.id)

    def deactivate(self, kind: str, id: str) -> None:
        """Forbid the use of objects; their values stay."""
        for item in self._find(kind, id):
            self._issuer.deactivate(item.kind, item.id)

    def activate(self, kind: str, id: str) -> None:
        """Allow the use of deactivated objects again."""
        for item in self._find(kind, id):
            self._issuer.activate(item.kind, item.id)

    def admin(self, step: str, kind: str, id: str) -> None:
        """Begin or end a remote administration session over an object."""
        steps = {
            "begin": self._issuer.begin_administration,
            "end": self._issuer.end_administration,
        }
        if step not in steps:
            raise ValueError(f"write: admin {_COMMANDS['admin'][1]}")
        (item,) = self._find(kind, id, pair=False)
        steps[step](item.kind, item.id)

    def _find(self, kind: str, id: str, *, pair: bool = True) -> list[o.Container]:
        """Return the objects of KIND and ID. Raises ValueError if one is absent."""
        allowed = [name for name in _KINDS if pair or name != "pair"]
        if kind not in allowed:
            raise ValueError(f"no type of object {kind[:20]!r}; choose {', '.join(allowed)}")
        try:
            wanted = bytes.fromhex(id)
        except ValueError:
            raise ValueError("an ID is in hexadecimal, such as 01") from None
        there = {(item.kind, item.id): item for item in self._issuer.objects()}
        for one in _KINDS[kind]:
            if (one, wanted) not in there:
                raise ValueError(f"the card has no {_named(one, wanted)}; see: card objects")
        return [there[one, wanted] for one in _KINDS[kind]]


_TARGET = "|".join(_KINDS) + " ID"
# Command -> method, and its arguments.
_COMMANDS: dict[str, tuple[Callable[..., dict[str, Any] | None], str]] = {
    "objects": (IssuerControl.objects, ""),
    "profile": (IssuerControl.profile, ""),
    "create": (IssuerControl.create, "pair|private|public|secret|file id=ID KEY=VALUE…"),
    "write": (IssuerControl.write, "file|public|secret ID hex=DATA, or base64=DATA"),
    "empty": (IssuerControl.empty, _TARGET),
    "remove": (IssuerControl.remove, _TARGET),
    "deactivate": (IssuerControl.deactivate, _TARGET),
    "activate": (IssuerControl.activate, _TARGET),
    "admin": (IssuerControl.admin, "begin|end private|public|secret|file ID"),
}


def _split(text: str) -> list[str]:
    """Split UTF-8 text into words like a shell."""
    try:
        return shlex.split(text.encode("latin-1").decode())
    except UnicodeError:
        raise ValueError("the command is not UTF-8") from None
    except ValueError:
        raise ValueError("a quotation mark is open; close it") from None


def _pairs(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    seen = {"kind"}
    for number, word in enumerate(words, 1):
        key, equals, value = word.partition("=")
        if not equals or not key.isidentifier():
            raise ValueError(f"word {number} after the type of object is not KEY=VALUE")
        if key in seen:
            raise ValueError(f"{key[:20]} is there twice")
        seen.add(key)
        yield key, value


def _value(key: str, text: str) -> Any:
    """Return the value of a key of `create` as a profile file would have it."""
    if key in _LISTS:
        return [word.strip() for word in text.split(",") if word.strip()]
    if key == "size" and text.isascii() and text.isdigit() and len(text) < 6:
        return int(text)
    return _FLAGS.get(text, text) if key == "generate" else text


def _decoded(words: tuple[str, ...]) -> bytes:
    """Return the bytes of hex=… or base64=…; an error does not show them."""
    if len(words) == 1:
        encoding, _, text = words[0].partition("=")
        if encoding in _ENCODINGS:
            try:
                return _ENCODINGS[encoding](text)
            except (ValueError, binascii.Error):
                raise ValueError(f"the text after {encoding}= is not {encoding}") from None
    raise ValueError(f"write: write {_COMMANDS['write'][1]}")


def _fits(act: Callable[..., Any], words: list[str]) -> bool:
    """Whether a command takes this number of words."""
    code = act.__code__
    fixed = code.co_argcount - 1
    return len(words) == fixed or (len(words) > fixed and bool(code.co_flags & 0x04))


def _state(item: o.Container) -> str:
    if not item.filled:
        return "empty"
    return "activated" if item.activated else "deactivated"


def _named(kind: o.Kind, id: bytes) -> str:
    return f"{kind.name.lower()} object {id.hex().upper()}"


def _plain(value: Any) -> Any:
    """Return a value for JSON: bytes as hexadecimal digits."""
    if isinstance(value, bytes):
        return value.hex().upper()
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
