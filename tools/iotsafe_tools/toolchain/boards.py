"""The real boards: the port of MicroPython that each is built with, and that port's needs.

A board is a folder in `boards/` with a `board.json`; its "mcu" determines the port. The table
`PORTS` has everything else that differs between ports.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

from . import steps
from .layout import Layout


@dataclass(frozen=True)
class MicroPythonPort:
    """How one port of MicroPython builds and flashes."""

    name: str
    image: str  # the port's name for the file to flash
    flash: str  # the method in flash.py
    # Folders of MicroPython's tree that the build reads and that are submodules in upstream's git.
    submodules: tuple[str, ...] = ()


PORTS = {
    "rp2": MicroPythonPort("rp2", "firmware.uf2", "uf2", ("lib/pico-sdk", "lib/tinyusb")),
    "esp32": MicroPythonPort(
        "esp32",
        "firmware.bin",
        "esptool",
        ("lib/berkeley-db-1.xx", "lib/tinyusb"),
    ),
    "stm32": MicroPythonPort(
        "stm32",
        "firmware.dfu",
        "dfu",
        (
            "lib/stm32lib",
            "lib/libhydrogen",
            "lib/lwip",
            "lib/mynewt-nimble",
            "lib/cyw43-driver",
            "lib/libmetal",
            "lib/open-amp",
        ),
    ),
}
_MCU = {"rp2040": "rp2", "esp32": "esp32", "esp32s3": "esp32", "stm32h7": "stm32"}

DEFAULT = "WAVESHARE_PICO_SIM7080G"


@dataclass(frozen=True)
class BoardBuild:
    """One board, or one of its variants ("": no variant)."""

    path: Path
    variant: str
    port: MicroPythonPort
    description: dict = field(repr=False)

    @property
    def name(self) -> str:
        """The name of its folder in `build/firmware`: the board's, with the variant's."""
        return self.path.name + (f"-{self.variant}" if self.variant else "")

    @property
    def shared(self) -> list[Path]:
        """The folders that the board shares with others."""
        names = ("common", f"{self.port.name}_common")
        return [path for path in (self.path.parent / name for name in names) if path.is_dir()]


def find(layout: Layout, name: str = DEFAULT, variant: str = "") -> BoardBuild:
    """Return the board `name`. Raises SetupError, which lists the known ones."""
    known = {path.parent.name: path for path in sorted(layout.boards.glob("*/board.json"))}
    if name not in known:
        raise steps.SetupError(f"BOARD={name} is not known; there are " + ", ".join(known))
    try:
        description = json.loads(known[name].read_text())
        port = PORTS[_MCU[description["mcu"]]]
    except (ValueError, KeyError, TypeError):
        raise steps.SetupError(
            f"{known[name]}: its mcu is none of {', '.join(_MCU)}; see boards/README.md"
        ) from None
    variants = sorted(description.get("variants", {}))
    if variant and variant not in variants:
        there = "has " + ", ".join(variants) if variants else "has none"
        raise steps.SetupError(f"VARIANT={variant} is not known: {name} {there}")
    return BoardBuild(known[name].parent, variant, port, description)
