"""Remembers over restarts how often a PIN was entered without success: see `Modem.pin_record`.

The file has a salt, the count, and hashes of the SIM's number and of the PIN. That hides little:
whoever can read the flash tries 10,000 PINs in a moment, and finds this one in the config anyway.
It keeps the PIN out of copies and logs. Loaded when the SIM asks for a PIN.
"""

import os
from hashlib import sha256

from micropython import const

from cellular.pin import REFUSED

from . import files

_SALT = const(8)
_PART = const(8)  # bytes of a hash
_SIZE = const(25)
_FLAG = const(0x80)  # beside the count: this PIN was refused


class Record:
    """`path`: the file."""

    def __init__(self, path):
        self._path = path
        self._key = b""  # salt and hashes of the SIM and PIN that `load` was called with

    def load(self, iccid, pin):
        """Return how many attempts with this SIM had no success; REFUSED if `pin` was refused."""
        data = files.load(self._path, _SIZE)
        salt = data[:_SALT] if len(data) == _SIZE else os.urandom(_SALT)
        card = sha256(salt + iccid).digest()[:_PART]
        code = sha256(salt + iccid + b"/" + pin).digest()[:_PART]
        self._key = salt + card + code
        if data[: _SALT + _PART] != salt + card:
            return 0
        count = data[-1]
        if count & _FLAG and data[:-1] == self._key:
            return REFUSED
        return count & ~_FLAG

    def save(self, count, refused=False):
        """Keep the count. Raises OSError."""
        files.save(self._path, self._key + bytes((count | refused * _FLAG,)))

    def clear(self):
        """Forget: the PIN was right."""
        files.remove(self._path)
