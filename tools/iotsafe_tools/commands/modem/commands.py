"""The commands on a modem: `iotsafe modem info|attach|ping|at`.

Each reads its options and calls the modules that do the work; imports that take long are inside.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from iotsafe_tools.console.options import PIN, AsJSON, hide, is_pin

if TYPE_CHECKING:
    from iotsafe_tools.ports.shapes import ModemLine

    from .steps import AttachOptions, Steps

_LONGEST_LINE = 4_096  # bytes of a command in a script

ModemURL = Annotated[
    str,
    typer.Option(
        envvar="IOTSAFE_PORT",
        help="Where the modem is: /dev/ttyUSB0[?baud=N], socket://HOST:PORT, sim:[?modem=NAME]",
    ),
]
Driver = Annotated[
    str | None, typer.Option("--modem", help="Its driver; found by itself if it is not given.")
]
Baud = Annotated[int | None, typer.Option(min=300, max=4_000_000, help="Rate of a serial port.")]
APN = Annotated[
    str | None, typer.Option(help="Access point of the operator; else what the modem has stored.")
]
User = Annotated[str, typer.Option(help="For the access point, where it wants one.")]
Password = Annotated[
    str, typer.Option(envvar="IOTSAFE_APN_PASSWORD", help="To --user.", callback=hide)
]
Timeout = Annotated[
    float,
    typer.Option(
        min=1, max=3600, help="Seconds for the network, and again for the data connection."
    ),
]

app = typer.Typer(help="A modem, with the drivers of the board.", no_args_is_help=True)


@app.command()
def info(
    port: ModemURL,
    modem: Driver = None,
    baud: Baud = None,
    pin: PIN = None,
    imsi: Annotated[bool, typer.Option("--imsi", help="Ask the SIM for its IMSI, too.")] = False,
    as_json: AsJSON = False,
) -> None:
    """Show what the modem says about itself, its SIM and its network."""
    from iotsafe_tools.console.outcome import outcome, print_json
    from iotsafe_tools.console.view import Printer
    from iotsafe_tools.ports import open_line
    from iotsafe_tools.ports.modem import unlock

    from .connection import connect
    from .facts import facts, rows

    _known(modem)
    with outcome("modem info", as_json), open_line(port, baud) as line:
        connected = connect(line, modem)
        if pin is not None:
            unlock(connected.modem, line, pin)
        found = facts(connected, with_imsi=imsi)
        if as_json:
            print_json(found)
            return
        printer = Printer(shown=True)
        printer.say(connected.what, "bold")
        for title, value in rows(found, with_imsi=imsi):
            printer.say(f"{title:<12} {value}")


@app.command()
def attach(
    port: ModemURL,
    apn: APN = None,
    user: User = "",
    password: Password = "",
    modem: Driver = None,
    baud: Baud = None,
    pin: PIN = None,
    timeout: Timeout = 180.0,
    as_json: AsJSON = False,
) -> None:
    """Bring the data connection up, step by step, and show the address."""
    from . import steps as work

    _known(modem)
    options = _attach_options(apn, user, password, pin, timeout)
    with _steps("modem attach", port, baud, as_json) as (line, steps, whole):
        connected = work.start(line, modem, steps)
        whole.update(driver=connected.driver)
        whole["address"] = work.attach(connected, options, steps)
        steps.printer.say(whole["address"])


@app.command()
def ping(
    port: ModemURL,
    target: Annotated[str, typer.Argument(metavar="HOST:PORT", help="Who is called.")],
    count: Annotated[int, typer.Option(min=1, max=100_000, help="How often.")] = 4,
    interval: Annotated[float, typer.Option(min=0, max=3600, help="Seconds in between.")] = 1.0,
    apn: APN = None,
    user: User = "",
    password: Password = "",
    modem: Driver = None,
    baud: Baud = None,
    pin: PIN = None,
    timeout: Timeout = 180.0,
    as_json: AsJSON = False,
) -> None:
    """Open TCP connections to HOST:PORT through the modem, and show how long each took."""
    from . import steps as work

    _known(modem)
    host, number = _target(target)
    options = _attach_options(apn, user, password, pin, timeout)
    with _steps("modem ping", port, baud, as_json) as (line, steps, whole):
        connected = work.start(line, modem, steps)
        whole.update(driver=connected.driver, host=host, host_port=number)
        whole["address"] = work.attach(connected, options, steps)
        whole["host_address"] = work.look_up(connected, host, steps)
        tries: list[work.Try] = []
        try:
            for done in range(count):
                if done:
                    work.idle(connected, interval)
                tries.append(work.try_connection(connected, host, number))
                _print_try(steps, len(tries), tries[-1])
        finally:
            whole.update(work.summary(tries))
            _print_summary(steps, whole)
        if not whole["open"]:
            whole["failed"] = True


@app.command()
def at(
    port: ModemURL,
    commands: Annotated[
        list[str] | None, typer.Argument(metavar="COMMAND...", help="AT commands, e.g. AT+CSQ.")
    ] = None,
    baud: Baud = None,
    timeout: Annotated[
        float | None, typer.Option(min=0.1, max=3600, help="Seconds for an answer.")
    ] = None,
    wait: Annotated[
        float, typer.Option(min=0, max=3600, help="Seconds to listen after the last command.")
    ] = 0.0,
) -> None:
    """A terminal: what is typed goes to the modem, what it prints is shown; Ctrl-] ends it.

    With commands, or an input that is no terminal, each is sent and answered; the status is 1
    if one of them failed.
    """
    from iotsafe_tools.console.outcome import outcome
    from iotsafe_tools.ports import open_line

    with outcome("modem at", False), open_line(port, baud) as line:
        if not commands and sys.stdin.isatty():
            from . import terminal as modem_terminal

            typer.echo(f"{line.where}; Ctrl-D or Ctrl-] ends", err=True)
            modem_terminal.run(line.uart)
            return
        script = _commands(commands) if commands else _script()
        good = _perform(line, script, timeout, wait)
    if not good:
        raise typer.Exit(1)


def _perform(line: ModemLine, script: Iterator[bytes], timeout: float | None, wait: float) -> bool:
    """Send each command of `script`; False if one of them was refused."""
    from iotsafe_tools.ports.modem import AnyModem, find

    from .connection import BOOT_MS
    from .dialogue import Script

    modem = AnyModem(line.uart)
    find(modem, line, BOOT_MS)
    dialogue = Script(line.uart, typer.echo, timeout, modem.limits)
    good = True
    try:
        for command in script:
            good = dialogue.run(command) and good
        dialogue.listen(wait)
    finally:
        dialogue.close()
    return good


def _commands(texts: list[str]) -> Iterator[bytes]:
    for text in texts:
        yield os.fsencode(text)


def _script() -> Iterator[bytes]:
    """The lines of the input, as they come; without empty ones and comments."""
    while text := sys.stdin.buffer.readline(_LONGEST_LINE):
        text = text.rstrip(b"\r\n")
        if text and not text.startswith(b"#"):
            yield text


# -- steps --------------------------------------------------------------------------------------


@contextlib.contextmanager
def _steps(
    name: str, port: str, baud: int | None, as_json: bool
) -> Iterator[tuple[ModemLine, Steps, dict[str, Any]]]:
    """For a command of steps: its line, the steps, and the JSON object that the block fills.

    `failed` in it, or a step that failed, is status 1.
    """
    from iotsafe_tools.console.outcome import outcome, print_json
    from iotsafe_tools.console.view import Printer
    from iotsafe_tools.ports import open_line

    from .steps import StepFailed, Steps

    with outcome(name, as_json), open_line(port, baud) as line:
        steps = Steps(Printer(shown=not as_json))
        whole: dict[str, Any] = {"port": line.where}
        bad = False
        try:
            yield line, steps, whole
            bad = whole.pop("failed", False)
        except StepFailed as error:
            bad = True
            whole.update(error=error.failure.problem, advice=error.failure.advice)
        if as_json:
            print_json({**whole, "steps": steps.report()})
        if bad:
            raise typer.Exit(1)


def _print_try(steps: Steps, number: int, one: Any) -> None:
    if one.open:
        steps.printer.say(f"{number:>3}  open after {one.ms:.0f} ms")
    else:
        steps.printer.say(f"{number:>3}  {one.error}, after {one.ms:.0f} ms", "red")


def _print_summary(steps: Steps, whole: dict[str, Any]) -> None:
    if not whole["tries"]:
        return
    text = f"{len(whole['tries'])} tried, {whole['open']} open"
    if whole["open"]:
        text += f"; min {whole['min']:.0f}, avg {whole['avg']:.0f}, max {whole['max']:.0f} ms"
    steps.printer.say(text)
    advice = {one["advice"] for one in whole["tries"] if one["advice"]}
    for line in sorted(advice):
        steps.printer.say(f"     → {line}")


# -- options ------------------------------------------------------------------------------------


def _known(driver: str | None) -> None:
    import cellular

    if driver is not None and driver not in cellular.names():
        raise typer.BadParameter(
            f"no driver {driver!r}; there are {', '.join(cellular.names())}", param_hint="--modem"
        )


def _attach_options(
    apn: str | None, user: str, password: str, pin: str | None, timeout: float
) -> AttachOptions:
    from .steps import AttachOptions

    for option, text in (("--apn", apn or ""), ("--user", user), ("--password", password)):
        _quotable(option, text)
    if password and not user:
        raise typer.BadParameter("there is no --user for it", param_hint="--password")
    return AttachOptions(apn, user, password, pin, _asker(), int(timeout * 1000))


def _quotable(option: str, text: str) -> None:
    import cellular
    from cellular.modem import quotable

    try:
        quotable(text)
    except cellular.NetworkError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


def _asker() -> Callable[[], str] | None:
    """What asks for a PIN, without showing it; None where nobody sits there."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None

    def ask() -> str:
        while not is_pin(pin := typer.prompt("PIN of the SIM", hide_input=True, err=True)):
            typer.echo("a PIN has 4 to 8 digits", err=True)
        return pin

    return ask


def _target(text: str) -> tuple[str, int]:
    """HOST:PORT or [IPv6]:PORT."""
    host, _, number = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        host = ""
    if not (host and number.isascii() and number.isdigit() and 1 <= int(number) <= 65535):
        raise typer.BadParameter(f"{text}: write HOST:PORT", param_hint="HOST:PORT")
    _quotable("HOST:PORT", host)
    return host, int(number)
