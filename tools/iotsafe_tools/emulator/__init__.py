"""A Raspberry Pi Pico in an emulator that runs a real firmware image: see README.md."""

from .control import Control
from .errors import EmulatorError, MpremoteError
from .flash_image import FlashImage
from .mpremote import mpremote
from .pico import Pico

__all__ = ["Control", "EmulatorError", "FlashImage", "MpremoteError", "Pico", "mpremote"]
