"""Checks of board folders that cannot be built here, with MicroPython's own source and tools.

`folders` finds the boards, `source` lists the names in the MicroPython tree, `cmake` and `make`
evaluate a board's build files with the port's own ones, `freeze` freezes its manifest for its
architecture, `behaviour` runs its `board.py` on stand-ins for the hardware, `probe` links mbedTLS
with the signing hook as the board enables it.
"""
