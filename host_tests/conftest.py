"""Makes the project's sources importable, and unit tests run on every runtime."""

import os
import signal
import sys
from pathlib import Path

# `runtimes` and `collector` lie here; the package of the tools may not be installed.
_HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(_HERE), str(_HERE.parent / "tools"), str(_HERE.parent / "tools" / "shims")]

from collector import (  # noqa: E402
    pytest_pycollect_makemodule,
    pytest_terminal_summary,
)
from property_tests import configure  # noqa: E402
from runtimes import SOURCE_FOLDERS  # noqa: E402

sys.path[:0] = [str(folder) for folder in SOURCE_FOLDERS if str(folder) not in sys.path]

from cellular import Socket  # noqa: E402

# CPython closes a stream that is collected, as MicroPython does not: one that a test left open
# would wait, in the time of whichever test runs by then.
Socket.__del__ = lambda self: None

# A shell starts what is in the background with Ctrl-C ignored, and children inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

configure()

# What whoever runs the tests has set for themselves: ports, PINs and colours, git's options.
for _name in list(os.environ):
    if _name.startswith(("IOTSAFE_", "GIT_CONFIG")) or _name in ("FORCE_COLOR", "COLUMNS"):
        del os.environ[_name]
os.environ.update(GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1")

__all__ = ["pytest_pycollect_makemodule", "pytest_terminal_summary"]
