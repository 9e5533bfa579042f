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
    """Return a digest of the environment's ingredients."""
    digest = hashlib.sha256(f"{sys.version}\n{layout.root}\n".encode())
    for name in ("pyproject.toml", _LOCK):
        digest.update((layout.root / name).read_bytes())
    # An editable installation lists the packages by name: a new one needs a new installation.
    for parent in ("lib", "firmware", "tools"):
        for found in sorted((layout.root / parent).glob("*/__init__.py")):
            digest.update(f"{found.parent.name}\n".encode())
    return digest.hexdigest()


def ensure(layout: Layout) -> None:
    """Make or update `.venv`; do nothing if it is up to date.

    It removes the stamp first and writes it last: it makes an environment without a stamp again,
    and removes one that it could not complete. Raises SetupError.
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
    """Add Python's PC/SC package to a complete `.venv`; do nothing if it is there.

    It comes as source, also checked by its digest. `packages.PCSC` and the environment's own,
    locked setuptools build it. Raises SetupError.
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
    """Return pip's command for an installation into `.venv`."""
    return [layout.python, *_PIP, "install", "--quiet", "--retries", "2"]


def _make(layout: Layout, *, keep: bool) -> None:
    """Fill `.venv`; `keep` updates the present one if this Python made it."""
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
    """Return whether this very Python (same version, same place) made `.venv`."""
    configuration = layout.venv / "pyvenv.cfg"
    if not configuration.exists() or not layout.python.exists():
        return False
    version = "version = " + ".".join(map(str, sys.version_info[:3]))
    return version in configuration.read_text().splitlines()
