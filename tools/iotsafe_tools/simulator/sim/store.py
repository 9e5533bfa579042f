"""The store of a simulated SIM's objects: in memory, or in one JSON file of mode 0600.

A save replaces the file (new file, fsync, rename, fsync of the folder): a program killed at any
moment leaves either the old state or the new one. The store refuses a file that it can't trust,
and never writes to it. Values of volatile keys never reach the disk.
"""

import hashlib
import json
import os
import stat
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from . import objects as o
from . import pairs
from .plan import Planned, new_objects
from .profile import Profile

FORMAT = "iotsafe-sim"
VERSION = 2
# Version 1 had neither deactivated objects nor RSA keys: its objects lack those fields.
READABLE_VERSIONS = (1, 2)
MAX_BYTES = 4_000_000

# Field of an object -> its conversion to JSON, and back. Other fields are integers.
_BYTES_FIELDS = frozenset({"id", "label", "point", "modulus", "value", "content"})
_CLASSES = {cls.kind.name.lower(): cls for cls in o.CLASSES}


class StoreError(Exception):
    """A store can't be read or written; the message names the file and says what to do."""


def factory_objects(plan: Iterable[Planned] | None = None) -> list[o.Container]:
    """Return the objects of a new SIM, by a profile's plan; by default that of "gsma"."""
    return new_objects(Profile().objects if plan is None else plan)


class Store:
    """The objects of one SIM. Safe to use from several threads of one process."""

    def __init__(
        self, path: str | os.PathLike[str], plan: Iterable[Planned] | None = None
    ) -> None:
        """Open the store at `path`, or make a new one there with `factory_objects(plan)`.

        Raises StoreError if the file is damaged, of another version, accessible to others, or
        can't be read or written.
        """
        self._lock = threading.Lock()
        self._path: Path | None = Path(os.path.realpath(path))
        self._seen: tuple[int, ...] | None = None  # the file's identity at the last read or write
        self._text = b""  # its content
        try:
            self._load(self._path)
        except FileNotFoundError:
            self._objects = _index(factory_objects(plan))
            self._save(self._objects)
        except OSError as error:
            raise StoreError(
                f"the SIM store {self._path} can't be read: {error.strerror}; "
                "name another file, or make this one accessible"
            ) from None

    @classmethod
    def memory(cls, objects: Iterable[o.Container] | None = None) -> "Store":
        """Return a store that ends with the process; `objects` replace the factory's."""
        store = cls.__new__(cls)
        store._lock = threading.Lock()
        store._path = None
        store._objects = _index(factory_objects() if objects is None else objects)
        return store

    def __repr__(self) -> str:
        return f"<Store {self._path or 'in memory'}, {len(self._objects)} objects>"

    def objects(self) -> list[o.Container]:
        """Return all objects, by type and in the order of their creation."""
        return list(self._objects.values())

    def find(self, kind: o.Kind, *, id: bytes = b"", label: bytes = b"") -> o.Container | None:
        """Return the object of this type with this ID, or else this label; None if absent."""
        if id:
            return self._objects.get((kind, id))
        for item in self._objects.values():
            if label and item.kind is kind and item.label == label:
                return item
        return None

    def put(self, *items: o.Container, instead_of: Iterable[o.Container] = ()) -> None:
        """Add or replace objects: all of them or, if this raises, none.

        instead_of: objects to remove at the same time.

        Raises ValueError if a label is taken, StoreError if the file can't be written.
        """
        with self._lock:
            gone = {(item.kind, item.id) for item in instead_of}
            gone -= {(item.kind, item.id) for item in items}
            kept = [item for name, item in self._objects.items() if name not in gone]
            changed = _index([*kept, *items])
            self._save(changed)
            self._objects = changed

    def reset(self) -> None:
        """Forget volatile keys: power was off. (The file never had them.)"""
        with self._lock:
            self._objects = _index(o.after_reset(item) for item in self._objects.values())

    # ---- the file -------------------------------------------------------------------------

    def _load(self, path: Path) -> None:
        with open(path, "rb", opener=_open_to_read) as file:
            info = os.fstat(file.fileno())
            if not stat.S_ISREG(info.st_mode):
                raise StoreError(f"the SIM store {path} is not a file; name another")
            text = file.read(MAX_BYTES + 1)
            if os.name == "posix" and info.st_mode & 0o077:
                if text.strip() and text.lstrip()[:1] != b"{":
                    raise StoreError(f"{path} is not the store of a SIM; name another file")
                raise StoreError(
                    f"the SIM store {path} holds private keys but others may access it "
                    f"(mode {stat.S_IMODE(info.st_mode):04o}); run: chmod 600 {path}"
                )
        try:
            self._objects = _decode(text)
        except _ForeignVersion as error:
            raise StoreError(
                f"the SIM store {path} has {error}, this program writes {FORMAT} version "
                f"{VERSION}; use the program that made it, or name another file"
            ) from None
        except (KeyError, TypeError, ValueError, RecursionError):
            raise StoreError(
                f"the SIM store {path} is damaged; restore it from a copy, "
                "or move it away to start with a new SIM"
            ) from None
        self._seen, self._text = _identity(info), text

    def _save(self, objects: dict[tuple[o.Kind, bytes], o.Container]) -> None:
        if self._path is None:
            return
        text = _encode(objects)
        if text == self._text:
            return  # only volatile keys changed
        path, new = self._path, self._path.with_name(self._path.name + ".new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if self._on_disk() != self._seen:
                raise StoreError(
                    f"the SIM store {path} was changed by another program; "
                    "stop one of the two and start again"
                )
            new.unlink(missing_ok=True)  # a killed program may have left it
            with open(new, "xb", opener=_open_private) as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
                info = os.fstat(file.fileno())
            os.replace(new, path)
            self._seen, self._text = _identity(info), text
            _sync_folder(path.parent)
        except OSError as error:
            raise StoreError(
                f"the SIM store {path} can't be written: {error.strerror}; "
                "make room or name another file"
            ) from None

    def _on_disk(self) -> tuple[int, ...] | None:
        try:
            return _identity(os.stat(self._path))
        except FileNotFoundError:
            return None


class _ForeignVersion(Exception):
    """The file has another format, or another version."""


def _open_to_read(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # a FIFO must not block


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _sync_folder(folder: Path) -> None:
    if not hasattr(os, "O_DIRECTORY"):  # Windows opens no folders
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _identity(info: os.stat_result) -> tuple[int, ...]:
    return info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns


def _index(items: Iterable[o.Container]) -> dict[tuple[o.Kind, bytes], o.Container]:
    """Return objects by (type, ID); a later one replaces an earlier one. Labels must be unique."""
    found = {(item.kind, item.id): item for item in items}
    labels = [(item.kind, item.label) for item in found.values() if item.label]
    if len(labels) != len(set(labels)):
        raise ValueError("two objects of one type have the same label; give one a different label")
    return found


def _digest(body: Any) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _encode(objects: dict[tuple[o.Kind, bytes], o.Container]) -> bytes:
    body = [_object_to_json(o.after_reset(item)) for item in objects.values()]
    whole = {"format": FORMAT, "version": VERSION, "objects": body, "sha256": _digest(body)}
    return json.dumps(whole, indent=1).encode() + b"\n"


def _decode(text: bytes) -> dict[tuple[o.Kind, bytes], o.Container]:
    """Return the objects of a file; raise _ForeignVersion, ValueError and the like."""
    if len(text) > MAX_BYTES:
        raise ValueError("too long")
    whole = json.loads(text)
    if whole["format"] != FORMAT or whole["version"] not in READABLE_VERSIONS:
        raise _ForeignVersion(f"{whole['format']!r:.40} version {whole['version']!r:.10}")
    body = whole["objects"]
    if whole.keys() != {"format", "version", "objects", "sha256"} or type(body) is not list:
        raise ValueError("unknown fields")
    if _digest(body) != whole["sha256"]:
        raise ValueError("wrong digest")
    items = [_object_from_json(**entry) for entry in body]
    objects = _index(items)
    if len(objects) != len(items):
        raise ValueError("an object is there twice")
    return objects


def _object_to_json(item: o.Container) -> dict[str, Any]:
    fields: dict[str, Any] = {"kind": item.kind.name.lower()}
    for name, value in vars(item).items():
        if name in _BYTES_FIELDS:
            value = value.hex()
        elif name == "key" and value is not None:
            value = pairs.module_for(item.key_type).key_to_text(value)
        fields[name] = value
    return fields


def _object_from_json(kind: str, **fields: Any) -> o.Container:
    cls = _CLASSES[kind]
    for name, value in fields.items():
        if name in _BYTES_FIELDS:
            fields[name] = bytes.fromhex(value)
        elif name == "key" and value is not None:
            key_type = fields["key_type"]
            fields[name] = pairs.module_for(key_type).key_from_text(key_type, value)
    return cls(**fields)
