"""The virtual environment `.venv`: exactly the lock file, and this project, editable."""

import hashlib
import shutil
import sys

from . import steps
from .layout import Layout

_MEGABYTES = 300
_LOCK, _PCSC_LOCK = "requirements.lock", "requirements-pcsc.lock"
_PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input")
_LOCKED = ("--require-hashes", "--only-binary", ":all:")


def _fingerprint(layout: Layout) -> str:
    """Return a digest of everything that the environment is made from."""
    digest = hashlib.sha256(f"{sys.version}\n{layout.root}\n".encode())
    for name in ("pyproject.toml", _LOCK):
        digest.update((layout.root / name).read_bytes())
    # An editable installation knows the packages by name, so a new one needs a new installation.
    for parent in ("lib", "firmware", "tools"):
        for found in sorted((layout.root / parent).glob("*/__init__.py")):
            digest.update(f"{found.parent.name}\n".encode())
    return digest.hexdigest()


def ensure(layout: Layout) -> None:
    """Make or update `.venv`; does nothing when it fits.

    The stamp is taken away first and written last: an environment without one is never trusted,
    but made anew, and one that could not be made is removed. Raises SetupError.
    """
    stamp = layout.venv / ".complete"
    wanted = _fingerprint(layout)
    if stamp.exists() and stamp.read_text() == wanted and layout.python.exists():
        return
    steps.require_space(layout.root, _MEGABYTES)
    had_one = stamp.exists()
    stamp.unlink(missing_ok=True)
    try:
        with steps.step("Virtual environment .venv"):
            _make(layout, keep=had_one)
    except BaseException:
        if not had_one:
            shutil.rmtree(layout.venv, ignore_errors=True)
        raise
    steps.replace_file(wanted, stamp)


def ensure_pcsc(layout: Layout) -> None:
    """Add Python's PC/SC package to a complete `.venv`; does nothing when it is there.

    It comes as source, by its digest too, and is built with what `packages.PCSC` brings and the
    environment's own, locked setuptools. Raises SetupError.
    """
    stamp = layout.venv / ".complete-pcsc"
    lock = (layout.root / _PCSC_LOCK).read_text()
    wanted = f"{_fingerprint(layout)}\n{lock}"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    stamp.unlink(missing_ok=True)
    with steps.step("Python's PC/SC package"):
        steps.run(
            [
                *(*_install(layout), *_LOCKED, "--no-binary", "pyscard"),
                *("--no-build-isolation", "--no-cache-dir", "-r", _PCSC_LOCK),
            ],
            cwd=layout.root,
            log=layout.log / "venv.log",
            what="the locked PC/SC package",
            hint="it could not be compiled",
        )
    steps.replace_file(wanted, stamp)


def _install(layout: Layout) -> list:
    """Return pip's command to install into `.venv`."""
    return [layout.python, *_PIP, "install", "--quiet", "--retries", "2"]


def _make(layout: Layout, *, keep: bool) -> None:
    """Fill `.venv`; `keep` uses the one that is there (one made by another Python is not kept)."""
    log = layout.log / "venv.log"
    command = [sys.executable, "-m", "venv", layout.venv]
    if not (keep and _same_python(layout)):
        command.insert(3, "--clear")
    steps.run(command, log=log, what="python3 -m venv", hint="install the package python3-venv")
    install = _install(layout)
    steps.run(
        [*install, *_LOCKED, "-r", _LOCK],
        cwd=layout.root,
        log=log,
        what="the locked Python packages",
        hint="pip failed",
    )
    steps.run(
        [*install, "--no-deps", "--no-index", "--no-build-isolation", "--editable", "."],
        cwd=layout.root,
        log=log,
        what="this project's own packages",
        hint="pip failed",
    )


def _same_python(layout: Layout) -> bool:
    """Whether `.venv` was made by this very Python (same version, same place)."""
    configuration = layout.venv / "pyvenv.cfg"
    if not configuration.exists() or not layout.python.exists():
        return False
    version = "version = " + ".".join(map(str, sys.version_info[:3]))
    return version in configuration.read_text().splitlines()
