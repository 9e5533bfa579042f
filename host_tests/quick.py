"""`pytest --quick`, which `make check` runs: what needs no process of its own, and no board.

Of the unit tests that is CPython and MicroPython. Of all others it is a test whose code, and the
code of its fixtures and of whatever of this repository they name, names nothing that starts a
process. A test that starts one nevertheless, in a way that cannot be seen there, fails in such a
run, and says that it wants the mark `process`.
"""

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

import pytest
from collector import UnitItem

_RUNTIMES = ("cpython", "micropython")
_STARTERS = {"subprocess", "multiprocessing", "fork", "posix_spawn"}  # names in code
_EVENTS = {"subprocess.Popen", "os.fork", "os.posix_spawn", "os.system"}


class Reach:
    """What the code of a function or a class names, and what that names, and so on."""

    def __init__(self, root: Path) -> None:
        self._ours = (f"{root}/host_tests/", f"{root}/tools/")
        self._known: dict[object, bool] = {}

    def needs_process(self, item: pytest.Item) -> bool:
        """Whether `item` is to be left out."""
        if isinstance(item, UnitItem):
            return item.runtime.name not in _RUNTIMES
        if item.get_closest_marker("process") or not isinstance(item, pytest.Function):
            return True
        fixtures = item._fixtureinfo.name2fixturedefs.values()
        functions = [item.function, *(known[-1].func for known in fixtures if known)]
        return any(map(self._starts, functions))

    def _starts(self, start: object) -> bool:
        """Whether a name out of _STARTERS is among it."""
        start = inspect.unwrap(start)
        if start not in self._known:
            self._known[start] = any(
                not _STARTERS.isdisjoint(_names(function.__code__))
                for function in self._reached(start)
            )
        return self._known[start]

    def _reached(self, start: object) -> Iterator[FunctionType]:
        waiting, seen = [start], {id(start)}
        while waiting:
            for function in self._functions(waiting.pop()):
                yield function
                for value in _values(function, set(_names(function.__code__))):
                    if id(value) not in seen:
                        seen.add(id(value))
                        waiting.append(value)

    def _functions(self, thing: object) -> Iterator[FunctionType]:
        """The functions of this repository that `thing` is or has."""
        if isinstance(thing, type):
            for value in vars(thing).values():
                yield from self._functions(getattr(value, "fget", None) or value)
            for base in thing.__bases__:
                if base is not object:
                    yield from self._functions(base)
            return
        thing = getattr(thing, "__func__", thing)
        try:
            thing = inspect.unwrap(thing)
        except ValueError:
            return
        if isinstance(thing, FunctionType) and thing.__code__.co_filename.startswith(self._ours):
            yield thing


def _names(code: CodeType) -> Iterator[str]:
    """All names in `code`, and in what is defined in it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _values(function: FunctionType, names: set[str]) -> Iterator[object]:
    """What the names mean in `function`: globals, attributes of modules, what it has enclosed."""
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
    """The plugin of such a run."""

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
                f"{event} {arguments[:1]}: a test that starts a process without naming what does "
                "so needs @pytest.mark.process, and is then left out of `make check`"
            )


# ---- hooks, for a conftest to import -------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--quick", action="store_true", help="only tests that need no process and no board"
    )


def configure(config: pytest.Config) -> None:
    """Make `--quick` work."""
    config.addinivalue_line("markers", "process: the test starts a process; not in `make check`")
    if config.getoption("quick"):
        config.pluginmanager.register(Quick(), "quick")
