"""The lab: a simulated modem with a simulated SIM on a UART, and their controls."""

from .lab import Lab, LabError

__all__ = ["Lab", "LabError"]
