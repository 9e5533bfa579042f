"""The paths of a checkout, in one object, made from the project's root."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """Paths of one checkout. All generated files are below `build`, and `.venv`."""

    root: Path

    @property
    def build(self) -> Path:
        return self.root / "build"

    @property
    def log(self) -> Path:
        return self.build / "log"

    @property
    def downloads(self) -> Path:
        """Verified downloads; `make clean` keeps them."""
        return self.build / "downloads"

    @property
    def scratch(self) -> Path:
        """Unfinished work; each set-up empties it at its start."""
        return self.build / "tmp"

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def sources(self) -> Path:
        return self.build / "micropython"

    @property
    def umqtt(self) -> Path:
        return self.build / "umqtt"

    @property
    def objects(self) -> Path:
        return self.build / "obj"

    @property
    def mpy_cross(self) -> Path:
        return self.build / "mpy-cross" / "mpy-cross"

    @property
    def micropython(self) -> Path:
        return self.build / "unix" / "micropython"

    @property
    def boards(self) -> Path:
        return self.root / "boards"

    @property
    def variant(self) -> Path:
        return self.boards / "unix"

    @property
    def rp2_sources(self) -> Path:
        """The sources of the rp2 port: a copy of `sources`, and Raspberry Pi's SDK."""
        return self.build / "rp2"

    @property
    def linked_sources(self) -> Path:
        """Links to a tree of the user's, with our mbedTLS."""
        return self.build / "linked"

    @property
    def releases(self) -> Path:
        """Other releases of MicroPython, one folder each, for the tests of the boards."""
        return self.build / "releases"

    @property
    def board_objects(self) -> Path:
        return self.build / "obj-boards"

    @property
    def firmware(self) -> Path:
        """One folder per board and variant."""
        return self.build / "firmware"

    @property
    def emulator(self) -> Path:
        """node_modules of the board emulator."""
        return self.build / "emulator"

    @property
    def emulator_package(self) -> Path:
        return self.root / "tools" / "iotsafe_tools" / "emulator"


def find() -> Layout:
    """Return the layout of the checkout that this file belongs to."""
    return Layout(Path(__file__).resolve().parents[3])
