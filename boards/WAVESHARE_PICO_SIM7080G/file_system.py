"""Mounts the file system on the board's flash; on a new board, makes it first.

The port formats the flash whenever it cannot mount it. This module first tries again, because the
cause may be a supply voltage that is low for a moment. If it must format, it notes that in
/crash.log.
"""

import time

import vfs
from micropython import const

_ATTEMPTS = const(3)
_PAUSE_MS = const(100)
_ERASED = b"\xff" * 256
# Bytes that littlefs programs at once; a divisor of the flash page of 256. Its two caches and that
# of each open file are four times as large. A file that fits into a cache stays in its directory's
# block: a reading of up to 256 bytes costs no erase.
_PROGRAM = const(64)
_LOG = "/crash.log"  # see app.guard
_NOTE = "the file system could not be mounted (%r) and was formatted: config and state are gone\n"


def mount(flash):
    """Mount the file system of the block device `flash` at /. Raises OSError if both ways fail."""
    problem = _attempts(flash)
    if problem is None:
        return
    new = _is_new(flash)
    vfs.VfsLfs2.mkfs(flash, progsize=_PROGRAM)
    _mount(flash)
    if not new:
        with open(_LOG, "w") as file:
            file.write(_NOTE % problem)


def _mount(flash):
    vfs.mount(vfs.VfsLfs2(flash, progsize=_PROGRAM), "/")


def _attempts(flash):
    """Try to mount. Return None on success, else the last OSError."""
    problem = None
    for _ in range(_ATTEMPTS):
        try:
            _mount(flash)
            return None
        except OSError as e:
            problem = e
        if _is_new(flash):
            break
        time.sleep_ms(_PAUSE_MS)
    return problem


def _is_new(flash):
    """Return whether the first two blocks begin erased, as on a board out of the box."""
    head = bytearray(len(_ERASED))
    for block in (0, 1):
        flash.readblocks(block, head, 0)
        if head != _ERASED:
            return False
    return True
