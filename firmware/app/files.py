"""Small files that survive a power cut: after it, a file has its old content or its new one."""

import os

from micropython import const

_ENOENT = const(2)
_ENODEV = const(19)
# littlefs's errors if there is no room for data or for a name; also if the flash fails, after it
# has tried each free block.
_NO_ROOM = (28, 36)
_ROOM = const(2)  # a file system with more free blocks is not full


def save(path, data):
    """Replace the file `path` with `data` (bytes). Raises OSError: no space, no file system."""
    new = path + ".new"
    try:
        # On failing flash this fails quickly, while a write to an existing file takes longer than
        # a watchdog waits.
        os.remove(new)
    except OSError as e:
        if e.args[0] != _ENOENT:
            raise
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
    """Return the bytes of file `path`, at most `limit`; b"" if there is no such file, or it cannot
    be read."""
    try:
        with open(path, "rb") as file:
            return file.read(limit)
    except OSError:
        return b""


def remove(path):
    """Remove the file `path`, if it exists."""
    try:
        os.remove(path)
    except OSError:
        pass


def write_problem(error, path):
    """Return the cause of `error` (OSError), which a write of file `path` raised, in words."""
    code = error.args[0]
    if code == _ENODEV:
        return "there is no file system"
    if code in _NO_ROOM:
        free = os.statvfs(path[: path.rfind("/") + 1] or ".")[3]
        return "the flash fails" if free > _ROOM else "no space left: remove files"
    return str(error)
