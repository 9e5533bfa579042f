"""Where tests leave lines that are printed at the end of the run."""

import pytest

SUMMARIES = pytest.StashKey[list[str]]()
