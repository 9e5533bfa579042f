"""The table at the end of a soak, for people and as JSON."""

import json
from pathlib import Path

from .runner import Run, repeat_command

_HEAD = ("campaign", "cases", "least", "seconds", "cases/s", "seed", "verdict")
_LINE = "{:10} {:>9} {:>8} {:>8} {:>8} {:>10}  {}"


def rows(runs: list[Run]) -> list[dict]:
    """Return the result of each campaign, in the order of the table."""
    return [
        {
            "campaign": run.campaign.name,
            "cases": run.cases,
            "least": run.wanted,
            "seconds": round(run.took, 1),
            "cases/s": round(run.cases / run.took, 2) if run.took else 0.0,
            "seed": run.seed,
            "verdict": run.verdict,
            "failures": [
                {"seed": seed, "again": repeat_command(run.campaign, seed), "text": text}
                for seed, text in run.failures
            ],
        }
        for run in runs
    ]


def text(runs: list[Run]) -> str:
    """Return a table, and below it how to repeat each failure."""
    found = rows(runs)
    lines = [_LINE.format(*_HEAD)]
    for row in found:
        lines.append(_LINE.format(*(row[name] for name in _HEAD)))
    lines += [failure["again"] for row in found for failure in row["failures"]]
    return "\n".join(lines)


def write(path: Path, runs: list[Run], minutes: float) -> None:
    """Write the same data as JSON."""
    path.parent.mkdir(exist_ok=True)
    document = {"minutes": minutes, "green": green(runs), "campaigns": rows(runs)}
    path.write_text(json.dumps(document, indent=1) + "\n")


def green(runs: list[Run]) -> bool:
    """Return whether every campaign ran, none failed and none had too few cases."""
    return all(run.verdict == "ok" for run in runs)
