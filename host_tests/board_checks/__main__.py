"""Runs the checks and writes their result into `boards/README.md`."""

from . import table

table.write(table.render())
