"""`python3 -m iotsafe_tools.toolchain [part]`: prepare this checkout for the Makefile."""

import argparse
import fcntl
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from . import (
    boards,
    build,
    deploy,
    emulator,
    firmware,
    flash,
    layout,
    packages,
    releases,
    reproduce,
    sources,
    steps,
    umqtt,
    venv,
)

_PARTS = {
    "venv": "the virtual environment only",
    "pcsc": "that, and the packages for cards in a PC/SC reader",
    "micropython": "the environment, and MicroPython with our packages frozen",
    "firmware": "that, and the image of a board",
    "pico": "that for the Pico, and the board emulator",
    "test": "everything that the tests need",
    "reproduce": "build a board's image again, elsewhere, and compare",
    "flash": "write a board's image onto it",
    "deploy": "copy our packages onto a board that runs MicroPython",
}


def main(argv: list[str] | None = None) -> int:
    """Prepare the part in `argv`; return the exit status: 0, 1 (error) or 130 (interrupted)."""
    parser = argparse.ArgumentParser(prog="iotsafe_tools.toolchain", description=__doc__)
    parser.add_argument("part", choices=_PARTS, nargs="?", default="micropython")
    parser.add_argument("--board", default=boards.DEFAULT)
    parser.add_argument("--variant", default="")
    parser.add_argument("--port", default="")
    arguments = parser.parse_args(argv)
    place = layout.find()
    try:
        prepare(place, arguments)
    except steps.SetupError as error:
        message = str(error)
    except OSError as error:
        message = steps.describe(error)
    except KeyboardInterrupt:
        print("\nset-up: interrupted, nothing half-built is left; run it again", file=sys.stderr)
        return 130
    else:
        return 0
    print(f"set-up: {message}", file=sys.stderr)
    return 1


def prepare(place: layout.Layout, wanted: argparse.Namespace) -> None:
    """Bring everything that `wanted.part` needs up to date; one set-up at a time per checkout."""
    place.build.mkdir(exist_ok=True)
    with open(place.build / ".lock", "w") as lock:
        os.set_inheritable(lock.fileno(), True)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Waiting for another set-up of this checkout to end …", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.rmtree(place.scratch, ignore_errors=True)
        _prepare(place, wanted)


def _prepare(place: layout.Layout, wanted: argparse.Namespace) -> None:
    board = None
    if wanted.part not in ("venv", "pcsc"):
        steps.require_plain(place.root, "the folder of this checkout,")
        for name in ("MICROPYTHON_DIR", "UMQTT_DIR"):
            steps.require_plain(Path(os.environ.get(name, "")), name)
    if wanted.part not in ("venv", "pcsc", "micropython"):
        board = boards.find(place, wanted.board, wanted.variant)
    packages.ensure(place, *_groups(wanted.part, board))
    venv.ensure(place)
    if wanted.part in ("pcsc", "test"):
        venv.ensure_pcsc(place)
    if wanted.part in ("venv", "pcsc"):
        return
    library = umqtt.ensure(place, os.environ.get("UMQTT_DIR", ""))
    tree = sources.ensure(place, os.environ.get("MICROPYTHON_DIR", ""))
    build.ensure(place, tree, library)
    _AFTER[wanted.part](place, tree, library, board, wanted.port)


def _groups(part: str, board: boards.BoardBuild | None) -> list[dict]:
    """Return the groups of packages that `part` needs for `board`."""
    found = []
    if board and board.port.name == "rp2" and part != "deploy":
        found.append(packages.PICO)
    if part in ("pico", "test"):
        found.append(packages.EMULATOR)
    if part in ("pcsc", "test"):
        found.append(packages.PCSC)
    return [*found, packages.TESTS] if part == "test" else found


# ---- the steps after MicroPython's sources, mpy-cross and the unix build ------------------------

_After = Callable[[layout.Layout, Path, Path, boards.BoardBuild, str], None]


def _firmware(place, tree, library, board, _port) -> None:
    firmware.ensure(place, tree, library, board, show=True)


def _pico(place, tree, library, board, _port) -> None:
    firmware.ensure(place, tree, library, board)
    emulator.ensure(place)


def _test(place, tree, library, board, port) -> None:
    _pico(place, tree, library, board, port)
    sources.ensure(place)  # also with a tree of the user's
    releases.ensure(place)


def _reproduce(place, tree, library, board, _port) -> None:
    image = firmware.ensure(place, tree, library, board)
    reproduce.run(place, tree, library, board, image)


def _flash(place, tree, library, board, port) -> None:
    image = firmware.ensure(place, tree, library, board)
    flash.run(place, board, image, port)


def _deploy(place, tree, library, board, port) -> None:
    deploy.run(place, tree, library, board, port)


_AFTER: dict[str, _After] = {
    "micropython": lambda *_: None,
    "firmware": _firmware,
    "pico": _pico,
    "test": _test,
    "reproduce": _reproduce,
    "flash": _flash,
    "deploy": _deploy,
}

if __name__ == "__main__":
    sys.exit(main())
