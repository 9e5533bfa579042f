"""The file system on the board's flash: mounted, and made on a new board.

The port makes a new one, with nothing in it, whenever it cannot mount the old one. Here a low
supply gets another chance, and a board that has lost its config says why.
"""

import time

import vfs
from micropython import const

_ATTEMPTS = const(3)
_PAUSE_MS = const(100)
_ERASED = b"\xff" * 256
_LOG = "/crash.log"  # see app.guard
_NOTE = "the file system could not be mounted (%r) and was made anew: config and state are gone\n"


def mount(flash):
    """Mount the file system of the block device `flash` at /. Raises OSError: nothing helps."""
    problem = _attempts(flash)
    if problem is None:
        return
    new = _is_new(flash)
    vfs.VfsLfs2.mkfs(flash, progsize=256)
    _mount(flash)
    if not new:
        with open(_LOG, "w") as file:
            file.write(_NOTE % problem)


def _mount(flash):
    vfs.mount(vfs.VfsLfs2(flash, progsize=256), "/")


def _attempts(flash):
    """None if it is mounted, else the OSError."""
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
    """Is there nothing where a file system begins, as on a board out of the box?"""
    head = bytearray(len(_ERASED))
    for block in (0, 1):
        flash.readblocks(block, head, 0)
        if head != _ERASED:
            return False
    return True
