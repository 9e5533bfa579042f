"""The README's commands on a bare Debian; a seed draws which of them."""

import random
from pathlib import Path

from soak import commands


def prepare(folder: Path, alone: bool):
    """See `soak.worker`."""

    def case(seed: int) -> int:
        commands.run(["make", "--no-print-directory", "fresh"], {}, alone)
        return 1

    return case
