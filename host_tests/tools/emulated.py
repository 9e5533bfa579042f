"""What the tests of the emulated board share: the firmware, and boards that always end."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from iotsafe_tools.emulator import Pico
from iotsafe_tools.emulator.pico import FIRMWARE

UF2 = Path(os.environ.get("PICO_FIRMWARE", FIRMWARE))
"""The image that a user flashes; PICO_FIRMWARE in the environment names another one."""


@pytest.fixture
def boards(tmp_path: Path) -> Iterator[Callable[..., Pico]]:
    """Starts boards: boards(name="a", **options); each has its own flash image in tmp_path."""
    with ExitStack() as stack:

        def start(name: str = "flash", **options: Any) -> Pico:
            return stack.enter_context(Pico(UF2, tmp_path / f"{name}.img", **options))

        yield start


@pytest.fixture(scope="module")
def pico(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pico]:
    """One board for all tests of a file that leave it usable."""
    with Pico(UF2, tmp_path_factory.mktemp("pico") / "flash.img") as board:
        yield board
