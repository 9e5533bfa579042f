"""The sources of MicroPython and mbedTLS: from Debian's archive, else from upstream git."""

import functools
import hashlib
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from . import debian, linked, pins, steps
from .layout import Layout

_MEGABYTES = 400


def ensure(layout: Layout, own_tree: str = "") -> Path:
    """Return the MicroPython tree to build: `own_tree` if given, else the pinned one.

    The pinned tree appears complete or not at all. If the mbedTLS of `own_tree` is missing or too
    old, the result is a tree of links with the pinned one: see `linked.py`. Raises SetupError.
    """
    if own_tree:
        tree = Path(own_tree).expanduser().resolve()
        if not linked.needs_mbedtls(tree):
            return tree
        return linked.ensure(layout, tree, ensure(layout) / linked.MBEDTLS)
    stamp = layout.sources / ".complete"
    if stamp.exists() and stamp.read_text() == _fingerprint():
        return layout.sources
    steps.require_space(layout.build, _MEGABYTES)
    with steps.scratch(layout.scratch) as folder:
        tree = folder / "micropython"
        try:
            _from_debian(layout, folder, tree)
        except debian.NotOffered as reason:
            print(f"No Debian sources here ({reason}): using upstream's git")
            from_git(layout, tree, pins.COMMITS)
        (tree / ".complete").write_text(_fingerprint())
        steps.replace_folder(tree, layout.sources)
    return layout.sources


def is_pinned(tree: Path) -> bool:
    """Return whether set-up has made `tree` (else it is the user's)."""
    return (tree / ".complete").exists()


def identity(tree: Path) -> str:
    """Return what objects of `tree` depend on beside its path and its sources: "" if nothing."""
    for stamp in (tree / ".complete", tree / linked.STAMP):
        if stamp.exists():
            return stamp.read_text()
    return ""


def _fingerprint() -> str:
    return hashlib.sha256(repr((pins.ARCHIVES, pins.COMMITS)).encode()).hexdigest()


# ---- Debian's archive ---------------------------------------------------------------------


def _from_debian(layout: Layout, folder: Path, tree: Path) -> None:
    """Download what is missing, verify it, unpack it into `tree`.

    Raises NotOffered if this machine's apt does not offer it, SetupError for a wrong digest.
    """
    view = functools.cache(lambda suite: debian.View(layout, folder, "deb-src", suite))
    chosen = [fetch(layout, view, alternatives) for alternatives in pins.ARCHIVES]
    with steps.step("Unpack the sources"):
        for archive in chosen:
            unpack(layout, archive, tree)


def fetch(
    layout: Layout, view: Callable[[str], debian.View], alternatives: Sequence[pins.Archive]
) -> pins.Archive:
    """Return the first of `alternatives` that is downloaded or that a suite of its offers.

    `view(suite)` is apt's view of a suite. Raises NotOffered if there is none.
    """
    with steps.step(f"{alternatives[0].package} sources (Debian)"):
        for archive in alternatives:
            if debian.downloaded(layout, archive):
                return archive
            for suite in archive.suites:
                try:
                    view(suite).fetch_source(archive)
                except debian.NotOffered as error:
                    reason = error
                else:
                    return archive
        raise reason


def unpack(layout: Layout, archive: pins.Archive, tree: Path) -> None:
    """Unpack the download of `archive` into its place in `tree`."""
    target = tree / archive.destination
    target.mkdir(parents=True, exist_ok=True)
    command = ["tar", "-x", "--no-same-owner", "--strip-components=1", "-C", target]
    steps.run(
        [*command, "-f", layout.downloads / archive.filename],
        log=layout.log / "sources.log",
        what=f"unpacking {archive.filename}",
    )


# ---- upstream git -------------------------------------------------------------------------


def from_git(layout: Layout, tree: Path, commits: Iterable[pins.Commit]) -> None:
    """Fetch the pinned `commits` into `tree`; git itself checks the contents against the ids."""
    log = layout.log / "sources.log"
    for pin in commits:
        place = tree / pin.destination
        with steps.step(f"{pin.url.rsplit('/', 1)[-1].removesuffix('.git')} {pin.tag} (git)"):
            place.mkdir(parents=True, exist_ok=True)
            here = ["git", "-C", place, "-c", "advice.detachedHead=false", "-c", "gc.auto=0"]
            steps.run(["git", "init", "-q", place], log=log, what="git init")
            steps.run(
                [
                    *here,
                    "-c",
                    "http.lowSpeedLimit=1000",
                    "-c",
                    "http.lowSpeedTime=30",
                    "fetch",
                    "-q",
                    "--depth",
                    "1",
                    pin.url,
                    pin.commit,
                ],
                log=log,
                env={"GIT_TERMINAL_PROMPT": "0"},
                what=f"{pin.url} {pin.tag}",
                hint="no such commit there: set MICROPYTHON_DIR= to a tree of your own",
            )
            steps.run([*here, "checkout", "-q", pin.commit], log=log, what=f"checkout {pin.tag}")
            steps.run([*here, "fsck", "--strict", "--no-dangling"], log=log, what="git fsck")
        shutil.rmtree(place / ".git")
