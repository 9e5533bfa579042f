"""Proves that two builds of one commit with one compiler are the same in any folder."""

import shutil
from pathlib import Path

from . import debian, firmware, rp2_sources, sources, steps
from .boards import BoardBuild
from .layout import Layout

_OURS = ("lib", "firmware", "boards")


def run(layout: Layout, tree: Path, umqtt: Path, board: BoardBuild, image: Path) -> None:
    """Build `board` from copies of all sources in another folder; compare with `image`.

    Raises SetupError if they differ, or the sources are not the pinned ones of the rp2 port.
    """
    if board.port.name != "rp2" or not sources.is_pinned(tree):
        raise steps.SetupError("only the pinned sources of a Pico can be compared here")
    with steps.scratch(layout.scratch) as folder:
        other = Layout(folder / "a checkout that lies elsewhere")
        other.build.mkdir(parents=True)
        for name in _OURS:
            shutil.copytree(layout.root / name, other.root / name)
        library = folder / "umqtt"
        shutil.copytree(umqtt, library)
        shutil.copytree(rp2_sources.ensure(layout, tree), other.rp2_sources, symlinks=True)
        other.mpy_cross.parent.mkdir()
        shutil.copy2(layout.mpy_cross, other.mpy_cross)
        there = BoardBuild(other.boards / board.path.name, board.variant, board.port, {})
        again = firmware.ensure(other, tree, library, there)
        digests = [debian.sha256(path) for path in (image, again)]
    if digests[0] != digests[1]:
        raise steps.SetupError(f"{board.name}: two builds differ: {digests[0]} and {digests[1]}")
    print(f"{digests[0]}  {image.relative_to(layout.root)}: two builds, one digest")
