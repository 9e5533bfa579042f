"""Firmware of boards whose port needs a toolchain of its own, which the user installs.

Debian has no package of ESP-IDF and ST's library. An error of one line names what is missing;
`boards/Containerfile` installs all of it.
"""

import os
import shutil
from pathlib import Path

from . import boards, build, debian, elf, rp2_sources, sources, steps
from .layout import Layout

_WRAPPER = "__wrap_mbedtls_ecdsa_write_signature"
_README = 'see boards/README.md, "To build one", or use boards/Containerfile'
# ESP-IDF's own script puts its tools into the path, if they are not there.
_WITH_IDF = 'command -v idf.py > /dev/null || . "$IDF_PATH/export.sh" > /dev/null; exec "$@"'


def check(board: boards.BoardBuild, tree: Path) -> None:
    """Raise SetupError, one line, if this machine cannot build `board` from `tree`."""
    port = board.port
    missing = []
    if port.name == "esp32" and not (os.environ.get("IDF_PATH") or shutil.which("idf.py")):
        missing.append("ESP-IDF (IDF_PATH is not set)")
    if port.name == "stm32" and not shutil.which("arm-none-eabi-gcc"):
        missing.append("gcc-arm-none-eabi")
    if sources.is_pinned(tree):
        missing.append(
            "a git checkout of MicroPython with submodules (MICROPYTHON_DIR is not set)"
        )
    if missing:
        raise steps.SetupError(f"{board.path.name} needs {' and '.join(missing)}: {_README}")
    rp2_sources.require_submodules(tree, port)


def configuration(board: boards.BoardBuild, tree: Path) -> list[str]:
    """Return the dependencies of the objects beside the sources and the frozen files."""
    folders = [board.path, *board.shared]
    files = sorted(path for folder in folders for path in folder.iterdir() if path.is_file())
    kept = [path for path in files if path.suffix not in (".py", ".md", ".json")]
    return [str(tree), *(f"{path} {debian.sha256(path)}" for path in kept)]


def compile_board(
    layout: Layout, tree: Path, umqtt: Path, board: boards.BoardBuild, objects: Path, log: Path
) -> None:
    """Let the port's own make bring `objects` up to date. Raises SetupError."""
    library = objects.parent / "micropython-lib"
    library.mkdir(exist_ok=True)
    (library / "README.md").touch()
    settings = {
        "BOARD": board.path.name,
        "BOARD_DIR": board.path,
        "BUILD": objects / "build",
        "FROZEN_MANIFEST": board.path / "manifest.py",
        "MICROPY_MPYCROSS": layout.mpy_cross,
        "MICROPY_MPYCROSS_DEPENDENCY": "",
    }
    if board.variant:
        settings["BOARD_VARIANT"] = board.variant
    values = {"MICROPY_MANIFEST_UMQTT_DIR": umqtt}
    environment = {"MICROPY_MPYCROSS": str(layout.mpy_cross)}
    if board.port.name == "esp32":
        values["MICROPY_LIB_DIR"] = library
        # In the environment, so that the port's makefile can add to it.
        environment["IDFPY_FLAGS"] = " ".join(f"-D {k}={v}" for k, v in values.items())
    else:
        settings |= values | {"MPY_LIB_DIR": library}
    options = [f"{name}={value}" for name, value in settings.items()]
    folder = tree / "ports" / board.port.name
    command = ["make", "-C", folder, build.jobs(), *options]
    if board.port.name == "esp32":
        command = ["bash", "-c", _WITH_IDF, "bash", *command]
    build.run(command, tree, log, what=f"building {board.name}", env=environment)


def collect(board: boards.BoardBuild, objects: Path, folder: Path) -> str:
    """Copy the finished files into `folder`; return one line about them.

    Raises SetupError if the signing hook's wrapper is not in the ELF.
    """
    built = objects / "build"
    program = next(
        (path for name in ("micropython.elf", "firmware.elf") if (path := built / name).exists()),
        None,
    )
    if program is None or _WRAPPER not in elf.symbols(program):
        raise steps.SetupError(f"{board.name}: no ELF with {_WRAPPER} in {built}: see its cmake")
    image = built / board.port.image
    shutil.copyfile(image, folder / image.name)
    shutil.copyfile(program, folder / "firmware.elf")
    return f"{image.stat().st_size} bytes"
