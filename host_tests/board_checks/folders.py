"""The board folders and their files."""

import csv
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BOARDS = ROOT / "boards"
SOURCES = ROOT / "build" / "micropython"

RELEASES = ROOT / "build" / "releases"


def trees() -> dict[str, Path]:
    """Return the trees of MicroPython to check the folders against, by name: the pinned one, the
    other releases that set-up has fetched, and the user's of MICROPYTHON_DIR."""
    found = {"pinned": SOURCES}
    found |= {path.parent.name: path.parent for path in sorted(RELEASES.glob("*/.unpacked"))}
    own = os.environ.get("MICROPYTHON_DIR")
    return found | ({"own": Path(own).expanduser().resolve()} if own else {})


# mpy-cross's options for the chip, as in the port's makefile.
_CROSS_FLAGS = {
    "esp32": ("-march=xtensawin",),
    "stm32": ("-march=armv7m",),
}


@dataclass(frozen=True)
class BoardFolder:
    """One folder: `port` is MicroPython's name for it, `variants` the named ones."""

    path: Path
    port: str

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def common(self) -> tuple[Path, ...]:
        """The folders that it shares with others."""
        ours = BOARDS / f"{self.port}_common"
        return tuple(path for path in (BOARDS / "common", ours) if path.is_dir())

    @property
    def cross_flags(self) -> tuple[str, ...]:
        return _CROSS_FLAGS[self.port]

    @property
    def variants(self) -> tuple[str, ...]:
        """Names of the variants; "" is the board without one."""
        found = self.path.glob("mpconfigvariant_*.cmake")
        return ("", *sorted(path.stem.removeprefix("mpconfigvariant_") for path in found))

    def describe(self) -> dict:
        """Return `board.json`."""
        return json.loads((self.path / "board.json").read_text())

    def pins(self) -> dict[str, str]:
        """Return `pins.csv` as name -> pin of the CPU, without the minus that hides it; {} if
        there is no file."""
        path = self.path / "pins.csv"
        if not path.exists():
            return {}
        rows = [row for row in csv.reader(path.open()) if row and not row[0].startswith("#")]
        return {name.lstrip("-"): pin.lstrip("-") for name, pin in rows}

    def texts(self, pattern: str) -> Iterator[tuple[Path, str]]:
        """Yield (path, text) of the files with this name pattern, shared ones included."""
        for folder in (self.path, *self.common):
            for path in sorted(folder.glob(pattern)):
                yield path, path.read_text()


def find(ports: tuple[str, ...] = ("esp32", "stm32")) -> list[BoardFolder]:
    """Return the boards of these ports, by name."""
    boards = [BoardFolder(path, _port(path)) for path in sorted(BOARDS.iterdir()) if path.is_dir()]
    return [board for board in boards if board.port in ports]


def _port(path: Path) -> str:
    """Return the port that the folder's build file is for; "" if the folder is not a board."""
    make = path / "mpconfigboard.mk"
    cmake = path / "mpconfigboard.cmake"
    if make.exists():
        return "stm32"
    if cmake.exists():
        return "esp32" if re.search(r"esp32|IDF_TARGET", cmake.read_text()) else "rp2"
    return ""
