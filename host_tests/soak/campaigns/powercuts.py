"""The power of an emulated board fails at random moments; each seed is one board.

The same as test_power_cuts.py, one board after another. Each has a flash and a broker of its own.
The seed fixes the moments, except for the machine's speed.
"""

import shutil
from pathlib import Path

from soak import paths

CUTS = 8
"""Power cuts of one board: each reading on flash at a cut must have arrived in the end."""


def prepare(folder: Path, alone: bool):
    """See `soak.worker`."""
    power_cuts = paths.test_module("test_power_cuts")

    def case(seed: int) -> int:
        place = folder / str(seed)
        try:
            device = power_cuts.Device(place, seed)
            device.run(CUTS)
            if device.error:
                raise device.error
            device.check()
        finally:
            shutil.rmtree(place, ignore_errors=True)
        assert len(device.moments) == CUTS
        if alone:
            print(f"cut while: {', '.join(device.moments)}")
        return CUTS

    return case
