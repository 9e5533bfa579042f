"""`make pico`, `make repl`, `make mount`: an emulated Pico with modem and SIM on its UART."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from iotsafe_tools.demo.stage import perform
from iotsafe_tools.demo.view import View
from iotsafe_tools.testbed import ROOT, Rig
from iotsafe_tools.testbed.private import write_private

from .console import Console
from .pico import Pico

FLASH = ROOT / "build" / "pico" / "flash.img"
"""The emulated board's flash. It keeps its content between runs, like a real board's."""
REPL_FLASH = FLASH.with_name("repl.img")
"""The same for `repl` and `mount`, which leave files behind as `pico` does."""

_PERIOD = 10  # seconds between two readings at the REPL
_READY = """\
broker  mosquitto on 127.0.0.1:{broker}, which accepts the SIM's certificate: CN={cn}
board   flash {flash}; config.json and ca.pem in it are new
        app.run() starts the application, app.applet() finds the SIM's; Ctrl-X ends this
anew    rm {flash}
"""

# The board's firmware switches the modem on: a pin of the board drives the modem's power key.
LAB = {"uart": "tcp:127.0.0.1:0", "auto_power": False}

app = typer.Typer(add_completion=False, help=__doc__)


def provision(pico: Pico, rig: Rig, period: int) -> None:
    """Write config and CA certificate to the board, as a user does with mpremote."""
    config = rig.config({"telemetry.period": period})
    del config["modem"]["uart"]  # the board's modem is wired
    folder = rig.folder / "board"
    folder.mkdir(exist_ok=True)
    write_private(folder / "config.json", json.dumps(config).encode())
    (folder / "ca.pem").write_bytes(rig.pki.ca_pem)
    pico.mpremote("resume", "fs", "cp", str(folder / "config.json"), str(folder / "ca.pem"), ":/")


@contextmanager
def running(rig: Rig, period: int, view: View, flash: Path = FLASH) -> Iterator[Pico]:
    """Run the board with its firmware, switched on; show its console in the view."""
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
        int, typer.Option(min=0, help="Stop after this many delivered messages; 0: never.")
    ] = 0,
    period: Annotated[int, typer.Option(min=1, help="Seconds between two readings.")] = 2,
) -> None:
    """Run the main job on the image that a user flashes."""
    perform(running, LAB, messages, period)


def _terminal(port: str, *arguments: str) -> int:
    """Run mpremote in this terminal with the board at `port`; return its exit status."""
    command = [sys.executable, "-m", f"{__package__}.interactive", "connect", port, *arguments]
    return subprocess.run(command).returncode


def _attached(flash: Path, *arguments: str) -> int:
    """Run mpremote with an emulated board that has a modem, an enrolled SIM, a broker and a config
    for them; return its exit status."""
    flash.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="iotsafe-repl-") as folder,
        Rig(folder, lab=LAB) as rig,
        Pico(flash=flash, lab=rig.lab) as board,
    ):
        provision(board, rig, _PERIOD)
        typer.echo(_READY.format(broker=rig.broker.port, cn=rig.cn, flash=flash))
        return _terminal(board.console, *arguments)


Flash = Annotated[Path, typer.Option(help="The board's flash image; made if absent.")]


@app.command()
def repl(flash: Flash = REPL_FLASH) -> None:
    """Open an mpremote REPL on the board: type `import app`. Ctrl-X or Ctrl-] ends it."""
    sys.exit(_attached(flash, "soft-reset", "repl"))  # skip main.py, which would run


def sources(folder: Path = ROOT / "build" / "mount") -> Path:
    """Make a folder with links to the device packages and the application."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for init in [*ROOT.glob("lib/*/__init__.py"), *ROOT.glob("firmware/*/__init__.py")]:
        (folder / init.parent.name).symlink_to(init.parent)
    return folder


@app.command()
def mount(
    folder: Annotated[
        Path | None, typer.Argument(help="Folder to mount; default: lib/ and firmware/.")
    ] = None,
    port: Annotated[str, typer.Option(help="A board's serial port; default: the emulator.")] = "",
    flash: Flash = REPL_FLASH,
) -> None:
    """Edit on the host, import on the board: an mpremote REPL with a mounted folder.

    Ctrl-D (a soft reset) makes the board import changed modules again.
    """
    what = ("mount", "--unsafe-links", str(folder or sources()), "repl")
    sys.exit(_terminal(port, *what) if port else _attached(flash, *what))


if __name__ == "__main__":
    app()
