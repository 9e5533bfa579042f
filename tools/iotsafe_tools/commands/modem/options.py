"""The options of the commands on a modem, and their checks."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from iotsafe_tools.console.options import PortCommand, hide, is_pin

if TYPE_CHECKING:
    from .steps import AttachOptions


class ModemCommand(PortCommand):
    """A command on a modem."""

    such_as = "/dev/ttyUSB2, socket://HOST:PORT or sim:"


ModemURL = Annotated[
    str,
    typer.Option(
        envvar="IOTSAFE_PORT",
        help="Where the modem is: /dev/ttyUSB0[?baud=N], socket://HOST:PORT, sim:[?modem=NAME]",
    ),
]
Driver = Annotated[
    str | None, typer.Option("--modem", help="The driver; by default chosen by the modem's model.")
]
Baud = Annotated[int | None, typer.Option(min=300, max=4_000_000, help="Rate of a serial port.")]
APN = Annotated[
    str | None, typer.Option(help="Access point of the operator; else the modem's own.")
]
User = Annotated[str, typer.Option(help="User name, if the access point requires one.")]
Password = Annotated[
    str, typer.Option(envvar="IOTSAFE_APN_PASSWORD", help="Password of --user.", callback=hide)
]
Timeout = Annotated[
    float,
    typer.Option(
        min=1, max=3600, help="Seconds for the network, and again for the data connection."
    ),
]


def check_driver(driver: str | None) -> None:
    """Raise typer.BadParameter for a driver that does not exist."""
    import cellular

    if driver is not None and driver not in cellular.names():
        raise typer.BadParameter(
            f"no driver {driver!r}; there are {', '.join(cellular.names())}", param_hint="--modem"
        )


def attach_options(
    apn: str | None, user: str, password: str, pin: str | None, timeout: float
) -> AttachOptions:
    """Return the options of a command that attaches. Raises typer.BadParameter."""
    from .steps import AttachOptions

    for option, text in (("--apn", apn or ""), ("--user", user), ("--password", password)):
        _quotable(option, text)
    if password and not user:
        raise typer.BadParameter("it needs --user", param_hint="--password")
    return AttachOptions(apn, user, password, pin, _pin_prompt(), int(timeout * 1000))


def _quotable(option: str, text: str) -> None:
    import cellular
    from cellular.at import quotable

    try:
        quotable(text)
    except cellular.NetworkError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


def _pin_prompt() -> Callable[[], str] | None:
    """Return a function that prompts for a PIN without showing it; None without a terminal."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None

    def ask() -> str:
        while not is_pin(pin := typer.prompt("PIN of the SIM", hide_input=True, err=True)):
            typer.echo("a PIN has 4 to 8 digits", err=True)
        return pin

    return ask


def target_of(text: str) -> tuple[str, int]:
    """Return (host, port) of HOST:PORT or [IPv6]:PORT. Raises typer.BadParameter."""
    host, _, number = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        host = ""
    if not (host and number.isascii() and number.isdigit() and 1 <= int(number) <= 65535):
        raise typer.BadParameter(f"{text}: write HOST:PORT", param_hint="HOST:PORT")
    _quotable("HOST:PORT", host)
    return host, int(number)
