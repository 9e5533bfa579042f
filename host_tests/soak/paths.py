"""The folder of this checkout, and its sources on `sys.path`, like in pytest."""

import sys
from pathlib import Path

HOST_TESTS = Path(__file__).resolve().parents[1]
ROOT = HOST_TESTS.parent
BUILD = ROOT / "build"
_SOURCES = ("lib", "firmware", "tools", "tools/shims")
_HELPERS = ("", "system", "tools", "unit")


def provide() -> None:
    """Put this checkout's sources and the helpers of its tests in front of sys.path."""
    folders = [ROOT / name for name in _SOURCES] + [HOST_TESTS / name for name in _HELPERS]
    sys.path[:0] = [str(folder) for folder in folders]
    from cellular import Socket

    # As in conftest.py: closing a collected stream must not take time from another case.
    Socket.__del__ = lambda self: None


def test_module(name: str):
    """Return the module of `host_tests` with the file name `name`.py, from any folder."""
    if name not in sys.modules:
        found = list(HOST_TESTS.rglob(f"{name}.py"))
        if len(found) != 1:
            raise ImportError(f"{len(found)} files in host_tests have the name {name}.py")
        if str(found[0].parent) not in sys.path:
            sys.path.append(str(found[0].parent))
        __import__(name)
    return sys.modules[name]
