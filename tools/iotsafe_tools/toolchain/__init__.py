"""Set-up of a development machine: packages, environment, sources, MicroPython.

Runs with the system's own `python3` before the virtual environment exists, so it imports the
standard library only.
"""
