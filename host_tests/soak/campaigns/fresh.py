"""The README's commands on a bare Debian, with one test file instead of all.

`make fresh` runs the whole suite there, which takes as long as the rest of a soak.
A seed chooses the Debian, and whether root or a user with sudo types the commands.
"""

import random
from pathlib import Path

from soak import commands

SUITES = ("bookworm", "trixie")
TESTS = "host_tests/unit/test_tlv.py"
"""It runs on all runtimes, so the commands must build all of them."""


def prepare(folder: Path, alone: bool):
    """See `soak.worker`."""

    def case(seed: int) -> int:
        chance = random.Random(seed)
        options = [f"SUITE={chance.choice(SUITES)}", f"ARGS={TESTS}"]
        options += chance.choice([[], ["WHO=user"]])
        commands.run(["make", "--no-print-directory", "fresh", *options], {}, alone)
        return 1

    return case
