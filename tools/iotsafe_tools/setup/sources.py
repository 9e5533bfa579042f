"""The sources of MicroPython and mbedTLS: from Debian's archive, else from upstream git."""

import hashlib
import re
import shlex
import shutil
import subprocess
from pathlib import Path

from . import pins, steps
from .layout import Layout

_MEGABYTES = 400


class NotOffered(Exception):
    """apt has no such source here; the text says why. The next origin is tried."""


def ensure(layout: Layout, own_tree: str = "") -> Path:
    """Return the MicroPython tree to build: `own_tree` if given, else the pinned one.

    The pinned tree appears complete or not at all. Raises SetupError.
    """
    if own_tree:
        return _check_own(Path(own_tree).expanduser().resolve())
    stamp = layout.sources / ".complete"
    if stamp.exists() and stamp.read_text() == _fingerprint():
        return layout.sources
    steps.require_space(layout.build, _MEGABYTES)
    with steps.scratch(layout.scratch) as folder:
        tree = folder / "micropython"
        try:
            _from_debian(layout, folder, tree)
        except NotOffered as reason:
            print(f"No Debian sources here ({reason}): taking upstream's git")
            _from_git(layout, tree)
        (tree / ".complete").write_text(_fingerprint())
        steps.replace_folder(tree, layout.sources)
    return layout.sources


def _fingerprint() -> str:
    return hashlib.sha256(repr((pins.ARCHIVES, pins.COMMITS)).encode()).hexdigest()


# ---- the user's own tree ------------------------------------------------------------------


def _check_own(tree: Path) -> Path:
    """Return `tree` if it can be built; raises SetupError that says what it lacks."""
    header = tree / "py" / "mpconfig.h"
    if not header.is_file() or not (tree / "ports" / "unix" / "Makefile").is_file():
        raise steps.SetupError(
            f"MICROPYTHON_DIR={tree} is no MicroPython source tree: name the folder with ports/"
        )
    found = re.findall(
        r"#define MICROPY_VERSION_(?:MAJOR|MINOR|MICRO)\s+(\d+)", header.read_text()
    )
    version = tuple(map(int, found))
    if version < pins.MICROPYTHON_OLDEST:
        have, want = (".".join(map(str, v)) for v in (version, pins.MICROPYTHON_OLDEST))
        raise steps.SetupError(
            f"MICROPYTHON_DIR={tree} is MicroPython {have}: {want} or newer is needed"
        )
    if not (tree / "lib" / "mbedtls" / "library" / "ssl_tls13_client.c").is_file():
        raise steps.SetupError(
            f"MICROPYTHON_DIR={tree} has no lib/mbedtls: "
            f"run git -C {shlex.quote(str(tree))} submodule update --init lib/mbedtls"
        )
    return tree


# ---- Debian's archive ---------------------------------------------------------------------


def _from_debian(layout: Layout, folder: Path, tree: Path) -> None:
    """Fetch what is not downloaded yet, verify, unpack into `tree`.

    Raises NotOffered if this machine's apt cannot give it, SetupError for a wrong digest.
    """
    wanted = [archive for archive in pins.ARCHIVES if not _downloaded(layout, archive)]
    if wanted:
        if shutil.which("apt-get") is None:
            raise NotOffered("there is no apt")
        with steps.step(f"MicroPython {pins.MICROPYTHON_VERSION} and mbedTLS sources (Debian)"):
            options = _private_view(folder / "apt")
            log = layout.log / "sources.log"
            _update(options, log)
            for archive in wanted:
                _fetch(layout, options, archive, folder)
    with steps.step("Unpack the sources"):
        for archive in pins.ARCHIVES:
            target = tree / archive.destination
            target.mkdir(parents=True, exist_ok=True)
            steps.run(
                [
                    "tar",
                    "-x",
                    "--no-same-owner",
                    "--strip-components=1",
                    "-C",
                    target,
                    "-f",
                    layout.downloads / archive.filename,
                ],
                log=layout.log / "sources.log",
                what=f"unpacking {archive.filename}",
            )


def _downloaded(layout: Layout, archive: pins.Archive) -> bool:
    """Whether a verified copy is there; one that has changed since is deleted."""
    path = layout.downloads / archive.filename
    if path.exists() and sha256(path) != archive.sha256:
        path.unlink()
    return path.exists()


def _mirror() -> str:
    """Return the address of the Debian archive that this machine uses itself."""
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
    release = _os_release()
    if release.get("ID") == "debian":
        for line in listing.splitlines():
            address, _, rest = line.partition(" ")
            if rest == f"{release.get('VERSION_CODENAME')} main":
                return address
    raise NotOffered(f"{release.get('PRETTY_NAME', 'this system')} has no Debian archive in apt")


def _os_release() -> dict[str, str]:
    """Return the fields of os-release."""
    path = Path("/etc/os-release")
    lines = path.read_text().splitlines() if path.exists() else []
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {name: " ".join(shlex.split(value)) for name, _, value in pairs}


def _private_view(folder: Path) -> list[str]:
    """Write an apt configuration of one source list into `folder`; return apt's options for it.

    Nothing of the system's own apt state is read but its mirror, and nothing is changed.
    """
    address = _mirror()
    for name in ("parts", "lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "parts" / "sources.sources").write_text(
        f"Types: deb-src\nURIs: {address}\nSuites: {pins.DEBIAN_SUITE}\nComponents: main\n"
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


def _update(options: list[str], log: Path) -> None:
    """Load the private view's index; NotOffered if the mirror does not carry that suite."""
    try:
        steps.run(["apt-get", *options, "update"], log=log, what="apt-get update")
    except steps.SetupError as error:
        if "does not have a Release file" in error.output:
            raise NotOffered(f"the mirror does not carry {pins.DEBIAN_SUITE}") from None
        raise


def _fetch(layout: Layout, options: list[str], archive: pins.Archive, folder: Path) -> None:
    """Download one source package and keep its verified tarball in `build/downloads`."""
    log = layout.log / "sources.log"
    try:
        listing = steps.run(
            ["apt-cache", *options, "showsrc", "--only-source", archive.package],
            log=log,
            what=archive.package,
        )
    except steps.SetupError:
        raise NotOffered(f"no source package {archive.package}") from None
    version = find_version(listing, archive)
    place = folder / archive.package
    place.mkdir()
    steps.run(
        ["apt-get", *options, "source", "--download-only", f"{archive.package}={version}"],
        cwd=place,
        log=log,
        what=archive.filename,
    )
    keep(place / archive.filename, archive.sha256, layout.downloads)


def find_version(listing: str, archive: pins.Archive) -> str:
    """Return the version in `apt-cache showsrc` output whose tarball is exactly `archive`.

    Raises NotOffered if there is none, as when a point release has brought a newer one.
    """
    for paragraph in listing.split("\n\n"):
        version = re.search(r"^Version: (\S+)$", paragraph, re.MULTILINE)
        row = re.compile(rf"^ {archive.sha256} \d+ {re.escape(archive.filename)}$", re.MULTILINE)
        if version and row.search(paragraph):
            return version[1]
    raise NotOffered(f"it offers another {archive.package} than {archive.filename}")


# ---- upstream git -------------------------------------------------------------------------


def _from_git(layout: Layout, tree: Path) -> None:
    """Fetch the pinned commits into `tree`; git itself proves that the contents fit the ids."""
    log = layout.log / "sources.log"
    for pin in pins.COMMITS:
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


# ---- digests ------------------------------------------------------------------------------


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def keep(path: Path, digest: str, downloads: Path) -> Path:
    """Move `path` into `downloads` if its SHA-256 is `digest`; raises SetupError otherwise."""
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
