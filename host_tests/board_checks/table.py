"""The table of boards and checks in `boards/README.md`, filled in with the results of the checks.

`PYTHONPATH=host_tests .venv/bin/python -m board_checks` writes it; a test compares it with the
results.
"""

import re
import tempfile
from pathlib import Path

from . import behaviour, cmake, folders, freeze, make
from .folders import BOARDS, SOURCES, BoardFolder

README = BOARDS / "README.md"
_BEGIN = "<!-- table: python -m board_checks -->\n"
_END = "<!-- end of table -->\n"

_HEADER = (
    "board",
    "built here",
    "run here",
    "build files evaluated",
    "signing hook linked",
    "frozen",
    "`board.py` run",
    "seen on hardware",
)

# Boards whose image is built and run: the commands that prove it.
_OWN = ("by the build", "by its tests", "by the build", "by its tests")
_BUILT = (
    ("`unix`", "`make micropython`", "`make demo`", *_OWN, "-"),
    ("`WAVESHARE_PICO_SIM7080G`", "`make firmware`", "`make pico`, emulator", *_OWN, "no"),
)

_TOOLCHAIN = {"esp32": "no: needs ESP-IDF", "stm32": "no: needs ST's library"}


def render() -> str:
    """Run the checks and return the table as Markdown."""
    rows = [_HEADER, ("---",) * len(_HEADER), *_BUILT]
    with tempfile.TemporaryDirectory() as folder:
        rows += [_row(board, Path(folder) / board.name) for board in folders.find()]
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)


def _row(board: BoardFolder, build: Path) -> tuple[str, ...]:
    evaluated, hook = _esp32(board, build) if board.port == "esp32" else _stm32(board, build)
    return (
        f"`{board.name}`",
        _TOOLCHAIN[board.port],
        "no",
        evaluated,
        hook,
        "yes" if "board.mpy" in freeze.freeze(board, SOURCES, build / "frozen") else "no",
        ", ".join(name for name in behaviour.RUNTIMES if behaviour.run(board, name)),
        "no",
    )


def _esp32(board: BoardFolder, build: Path) -> tuple[str, str]:
    found = [
        cmake.evaluate(board, SOURCES, build / (variant or "plain"), variant)
        for variant in board.variants
    ]
    called = all(cmake.sign(evaluation).startswith("asked 1,") for evaluation in found)
    count = f", {len(found)} variants" if len(found) > 1 else ""
    return f"up to ESP-IDF{count}", "called, on the host" if called else "no"


def _stm32(board: BoardFolder, build: Path) -> tuple[str, str]:
    hooked = "<__wrap_mbedtls_ecdsa_write_signature>" in make.link_probe(board, SOURCES, build)
    return "up to ST's headers", "for the Cortex-M7" if hooked else "no"


def current() -> str:
    """Return the table that is in the README."""
    return _between().search(README.read_text())[1]


def write(table: str) -> None:
    """Put `table` into the README."""
    text = _between().sub(lambda _: _BEGIN + table + _END, README.read_text())
    README.write_text(text)


def _between() -> re.Pattern[str]:
    return re.compile(re.escape(_BEGIN) + "(.*?)" + re.escape(_END), re.DOTALL)
