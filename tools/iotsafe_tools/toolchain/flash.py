"""`make flash`: writes a board's image with the tool of its chip's maker."""

import glob
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from . import steps
from .boards import BoardBuild
from .layout import Layout

# Mount points of the drive that a Pico shows in its boot loader.
_VOLUMES = ("RPI-RP2", "RP2350")
_MOUNTS = ("/media/{}", "/media/*/{}", "/run/media/*/{}", "/mnt/{}", "/Volumes/{}")
# USB ids of the boot loaders with DFU.
_DFU = {"ARDUINO_PORTENTA_H7_CATM1": "2341:035b"}


def run(layout: Layout, board: BoardBuild, image: Path, port: str) -> None:
    """Write `image` to `board` at the serial `port` ("": let the tool find it).

    Raises SetupError with advice if there is no tool or no board.
    """
    _METHODS[board.port.flash](layout, board, image, port)


def _uf2(layout: Layout, board: BoardBuild, image: Path, port: str) -> None:
    """Copy to the boot loader's drive, or use picotool if it is installed."""
    if port:
        _enter_bootloader(layout, port)
    if shutil.which("picotool"):
        _tool(layout, board, ["picotool", "load", "-v", "-x", "-f", image])
        return
    for volume in _VOLUMES:
        for pattern in _MOUNTS:
            for found in glob.glob(pattern.format(volume)):
                with steps.step(f"Copy {image.name} to {found}"):
                    shutil.copyfile(image, Path(found) / image.name)
                return
    raise steps.SetupError(
        f"no drive {' or '.join(_VOLUMES)}: hold BOOTSEL while plugging the board in, mount the "
        f"drive, run again; or copy {image.relative_to(layout.root)} there yourself"
    )


def _esptool(layout: Layout, board: BoardBuild, image: Path, port: str) -> None:
    """Write with esptool at the chip's offset in board.json."""
    tool = next((name for name in ("esptool", "esptool.py") if shutil.which(name)), None)
    if tool is None:
        raise steps.SetupError(
            "esptool is missing: pip install esptool, or load ESP-IDF's export.sh"
        )
    offset = board.description["deploy_options"]["flash_offset"]
    where = ["--port", port] if port else []
    chip = ["--chip", board.description["mcu"]]
    _tool(layout, board, [tool, *chip, *where, "--baud", "460800", "write_flash", offset, image])


def _dfu(layout: Layout, board: BoardBuild, image: Path, port: str) -> None:
    """Write with dfu-util, which waits for the board to show its boot loader."""
    if shutil.which("dfu-util") is None:
        raise steps.SetupError("dfu-util is missing: apt-get install dfu-util")
    if port:
        _enter_bootloader(layout, port)
    _tool(layout, board, ["dfu-util", "-a", "0", "-d", _DFU[board.path.name], "-D", image])


def _enter_bootloader(layout: Layout, port: str) -> None:
    """Make a board that runs MicroPython start its boot loader."""
    steps.run(
        [layout.python, "-m", "mpremote", "connect", port, "bootloader"],
        log=layout.log / "flash.log",
        what=f"the board at {port}",
        hint="no MicroPython answers there: start its boot loader by hand, leave PORT= out",
    )


def _tool(layout: Layout, board: BoardBuild, command: list[str | Path]) -> None:
    """Run the tool with its output on the terminal, for its progress."""
    print(*command, flush=True)
    if subprocess.run(command).returncode:
        raise steps.SetupError(
            f"{command[0]} could not write {board.name}: is it plugged in, and in its boot loader?"
        )


_METHODS: dict[str, Callable[[Layout, BoardBuild, Path, str], None]] = {
    "uf2": _uf2,
    "esptool": _esptool,
    "dfu": _dfu,
}
