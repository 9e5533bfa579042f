"""A device under a random schedule of faults on a random modem, in virtual time.

The same as test_fault_schedules.py, with other seeds.
"""

import shutil
from pathlib import Path

from soak import paths


def prepare(folder: Path, alone: bool):
    """See `soak.worker`."""
    schedules = paths.test_module("test_fault_schedules")

    def case(seed: int) -> int:
        place = folder / str(seed)
        try:
            world = schedules.live(place, seed)
            if alone:
                schedule = schedules.random_schedule(seed, schedules.SECONDS)
                print(world.personality, *schedule, world.story(), sep="\n")
            world.check()
        finally:
            shutil.rmtree(place, ignore_errors=True)
        return 1

    return case
