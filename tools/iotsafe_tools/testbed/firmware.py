"""Runs the firmware as a process: our MicroPython with a working folder, a config and a script."""

import json
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .private import write_private
from .process import DIE_WITH_PARENT, Process, ProcessError

ROOT = Path(__file__).resolve().parents[3]

# Source folders that precede the frozen modules when the working tree is to run.
SOURCE_FOLDERS = (ROOT / "firmware", ROOT / "lib", ROOT / "boards" / "unix")

_OPENED = re.compile(r'\bopen(?:at)?\((?:AT_FDCWD, )?"((?:[^"\\]|\\.)*)".* = \d+$')


def micropython_binary() -> Path:
    """Return the project's MicroPython, or the one that the variable MICROPYTHON names.

    Raises ProcessError if it has not been built.
    """
    path = Path(os.environ.get("MICROPYTHON") or ROOT / "build" / "unix" / "micropython")
    if not os.access(path, os.X_OK):
        raise ProcessError(f"no MicroPython at {path}: run `make micropython`")
    return path


class Firmware(Process):
    """MicroPython running `command` in `folder`, started like any Process.

    `command`: the words after micropython's options: a script and its arguments, or
        ("-c", code), or ("-m", module); by default the application.
    `config`: content of config.json in `folder`.
    `frozen=False` runs the source of the working tree, `frozen=True` the modules in the binary.
    `heap`: size of the heap, such as "48k" or "2m".
    `trace`: system calls to record, e.g. ("openat",); `trace_path` has them at the end.
    `env`: variables to add to the environment.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        command: Sequence[str | os.PathLike[str]] = ("-m", "main"),
        config: Mapping[str, Any] | None = None,
        frozen: bool = False,
        heap: str | None = None,
        trace: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        binary: Path | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        self.folder = Path(folder).resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log_path = self.folder / "firmware.log"
        self.trace_path = self.folder / "firmware.strace"
        if config is not None:
            text = json.dumps(config, indent=1) + "\n"
            write_private(self.folder / "config.json", text.encode())
        argv: list[str | os.PathLike[str]] = [binary or micropython_binary()]
        if heap:
            argv += ["-X", f"heapsize={heap}"]
        if trace:
            argv = [*_strace(self.trace_path, trace), *argv]
        path = ":".join([*([] if frozen else map(str, SOURCE_FOLDERS)), ".frozen"])
        super().__init__(
            [*argv, *command],
            name="the firmware",
            cwd=self.folder,
            env={**os.environ, "MICROPYPATH": path, **(env or {})},
            log=self.log_path,
            on_line=on_line,
        )

    def opened(self) -> set[str]:
        """Return the names of the files that MicroPython has opened successfully; needs `trace`.

        The set is complete only after the process has ended. It includes the shared libraries.
        """
        try:
            text = self.trace_path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            raise ProcessError('no system calls were recorded: give trace=("openat",)') from None
        return {match[1] for match in map(_OPENED.search, text.splitlines()) if match}


def _strace(output: Path, calls: Sequence[str]) -> list[str]:
    """Return the wrapper command. When strace is killed, the kernel kills the traced process."""
    if shutil.which("strace") is None:
        raise ProcessError("strace is not installed: apt-get install strace")
    options = ["-f", "-qq", "-s", "4096", "-e", f"trace={','.join(calls)}", "-o", str(output)]
    return ["strace", *options, "--", *DIE_WITH_PARENT]
