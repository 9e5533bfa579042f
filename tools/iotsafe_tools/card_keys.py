"""Which key on the card is meant, and what is signed with it."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from iotsafe import objects

from .card_session import hexadecimal, unhex
from .card_words import label
from .tool_errors import ToolError

_LABEL = "label:"
_MAX_ID = 20
_MAX_LABEL = 60


def key_name(text: str) -> bytes | str:
    """KEY of a command line: an ID in hex as bytes, `label:NAME` as the label; ValueError."""
    if text.startswith(_LABEL):
        name = text.removeprefix(_LABEL)
        if not 1 <= len(name.encode()) <= _MAX_LABEL:
            raise ValueError(f"a label has 1 to {_MAX_LABEL} bytes")
        return name
    try:
        found = unhex(text)
    except ValueError:
        raise ValueError("write the ID of the private key in hex, or label:NAME") from None
    if len(found) > _MAX_ID:
        raise ValueError(f"an ID has at most {_MAX_ID} bytes")
    return found


def private_key(safe: Any, name: bytes | str) -> bytes:
    """The ID of the private key `name`. Raises ToolError, CardError."""
    if isinstance(name, bytes):
        return name
    labels = []
    for info in safe.objects():
        if info.kind == objects.PRIVATE_KEY:
            if info.label == name.encode():
                return info.id
            labels.append(label(info.label) if info.label else hexadecimal(info.id))
    raise ToolError(
        f"the SIM holds no private key with the label {name!r}",
        f"its private keys are {', '.join(labels) or 'none'}",
    )


def public_key(safe: Any, private: bytes) -> bytes:
    """The point, 65 bytes 04 X Y, that belongs to the private key with ID `private`.

    It is in the container with the same label (IoT.05 2.11.2), else with the same ID.
    """
    listed = safe.objects()
    own = next((i.label for i in listed if (i.kind, i.id) == (objects.PRIVATE_KEY, private)), b"")
    same = (i.id for i in listed if own and i.kind == objects.PUBLIC_KEY and i.label == own)
    return safe.read_public_key(next(same, private))


def read(name: str) -> bytes:
    """What is in the file `name`, `-` being the input. Raises ValueError when it can't be read."""
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise ValueError(f"{name}: {error.strerror}") from None


def digest_of(name: str) -> bytes:
    """SHA-256 of the file `name` (`-`: the input), however long it is. Raises ValueError."""
    try:
        if name == "-":
            return hashlib.file_digest(sys.stdin.buffer, "sha256").digest()
        with open(name, "rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise ValueError(f"{name}: {error.strerror}") from None


def digest_from(text: str) -> bytes:
    """A SHA-256 in hex. Raises ValueError."""
    found = bytes.fromhex(text)
    if len(found) != 32:
        raise ValueError(f"a SHA-256 has 32 bytes, this has {len(found)}")
    return found


def json_object(text: str | bytes) -> dict[str, Any]:
    """The JSON object `text`. Raises ValueError."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"no JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError("it has to be a JSON object")
    return found


def token(safe: Any, key: bytes, claims: dict[str, Any], header: dict[str, Any] | None) -> str:
    """A JWT with `claims`, signed by the private key with ID `key`. Raises ValueError."""
    from iotsafe import jwt

    return jwt.build(lambda digest: safe.sign(key, digest), claims, header)


def write(path: Path, data: bytes) -> None:
    """Write the result of a command. Raises ToolError."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise ToolError(f"{path}: {error.strerror}", "name another file with --out") from None
