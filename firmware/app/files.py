"""Small files that survive a power cut: afterwards a file has its old content or its new one."""

import os

from micropython import const

_ENOENT = const(2)
_ENODEV = const(19)
# littlefs's errors when there is no room for data or for a name, and also when the flash fails: it
# has tried each free block then.
_NO_ROOM = (28, 36)
_ROOM = const(2)  # blocks; a file system with more free ones is not full


def save(path, data):
    """Replace the file `path` with `data` (bytes). Raises OSError: no space, no file system."""
    new = path + ".new"
    try:
        # On flash that fails this is quick, and writing to a file that is there takes longer than
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


def write_problem(error, path):
    """The cause of `error` (OSError), which a write of the file `path` raised, in words."""
    code = error.args[0]
    if code == _ENODEV:
        return "there is no file system"
    if code in _NO_ROOM:
        free = os.statvfs(path[: path.rfind("/") + 1] or ".")[3]
        return "the flash fails" if free > _ROOM else "no space left: remove files"
    return str(error)
