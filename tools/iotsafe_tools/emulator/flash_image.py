"""The image file of the board's flash chip: its lock, and the file system in it."""

import fcntl
import os
import struct
from pathlib import Path
from typing import Any

from iotsafe_tools.testbed.private import write_private

from .errors import EmulatorError

SIZE = 2 * 1024 * 1024
SECTOR = 4096


class FlashImage:
    """The image at `path`; a missing one is created, erased. Raises EmulatorError.

    `lock` keeps other emulators away. The file methods read and write the littlefs that the
    firmware made. Use them while no emulator runs; the board sees changes at its next start.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._lock: int | None = None
        try:
            if not self.path.exists():
                new = self.path.with_name(f"{self.path.name}.{os.getpid()}.new")
                write_private(new, b"\xff" * SIZE)
                new.rename(self.path)
            self.path.chmod(0o600)  # the board's config is in it
            size = self.path.stat().st_size
        except OSError as error:
            raise EmulatorError(f"no flash image {self.path}: {error.strerror}") from error
        if size != SIZE:
            raise EmulatorError(
                f"{self.path} is not a flash image: it has {size} bytes, not {SIZE}; "
                "remove it to get a new one"
            )

    def lock(self) -> None:
        """Reserve the image until `unlock`. Raises EmulatorError if another emulator has it."""
        if self._lock is not None:
            return
        handle = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise EmulatorError(
                f"{self.path} is in use by another emulator; stop that one or give another image"
            ) from None
        self._lock = handle

    def unlock(self) -> None:
        """Release the image; may be called twice."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    # -- the file system -------------------------------------------------------------------------

    def names(self, folder: str = "/") -> list[str]:
        """Return the names in a folder, sorted."""
        system, _, _ = self._open()
        return sorted(system.listdir(folder))

    def read_file(self, name: str) -> bytes:
        """Return the content of a file. Raises FileNotFoundError."""
        system, _, _ = self._open()  # the system must outlive its files
        with system.open(name, "rb") as file:
            return file.read()

    def write_file(self, name: str, content: bytes) -> None:
        """Create or replace a file, and create its parent folders."""
        system, start, data = self._open()
        system.makedirs(os.path.dirname(f"/{name.lstrip('/')}"), exist_ok=True)
        with system.open(name, "wb") as file:
            file.write(content)
        self._save(start, data)

    def remove_file(self, name: str) -> None:
        """Remove a file. Raises FileNotFoundError."""
        system, start, data = self._open()
        system.remove(name)
        self._save(start, data)

    def _open(self) -> tuple[Any, int, bytearray]:
        """Mount the file system; return it, its offset in the image, and its blocks."""
        image = self.path.read_bytes()
        start, count = _find(image)
        if not count:
            raise EmulatorError(f"{self.path} has no file system yet; let a board start with it")
        from littlefs import LittleFS, UserContext  # here: nothing else needs littlefs

        context = UserContext(buffsize=count * SECTOR)
        context.buffer[:] = image[start : start + count * SECTOR]
        system = LittleFS(context=context, mount=False, block_size=SECTOR, block_count=count)
        system.mount()
        return system, start, context.buffer

    def _save(self, start: int, data: bytearray) -> None:
        with self.path.open("r+b") as file:
            file.seek(start)
            file.write(data)


def _find(image: bytes) -> tuple[int, int]:
    """Return offset and number of blocks of the littlefs in a flash image; (0, 0) if none.

    The superblock (littlefs SPEC.md, "0x0ff LFS_TYPE_SUPERBLOCK") is in one of the first two
    blocks: the magic string, a tag, then version, block size, block count.
    """
    for offset in range(0, SIZE, SECTOR):
        if image[offset + 8 : offset + 16] != b"littlefs":
            continue
        size, count = struct.unpack_from("<II", image, offset + 24)
        start = SIZE - count * SECTOR
        if size == SECTOR and count > 0 and offset in (start, start + SECTOR):
            return start, count
    return 0, 0
