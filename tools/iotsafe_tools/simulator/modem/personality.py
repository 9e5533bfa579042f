"""What makes one modem type different from another: a command table, numbers, and two small
functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .power import PowerTiming
from .table import CommandTable


@dataclass(frozen=True)
class Personality:
    """Times in seconds, as on the real module; `Options.delays` scales them."""

    name: str
    """What it is called in options."""
    title: str
    """What people call it."""
    table: CommandTable
    power: PowerTiming
    sockets: type
    """Class of the socket commands' state; called with the modem."""
    purposes: dict[str, tuple[str, ...]]
    """Counter group -> beginnings of command names and lines; everything else is control."""
    codes: dict[str, int | None]
    """+CME number for an unknown command, a syntax error, a wrong parameter."""
    announce: Callable
    """Called at boot: schedules the start-up URCs."""
    registered: Callable
    """Called when the network tells the time, as it is found."""
    context: Callable
    """Called with modem, index, active, by_host: a PDP context was activated, refused or lost."""
    line_limit: int
    """Characters after AT."""
    commands_limit: int
    """Commands in one line."""
    sim_start: float
    """From power to a usable SIM."""
    sim_ready: tuple[tuple[float, str], ...]
    """What is printed once the SIM can be used: seconds, URC."""
    search: float
    """From radio on to registered or denied."""
    search_gives_up: float
    """From radio on to idle when there is no cell."""
    pdp_activation: float
    quirks: frozenset[str] = frozenset()
    """What every modem of this type does, see `faults.QUIRKS`; `Options.quirks` adds to it."""
    shared_receiver: bool = False
    """GNSS and the network have one receiver: while it is on, the network is not heard."""
    under_voltage: str = ""
    """The line before it switches itself off for want of voltage; "" where there is none."""
