"""Fixtures that several files of tests share."""

from emulated import boards, pico

__all__ = ["boards", "pico"]
