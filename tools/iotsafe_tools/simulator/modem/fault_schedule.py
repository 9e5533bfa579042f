"""Schedules of faults: a list of (seconds from its start, fault as text).

    modem.faults.schedule([(12.5, "reset"), (30, "black_hole:seconds=20")])
    modem.faults.schedule(random_schedule(seed=7, seconds=600))

The same seed gives the same schedule. Command lines and the control port write a fault with its
time in front, `12.5 reset`, or `random:seed=7,seconds=600`.
"""

from __future__ import annotations

import random

Schedule = list[tuple[float, str]]

MENU = {
    # kind: options and the range that each is drawn from
    "urc_storm": {"count": (10, 400), "seconds": (1, 10)},
    "noise": {"size": (1, 300)},
    "lost_bytes": {"rate": (1, 20), "seconds": (5, 60)},
    "doubled_bytes": {"rate": (1, 20), "seconds": (5, 60)},
    "garbage": {"seconds": (1, 20)},
    "silent": {"seconds": (1, 60)},
    "late": {"delay": (1, 60), "times": (1, 3)},
    "no_answer": {"times": (1, 3)},
    "lost_urc": {"times": (1, 10)},
    "sim_busy": {"times": (1, 5)},
    "select_refused": {"times": (1, 3)},
    "csim_truncated": {"times": (1, 3)},
    "csim_glued": {"times": (1, 5)},
    "registration_lost": {"seconds": (1, 240)},
    "registration_denied": {"seconds": (1, 240)},
    "pdp_dropped": {},
    "close": {},
    "tcp_reset": {},
    "black_hole": {"seconds": (5, 200)},
    "reset": {},
    "brown_out": {"seconds": (1, 30)},
    "power_cut": {"seconds": (1, 30)},
    "sim_pulled": {"seconds": (1, 60)},
}
"""The faults of a random schedule."""
SEEDED = {"noise", "lost_bytes", "doubled_bytes", "garbage"}
MOST = 12
"""Most faults in ten minutes."""


def random_schedule(seed: int, seconds: float = 600.0) -> Schedule:
    """Return faults at random times within `seconds`, in order; at least one."""
    chance = random.Random(seed)
    most = max(1, round(MOST * seconds / 600))
    times = sorted(chance.uniform(0, seconds) for _ in range(chance.randint(1, most)))
    return [(round(due, 3), _random_fault(chance)) for due in times]


def _random_fault(chance: random.Random) -> str:
    kind = chance.choice(list(MENU))
    options = [f"{name}={chance.randint(*limits)}" for name, limits in MENU[kind].items()]
    if kind in SEEDED:
        options.append(f"seed={chance.randint(1, 1 << 30)}")
    return kind + (":" + ",".join(options) if options else "")


def split(text: str) -> tuple[float, str]:
    """Return (seconds, fault) of `[SECONDS ]FAULT`. Raises ValueError for an invalid time."""
    first, _, rest = text.strip().partition(" ")
    if not rest:
        return 0.0, first
    if not first.replace(".", "", 1).isdigit() or float(first) > 1e6:
        raise ValueError(f"fault {text!r}: {first!r} is not a number of seconds")
    return float(first), rest.strip()
