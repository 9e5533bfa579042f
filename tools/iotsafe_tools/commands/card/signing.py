"""Which key on the card is meant, and what is signed with it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from iotsafe_tools.console.errors import ToolError

from .client import hexadecimal, unhex

_LABEL = "label:"
_MAX_ID = 20
_MAX_LABEL = 60
_MAX_TEXT = 0xFFFFFF
_SHA256 = 32


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


def name_of(key: bytes | str) -> str:
    """The inverse of `key_name`, for JSON."""
    return _LABEL + key if isinstance(key, str) else hexadecimal(key)


def public_key(applet: Any, private: bytes | str) -> bytes:
    """The point, 65 bytes 04 X Y, that belongs to the private key `private`.

    Raises ToolError if the card lists no such key, CardError.
    """
    try:
        return applet.point(private)
    except ValueError as error:
        raise ToolError(str(error), "`iotsafe objects` lists what the SIM holds") from None


@contextlib.contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """The file `name` to read from, `-` being the input. Raises ValueError when it can't be."""
    try:
        if name == "-":
            yield sys.stdin.buffer
        else:
            with open(name, "rb") as file:
                yield file
    except OSError as error:
        raise ValueError(f"{name}: {error.strerror}") from None


def read(name: str) -> bytes:
    """What is in the file `name`, up to what a card may hash. Raises ValueError."""
    with opened(name) as file:
        data = file.read(_MAX_TEXT + 1)
    if not 1 <= len(data) <= _MAX_TEXT:
        raise ValueError(f"{name}: it has to have 1 to {_MAX_TEXT} bytes for this")
    return data


def digest_of(name: str) -> bytes:
    """SHA-256 of the file `name`, however long it is. Raises ValueError."""
    with opened(name) as file:
        return hashlib.file_digest(file, "sha256").digest()


def digest_from(text: str) -> bytes:
    """A SHA-256 in hex. Raises ValueError."""
    found = bytes.fromhex(text)
    if len(found) != _SHA256:
        raise ValueError(f"a SHA-256 has {_SHA256} bytes, this has {len(found)}")
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


def verify(point: bytes, digest: bytes, signature: bytes) -> bool:
    """Whether `signature` (DER) over the SHA-256 `digest` is from the key of `point`."""
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        key.verify(signature, digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    except (InvalidSignature, ValueError):  # the latter: no point of the curve
        return False
    return True


def write(path: Path, data: bytes) -> None:
    """Write the result of a command. Raises ToolError."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise ToolError(f"{path}: {error.strerror}", "name another file with --out") from None
