"""What the tests of the emulated board share: the firmware, and boards that always end."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from iotsafe_tools.emulator import Pico
from iotsafe_tools.emulator.pico import BOARD, FIRMWARE

UF2 = Path(os.environ.get("PICO_FIRMWARE", FIRMWARE))
"""The image that a user flashes; PICO_FIRMWARE in the environment names another one."""


@pytest.fixture(scope="session")
def firmware() -> Path:
    """Return the image. Without it, a test fails with one line that says how to make it."""
    if not UF2.is_file():
        pytest.fail(f"no firmware {UF2}: run `make firmware BOARD={BOARD}`", pytrace=False)
    return UF2


@pytest.fixture
def boards(firmware: Path, tmp_path: Path) -> Iterator[Callable[..., Pico]]:
    """Starts boards: boards(name="a", **options); each has its own flash image in tmp_path."""
    with ExitStack() as stack:

        def start(name: str = "flash", **options: Any) -> Pico:
            return stack.enter_context(Pico(firmware, tmp_path / f"{name}.img", **options))

        yield start


@pytest.fixture(scope="module")
def pico(firmware: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pico]:
    """One board for all tests of a file that leave it usable."""
    with Pico(firmware, tmp_path_factory.mktemp("pico") / "flash.img") as board:
        yield board
