"""The sources of the rp2 port: MicroPython, with Raspberry Pi's SDK and TinyUSB inside it."""

import hashlib
import shlex
import shutil
from pathlib import Path

from . import boards, debian, linked, pins, sources, steps
from .layout import Layout

_MEGABYTES = 300
# The parts of MicroPython's tree that the port reads.
_PARTS = ("drivers", "extmod", "lib", "mpy-cross", "py", "shared", "tools", "ports/rp2")


def ensure(layout: Layout, tree: Path) -> Path:
    """Return the tree to build the rp2 port from; `tree` comes from sources.ensure.

    The pinned `tree` stays unchanged: a copy of the needed parts gets the SDK. A git checkout of
    the user's must have the SDK; a tarball, which has none, is lent the pinned one. The copy
    appears complete or not at all. Raises SetupError.
    """
    if not sources.is_pinned(tree):
        own = linked.original(tree)
        if own != tree and not (own / ".git").exists():
            _lend(ensure(layout, sources.ensure(layout)), tree)
        require_submodules(tree, boards.PORTS["rp2"])
        return tree
    stamp = layout.rp2_sources / ".complete"
    wanted = _fingerprint(tree)
    if stamp.exists() and stamp.read_text() == wanted:
        return layout.rp2_sources
    steps.require_space(layout.build, _MEGABYTES)
    with steps.scratch(layout.scratch) as folder:
        new = folder / "rp2"
        with steps.step("Copy the sources for the Pico"):
            for part in _PARTS:
                shutil.copytree(tree / part, new / part, symlinks=True)
        try:
            _from_debian(layout, folder, new)
        except debian.NotOffered as reason:
            print(f"No Debian sources here ({reason}): using upstream's git")
            sources.from_git(layout, new, pins.RP2_COMMITS)
        (new / ".complete").write_text(wanted)
        steps.replace_folder(new, layout.rp2_sources)
    return layout.rp2_sources


def _lend(lender: Path, tree: Path) -> None:
    """Link the packages in `lender` into `tree`, itself made of links, where it has none."""
    for package in pins.RP2_PACKAGES:
        target = tree / package.destination
        if not _filled(target):
            print(f"{package.destination} is the pinned {package.version}")
            target.parent.mkdir(exist_ok=True)
            target.symlink_to(lender / package.destination)


def _fingerprint(tree: Path) -> str:
    parts = ((tree / ".complete").read_text(), pins.RP2_PACKAGES, pins.RP2_COMMITS, _PARTS)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def require_submodules(tree: Path, port: boards.MicroPythonPort) -> None:
    """Raise SetupError if `tree`, one of the user's, lacks submodules that `port` reads."""
    empty = [name for name in port.submodules if not _filled(tree / name)]
    if empty:
        tree = linked.original(tree)
        raise steps.SetupError(
            f"MICROPYTHON_DIR={tree} has no {', '.join(empty)}: "
            f"run git -C {shlex.quote(str(tree))} submodule update --init {' '.join(empty)}"
        )


def _filled(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _from_debian(layout: Layout, folder: Path, tree: Path) -> None:
    """Download what is missing, verify it, unpack it into `tree`.

    Raises NotOffered if this machine's apt does not offer it, SetupError for a wrong digest.
    """
    wanted = [package for package in pins.RP2_PACKAGES if not debian.downloaded(layout, package)]
    if wanted:
        with steps.step("Pico SDK and TinyUSB sources (Debian)"):
            view = debian.View(layout, folder, "deb")
            for package in wanted:
                view.fetch_package(package)
    if shutil.which("dpkg-deb") is None:
        raise debian.NotOffered("there is no dpkg-deb")
    for package in pins.RP2_PACKAGES:
        unpacked = folder / f"{package.name}.unpacked"
        steps.run(
            ["dpkg-deb", "-x", layout.downloads / package.filename, unpacked],
            log=layout.log / "sources.log",
            what=f"unpacking {package.filename}",
        )
        target = tree / package.destination
        shutil.rmtree(target, ignore_errors=True)  # upstream's tarball has an empty folder there
        (unpacked / package.folder).rename(target)
