"""Fixtures of the system tests: a rig with the real broker and the real firmware."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from iotsafe_tools.testbed import Rig

__all__ = ["make_rig"]


@pytest.fixture
def make_rig(tmp_path: Path) -> Iterator[Callable[..., Rig]]:
    """Makes and starts rigs (options of `Rig`) without the modem's own delays; stops them all."""
    rigs: list[Rig] = []

    def make(*, lab: dict | None = None, **options) -> Rig:
        rig = Rig(tmp_path / f"rig-{len(rigs)}", lab={"delays": 0.0, **(lab or {})}, **options)
        rigs.append(rig)
        return rig.start()

    yield make
    for rig in rigs:
        rig.stop()
