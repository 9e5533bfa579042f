"""Small files that survive a power cut: each is the old one or the new one, never half."""

import os


def save(path, data):
    """Replace the file `path` with `data` (bytes). Raises OSError: no space, no file system."""
    new = path + ".new"
    try:
        with open(new, "wb") as file:
            file.write(data)
        try:
            os.rename(new, path)
        except OSError:  # FAT does not replace
            os.remove(path)
            os.rename(new, path)
    except OSError:
        remove(new)
        raise
    if hasattr(os, "sync"):
        os.sync()


def load(path, limit):
    """The bytes of file `path`, at most `limit`; b"" if there is no such file, or it cannot be
    read."""
    try:
        with open(path, "rb") as file:
            return file.read(limit)
    except OSError:
        return b""


def remove(path):
    """Remove the file `path`; it need not be there."""
    try:
        os.remove(path)
    except OSError:
        pass
