"""The symbols of a built firmware, by binutils' nm, which reads ELF files of any machine."""

import subprocess
from pathlib import Path


def symbols(path: Path) -> dict[str, int]:
    """Return name -> value of the symbols that the ELF file at `path` defines.

    Raises ValueError if it is not an ELF file, or cut off.
    """
    command = ["nm", "--defined-only", "--format=posix", path]  # NAME TYPE VALUE [SIZE]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    if done.returncode:
        raise ValueError(f"{path} is not an ELF file, or cut off: {done.stderr.strip()}")
    rows = (line.split() for line in done.stdout.splitlines())
    return {name: int(value, 16) for name, _, value, *_ in rows}
