"""Debian's archive through private views of apt: a suite each, from the machine's own mirror.

It reads only the mirror from the system's own apt state, and changes nothing.
"""

import hashlib
import platform
import re
import shutil
import subprocess
from pathlib import Path

from . import pins, steps
from .layout import Layout


class NotOffered(Exception):
    """apt does not offer it here; the text says why. The caller tries the next origin."""


class View:
    """apt as on a machine of `suite` only. Made in `folder`, which exists.

    `kind`: "deb-src" for source packages, "deb" for others. Raises NotOffered if this machine's
    apt does not offer it, SetupError if the archive cannot be reached.
    """

    def __init__(
        self, layout: Layout, folder: Path, kind: str, suite: str = pins.DEBIAN_SUITE
    ) -> None:
        if shutil.which("apt-get") is None:
            raise NotOffered("there is no apt")
        self._layout = layout
        self._folder = folder / suite
        self._log = layout.log / "sources.log"
        self._options = _options(self._folder / "apt", kind, suite)
        try:
            self._run("apt-get", "update", what="apt-get update")
        except steps.SetupError as error:
            if "does not have a Release file" in error.output:
                raise NotOffered(f"the mirror does not carry {suite}") from None
            raise

    def _run(self, tool: str, *arguments: str, what: str, cwd: Path | None = None) -> str:
        return steps.run([tool, *self._options, *arguments], log=self._log, what=what, cwd=cwd)

    def fetch_source(self, archive: pins.Archive) -> None:
        """Download one source package and keep its verified tarball in `build/downloads`."""
        try:
            listing = self._run(
                "apt-cache", "showsrc", "--only-source", archive.package, what=archive.package
            )
        except steps.SetupError:
            raise NotOffered(f"no source package {archive.package}") from None
        version = find_version(listing, archive)
        place = self._folder / archive.package
        place.mkdir()
        wanted = f"{archive.package}={version}"
        self._run("apt-get", "source", "--download-only", wanted, what=archive.filename, cwd=place)
        keep(place / archive.filename, archive.sha256, self._layout.downloads)

    def fetch_package(self, package: pins.Package) -> None:
        """Download one binary package and keep it, verified, in `build/downloads`."""
        place = self._folder / package.name
        place.mkdir()
        wanted = f"{package.name}={package.version}"
        try:
            self._run("apt-get", "download", wanted, what=package.filename, cwd=place)
        except steps.SetupError as error:
            if re.search("Version '.*' for '.*' was not found|Unable to locate", error.output):
                raise NotOffered(f"it does not offer {wanted}") from None
            raise
        keep(place / package.filename, package.sha256, self._layout.downloads)


def _mirror() -> str:
    """Return the address of the Debian archive that this machine uses."""
    listing = subprocess.run(
        [
            "apt-get",
            "indextargets",
            "--format",
            "$(REPO_URI) $(RELEASE) $(COMPONENT)",
            "Created-By: Packages",
        ],
        capture_output=True,
        text=True,
    ).stdout
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    if release.get("ID") == "debian":
        for line in listing.splitlines():
            address, _, rest = line.partition(" ")
            if rest == f"{release.get('VERSION_CODENAME')} main":
                return address
    raise NotOffered(f"{release.get('PRETTY_NAME', 'this system')} has no Debian archive in apt")


def _options(folder: Path, kind: str, suite: str) -> list[str]:
    """Write an apt configuration of one source list into `folder`; return apt's options for it."""
    address = _mirror()
    for name in ("parts", "lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "parts" / "sources.sources").write_text(
        f"Types: {kind}\nURIs: {address}\nSuites: {suite}\nComponents: main\n"
        f"Signed-By: {pins.DEBIAN_KEYRING}\n"
    )
    values = {
        "Dir::Etc::SourceList": "/dev/null",
        "Dir::Etc::SourceParts": folder / "parts",
        "Dir::State::Lists": folder / "lists",
        "Dir::Cache": folder / "cache",
        "APT::Sandbox::User": "root",
        "APT::Update::Error-Mode": "any",
        "Acquire::Retries": 2,
        "Acquire::http::Timeout": 30,
    }
    return [item for name, value in values.items() for item in ("-o", f"{name}={value}")]


def find_version(listing: str, archive: pins.Archive) -> str:
    """Return the version in `apt-cache showsrc` output whose tarball is exactly `archive`.

    Raises NotOffered if there is none, for example after a newer point release.
    """
    for paragraph in listing.split("\n\n"):
        version = re.search(r"^Version: (\S+)$", paragraph, re.MULTILINE)
        row = re.compile(rf"^ {archive.sha256} \d+ {re.escape(archive.filename)}$", re.MULTILINE)
        if version and row.search(paragraph):
            return version[1]
    raise NotOffered(f"it offers another {archive.package} than {archive.filename}")


# ---- verified downloads ------------------------------------------------------------------


def downloaded(layout: Layout, pin: pins.Archive | pins.Package) -> bool:
    """Return whether a verified copy is there; delete one that has changed since."""
    path = layout.downloads / pin.filename
    if path.exists() and sha256(path) != pin.sha256:
        path.unlink()
    return path.exists()


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def keep(path: Path, digest: str, downloads: Path) -> Path:
    """Move `path` into `downloads` if its SHA-256 is `digest`; else raise SetupError."""
    found = sha256(path)
    if found != digest:
        raise steps.SetupError(
            f"{path.name} has the SHA-256 {found} instead of the pinned {digest}: "
            "do not use that source; try another mirror"
        )
    downloads.mkdir(parents=True, exist_ok=True)
    target = downloads / path.name
    path.replace(target)
    return target
