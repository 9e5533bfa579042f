"""Where the SIM or the modem is: one URL for a modem, a card reader and the simulator."""

from .by_url import open_channel, open_line

__all__ = ["open_channel", "open_line"]
