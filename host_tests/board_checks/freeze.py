"""Freezes a board's manifest with MicroPython's own tools, for the board's architecture."""

import os
import re
import subprocess
import sys
from pathlib import Path

from .folders import ROOT, BoardFolder

MPY_CROSS = ROOT / "build" / "mpy-cross" / "mpy-cross"
UMQTT = ROOT / "build" / "umqtt"


def freeze(board: BoardFolder, tree: Path, build: Path) -> dict[str, int]:
    """Freeze everything of the board's manifest into C; return module path -> bytes of bytecode.

    Raises RuntimeError with the tool's output: a file is missing, is not MicroPython, or does not
    fit the architecture.
    """
    build.mkdir(parents=True, exist_ok=True)
    # makemanifest.py needs the names that the build has collected; the core's names are enough.
    header = build / "genhdr" / "qstrdefs.preprocessed.h"
    header.parent.mkdir(exist_ok=True)
    core = re.findall(r"^Q\(.*\)$", (tree / "py" / "qstrdefs.h").read_text(), re.MULTILINE)
    sizes = ["QCFG(BYTES_IN_LEN, (1))", "QCFG(BYTES_IN_HASH, (2))"]
    header.write_text("\n".join(sizes + core))
    variables = {
        "MPY_DIR": tree,
        "MPY_LIB_DIR": tree / "lib" / "micropython-lib",
        "PORT_DIR": tree / "ports" / board.port,
        "BOARD_DIR": board.path,
        "UMQTT_DIR": UMQTT,
    }
    frozen = build / "frozen_content.c"
    done = subprocess.run(
        [
            *(sys.executable, tree / "tools" / "makemanifest.py", "-o", frozen, "-b", build),
            *(item for name, value in variables.items() for item in ("-v", f"{name}={value}")),
            "-f" + " ".join(board.cross_flags),
            board.path / "manifest.py",
        ],
        env={**os.environ, "MICROPY_MPYCROSS": str(MPY_CROSS)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{board.name}/manifest.py: {done.stdout}{done.stderr}")
    modules = (build / "frozen_mpy").rglob("*.mpy")
    return {str(path.relative_to(build / "frozen_mpy")): path.stat().st_size for path in modules}
