"""The lab: a simulated modem with a simulated SIM on a UART, and what steers them."""

from .lab import Lab, LabError

__all__ = ["Lab", "LabError"]
