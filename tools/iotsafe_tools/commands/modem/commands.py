"""The commands on a modem: `iotsafe modem info|attach|ping|at`.

Each reads its options and calls the modules that do the work. Slow imports are inside.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from iotsafe_tools.console.options import PIN, AsJSON

from .options import (
    APN,
    Baud,
    Driver,
    ModemCommand,
    ModemURL,
    Password,
    Timeout,
    User,
    attach_options,
    check_driver,
    target_of,
)

app = typer.Typer(help="A modem, with the drivers of the board.", no_args_is_help=True)


@app.command(cls=ModemCommand)
def info(
    port: ModemURL,
    modem: Driver = None,
    baud: Baud = None,
    pin: PIN = None,
    imsi: Annotated[bool, typer.Option("--imsi", help="Also read the IMSI from the SIM.")] = False,
    as_json: AsJSON = False,
) -> None:
    """Show the modem's report about itself, its SIM and its network."""
    from iotsafe_tools.console.outcome import outcome, print_json
    from iotsafe_tools.console.view import Printer
    from iotsafe_tools.ports import open_line
    from iotsafe_tools.ports.modem import unlock

    from .connection import connect
    from .facts import facts, rows

    check_driver(modem)
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


@app.command(cls=ModemCommand)
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
    from .report import reported_steps

    check_driver(modem)
    options = attach_options(apn, user, password, pin, timeout)
    with reported_steps("modem attach", port, baud, as_json) as (line, steps, whole):
        connected = work.start(line, modem, steps)
        whole.update(driver=connected.driver)
        whole["address"] = work.attach(connected, options, steps)
        steps.printer.say(whole["address"])


@app.command(cls=ModemCommand)
def ping(
    port: ModemURL,
    target: Annotated[str, typer.Argument(metavar="HOST:PORT", help="The server to connect to.")],
    count: Annotated[int, typer.Option(min=1, max=100_000, help="Number of connections.")] = 4,
    interval: Annotated[float, typer.Option(min=0, max=3600, help="Seconds between two.")] = 1.0,
    apn: APN = None,
    user: User = "",
    password: Password = "",
    modem: Driver = None,
    baud: Baud = None,
    pin: PIN = None,
    timeout: Timeout = 180.0,
    as_json: AsJSON = False,
) -> None:
    """Open TCP connections to HOST:PORT through the modem, and show the time of each."""
    from . import steps as work
    from .report import print_summary, print_try, reported_steps

    check_driver(modem)
    host, number = target_of(target)
    options = attach_options(apn, user, password, pin, timeout)
    with reported_steps("modem ping", port, baud, as_json) as (line, steps, whole):
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
                print_try(steps, len(tries), tries[-1])
        finally:
            whole.update(work.summary(tries))
            print_summary(steps, whole)
        if not whole["open"]:
            whole["failed"] = True


@app.command(cls=ModemCommand)
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
    """A terminal: sends typed lines to the modem and shows its output; Ctrl-] ends it.

    With commands, or an input that is not a terminal, it sends each command and prints its answer;
    the status is 1 if one of them failed.
    """
    from iotsafe_tools.console.outcome import outcome
    from iotsafe_tools.ports import open_line

    with outcome("modem at", False), open_line(port, baud) as line:
        if not commands and sys.stdin.isatty():
            from . import terminal

            typer.echo(f"{line.where}; Ctrl-D or Ctrl-] ends", err=True)
            terminal.run(line.uart)
            return
        from .script import run_script, script_lines

        typed = map(os.fsencode, commands) if commands else script_lines(sys.stdin.buffer)
        good = run_script(line, typed, timeout, wait)
    if not good:
        raise typer.Exit(1)
