"""Readings that wait for the broker; on flash, so that a power cut loses none.

Each reading has a number, which continues over restarts without a gap: from it the receiver sees
which readings are missing. The queue marks a reading as a repeat if it may have been delivered
before.

The files in the folder have numbers of eight hex digits:

    0000001a      a reading that waits, as JSON with a line end, which shows that it is complete
    00000019.d    the last delivered reading, when none waits: the next number follows it

littlefs keeps a file this small in the directory block: writing it costs two pages of flash, and
seldom an erase. Most chips lose the bytes that a UART receives during an erase (50 ms): call `put`
and `done` between two exchanges with the modem.
"""

import json
import os

from micropython import const

from .cloud import typed

_RAM = const(64)  # readings kept in RAM while the flash refuses writes
_MAX_SIZE = const(2048)  # bytes of a reading
_MAX_NUMBER = const(0x3FFFFFFF)  # a small int everywhere
_DELIVERED = ".d"


class Queue:
    """First in, first out. A queue of `most` readings drops the oldest to make room.

    `folder`: that of the readings; None: in RAM only. One program at a time may use a folder.
    Attributes: `dropped`, the count of dropped readings; `damaged`, the count of those whose file
    could not be read back; `problem`: the OSError or MemoryError that made the queue continue in
    RAM, None while flash works.
    """

    def __init__(self, folder=None, most=1000):
        typed("folder", folder or "", str)
        typed("most", most, int)
        self._folder = folder
        self._most = most
        self._ram = []  # (number, JSON as bytes), all newer than those on flash
        self._first = 1  # the oldest on flash …
        self._next = 1  # … and the number of the next reading
        self._count = 0  # readings on flash
        self._tried = 0  # readings up to this one may have been delivered
        self._marker = None  # name of the file of the last one delivered
        self.dropped = self.damaged = 0
        self.problem = None
        if folder:
            self._recover()

    def __len__(self):
        return self._count + len(self._ram)

    # -- in and out -----------------------------------------------------------------------------

    def put(self, reading):
        """Add `reading` (dict) at the end; return its number. It is on flash when this returns, or
        `problem` holds the cause. Raises ValueError for more than 2 KB of JSON, and for what JSON
        cannot carry: MicroPython writes that, but does not read it; TypeError for what is no dict.
        """
        typed("reading", reading, dict)
        data = json.dumps(reading).encode() + b"\n"
        if len(data) > _MAX_SIZE:
            raise ValueError("a reading takes at most %d bytes as JSON" % _MAX_SIZE)
        json.loads(data)
        if self._count >= self._most:
            self._drop()
        number = self._next
        if self._ram or not self._folder or not self._write(number, data):
            if len(self._ram) >= min(_RAM, self._most):
                self._ram.pop(0)
                self.dropped += 1
            self._ram.append((number, data))
        self._next += 1
        return number

    def take(self):
        """Return the oldest reading, to be sent now, with its number as `seq`; None if none waits.

        It stays in the queue until `done`. With `repeat` it may have been delivered before.
        """
        while self._count:
            reading = self._read(self._first)
            if reading is not None:
                return self._numbered(reading, self._first)
            self.damaged += 1
            self._remove(self._name(self._first))
            self._advance()
        if not self._ram:
            return None
        number, data = self._ram[0]
        return self._numbered(json.loads(data), number)

    def done(self):
        """Remove the oldest reading, because it was delivered. Raises IndexError if none waits."""
        if not self._count:
            self._ram.pop(0)
            return
        name = self._name(self._first)
        if self._count > 1:
            self._remove(name)
        else:  # the marker keeps a restart from assigning its number again
            try:
                os.rename(name, name + _DELIVERED)
                self._marker = name + _DELIVERED
            except OSError as e:
                self.problem = e
        self._advance()

    def _numbered(self, reading, number):
        reading["seq"] = number
        if number <= self._tried:
            reading["repeat"] = True
        else:
            self._tried = number
        return reading

    def _drop(self):
        """Drop the oldest reading, to make room."""
        self.dropped += 1
        self._remove(self._name(self._first))
        self._advance()

    def _advance(self):
        """Go on to the next reading on flash; usually it has the next number."""
        self._count -= 1
        self._first += 1
        if self._count and not self._exists(self._first):
            self._first, _, self._count, _ = self._scan(self._first)

    # -- files ----------------------------------------------------------------------------------

    def _name(self, number):
        return "%s/%08x" % (self._folder, number)

    def _write(self, number, data):
        """Write a reading to flash; return False if that failed."""
        name = self._name(number)
        try:
            with open(name, "wb") as file:
                file.write(data)
        except (OSError, MemoryError) as e:
            self.problem = e
            self._remove(name)
            return False
        self.problem = None
        if not self._count:
            self._first = number
            self._forget_marker()
        self._count += 1
        return True

    def _forget_marker(self):
        if self._marker:
            self._remove(self._marker)
            self._marker = None

    def _read(self, number):
        """Return the reading in a file, None if it is not complete."""
        try:
            with open(self._name(number), "rb") as file:
                size = file.seek(0, 2)
                file.seek(0)
                data = file.read(size) if size <= _MAX_SIZE else b""
            if data[-1:] == b"\n":
                reading = json.loads(data)
                if isinstance(reading, dict):
                    return reading
        except (OSError, ValueError):
            pass
        return None

    def _exists(self, number):
        try:
            os.stat(self._name(number))
            return True
        except OSError:
            return False

    def _remove(self, name):
        try:
            os.remove(name)
        except (OSError, MemoryError):
            pass  # after a restart the queue finds it again, as a repeat

    def _recover(self):
        """Take over the readings that an earlier run left."""
        try:
            os.mkdir(self._folder)
        except OSError:
            pass  # usually it exists
        self._first, last, self._count, delivered = self._scan(0)
        # The power may have failed during the last write: that `put` had not returned.
        if self._count and self._read(last) is None:
            self._remove(self._name(last))
            self._first, last, self._count, delivered = self._scan(0)
        self._next = max(last, delivered) + 1
        if self._count:
            self._tried = self._first
        if delivered:
            self._marker = self._name(delivered) + _DELIVERED
            if self._count:
                self._forget_marker()

    def _scan(self, start):
        """Return (lowest number, highest number, count) of the readings from `start` on, and the
        number of the marker, each 0 if there is none. Remove an older marker."""
        low = high = count = delivered = old = 0
        for name in self._names():
            number = _number(name)
            if number is None or number < start:
                continue
            if name.endswith(_DELIVERED):
                delivered, old = max(delivered, number), min(delivered, number)
                continue
            count += 1
            high = max(high, number)
            low = min(low, number) if low else number
        if old:
            self._remove(self._name(old) + _DELIVERED)
        return low, high, count, delivered

    def _names(self):
        """Yield the names in the folder one by one: a list of a thousand would fill the heap."""
        try:
            if hasattr(os, "ilistdir"):
                for entry in os.ilistdir(self._folder):
                    yield entry[0]
            else:  # CPython
                yield from os.listdir(self._folder)
        except OSError as e:
            self.problem = e


def _number(name):
    """Return the number of a file name; None for a name that is not the queue's."""
    if name.endswith(_DELIVERED):
        name = name[: -len(_DELIVERED)]
    if len(name) != 8:
        return None
    try:
        number = int(name, 16)
    except ValueError:
        return None
    return number if 0 < number < _MAX_NUMBER and "%08x" % number == name else None
