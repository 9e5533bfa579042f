"""The personality of a modem type: a command table, numbers, and a few small functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .power import PowerTiming
from .table import CommandTable


def nothing(modem) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Personality:
    """One modem type. Times in seconds, as on the real module; `Options.delays` scales them."""

    name: str
    """Its name in options."""
    title: str
    """Its name in messages."""
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
    """Called at registration, when the network sends the time."""
    context: Callable
    """Called with modem, index, active, by_host: a PDP context was activated, refused or lost."""
    line_limit: int
    """Most characters after AT."""
    commands_limit: int
    """Most commands in one line."""
    sim_start: float
    """From power to a usable SIM."""
    sim_ready: tuple[tuple[float, str], ...]
    """The URCs after the SIM becomes usable: seconds, text."""
    search: float
    """From radio on to registered or denied."""
    search_gives_up: float
    """From radio on to idle if there is no cell."""
    pdp_activation: float
    line_ends: bytes = b"\r"
    """The bytes that end a command line; a LF after CR never counts."""
    attached: Callable = nothing
    """Called when the modem attaches to packet data: with the registration, and by CGATT=1."""
    sim_at_minimum: bool = False
    """Whether the SIM keeps its power at +CFUN=0."""
    presence: tuple[str, str] = ("", "")
    """The setting that lets a line report the SIM's coming and going, and that line."""
    minimum_urc: str = ""
    """The line that reports the SIM's loss of power at +CFUN=0; "" if none does."""
    absent: dict[str, str] = field(default_factory=dict)
    """Command name -> the feature of the modem's own (TLS, MQTT …) that it belongs to, and that
    this firmware lacks."""
    quirks: frozenset[str] = frozenset()
    """The quirks of every modem of this type, see `faults.QUIRKS`; `Options.quirks` adds more."""
    shared_receiver: bool = False
    """GNSS and network share one receiver: while GNSS is on, the network is not heard."""
    under_voltage: str = ""
    """The line that it prints before it switches off at under-voltage; "" if it prints none."""

    def __post_init__(self) -> None:
        self.table.complete()
