"""Where everything lies. One object, made from the project's root."""

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
        """Whatever is not finished; emptied at the start of each set-up."""
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
    def variant(self) -> Path:
        return self.root / "boards" / "unix"


def find() -> Layout:
    """Return the layout of the checkout that this file belongs to."""
    return Layout(Path(__file__).resolve().parents[3])
