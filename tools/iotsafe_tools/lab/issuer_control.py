"""The issuer's commands to the lab's card: what on a real SIM is done at the factory or over the
air, and never by the device's APDUs. They come over the lab's control port, each after the word
`card`; modem/control.py carries lines and answers.

    card objects
    card profile
    card create pair id=10 label="spare key" type="P-256 volatile" functions="key generation"
    card write file 02 hex=3082…          also base64=…
    card empty|remove|deactivate|activate KIND ID
    card admin begin|end KIND ID

KIND is private, public, secret or file; or pair for private and public, but not for `write` and
`admin`. An ID is in hexadecimal. The keys and words of `create` are those of a profile file
(sim/profile_file.py), with commas in lists. Values go in: no key comes out by any command.
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
"""The longest file there can be."""
SECRET_BYTES = 255
"""The longest secret key that can be written."""

_KINDS: dict[str, tuple[o.Kind, ...]] = {
    **{kind.name.lower(): (kind,) for kind in o.Kind},
    "pair": (o.Kind.PRIVATE, o.Kind.PUBLIC),
}
# Keys of `create` whose value is not one text.
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
# Type of object -> the field that a written value goes to, and how many bytes it may have.
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
    """Carries out commands on one card's issuer side."""

    def __init__(self, issuer: Issuer, profile: Profile) -> None:
        self._issuer = issuer
        self._profile = profile

    def __call__(self, line: str) -> dict[str, Any]:
        """Carry out one command, without the word `card`; the fields of the answer.

        Raises ValueError with what is wrong and what can be done; never with a value in it.
        """
        name, _, rest = line.strip().partition(" ")
        if name not in _COMMANDS:
            raise ValueError(
                f"the issuer has no command {name[:20]!r}; there are {', '.join(_COMMANDS)}"
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

    # ---- what there is -------------------------------------------------------------------

    def objects(self) -> dict[str, Any]:
        """All objects with their attributes and states, and without their values."""
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
        """How the card behaves: the switches of its profile."""
        switches = dataclasses.fields(self._profile)
        values = {item.name: getattr(self._profile, item.name) for item in switches}
        del values["objects"]
        return {"profile": {name: _plain(value) for name, value in values.items()}}

    # ---- what is done --------------------------------------------------------------------

    def create(self, kind: str, *pairs: str) -> None:
        """Make containers; `generate=true` also makes the key."""
        entry: dict[str, Any] = {"kind": kind}
        for key, value in _pairs(pairs):
            entry[key] = _value(key, value)
        self._issuer.create(profile_file.planned(entry, f"card create {kind}"))

    def write(self, kind: str, id: str, *data: str) -> dict[str, Any]:
        """Fill a container; the number of bytes."""
        (found,) = self._find(kind, id, pair=False)
        if found.kind not in _VALUES:
            raise ValueError(
                "a private key is never written; use: card create pair … generate=true"
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
        """Take the values out."""
        for item in self._find(kind, id):
            self._issuer.empty(item.kind, item.id)

    def remove(self, kind: str, id: str) -> None:
        """Take the containers away."""
        for item in self._find(kind, id):
            self._issuer.remove(item.kind, item.id)

    def deactivate(self, kind: str, id: str) -> None:
        """Forbid the use of objects; their values stay."""
        for item in self._find(kind, id):
            self._issuer.deactivate(item.kind, item.id)

    def activate(self, kind: str, id: str) -> None:
        """Allow it again."""
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
        """The objects of KIND and ID, all of them there. Raises ValueError."""
        allowed = [name for name in _KINDS if pair or name != "pair"]
        if kind not in allowed:
            raise ValueError(f"no type of object {kind[:20]!r}; there are {', '.join(allowed)}")
        try:
            wanted = bytes.fromhex(id)
        except ValueError:
            raise ValueError("an ID is in hexadecimal, as 01") from None
        there = {(item.kind, item.id): item for item in self._issuer.objects()}
        for one in _KINDS[kind]:
            if (one, wanted) not in there:
                raise ValueError(f"the card has no {_named(one, wanted)}; see: card objects")
        return [there[one, wanted] for one in _KINDS[kind]]


_TARGET = "|".join(_KINDS) + " ID"
# Command -> method, and what follows it.
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
    """Words as a shell has them, in UTF-8."""
    try:
        return shlex.split(text.encode("latin-1").decode())
    except UnicodeError:
        raise ValueError("the command is no UTF-8") from None
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
    """The value of a key of `create` as a profile file would have it."""
    if key in _LISTS:
        return [word.strip() for word in text.split(",") if word.strip()]
    if key == "size" and text.isascii() and text.isdigit() and len(text) < 6:
        return int(text)
    return _FLAGS.get(text, text) if key == "generate" else text


def _decoded(words: tuple[str, ...]) -> bytes:
    """The bytes of hex=… or base64=…; what is wrong is told without showing them."""
    if len(words) == 1:
        encoding, _, text = words[0].partition("=")
        if encoding in _ENCODINGS:
            try:
                return _ENCODINGS[encoding](text)
            except (ValueError, binascii.Error):
                raise ValueError(f"what follows {encoding}= is no {encoding}") from None
    raise ValueError(f"write: write {_COMMANDS['write'][1]}")


def _fits(act: Callable[..., Any], words: list[str]) -> bool:
    """Whether a command takes so many words."""
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
    """For JSON: bytes as hexadecimal digits."""
    if isinstance(value, bytes):
        return value.hex().upper()
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
