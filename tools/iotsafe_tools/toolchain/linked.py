"""A MicroPython tree of the user's: what it must have, and its build with the pinned mbedTLS.

Releases up to 1.28 bring an mbedTLS along that cannot reach every server; a tarball may have
none. `ensure` then makes a folder of links to the tree's files, with the pinned mbedTLS in its
place. The tree itself stays unchanged. The links are made again only if a file has come or gone.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from . import pins, steps
from .layout import Layout

MBEDTLS = Path("lib", "mbedtls")

# The parts of a tree that the ports' builds read.
_PARTS = ("drivers", "extmod", "lib", "mpy-cross", "ports", "py", "shared", "tools")
_LEFT_OUT = re.compile(r"build|build-.*|\.git|__pycache__")  # folders
STAMP = ".linked"  # lines: the user's tree, mbedTLS, digest of the list of files


def needs_mbedtls(tree: Path) -> bool:
    """Return whether `tree` must be built with the pinned mbedTLS.

    Raises SetupError if it is no MicroPython, too old, or made for another mbedTLS than 3.6.
    """
    header = tree / "py" / "mpconfig.h"
    if not header.is_file() or not (tree / "ports" / "unix" / "Makefile").is_file():
        raise steps.SetupError(
            f"MICROPYTHON_DIR={tree} is not a MicroPython source tree: name the folder with ports/"
        )
    version = _numbers(header, r"#define MICROPY_VERSION_(?:MAJOR|MINOR|MICRO)\s+(\d+)")
    if version < pins.MICROPYTHON_OLDEST:
        have, want = (".".join(map(str, v)) for v in (version, pins.MICROPYTHON_OLDEST))
        raise steps.SetupError(
            f"MICROPYTHON_DIR={tree} is MicroPython {have}: {want} or newer is needed"
        )
    mbedtls = tree / MBEDTLS / "include" / "mbedtls" / "build_info.h"
    if not mbedtls.is_file():
        return True
    found = _numbers(mbedtls, r"#define MBEDTLS_VERSION_(?:MAJOR|MINOR|PATCH)\s+(\d+)")
    if found >= (4,):
        raise steps.SetupError(
            f"MICROPYTHON_DIR={tree} has mbedTLS {'.'.join(map(str, found))}, where MicroPython "
            "has no callback for a signature: use a release with mbedTLS 3.6"
        )
    return found < pins.MBEDTLS_OLDEST


def original(tree: Path) -> Path:
    """Return the user's tree if `tree` is made of links to it, else `tree`."""
    stamp = tree / STAMP
    return Path(stamp.read_text().splitlines()[0]) if stamp.exists() else tree


def ensure(layout: Layout, tree: Path, mbedtls: Path) -> Path:
    """Return the tree of links to `tree`, with `mbedtls` inside. Raises SetupError."""
    files = list(_files(tree))
    stamp = layout.linked_sources / STAMP
    names = "\n".join(map(str, files))
    wanted = f"{tree}\n{mbedtls}\n{hashlib.sha256(names.encode()).hexdigest()}\n"
    if not stamp.exists() or stamp.read_text() != wanted:
        with steps.scratch(layout.scratch) as folder, steps.step(f"Link {tree}"):
            new = folder / "linked"
            for path in files:
                (new / path).parent.mkdir(parents=True, exist_ok=True)
                (new / path).symlink_to(tree / path)
            (new / MBEDTLS).symlink_to(mbedtls)
            (new / STAMP).write_text(wanted)
            steps.replace_folder(new, layout.linked_sources)
    return layout.linked_sources


def _files(tree: Path) -> Iterator[Path]:
    """Yield the files of the tree's parts without its mbedTLS, relative, in order."""
    for part in _PARTS:
        for place, folders, names in os.walk(tree / part):
            here = Path(place).relative_to(tree)
            folders[:] = sorted(
                name
                for name in folders
                if here / name != MBEDTLS and not _LEFT_OUT.fullmatch(name)
            )
            for name in sorted(names):
                yield here / name


def _numbers(path: Path, pattern: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(pattern, path.read_text())))
