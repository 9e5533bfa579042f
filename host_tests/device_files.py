"""Cleans the file system of a board before the tests of a file run on it."""

import os

_FOLDER = 0x4000  # bit of st_mode that marks a folder


def clear(folder, keep=""):
    """Remove the contents of `folder`, but not the path `keep`."""
    for name, mode, *_ in list(os.ilistdir(folder)):
        path = folder.rstrip("/") + "/" + name
        if path == keep:
            continue
        if mode == _FOLDER:
            clear(path)
            os.rmdir(path)
        else:
            os.remove(path)


def missing(paths):
    """Return those of the files `paths` that do not exist."""
    return [path for path in paths if not _exists(path)]


def _exists(path):
    try:
        os.stat(path)
        return True
    except OSError:
        return False
