"""Fixtures that several files of tests share, and tables at the end of a run."""

from emulated import boards, firmware, pico
from summaries import pytest_terminal_summary

__all__ = ["boards", "firmware", "pico", "pytest_terminal_summary"]
