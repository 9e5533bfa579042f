"""The place of the SIM or the modem: one URL for a modem, a card reader or the simulator."""

from .by_url import open_channel, open_line

__all__ = ["open_channel", "open_line"]
