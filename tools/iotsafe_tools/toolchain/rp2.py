"""A Pico's firmware: CMake builds the rp2 port, and `uf2` writes the file.

This file calls CMake like the port's Makefile, but without that Makefile: with it, the SDK would
fetch picotool from the network to write the UF2.
"""

import json
import re
import shutil
from pathlib import Path

from . import build, debian, elf, steps, uf2
from .boards import BoardBuild
from .layout import Layout

# The linker's --wrap leads to our signing hook and our entropy. A build without these would start,
# and never use the SIM.
_WRAPPERS = ("__wrap_mbedtls_ecdsa_write_signature", "__wrap_mbedtls_hardware_poll")
_RAM = 0x20000000  # address of the RAM, which begins with variables
_AREA = "__firmware_area__"  # bytes of flash below the file system: flash.cmake of the board


def configuration(board: BoardBuild, tree: Path) -> list[str]:
    """Return the dependencies of the objects beside the sources: the board's C and CMake files."""
    suffixes = (".c", ".h", ".cmake", ".csv", ".ld")
    folders = [board.path, *board.shared]
    files = sorted(p for folder in folders for p in folder.iterdir() if p.suffix in suffixes)
    return [str(tree), *(f"{path.name} {debian.sha256(path)}" for path in files)]


def compile_board(
    layout: Layout, tree: Path, umqtt: Path, board: BoardBuild, objects: Path, log: Path
) -> None:
    """Bring `objects` up to date: firmware.elf and firmware.bin. Raises SetupError.

    Freezes again from nothing: the tree's own tool compares only dates.
    """
    (objects / "frozen_content.c").unlink(missing_ok=True)
    shutil.rmtree(objects / "frozen_mpy", ignore_errors=True)
    environment = {"MICROPY_MPYCROSS": str(layout.mpy_cross), "CMAKE_GENERATOR": "Unix Makefiles"}
    if not (objects / "Makefile").exists():
        library = objects / "micropython-lib"  # CMake requires one; our manifests require nothing
        library.mkdir()
        (library / "README.md").touch()
        settings = {
            "MICROPY_BOARD": board.path.name,
            "MICROPY_BOARD_DIR": board.path,
            "MICROPY_LIB_DIR": library,
            "MICROPY_MANIFEST_UMQTT_DIR": umqtt,
            "PICO_NO_PICOTOOL": 1,
            "PICO_BUILD_DOCS": 0,
        }
        if board.variant:
            settings["MICROPY_BOARD_VARIANT"] = board.variant
        options = [f"-D{name}={value}" for name, value in settings.items()]
        command = ["cmake", "-S", tree / "ports" / "rp2", "-B", objects, *options]
        build.run(command, tree, log, what=f"configuring {board.name}", env=environment)
    command = ["make", "-C", objects, build.jobs()]
    build.run(command, tree, log, what=f"building {board.name}", env=environment)


def collect(board: BoardBuild, objects: Path, folder: Path) -> str:
    """Write the finished files into `folder`: UF2, ELF, sizes; return one line about them.

    Raises SetupError if the firmware would overlap the file system, or lacks a wrapper.
    """
    symbols = elf.symbols(objects / "firmware.elf")
    missing = [name for name in _WRAPPERS if name not in symbols]
    if missing:
        raise steps.SetupError(f"{board.name}: firmware.elf has no {missing[0]}: see its cmake")
    image = (objects / "firmware.bin").read_bytes()
    room = symbols[_AREA] - len(image)
    if room < 0:
        raise steps.SetupError(
            f"{board.name}: the firmware is {-room} bytes larger than its {symbols[_AREA]} bytes "
            "of flash: freeze less, or give it more in the board's mpconfigvariant*.cmake"
        )
    file = uf2.write(image, uf2.CHIPS[_chip(objects)])
    sizes = {
        "flash": len(image),
        "flash_free": room,
        "static_ram": symbols["__bss_end__"] - _RAM,
        "uf2": len(file),
    }
    (folder / "firmware.uf2").write_bytes(file)
    shutil.copyfile(objects / "firmware.elf", folder / "firmware.elf")
    (folder / "sizes.json").write_text(json.dumps(sizes, indent=4) + "\n")
    return (
        f"{len(image)} bytes of flash, {room} bytes left for firmware, "
        f"{sizes['static_ram']} bytes of static RAM"
    )


def _chip(objects: Path) -> str:
    """Return the chip that CMake was configured for."""
    cache = (objects / "CMakeCache.txt").read_text()
    found = re.search(r"^PICO_PLATFORM:\w+=(rp2040|rp2350)", cache, re.MULTILINE)
    if found is None:
        raise steps.SetupError(f"{objects}/CMakeCache.txt names no chip: make clean, run again")
    return found[1]
