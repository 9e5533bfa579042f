"""umqtt.simple, unmodified: the package index's release, or a folder of the user's."""

import ast
import tarfile
from pathlib import Path

from . import debian, pins, steps
from .layout import Layout


def ensure(layout: Layout, own_folder: str = "") -> Path:
    """Return the folder that holds `umqtt/simple.py`: `own_folder` if given, else the pinned one.

    Needs `.venv`, whose `unearth` downloads a source archive without a set-up script, which pip
    refuses. Raises SetupError.
    """
    if own_folder:
        folder = Path(own_folder).expanduser().resolve()
        if not (folder / "umqtt" / "simple.py").is_file():
            raise steps.SetupError(
                f"UMQTT_DIR={folder} has no umqtt/simple.py: name the folder that holds umqtt/"
            )
        return folder
    stamp = layout.umqtt / ".complete"
    if stamp.exists() and stamp.read_text() == pins.UMQTT_SHA256:
        return layout.umqtt
    with steps.step(pins.UMQTT_REQUIREMENT), steps.scratch(layout.scratch) as folder:
        archive = layout.downloads / pins.UMQTT_FILENAME
        if not archive.exists() or debian.sha256(archive) != pins.UMQTT_SHA256:
            archive = _download(layout, folder)
        new = folder / "tree"
        _unpack(archive, new)
        (new / ".complete").write_text(pins.UMQTT_SHA256)
        steps.replace_folder(new, layout.umqtt)
    return layout.umqtt


def _download(layout: Layout, folder: Path) -> Path:
    """Fetch the pinned archive from the index that pip uses; verify and keep it."""
    log = layout.log / "umqtt.log"
    command = [layout.python, "-m", "unearth", "--download", folder, *_index(layout, log)]
    steps.run(
        [*command, pins.UMQTT_REQUIREMENT],
        log=log,
        what=f"{pins.UMQTT_REQUIREMENT} from the package index",
        hint="the package index does not offer it: check the network and pip's configuration",
    )
    found = folder / pins.UMQTT_FILENAME
    if not found.is_file():
        raise steps.SetupError(f"the package index gave no {pins.UMQTT_FILENAME} (see {log})")
    return debian.keep(found, pins.UMQTT_SHA256, layout.downloads)


def _index(layout: Layout, log: Path) -> list[str]:
    """Return unearth's options for the index that pip uses on this machine."""
    listing = steps.run([layout.python, "-m", "pip", "config", "list"], log=log, what="pip config")
    for line in listing.splitlines():
        name, _, value = line.partition("=")
        if name in ("global.index-url", "install.index-url", ":env:.index-url"):
            return ["--index-url", ast.literal_eval(value)]
    return []


def _unpack(archive: Path, target: Path) -> None:
    """Unpack only `umqtt/*.py` from the archive."""
    with tarfile.open(archive) as tar:
        for member in tar:
            parts = Path(member.name).parts
            if member.isfile() and parts[1:2] == ("umqtt",) and len(parts) == 3:
                path = target.joinpath(*parts[1:])
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(tar.extractfile(member).read())
