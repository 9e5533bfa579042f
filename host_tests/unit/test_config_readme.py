"""The README of the firmware against the fields of its config."""

import json

from app import config
from app.led import _PATTERNS

# A board has no README.
RUNTIMES = ("cpython", "micropython")


def test_the_readme_lists_every_field():
    rows = {}
    with open(__file__.rsplit("/host_tests/", 1)[0] + "/firmware/app/README.md") as file:
        for line in file:
            cells = [cell.strip() for cell in line.split("|")]
            if len(cells) == 5 and cells[1].strip("`") in config._FIELDS:
                rows[cells[1].strip("`")] = cells[2]
    assert set(rows) == set(config._FIELDS), rows
    for path, (_, default, _) in config._FIELDS.items():
        if path == "sim.aids":
            continue  # another package defines the default
        want = "required" if default is None else "`%s`" % json.dumps(default)
        assert rows[path] == want, (path, rows[path], want)


def test_the_readme_lists_every_pattern():
    rows = {}
    with open(__file__.rsplit("/host_tests/", 1)[0] + "/firmware/app/README.md") as file:
        for line in file:
            cells = [cell.strip() for cell in line.split("|")]
            if len(cells) == 6 and cells[1].strip("`") in _PATTERNS:
                rows[cells[1].strip("`")] = (int(cells[2]), int(cells[3]))
    assert rows == _PATTERNS, rows
