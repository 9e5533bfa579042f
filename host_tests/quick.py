"""`pytest --quick`, which `make check` runs: only tests that need no process and no board.

It keeps the unit tests of CPython and MicroPython. It keeps any other test whose code names
nothing that starts a process; the code of its fixtures, and all code of this repository that they
name, counts as well. A test that starts a process in a way that this search does not see fails in
such a run, with a message that asks for the mark `process`.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

import pytest
from collector import UnitItem

_RUNTIMES = ("cpython", "micropython")
_STARTERS = {"subprocess", "multiprocessing", "fork", "posix_spawn"}  # names in code
_STARTS: list[object] = []  # stands for "starts a process"
_PLAIN = (int, float, str, bytes, bytearray, type(None))
_EVENTS = {"subprocess.Popen", "os.fork", "os.posix_spawn", "os.system"}


class Reach:
    """The names in the code of a function or a class, the names in what they refer to, and so
    on."""

    def __init__(self, root: Path) -> None:
        self._ours = (f"{root}/host_tests/", f"{root}/tools/")
        self._found: dict[int, list[object]] = {}  # by the id of an object: what it names
        self._kept: list[object] = []  # so that no other object gets one of these ids
        self._harmless: set[int] = set()  # ids of objects that reach no process

    def needs_process(self, item: pytest.Item) -> bool:
        """Return whether `item` needs a process."""
        if isinstance(item, UnitItem):
            return item.runtime.name not in _RUNTIMES
        if item.get_closest_marker("process") or not isinstance(item, pytest.Function):
            return True
        fixtures = item._fixtureinfo.name2fixturedefs.values()
        functions = [item.function, *(known[-1].func for known in fixtures if known)]
        return any(map(self._starts, functions))

    def _starts(self, start: object) -> bool:
        """Return whether `start`, or anything reachable from it, names one of _STARTERS."""
        waiting, seen = [start], {id(start): start}
        while waiting:
            thing = waiting.pop()
            found = self._found.get(id(thing))
            if found is None:
                found = self._found[id(thing)] = self._found_in(thing)
                self._kept.append(thing)
            if found is _STARTS:
                self._found[id(start)] = _STARTS
                return True
            for part in found:
                if id(part) not in seen and id(part) not in self._harmless:
                    seen[id(part)] = part
                    waiting.append(part)
        self._harmless |= seen.keys()
        return False

    def _found_in(self, thing: object) -> list[object]:
        """The objects that `thing` names or consists of; _STARTS if one of them starts a
        process."""
        if isinstance(thing, FunctionType) and thing.__code__.co_filename.startswith(self._ours):
            names = set(_names(thing.__code__))
            if not _STARTERS.isdisjoint(names):
                return _STARTS
            parts = [*_values(thing, names), _below_given(thing)]
        elif isinstance(thing, FunctionType):
            parts = [getattr(thing, "__wrapped__", None) or _below_given(thing)]
        else:
            parts = self._parts(thing)
        return [part for part in parts if not isinstance(part, _PLAIN)]

    def _parts(self, thing: object) -> Iterator[object]:
        """The parts of a class, of an object of a class of this repository, or of a container."""
        if isinstance(thing, dict):
            yield from thing.values()
        elif isinstance(thing, list | tuple | set | frozenset):
            yield from thing
        elif isinstance(thing, property):
            yield thing.fget
        elif isinstance(thing, type):
            if self._is_ours(thing):
                yield from vars(thing).values()
                yield from thing.__bases__
        elif function := getattr(thing, "__func__", None) or getattr(thing, "__wrapped__", None):
            yield function
        elif self._is_ours(type(thing)):
            yield type(thing)
            yield getattr(thing, "__dict__", None)

    def _is_ours(self, kind: type) -> bool:
        path = getattr(sys.modules.get(kind.__module__), "__file__", None) or ""
        return path.startswith(self._ours)


def _below_given(function: FunctionType) -> object:
    """Return the test function below hypothesis' @given."""
    return getattr(getattr(function, "hypothesis", None), "inner_test", None)


def _names(code: CodeType) -> Iterator[str]:
    """Return all names in `code`, and in the functions that it defines."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _values(function: FunctionType, names: set[str]) -> Iterator[object]:
    """The objects that the names mean in `function`: globals, attributes of modules, closure
    cells."""
    for name in names:
        value = function.__globals__.get(name)
        if isinstance(value, ModuleType):
            yield from (vars(value)[inner] for inner in names & vars(value).keys())
        elif value is not None:
            yield value
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not set yet
            continue


class Quick:
    """The plugin of a quick run."""

    def __init__(self) -> None:
        self._forbidden = False
        sys.addaudithook(self._audit)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        reach = Reach(config.rootpath)
        left_out = [item for item in items if reach.needs_process(item)]
        config.hook.pytest_deselected(items=left_out)
        chosen = set(left_out)
        items[:] = [item for item in items if item not in chosen]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None):
        self._forbidden = not isinstance(item, UnitItem)
        try:
            return (yield)
        finally:
            self._forbidden = False

    def _audit(self, event: str, arguments: tuple) -> None:
        if self._forbidden and event in _EVENTS:
            raise RuntimeError(
                f"{event} {arguments[:1]}: a test that starts a process in a way that "
                "--quick cannot see needs @pytest.mark.process; `make check` then leaves it out"
            )


# ---- hooks, for a conftest to import -------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--quick", action="store_true", help="only tests that need no process and no board"
    )


def configure(config: pytest.Config) -> None:
    """Add `--quick` and the mark `process`."""
    config.addinivalue_line("markers", "process: the test starts a process; not in `make check`")
    if config.getoption("quick"):
        config.pluginmanager.register(Quick(), "quick")
