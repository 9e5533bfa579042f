"""`make pico`, `make repl`, `make mount`: an emulated Pico with modem and SIM on its UART."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from iotsafe_tools.demo.stage import perform
from iotsafe_tools.demo.view import View
from iotsafe_tools.lab import Lab
from iotsafe_tools.testbed import ROOT, Rig

from .console import Console
from .pico import Pico

FLASH = ROOT / "build" / "pico" / "flash.img"
"""The emulated board's flash: kept between runs, as a real board's is."""

# The modem has a power key of its own, wired to a pin of the board.
LAB = {"uart": "tcp:127.0.0.1:0", "auto_power": False}

app = typer.Typer(add_completion=False, help=__doc__)


def provision(pico: Pico, rig: Rig, period: int) -> None:
    """Put config and CA certificate on the board, as a user does with mpremote."""
    config = rig.config({"telemetry.period": period})
    del config["modem"]["uart"]  # wired
    folder = rig.folder / "board"
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "ca.pem").write_bytes(rig.pki.ca_pem)
    pico.mpremote("resume", "fs", "cp", str(folder / "config.json"), str(folder / "ca.pem"), ":/")


@contextmanager
def running(rig: Rig, period: int, view: View, flash: Path = FLASH) -> Iterator[Pico]:
    """The board with its firmware, switched on; its console goes to the view."""
    flash.parent.mkdir(parents=True, exist_ok=True)
    with Pico(flash=flash, lab=rig.lab) as pico:
        provision(pico, rig, period)
        pico.reset()
        pico.wait_console()
        with Console(pico.console, view.firmware_line):
            yield pico


@app.command()
def pico(
    messages: Annotated[
        int, typer.Option(min=0, help="End after so many delivered messages; 0: until Ctrl-C.")
    ] = 0,
    period: Annotated[int, typer.Option(min=1, help="Seconds between two readings.")] = 2,
) -> None:
    """The main job on the image that a user flashes."""
    perform(running, LAB, messages, period)


def _attached(*arguments: str) -> int:
    """mpremote in this terminal, on a board with modem and SIM attached."""
    FLASH.parent.mkdir(parents=True, exist_ok=True)
    with Lab(**LAB) as lab, Pico(flash=FLASH, lab=lab) as board:
        board.wait_console()
        command = [sys.executable, "-m", "mpremote", "connect", board.console, *arguments]
        return subprocess.run(command).returncode


@app.command()
def repl() -> None:
    """An mpremote REPL on the board: type `import iotsafe`. Ctrl-X or Ctrl-] ends it."""
    sys.exit(_attached("repl"))


@app.command()
def mount(
    folder: Annotated[Path, typer.Argument(help="Folder of the host that the board sees.")] = (
        ROOT / "lib"
    ),
) -> None:
    """Edit on the host, import on the board: an mpremote REPL with a folder mounted."""
    sys.exit(_attached("mount", str(folder), "repl"))


if __name__ == "__main__":
    app()
