"""`iotsafe issuer`: act as the issuer of a running lab's SIM."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from iotsafe_tools.console.options import PortCommand


def register(app: typer.Typer) -> None:
    """Add the command to `app`, and its old name."""
    app.command(
        cls=_IssuerCommand,
        context_settings={"ignore_unknown_options": True},
        epilog="Commands: objects, profile, create, write, empty, remove, deactivate, activate, "
        "admin. A command without its arguments prints them.",
    )(issuer)
    anything = {"ignore_unknown_options": True, "allow_extra_args": True}
    app.command("card", hidden=True, add_help_option=False, context_settings=anything)(_card)


class _IssuerCommand(PortCommand):
    place = "control"
    such_as = "tcp:127.0.0.1:4100, and the same to the lab: iotsafe lab --control …"


def issuer(
    words: Annotated[list[str], typer.Argument(metavar="COMMAND", help="See below.")],
    control: Annotated[
        str, typer.Option(help="The lab's control port: tcp:HOST:PORT.", envvar="IOTSAFE_CONTROL")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Act as the issuer of a running lab's SIM: list, create, fill objects, and so on."""
    from rich.console import Console

    from . import issuer_console

    try:
        answer = issuer_console.perform(control, words)
    except issuer_console.IssuerError as error:
        typer.echo(f"iotsafe issuer: {error}", err=True)
        raise typer.Exit(1) from None
    if as_json:
        typer.echo(json.dumps(answer))
    else:
        issuer_console.show(answer, Console())


def _card() -> None:
    """The old name of `issuer`."""
    typer.echo("iotsafe card: this command is `iotsafe issuer` now", err=True)
    raise typer.Exit(2)
