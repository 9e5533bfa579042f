"""The rows of campaigns.toml."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

CORES = 2
"""Cores in the budget: MINUTES=30 are 60 minutes of one core."""
REFERENCE = 30
"""Minutes of the budget to which `Campaign.least` refers."""


@dataclass(frozen=True)
class Campaign:
    """One row; campaigns.toml explains its columns."""

    name: str
    about: str
    share: float
    least: int
    longest: float
    cases: str
    target: str = ""

    @property
    def waits(self) -> bool:
        """Whether the campaign mostly waits, and so needs no core for itself."""
        return not self.share

    def seconds(self, minutes: float) -> float:
        """Return how long it runs."""
        return minutes * 60 * (1 if self.waits else CORES * self.share / 100)

    def wanted(self, minutes: float) -> int:
        """Return the least number of cases, at least one."""
        return max(1, int(self.least * minutes / REFERENCE))


CAMPAIGNS = tuple(
    Campaign(name, **row)
    for name, row in tomllib.loads(
        Path(__file__).with_name("campaigns.toml").read_text(encoding="utf-8")
    ).items()
)


def named(name: str) -> Campaign:
    """Return the campaign of that name. Raises StopIteration if there is none."""
    return next(row for row in CAMPAIGNS if row.name == name)


def names() -> list[str]:
    """Return the names in the order of the table."""
    return [row.name for row in CAMPAIGNS]
