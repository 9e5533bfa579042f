"""All campaigns, as data: what each does, its share of the budget, how many cases it must reach."""

from dataclasses import dataclass

CORES = 2
"""What the budget is counted on: MINUTES=30 are 60 minutes of one core."""
REFERENCE = 30
"""Minutes of the budget that `Campaign.least` is meant for."""


@dataclass(frozen=True)
class Campaign:
    """One row.

    `share`: percent of the time of all cores, in which it has one core for itself; 0: it mostly
    waits, and runs beside the others for the whole time. `least`: cases that it must reach with
    MINUTES=30 on two cores, about half of what an idle machine of 2020 does. `longest`: seconds
    that one case may take; more is a hang. `module`: in `campaigns/`, with its argument behind a
    colon. `target`: the target of the Makefile that its cases need; without it there is none.
    """

    name: str
    about: str
    share: float
    least: int
    module: str
    longest: float = 120
    target: str = ""

    def seconds(self, minutes: float) -> float:
        """How long it runs on its core."""
        return minutes * 60 * (CORES * self.share / 100 if self.share else 1)

    def wanted(self, minutes: float) -> int:
        """Cases that it must reach; one at least."""
        return max(1, int(self.least * minutes / REFERENCE))


CAMPAIGNS = (
    Campaign("faults", "random fault schedules of ten minutes each", 20, 4000, "faults"),
    Campaign("matrix", "any fault at any point of a dialogue, on any modem", 14, 8000, "matrix"),
    Campaign(
        "engine",
        "the AT engine, calls in any order, a fault at any byte",
        8,
        10_000,
        "properties:test_at_machine",
    ),
    Campaign(
        "sockets",
        "connections, calls in any order, a fault at any byte",
        8,
        5_000,
        "properties:test_socket_machine",
    ),
    Campaign("channels", "a modem that answers anything", 4, 20_000, "properties:test_fuzz_channels"),
    Campaign("client", "a card that answers anything", 4, 10_000, "properties:test_fuzz_client"),
    Campaign("card", "a terminal that sends anything to the card", 4, 10_000, "properties:test_sim_hostile"),
    Campaign("modem", "a host that sends anything to the modem", 4, 10_000, "properties:test_modem_hostile"),
    Campaign("powercuts", "the power of an emulated board fails at any moment", 24, 60, "powercuts", 400),
    Campaign("reproduce", "an image built again elsewhere is the same", 10, 1, "reproduce", 1800, "reproduce"),
    Campaign("fresh", "the README's commands on a bare Debian", 0, 1, "fresh", 3600, "fresh"),
)  # fmt: skip


def named(name: str) -> Campaign:
    """The campaign of that name. Raises KeyError."""
    return next(row for row in CAMPAIGNS if row.name == name) if name in names() else _none(name)


def names() -> list[str]:
    """In the order of the table."""
    return [row.name for row in CAMPAIGNS]


def _none(name: str) -> Campaign:
    raise KeyError(f"there is no campaign {name!r}, but {', '.join(names())}")
