"""A Raspberry Pi Pico that runs a real firmware image here: see README.md."""

from .control import Control
from .errors import EmulatorError, MpremoteError
from .flash_image import FlashImage
from .mpremote import mpremote
from .pico import Pico

__all__ = ["Control", "EmulatorError", "FlashImage", "MpremoteError", "Pico", "mpremote"]
