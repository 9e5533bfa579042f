"""Evaluates an ESP32 board with the port's own CMakeLists.txt and a stand-in for ESP-IDF."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import probe, source
from .folders import SOURCES, BoardFolder

_STUB_IDF = Path(__file__).parent / "stub_idf"


@dataclass(frozen=True)
class Evaluation:
    """The variables of the port's CMakeLists.txt when it calls ESP-IDF."""

    build: Path
    target: str
    manifest: Path
    definitions: list[str]
    sources: list[Path]
    link_options: list[str]
    sdkconfig: str  # all fragments, in order

    def settings(self) -> dict[str, str]:
        """Return Kconfig symbol -> value; the last assignment counts."""
        return dict(source.kconfig(_assignments(self.sdkconfig)))


def evaluate(board: BoardFolder, tree: Path, build: Path, variant: str = "") -> Evaluation:
    """Configure `board` in the folder `build`. Raises RuntimeError with CMake's output."""
    command = [
        "cmake",
        *("-S", tree / "ports" / "esp32", "-B", build, "-G", "Ninja"),
        f"-DMICROPY_BOARD={board.name}",
        f"-DMICROPY_BOARD_DIR={board.path}",
        f"-DMICROPY_BOARD_VARIANT={variant}",
        f"-DPROBE_DIR={probe.FOLDER}",
        f"-DPROBE_MBEDTLS_DIR={SOURCES / 'lib' / 'mbedtls'}",
        f"-DPROBE_MBEDTLS={';'.join(probe.MBEDTLS_SOURCES)}",
    ]
    _run(command, IDF_PATH=str(_STUB_IDF))
    found = json.loads((build / "evaluation.json").read_text())
    return Evaluation(
        build=build,
        target=found["IDF_TARGET"][0],
        manifest=Path(found["MICROPY_FROZEN_MANIFEST"][0]),
        definitions=found["MICROPY_DEF_BOARD"],
        sources=[Path(path) for path in found["MICROPY_SOURCE_BOARD"]],
        link_options=found["LINK_OPTIONS_OF_BOARD"],
        sdkconfig=(build / "sdkconfig.combined").read_text(),
    )


def sign(evaluation: Evaluation) -> str:
    """Link the probe like the firmware, run it, and return its output."""
    _run(["ninja", "-C", evaluation.build, "probe"])
    return _run([evaluation.build / "probe"]).strip()


def _run(command: list, **env: str) -> str:
    done = subprocess.run(
        list(map(str, command)), env={**os.environ, **env}, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stdout}{done.stderr}")
    return done.stdout


def _assignments(text: str) -> str:
    """Return the lines of `text` that assign; the port's own fragments also have other lines."""
    return "\n".join(line for line in text.splitlines() if line.startswith("CONFIG_"))
