"""Fixtures that several files of tests share."""

from emulated import boards, firmware, pico

__all__ = ["boards", "firmware", "pico"]
