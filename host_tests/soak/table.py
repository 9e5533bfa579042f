"""The rows of campaigns.toml."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

CORES = 2
"""What the budget is counted on: MINUTES=30 are 60 minutes of one core."""
REFERENCE = 30
"""Minutes of the budget that `Campaign.least` is meant for."""


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
        """It needs no core for itself."""
        return not self.share

    def seconds(self, minutes: float) -> float:
        """How long it runs."""
        return minutes * 60 * (1 if self.waits else CORES * self.share / 100)

    def wanted(self, minutes: float) -> int:
        """Number of cases that it must reach, at least one."""
        return max(1, int(self.least * minutes / REFERENCE))


CAMPAIGNS = tuple(
    Campaign(name, **row)
    for name, row in tomllib.loads(
        Path(__file__).with_name("campaigns.toml").read_text(encoding="utf-8")
    ).items()
)


def named(name: str) -> Campaign:
    """The campaign of that name. Raises StopIteration when there is none."""
    return next(row for row in CAMPAIGNS if row.name == name)


def names() -> list[str]:
    """The names in the order of the table."""
    return [row.name for row in CAMPAIGNS]
