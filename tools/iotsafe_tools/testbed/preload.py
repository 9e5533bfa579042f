"""Small C files of ours that are loaded into programs of others, in front of the C library.

They change what a program cannot be told otherwise. Each is compiled where it is needed; gcc is
there, as MicroPython was built with it.
"""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from .process import ProcessError


def compiled(source: Path, folder: Path, *options: str) -> Path:
    """The library that `source` becomes, in `folder`, for every user to read; takes 0.1 s.

    `options` are for gcc. Raises ProcessError with what gcc says.
    """
    library = folder / f"{source.stem}.so"
    command = ["gcc", "-O1", "-Wall", *options, "-shared", "-fPIC"]
    command += ["-o", str(library), str(source), "-ldl"]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        raise ProcessError("there is no gcc: install the package build-essential") from None
    if done.returncode:
        raise ProcessError(f"{source} does not compile", done.stderr.splitlines())
    library.chmod(0o755)
    return library


def loaded(library: Path, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """`environment` with `library` before what is preloaded in it already."""
    before = environment.get("LD_PRELOAD", "")
    return {**environment, "LD_PRELOAD": f"{library}:{before}" if before else str(library)}
