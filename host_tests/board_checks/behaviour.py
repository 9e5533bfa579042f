"""Runs a board's `board.py` on stand-ins for `machine`, on CPython and on MicroPython."""

import json
import os
import subprocess
import sys
from pathlib import Path

from .folders import ROOT, BoardFolder

_FAKES = Path(__file__).parent / "fakes"
RUNTIMES = {
    "cpython": sys.executable,
    "micropython": ROOT / "build" / "unix" / "micropython",
}


def run(
    board: BoardFolder, runtime: str, *calls: list, cause: int = 1, registers: dict | None = None
) -> dict:
    """Return what `board` does during `calls`, as `fakes/drive.py` prints it.

    `cause`: reset cause (see `fakes/machine.py`); `registers`: of the I2C device at 0x34. Raises
    CalledProcessError if the module cannot be imported.
    """
    folders = [_FAKES, board.path, *board.common, ROOT / "lib"]
    if runtime == "cpython":
        folders.append(ROOT / "tools" / "shims")
    path = ":".join(map(str, folders))
    chip = board.describe()["mcu"]
    scenario = {"chip": chip, "cause": cause, "registers": registers or {}, "calls": calls}
    output = subprocess.run(
        [RUNTIMES[runtime], _FAKES / "drive.py"],
        input=json.dumps(scenario) + "\n",
        env={**os.environ, "PYTHONPATH": path, "MICROPYPATH": path + ":.frozen", "TZ": "UTC"},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        timeout=60,
    ).stdout
    return json.loads(output)
