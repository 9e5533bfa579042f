"""The README's two commands on a machine that has nothing yet: `make fresh`."""
