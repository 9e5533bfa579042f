"""The card's key for a command, and the data to sign."""

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
    """Return KEY of a command line: an ID in hex as bytes, `label:NAME` as text; ValueError."""
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
    """Reverse `key_name`, for JSON."""
    return _LABEL + key if isinstance(key, str) else hexadecimal(key)


def public_key(applet: Any, private: bytes | str) -> bytes:
    """Return the point, 65 bytes 04 X Y, of the private key `private`.

    Raises ToolError if the card lists no such key, CardError.
    """
    try:
        return applet.point(private)
    except ValueError as error:
        raise ToolError(str(error), "`iotsafe objects` lists the SIM's objects") from None


@contextlib.contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """Open the file `name` to read, `-` for the input. Raises ValueError if it can't be opened."""
    try:
        if name == "-":
            yield sys.stdin.buffer
        else:
            with open(name, "rb") as file:
                yield file
    except OSError as error:
        raise ValueError(f"{name}: {error.strerror}") from None


def read(name: str) -> bytes:
    """Return the content of the file `name`, at most what a card can hash. Raises ValueError."""
    with opened(name) as file:
        data = file.read(_MAX_TEXT + 1)
    if not 1 <= len(data) <= _MAX_TEXT:
        raise ValueError(f"{name}: the file must have 1 to {_MAX_TEXT} bytes")
    return data


def digest_of(name: str) -> bytes:
    """Return the SHA-256 of the file `name`, of any length. Raises ValueError."""
    with opened(name) as file:
        return hashlib.file_digest(file, "sha256").digest()


def digest_from(text: str) -> bytes:
    """Return the bytes of a SHA-256 in hex. Raises ValueError."""
    found = bytes.fromhex(text)
    if len(found) != _SHA256:
        raise ValueError(f"a SHA-256 has {_SHA256} bytes, this has {len(found)}")
    return found


def json_object(text: str | bytes) -> dict[str, Any]:
    """Return the JSON object in `text`. Raises ValueError."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError("it must be a JSON object")
    return found


def verify(point: bytes, digest: bytes, signature: bytes) -> bool:
    """Return whether `signature` (DER) of the SHA-256 `digest` is from the key of `point`."""
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        key.verify(signature, digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    except (InvalidSignature, ValueError):  # ValueError: not a point of the curve
        return False
    return True


def write(path: Path, data: bytes) -> None:
    """Write a command's result to a file. Raises ToolError."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise ToolError(f"{path}: {error.strerror}", "name another file with --out") from None
