"""`iotsafe lab`: run the lab until interrupted."""

from __future__ import annotations

import re
import threading
from typing import Annotated

import typer
from typer.core import TyperCommand

from iotsafe_tools.console.options import hide
from iotsafe_tools.console.signals import handled
from iotsafe_tools.simulator.modem.fault_kinds import KINDS
from iotsafe_tools.simulator.modem.faults import QUIRKS
from iotsafe_tools.simulator.modem.personalities import PERSONALITIES
from iotsafe_tools.simulator.sim.profile import PROFILES

from . import vpcd as reader
from .lab import Lab, LabError

# [IPv6] or ADDRESS, and perhaps :PORT.
_TARGET = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([^][:]+))(?::(\d+))?")


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(cls=_LabCommand, epilog=_names())(lab)


def _names() -> str:
    """Return the words that the options take."""
    lists = {"--modem": PERSONALITIES, "--profile": PROFILES, "--quirk": QUIRKS, "--fault": KINDS}
    rows = [f"{option}: {', '.join(names)}" for option, names in lists.items()]
    return "\n\n".join([*rows, "tools/iotsafe_tools/simulator/ describes them."])


class _LabCommand(TyperCommand):
    """`--vpcd` alone stands for `--vpcd` with the usual address."""

    def parse_args(self, ctx, args: list[str]) -> list[str]:
        """Parse `args`, with the usual address after a bare `--vpcd`."""
        following = [*args, "--"][1:]
        given = [
            f"--vpcd=127.0.0.1:{reader.PORT}" if word == "--vpcd" and after[:1] == "-" else word
            for word, after in zip(args, following, strict=True)
        ]
        return super().parse_args(ctx, given)


def lab(
    uart: Annotated[str, typer.Option(help="pty, pty:LINK or tcp:HOST:PORT")] = "pty",
    store: Annotated[str | None, typer.Option(help="File with the SIM; made if absent.")] = None,
    log: Annotated[str | None, typer.Option(help="Append events here, JSON lines.")] = None,
    transcript: Annotated[
        str | None,
        typer.Option(help="Record all bytes on the UART in this new file, at most 16 MB."),
    ] = None,
    modem: Annotated[str, typer.Option(help="Type of the modem, see below.")] = "sim7080",
    profile: Annotated[str, typer.Option(help="SIM profile, see below, or a file.")] = "gsma",
    baud: Annotated[int, typer.Option(help="Pace the UART; 0 = as fast as possible.")] = 115200,
    sign_ms: Annotated[
        float | None,
        typer.Option(help="Time of a signature on the SIM; replaces the profile's."),
    ] = None,
    pin: Annotated[
        str | None,
        typer.Option(help="The SIM asks for this PIN.", envvar="IOTSAFE_LAB_PIN", callback=hide),
    ] = None,
    auto_power: Annotated[
        bool, typer.Option("--auto-power/--power-key", help="Boot at once, or wait for the key.")
    ] = True,
    fixed_baud: Annotated[
        bool, typer.Option(help="Boot with IPR set: RDY and the other start-up lines appear.")
    ] = False,
    delays: Annotated[float, typer.Option(help="Factor on boot, search and so on.")] = 1.0,
    registration: Annotated[str, typer.Option(help="home, roaming, denied or none")] = "home",
    radio: Annotated[
        str, typer.Option(help="Latency and rate of the data: none, lte-m or nb-iot")
    ] = "none",
    control: Annotated[
        str | None, typer.Option(help="tcp:HOST:PORT for the power key, faults, counters.")
    ] = None,
    vpcd: Annotated[
        str | None,
        typer.Option(
            metavar="[HOST:PORT]",
            help="Start with the SIM in the PC/SC reader of vpcd instead of in the modem.",
        ),
    ] = None,
    resolve: Annotated[
        list[str] | None, typer.Option(help="NAME=ADDRESS[:PORT] for the modem's DNS.")
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            help="[SECONDS ]KIND[:name=value,...] or random:seed=N,seconds=N, see below."
        ),
    ] = None,
    quirk: Annotated[
        list[str] | None, typer.Option(help="A quirk of the modem, see below.")
    ] = None,
    internet: Annotated[
        bool, typer.Option(help="Let the modem reach hosts other than this machine.")
    ] = False,
) -> None:
    """Run a simulated modem with a simulated SIM until interrupted."""
    ended = threading.Event()
    with handled(lambda *_: ended.set(), "SIGINT", "SIGTERM", "SIGHUP"):
        if not auto_power and not control:
            control = "tcp:127.0.0.1:0"
        try:
            bench = Lab(
                uart,
                store=store,
                log=log,
                transcript=transcript,
                personality=modem,
                profile=profile,
                baud=baud or None,
                sign_ms=sign_ms,
                control=control,
                vpcd=vpcd,
                resolve=_resolve(resolve or []),
                loopback_only=not internet,
                faults=fault or [],
                quirks=frozenset(quirk or []),
                pin=pin,
                auto_power=auto_power,
                delays=delays,
                registration=registration,
                radio=radio,
                on_event=_print_reader,
                nvm={"+IPR": (baud or 115200,)} if fixed_baud else {},
            )
        except LabError as error:
            typer.echo(f"iotsafe lab: {error}", err=True)
            raise typer.Exit(1) from None
        with bench:
            typer.echo(how_to(bench, baud))
            while not ended.wait(1.0):  # without a limit, Windows would not see Ctrl-C
                pass
        if bench.transcript_problem:
            typer.echo(f"lab: the transcript ended early: {bench.transcript_problem}")
        typer.echo("lab: stopped")


def how_to(bench: Lab, baud: int) -> str:
    """Return a few lines with the user's next steps."""
    port = bench.uart.replace("tcp:", "socket://", 1) if bench.uart[:4] == "tcp:" else bench.uart
    rate = f" --baud {baud}" if baud not in (0, 115200) else ""
    lines = [
        f"lab: a {bench.modem.personality.title} with an IoT SAFE SIM listens on {bench.uart}",
        f"  terminal: iotsafe modem at --port {port}{rate}   then type AT",
        f'  firmware: "uart": "{bench.uart}" under "modem" in config.json',
        "  stop:     Ctrl-C",
    ]
    if bench.reader:
        lines[1:1] = [
            f"  card:     in the PC/SC reader at {bench.reader.name}, not in the modem",
            "            it appears as soon as pcscd runs; then: opensc-tool --list-readers",
        ]
    if bench.control:
        host, _, number = bench.control[4:].rpartition(":")
        lines.insert(
            -1,
            f"  control:  pyserial-miniterm -e socket://{host}:{number}   then type counters, "
            "key down, key up, card …",
        )
    if bench.missing:
        lines.append(
            f"  note:     the SIM in the store lacks {', '.join(bench.missing)}, which profile "
            f"{bench.card.profile.name} has: another profile made it, or its issuer removed them"
        )
    return "\n".join(lines)


def _print_reader(event: dict) -> None:
    """Print when pcscd comes and goes."""
    if event["kind"] == "reader":
        state = "has the card" if event["attached"] else "is gone, or the card was taken out"
        typer.echo(f"lab: the reader at {event['name']} {state}")
        host, _, port = event["name"].rpartition(":")
        near = event["attached"] and host in ("127.0.0.1", "::1")
        wide = reader.exposed(int(port)) if near else []
        if wide:
            typer.echo(
                f"lab: vpcd listens on {', '.join(wide)}: other machines may reach it; let a "
                "firewall close these ports"
            )


def _resolve(entries: list[str]) -> dict[str, tuple[str, int | None]]:
    """Return `Network`'s table of NAME=ADDRESS[:PORT]. Raises typer.BadParameter."""
    found: dict[str, tuple[str, int | None]] = {}
    for entry in entries:
        name, _, target = entry.partition("=")
        parts = _TARGET.fullmatch(target)
        if not name or not parts:
            raise typer.BadParameter(f"--resolve {entry}: write NAME=ADDRESS or NAME=ADDRESS:PORT")
        found[name] = (parts[1] or parts[2], int(parts[3]) if parts[3] else None)
    return found
