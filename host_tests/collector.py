"""pytest collection of unit tests: each function of a file once per runtime.

Node ids are `host_tests/unit/test_tlv.py::test_walk[cpython]`, `...[micropython]` and `...[pico]`.
The collector parses a file to find its functions, and does not import it. So a file may import
modules that only MicroPython has.
"""

import ast
import contextlib
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from runtimes import RUNTIMES, ForeignRun, Runtime

from iotsafe_tools.emulator import EmulatorError
from iotsafe_tools.testbed import ProcessError

_DEFAULT_TIMEOUT = 30.0  # seconds one function may take
_TIMEOUT_MAX = 480.0  # pytest's own limit is higher


@dataclass(frozen=True)
class Plan:
    """The functions and module constants of a unit test file."""

    functions: tuple[tuple[str, int], ...]  # name, line
    runtimes: tuple[Runtime, ...]
    heap: str | None
    timeout: float


class PlanError(Exception):
    """A unit test file breaks a rule; the message names the file, the line and the rule."""


def read_plan(path: Path) -> Plan:
    """Parse a unit test file. Raises PlanError."""

    def error(line: int, text: str) -> PlanError:
        return PlanError(f"{path}:{line}: {text}")

    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except SyntaxError as problem:
        raise error(problem.lineno or 0, f"syntax error: {problem.msg}")
    functions: dict[str, int] = {}
    constants: dict[str, object] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name in ("RUNTIMES", "HEAP", "TIMEOUT"):
                try:
                    constants[name] = ast.literal_eval(node.value)
                except ValueError:
                    raise error(node.lineno, f"{name} must be a literal")
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            raise error(node.lineno, "tests are plain functions, not methods of a class")
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if not node.name.startswith("test_"):
            continue
        if isinstance(node, ast.AsyncFunctionDef):
            raise error(node.lineno, f"{node.name} is async: call asyncio.run inside it")
        if ast.unparse(node.args) or node.decorator_list:
            raise error(node.lineno, f"{node.name} must have no arguments and no decorators")
        if node.name in functions:
            raise error(node.lineno, f"{node.name} is already on line {functions[node.name]}")
        functions[node.name] = node.lineno

    names = constants.get("RUNTIMES", tuple(RUNTIMES))
    if not isinstance(names, tuple) or not names or not set(names) <= set(RUNTIMES):
        raise error(1, f"RUNTIMES must be a tuple of names out of {', '.join(RUNTIMES)}")
    heap = constants.get("HEAP")
    if heap is not None and not isinstance(heap, str):
        raise error(1, 'HEAP must be a string such as "256k"')
    timeout = constants.get("TIMEOUT", _DEFAULT_TIMEOUT)
    if not isinstance(timeout, int | float) or not 0 < timeout <= _TIMEOUT_MAX:
        raise error(1, f"TIMEOUT must be seconds, at most {_TIMEOUT_MAX:g}")
    return Plan(
        tuple(functions.items()), tuple(RUNTIMES[name] for name in names), heap, float(timeout)
    )


class UnitFile(pytest.Module):
    """One file below host_tests/unit."""

    def collect(self) -> Iterator[pytest.Item]:
        try:
            plan = read_plan(self.path)
        except PlanError as problem:
            raise self.CollectError(str(problem))
        self.plan = plan
        self._runs: dict[str, ForeignRun] = {}
        problem = self._import_problem()
        for function, line in plan.functions:
            for runtime in plan.runtimes:
                name = f"{function}[{runtime.name}]"
                if runtime.start is not None:
                    item = ForeignItem.from_parent(self, name=name)
                elif problem is not None:
                    item = BrokenItem.from_parent(self, name=name)
                    item.problem = problem
                else:
                    item = HostItem.from_parent(
                        self, name=name, callobj=getattr(self.obj, function)
                    )
                    item.add_marker(pytest.mark.timeout(plan.timeout))
                item.function_name, item.line, item.runtime = function, line, runtime
                item.user_properties.append(("runtime", runtime.name))
                yield item

    def _import_problem(self) -> Exception | None:
        """The error that the file raises when pytest's process imports it; None if it raises none
        or if CPython is not among its runtimes."""
        if any(runtime.start is None for runtime in self.plan.runtimes):
            try:
                _ = self.obj
            except Exception as problem:
                return problem
        return None

    def foreign_run(self, runtime: Runtime) -> ForeignRun:
        """Return the run of this file's selected functions on `runtime`; the first call creates
        it."""
        run = self._runs.get(runtime.name)
        if run is None:
            selected = [
                item.function_name
                for item in self.session.items
                if isinstance(item, ForeignItem)
                and item.parent is self
                and item.runtime is runtime
            ]
            timeout = min(self.plan.timeout * runtime.patience, _TIMEOUT_MAX)
            run = ForeignRun(runtime, self.path, selected, self.plan.heap, timeout)
            self.config.add_cleanup(runtime.close)
            self._runs[runtime.name] = run
        return run

    def teardown(self) -> None:
        for run in self._runs.values():
            run.close()
        self._runs.clear()


class UnitItem(pytest.Item):
    """One function on one runtime."""

    function_name: str
    line: int
    runtime: Runtime

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]):
        if isinstance(
            excinfo.value,
            ForeignFailure | ProcessError | EmulatorError | pytest.Collector.CollectError,
        ):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.line - 1, self.name


class HostItem(UnitItem, pytest.Function):
    """A test function inside pytest's own process, in an empty folder like on the other
    runtimes."""

    def runtest(self) -> None:
        with tempfile.TemporaryDirectory(prefix="unit-") as folder, contextlib.chdir(folder):
            super().runtest()


class BrokenItem(UnitItem):
    """A test function of a file that pytest's own process cannot import."""

    problem: Exception

    def runtest(self) -> None:
        raise self.problem


class ForeignFailure(Exception):
    """A test failed on a foreign runtime; the message is that runtime's traceback."""


class ForeignItem(UnitItem):
    """A test function on a foreign runtime."""

    def runtest(self) -> None:
        result = self.parent.foreign_run(self.runtime).result(self.function_name)
        if result.output:
            self.add_report_section("call", f"stdout on {self.runtime.name}", result.output)
        if result.failure:
            raise ForeignFailure(result.failure)


# ---- hooks, for a conftest to import -------------------------------------------------------


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> UnitFile | None:
    """Take over the files below host_tests/unit; leave all others to pytest."""
    if parent.config.rootpath / "host_tests" / "unit" in module_path.parents:
        return UnitFile.from_parent(parent, path=module_path)
    return None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many unit tests ran on each runtime."""
    ran: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "call":
                ran.update(name for key, name in report.user_properties if key == "runtime")
    if ran:
        counts = ", ".join(f"{ran[name]} on {name}" for name in RUNTIMES if ran[name])
        terminalreporter.write_line(f"unit tests run: {counts}")
        for name in ran:
            if note := RUNTIMES[name].note():
                terminalreporter.write_line(f"{name}: {note}")
