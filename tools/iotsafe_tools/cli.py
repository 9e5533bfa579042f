"""The console command `iotsafe`. The rooms have the commands; here they get their names."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from .commands.board import command as board_command
from .commands.card import commands as card_commands
from .commands.modem import commands as modem_commands
from .lab import command as lab_command
from .lab import issuer_command

app = typer.Typer(
    help="Host tools of IoT SAFE for MicroPython.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _version(asked: bool) -> None:
    if asked:
        from iotsafe import __version__

        typer.echo(f"iotsafe {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """Host tools of IoT SAFE for MicroPython."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # a shell or a service has closed it
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115  open to the end
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # `?` for text that the terminal's encoding lacks


lab_command.register(app)
board_command.register(app)
issuer_command.register(app)
card_commands.register(app)
app.add_typer(modem_commands.app, name="modem")
