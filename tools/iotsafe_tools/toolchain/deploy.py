"""`make deploy`: our packages and the application as files, for a board that runs MicroPython.

It copies the files that the board's manifest would freeze, compiled for the chip that answers. It
does not touch config and state on the board.
"""

import ast
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from . import steps
from .boards import BoardBuild
from .layout import Layout

# MicroPython itself looks for these by name, as source.
_START = ("boot.py", "main.py")
_FIRMWARE_ONLY = ("_boot.py",)  # starts before there is a file system
_ARCHITECTURES = (
    "", "x86", "x64", "armv6", "armv6m", "armv7m", "armv7em", "armv7emsp", "armv7emdp", "xtensa",
    "xtensawin", "rv32imc",
)  # fmt: skip
_MPY_VERSION = 6  # of the files that the mpy-cross of MicroPython 1.20 to 1.26 writes

_PROBE = """
import sys
def hook():
    try:
        import tls
        return hasattr(tls.SSLContext(tls.PROTOCOL_TLS_CLIENT), "ecdsa_sign_callback")
    except ImportError:
        return False
def frozen():
    path = sys.path
    try:
        import ticks
        lib = min(i for i in range(len(path)) if path[i].endswith("/lib"))
        return ticks.__file__.startswith("ticks") and path.index(".frozen") < lib
    except (ImportError, ValueError):
        return False
print(repr((getattr(sys.implementation, "_mpy", 0), hook(), frozen())))
"""


class Target(NamedTuple):
    """The board's report about itself."""

    mpy: int  # sys.implementation._mpy
    hook: bool  # whether it can let the SIM sign
    frozen: bool  # whether our packages are in its firmware, and come before those in /lib


def run(layout: Layout, tree: Path, umqtt: Path, board: BoardBuild, port: str) -> None:
    """Copy the files for `board` to the board at `port` ("": the first serial port).

    Raises SetupError if no board answers, it cannot load such files, or its flash is full.
    """
    target = _probe(layout, port)
    flags = cross_flags(target.mpy)
    # MicroPython's sys.path is "", .frozen, /lib: only the root comes before the frozen modules.
    # Our boot.py swaps the last two.
    place = ":" if target.frozen else ":lib"
    with steps.scratch(layout.scratch) as folder:
        with steps.step(f"Compile for {' '.join(flags)}"):
            _compile(layout, folder, manifest_files(layout, tree, umqtt, board), flags)
        with steps.step("Copy to the board"):
            _copy(layout, folder, port, place)
    if not target.hook:
        print(
            "Note: this MicroPython cannot let a SIM sign (no ecdsa_sign_callback): "
            f"flash ours with make flash BOARD={board.path.name}"
        )
    print("Reset the board to start")


def _mpremote(layout: Layout, port: str, *arguments: str | Path, what: str) -> str:
    connect = ["connect", port] if port else ["connect", "auto"]
    return steps.run(
        [layout.python, "-m", "mpremote", *connect, *arguments],
        log=layout.log / "deploy.log",
        what=what,
        hint="mpremote failed: is the board plugged in, and its serial port not in use? Name it: "
        "make deploy PORT=",
    )


def _probe(layout: Layout, port: str) -> Target:
    what = f"the board at {port}" if port else "the board"
    output = _mpremote(layout, port, "exec", _PROBE, what=what)
    try:
        mpy, hook, frozen = ast.literal_eval(output.strip().splitlines()[-1])
    except (ValueError, SyntaxError, IndexError, TypeError):
        raise steps.SetupError(f"{what} answers, but not as MicroPython would") from None
    return Target(mpy, hook, frozen)


def cross_flags(mpy: int) -> list[str]:
    """Return mpy-cross's options for a board whose sys.implementation._mpy is `mpy`.

    Raises SetupError if the board cannot load our mpy-cross's files.
    """
    if mpy & 0xFF != _MPY_VERSION:
        raise steps.SetupError(
            f"the board's MicroPython reads .mpy files of version {mpy & 0xFF}, not "
            f"{_MPY_VERSION}: put MicroPython 1.25 or newer on it (make flash)"
        )
    number = mpy >> 10 & 0x3F
    name = _ARCHITECTURES[number] if number < len(_ARCHITECTURES) else ""
    return [f"-march={name}"] if name else []


def manifest_files(
    layout: Layout, tree: Path, umqtt: Path, board: BoardBuild
) -> Iterator[tuple[Path, str]]:
    """Yield (file, path on the board) for the manifest's files that are ours or umqtt's."""
    sys.path.insert(0, str(tree / "tools"))
    try:
        import manifestfile  # MicroPython's own reader of manifests

        variables = {
            "MPY_DIR": str(tree),
            "PORT_DIR": str(tree / "ports" / board.port.name),
            "BOARD_DIR": str(board.path),
            "UMQTT_DIR": str(umqtt),
            "MPY_LIB_DIR": "",
        }
        manifest = manifestfile.ManifestFile(manifestfile.MODE_FREEZE, variables)
        manifest.execute(str(board.path / "manifest.py"))
    except Exception as error:  # the manifest is a program
        raise steps.SetupError(f"{board.path / 'manifest.py'}: {error}") from None
    finally:
        sys.path.remove(str(tree / "tools"))
    ours = [layout.root / name for name in ("lib", "firmware", "boards")] + [umqtt]
    for entry in manifest.files():
        path = Path(entry.full_path).resolve()
        is_ours = any(path.is_relative_to(folder.resolve()) for folder in ours)
        if is_ours and entry.target_path not in _FIRMWARE_ONLY:
            yield path, entry.target_path


def _compile(
    layout: Layout, folder: Path, files: Iterator[tuple[Path, str]], flags: list[str]
) -> None:
    """Fill `folder`/root and `folder`/lib with the board's files, compiled."""
    for path, name in files:
        if name in _START:
            target = folder / "root" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            continue
        target = (folder / "lib" / name).with_suffix(".mpy")
        target.parent.mkdir(parents=True, exist_ok=True)
        steps.run(
            [layout.mpy_cross, *flags, "-s", name, "-o", target, path],
            log=layout.log / "deploy.log",
            what=f"compiling {path}",
        )


def _copy(layout: Layout, folder: Path, port: str, place: str) -> None:
    """Copy packages first, and the files that start them last, in case the cable is pulled."""
    things = sorted((folder / "lib").iterdir())
    if place != ":":
        # mpremote's cp requires the folder, but its mkdir fails if the folder exists.
        code = "import os\ntry: os.mkdir('lib')\nexcept OSError: pass"
        _mpremote(layout, port, "exec", code, what="the board")
    starts = sorted((folder / "root").iterdir())
    _mpremote(layout, port, "fs", "cp", "-r", *things, f"{place}/", what="copying to the board")
    _mpremote(layout, port, "fs", "cp", *starts, ":/", what="copying to the board")
