"""mpy-cross and the unix binary, built outside the source tree and installed when complete."""

import hashlib
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from . import debian, linked, pins, sources, steps
from .layout import Layout

_MEGABYTES = 200
_FLAGS = ("CFLAGS_EXTRA=-Wno-error", "LDFLAGS_EXTRA=-Wl,--build-id=none")
_FROZEN = ("lib", "firmware", "boards/unix")
# The port's makefile does not depend on its options, so each configuration has its own objects.
_CONFIGURATION = (
    "unix/mpconfigvariant.h",
    "unix/mpconfigvariant.mk",
    "unix/iotsafe_mbedtls_config.h",
    "common/iotsafe_mbedtls.h",
    "common/tls12_pss.h",
)


def ensure(layout: Layout, tree: Path, umqtt: Path) -> None:
    """Bring mpy-cross and the unix binary up to date with `tree`, the variant and our packages.

    Compares contents, not dates, and does nothing if nothing has changed, except that it always
    runs make in a tree of the user's. Raises SetupError.
    """
    frozen = _frozen_files(layout, umqtt)
    objects = layout.objects / _configuration(layout, tree)
    contents = digest([objects.name, *(f"{path} {debian.sha256(path)}" for path in frozen)])
    stamp = layout.micropython.parent / ".complete"
    if (
        sources.is_pinned(tree)
        and stamp.exists()
        and stamp.read_text() == contents
        and layout.micropython.exists()
        and layout.mpy_cross.exists()
    ):
        return
    steps.require_space(layout.build, _MEGABYTES)
    # Objects are trusted only if the last build that used them was not cut short.
    trusted = objects / ".complete"
    if not trusted.exists():
        shutil.rmtree(layout.objects, ignore_errors=True)
    objects.mkdir(parents=True, exist_ok=True)
    log = layout.log / "micropython.log"
    log.parent.mkdir(exist_ok=True)
    log.write_text("")
    _mpy_cross(layout, tree, objects, log)
    was_trusted = trusted.exists()
    trusted.unlink(missing_ok=True)
    try:
        _unix(layout, tree, umqtt, objects, log)
    except steps.SetupError as error:
        if was_trusted and explain(error.output):
            trusted.touch()  # the fault is in one of our own files, not in an object
        raise
    trusted.touch()
    steps.replace_file(contents, stamp)


def _mpy_cross(layout: Layout, tree: Path, objects: Path, log: Path) -> None:
    built = objects / "mpy-cross" / "mpy-cross"
    if not built.exists():
        with steps.step("Build mpy-cross"):
            _make(tree, "mpy-cross", [f"BUILD={built.parent}"], log)
    install(built, layout.mpy_cross)


def _unix(layout: Layout, tree: Path, umqtt: Path, objects: Path, log: Path) -> None:
    """Build the unix port. Freeze again from nothing: the tree's own tool compares only dates, and
    misses a file that was deleted or replaced by an older one.
    """
    build = objects / "unix"
    (build / "frozen_content.c").unlink(missing_ok=True)
    shutil.rmtree(build / "frozen_mpy", ignore_errors=True)
    library = objects / "micropython-lib"  # the makefile requires one; our manifest does not
    library.mkdir(exist_ok=True)
    (library / "README.md").touch()
    settings = {
        "VARIANT": "iotsafe",
        "VARIANT_DIR": layout.variant,
        "BUILD": build,
        "FROZEN_MANIFEST": layout.variant / "manifest.py",
        "MICROPY_MANIFEST_UMQTT_DIR": umqtt,
        "MPY_LIB_DIR": library,
        "MICROPY_MPYCROSS": layout.mpy_cross,
        "MICROPY_MPYCROSS_DEPENDENCY": "",
    }
    with steps.step("Build MicroPython (unix, our packages frozen)"):
        options = [f"{name}={value}" for name, value in settings.items()]
        _make(tree, "ports/unix", options, log)
    install(build / "micropython", layout.micropython)


def _make(tree: Path, folder: str, options: list[str], log: Path) -> None:
    """Run the tree's own make in `folder`.

    A newer compiler's warnings do not stop it. There is no build id: only that would depend on the
    path of the checkout.
    """
    command = ["make", "-C", tree / folder, jobs(), *_FLAGS, *options]
    run(command, tree, log, what=f"building {folder}")


def jobs() -> str:
    """Return make's option for as many jobs as this process may use processors."""
    return f"-j{len(os.sched_getaffinity(0))}"


def run(
    command: list[str | Path],
    tree: Path,
    log: Path,
    *,
    what: str,
    env: dict[str, str] | None = None,
    hint: str = "",
) -> None:
    """Run one command of a build of `tree`, without the settings of the make that started us.

    Raises SetupError, which names the faulty C file or file of ours.
    """
    environment = {"MAKEFLAGS": "", "MAKELEVEL": "", "MFLAGS": "", **(env or {})}
    if linked.original(tree) != tree:
        environment["GIT_CEILING_DIRECTORIES"] = str(tree.parent)  # not our checkout's version
    if sources.is_pinned(tree):
        environment |= pins.BUILD_ENVIRONMENT
    try:
        steps.run(command, log=log, env=environment, what=what, hint=hint)
    except steps.SetupError as error:
        raise steps.SetupError(explain(error.output) or str(error), error.output) from None


def explain(output: str) -> str:
    """Return why the build failed, if its `output` names a C file or a file of ours; else ""."""
    frozen = re.search(r"^error compiling (.+):$", output, re.MULTILINE)
    if frozen:
        reason = re.findall(r"^\w+Error: .+$", output, re.MULTILINE)
        return f"{frozen[1]} cannot be frozen: {reason[-1] if reason else 'mpy-cross refuses it'}"
    manifest = re.search(r"^freeze error executing .+$", output, re.MULTILINE)
    return manifest[0] if manifest else ""


def install(built: Path, target: Path) -> None:
    """Copy a finished binary to its place atomically; a running one keeps its old file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_name(target.name + ".new")
    shutil.copy2(built, new)
    new.replace(target)


def _frozen_files(layout: Layout, umqtt: Path) -> list[Path]:
    """Return every file that can end up in the binary's frozen content."""
    folders = [layout.root / name for name in _FROZEN] + [umqtt / "umqtt"]
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def _configuration(layout: Layout, tree: Path) -> str:
    """Return a short digest of everything that the object files depend on."""
    return digest(
        [str(tree), sources.identity(tree), repr(pins.BUILD_ENVIRONMENT), *_FLAGS]
        + [debian.sha256(layout.boards / name) for name in _CONFIGURATION]
    )[:12]


def digest(parts: Iterable[str]) -> str:
    """Return one digest of `parts`, in hexadecimal."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
