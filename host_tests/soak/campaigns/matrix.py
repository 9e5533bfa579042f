"""One fault at a random point of a dialogue, on a random modem; sometimes with real TLS.

test_fault_matrix.py strikes at named points and knows the outcome. Here the point lies within
seconds of a named one, and the test checks the rest: the engine is usable or reports that it is
not, each call ends in its time, all readings arrive, no byte strays.
"""

import random
import shutil
from pathlib import Path

from soak import paths

_LATER = 3.0
"""Seconds after a named point."""


def prepare(folder: Path, alone: bool):
    """See `soak.worker`."""
    matrix = paths.test_module("test_fault_matrix")

    def case(seed: int) -> int:
        chance = random.Random(seed)
        run = chance.choice([*matrix.RUNS, *matrix.RUNS][:-1])
        name = chance.choice(matrix.faults(run))
        phase = chance.choice(matrix.RUNS[run])
        fault = matrix.FAULTS[matrix.NAMES.index(name)]
        later = chance.choice([0.0, chance.uniform(0, _LATER)])
        place = folder / str(seed)
        try:
            outcome = matrix.cell(place, run, fault, phase, later, seed=seed, part=5)
        finally:
            shutil.rmtree(place, ignore_errors=True)
        if alone:
            print(f"{run}: {fault}, {later:.3f} s after {phase}: {outcome}")
        return 1

    return case
