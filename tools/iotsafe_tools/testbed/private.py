"""Files that hold a secret."""

import os
from pathlib import Path


def write_private(path: Path, data: bytes) -> None:
    """Write `data` to the file `path`, which only its owner can read from its first byte on."""
    handle = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
    with open(handle, "wb") as file:
        os.fchmod(handle, 0o600)  # of a file that was there before
        file.truncate()
        file.write(data)
