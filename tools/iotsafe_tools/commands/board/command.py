"""`iotsafe setup`: write a board's config after the board has tested it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from iotsafe_tools.console.options import PortCommand, hide


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(cls=_SetupCommand)(setup)


class _SetupCommand(PortCommand):
    such_as = "/dev/ttyACM0"


def setup(
    port: Annotated[
        str,
        typer.Option(
            help="Serial port of the board, or socket://HOST:PORT.",
        ),
    ],
    apn: Annotated[str | None, typer.Option(help="Access point name of the operator.")] = None,
    pin: Annotated[
        str | None, typer.Option(help="PIN of the SIM.", envvar="IOTSAFE_SIM_PIN", callback=hide)
    ] = None,
    host: Annotated[str | None, typer.Option(help="MQTT broker or cloud.")] = None,
    mqtt_port: Annotated[str | None, typer.Option(help="Its port.")] = None,
    client_id: Annotated[str | None, typer.Option(help="MQTT client identifier.")] = None,
    user: Annotated[str | None, typer.Option(help="MQTT user name.")] = None,
    password: Annotated[
        str | None,
        typer.Option(help="MQTT password.", envvar="IOTSAFE_MQTT_PASSWORD", callback=hide),
    ] = None,
    topic: Annotated[str | None, typer.Option(help="MQTT topic.")] = None,
    period: Annotated[str | None, typer.Option(help="Seconds between two readings.")] = None,
    ca: Annotated[
        Path | None, typer.Option(help="File with the server's CA certificate, PEM or DER.")
    ] = None,
    chain: Annotated[
        Path | None,
        typer.Option(
            help="File with the certificates between the SIM's and the root, PEM or DER: for a "
            "server that knows only the root."
        ),
    ] = None,
    ask: Annotated[
        bool, typer.Option(help="Ask for missing answers, or take the defaults.")
    ] = True,
    test: Annotated[bool, typer.Option(help="Let the board test the config first.")] = True,
    keep: Annotated[bool, typer.Option("--keep", help="Write it even if the test fails.")] = False,
) -> None:
    """Set a board up: ask for its config, let it test modem, SIM and cloud, and write it."""
    from . import setup as board_setup
    from .link import BoardError, BoardLink

    answers = (apn, pin, host, mqtt_port, client_id, user, password, topic, period)
    fields = zip(board_setup.OPTIONS, answers, strict=True)
    given = {field: answer for field, answer in fields if answer is not None}
    board_setup.check(given)
    data = board_setup.read_ca(ca) if ca else None
    issuers = board_setup.read_chain(chain) if chain else None
    typer.echo(f"{port}: looking for the board; this stops its program", err=True)
    try:
        with BoardLink(port) as link:
            dialogue = board_setup.Dialogue(link, given, ask and sys.stdin.isatty())
            dialogue.perform(data, issuers, test=test, keep=keep)
    except (BoardError, board_setup.Aborted) as error:
        typer.echo(f"iotsafe setup: {error}", err=True)
        raise typer.Exit(1) from None
