"""Where this checkout lies, and its sources on `sys.path`, as pytest has them."""

import sys
from pathlib import Path

HOST_TESTS = Path(__file__).resolve().parents[1]
ROOT = HOST_TESTS.parent
BUILD = ROOT / "build"
_SOURCES = ("lib", "firmware", "tools", "tools/shims")
_HELPERS = ("", "system", "tools", "unit")


def provide() -> None:
    """Put this checkout's sources and the helpers of its tests before all others."""
    folders = [ROOT / name for name in _SOURCES] + [HOST_TESTS / name for name in _HELPERS]
    sys.path[:0] = [str(folder) for folder in folders]
    from cellular import Socket

    # As in conftest.py: a stream that is collected must not wait in the time of another world.
    Socket.__del__ = lambda self: None


def test_module(name: str):
    """The module of `host_tests` with the file `name`.py, wherever it lies."""
    if name not in sys.modules:
        found = list(HOST_TESTS.rglob(f"{name}.py"))
        if len(found) != 1:
            raise ImportError(f"{len(found)} files in host_tests have the name {name}.py")
        if str(found[0].parent) not in sys.path:
            sys.path.append(str(found[0].parent))
        __import__(name)
    return sys.modules[name]
