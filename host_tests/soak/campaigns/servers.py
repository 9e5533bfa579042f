"""The table of TLS servers, from the emulated board: nine of them a case, in the table's order.

The same as test_tls_servers.py, which connects the board to nine servers in all. Twelve seeds in a
row are the whole table.
"""

import shutil
from pathlib import Path

from soak import paths

CELLS = 9


def prepare(folder: Path, alone: bool):
    """See `soak.worker`."""
    servers = paths.test_module("test_tls_servers")
    keys = servers.Keys()

    def case(seed: int) -> int:
        start = seed * CELLS % len(servers.TABLE)
        place = folder / str(seed)
        try:
            rows = servers.run("pico", servers.TABLE[start : start + CELLS], place, keys)
        finally:
            shutil.rmtree(place, ignore_errors=True)
        if alone:
            print(*servers.report(rows), sep="\n")
        return len(rows)

    return case
