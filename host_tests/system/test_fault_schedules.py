"""Many runs of ten minutes with random faults: in the end every reading has arrived.

The runs use virtual time (fault_world.py) and the same seeds each time; `make soak` draws others.
A failure names its seed: `make soak CAMPAIGN=faults SEED=38` repeats only that run and prints its
history. The seed also chooses the modem.
"""

import random
from collections import Counter
from pathlib import Path

import pytest
from fault_world import World, named

from iotsafe_tools.simulator.modem.fault_schedule import random_schedule
from iotsafe_tools.simulator.modem.personalities import PERSONALITIES

SCHEDULES = 100
SECONDS = 600


def modem_of(seed: int) -> dict:
    """Choose the modem: its type, whether the power key must switch it on, whether its baud rate
    is fixed, and when it reports a data context."""
    return {
        "personality": random.Random(seed).choice(sorted(PERSONALITIES)),
        "auto_power": bool(seed & 1),
        "nvm": {"+IPR": (115200,)} if seed & 2 else {},
        "pdp": "before" if seed & 4 else "after",
    }


def live(folder: Path, seed: int) -> World:
    """Run one device under one schedule."""
    folder.mkdir()
    world = World(folder, seed, part=5, **modem_of(seed))
    world.modem.faults.schedule(random_schedule(seed, SECONDS))
    world.run(SECONDS)
    return world


@pytest.mark.timeout(120 + 10 * SCHEDULES)
def test_everything_arrives_whatever_fails(tmp_path, summarize):
    struck, errors, numbers, modems = Counter(), Counter(), Counter(), Counter()
    longest = 0.0
    for seed in range(SCHEDULES):
        world = live(tmp_path / str(seed), seed)
        try:
            world.check()
        except AssertionError as error:
            raise AssertionError(f"make soak CAMPAIGN=faults SEED={seed}\n{error}") from error
        struck.update(world.modem.faults.struck)
        errors.update(named(error) for error in world.failures)
        modems[world.personality] += 1
        numbers.update(
            beside=world.beside.passed,
            readings=len(world.readings),
            repeats=len(world.broker.received) - len(world.readings),
            sessions=world.broker.logins,
        )
        longest = max(longest, world.settled - SECONDS)
    assert len(struck) > 15, f"too few kinds of faults: {struck}"
    line = (
        f"{SCHEDULES} random fault schedules of {SECONDS} s: {sum(struck.values())} faults "
        f"struck, {numbers['sessions']} sessions, {numbers['readings']} readings, all arrived "
        f"({numbers['repeats']} repeats, marked), the last {longest:.0f} s after the faults"
    )
    lines = [line, f"  {numbers['beside']} bytes each way passed beside the sessions, none astray"]
    for what, counts in (("errors", errors), ("modems", modems)):
        told = ", ".join(f"{count} {name}" for name, count in counts.most_common())
        lines.append(f"  {what}: {told}")
    for line in lines:
        summarize("summaries.as_they_are", line)


def test_the_same_seed_makes_the_same_history(tmp_path):
    one, other = (live(tmp_path / name, 38) for name in ("one", "other"))
    assert one.said == other.said
    assert one.modem.counters == other.modem.counters
    assert one.failures, "a history without any event"
