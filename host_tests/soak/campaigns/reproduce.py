"""The image of a board, built again in another folder, at another time, by another user, must be
the same.

A seed draws the differences: language, time zone, file mode mask, number of compilers.
"""

import os
import random
from pathlib import Path

from soak import commands

LANGUAGES = ("C", "C.UTF-8", "POSIX", "tr_TR.UTF-8")
ZONES = ("UTC", "Asia/Kathmandu", "America/St_Johns", "Pacific/Kiritimati")
MASKS = (0o022, 0o027, 0o077, 0o002)


def prepare(folder: Path, alone: bool):
    """See `soak.worker`."""

    def case(seed: int) -> int:
        chance = random.Random(seed)
        environment = {"LC_ALL": chance.choice(LANGUAGES), "TZ": chance.choice(ZONES)}
        mask = os.umask(chance.choice(MASKS))
        try:
            commands.run(["make", "--no-print-directory", "reproduce"], environment, alone)
        finally:
            os.umask(mask)
        return 1

    return case
