"""Spreads the tests of a run with several processes (`pytest -n`, pytest-xdist).

Tests that share something expensive form a group, and one worker runs all of it: the functions of
a unit test file on one runtime, the tests of a file that use a fixture of its module, and the
tests with the same `xdist_group` mark. Every other test is a group of its own.

The longest groups start first, so that at the end no worker is left alone with a long one. The
duration of a group comes from the run before (`.pytest_cache`), on a new machine from
`durations.json`. `python host_tests/spread.py` rewrites that file from the run before.
"""

import json
import os
import tempfile
from collections import Counter
from pathlib import Path

import pytest
import run_times
from collector import UnitItem
from xdist.scheduler import LoadScopeScheduling

_KNOWN = Path(__file__).with_name("durations.json")
_CACHED = "spread/durations"
_LONG = 3.0  # seconds; the order of shorter groups does not matter
_SHARED = ("module", "class", "package")  # scopes of fixtures that several tests share
_GROUPS = "groups_file"  # key of workerinput: the file for the group of each test


def group_of(item: pytest.Item) -> str:
    """Return the name of the group that `item` belongs to."""
    if mark := item.get_closest_marker("xdist_group"):
        return mark.args[0]
    if isinstance(item, UnitItem):
        return f"{item.parent.nodeid}[{item.runtime.name}]"
    if isinstance(item, pytest.Function):
        fixtures = item._fixtureinfo.name2fixturedefs.values()
        if any(known[-1].scope in _SHARED for known in fixtures if known):
            return item.parent.nodeid
    return item.nodeid


def _durations(config: pytest.Config) -> dict[str, float]:
    """Return the known seconds by group."""
    known = json.loads(_KNOWN.read_text()) if _KNOWN.exists() else {}
    cache = getattr(config, "cache", None)  # None: -p no:cacheprovider
    return known | (cache.get(_CACHED, {}) if cache else {})


class Groups(LoadScopeScheduling):
    """Assigns a group to a worker when the worker begins its last test."""

    def __init__(self, config: pytest.Config, log, groups_file: Path) -> None:
        config.option.loadscopereorder = False  # the workers have sorted
        super().__init__(config, log)
        self._groups_file = groups_file
        self._groups: dict[str, str] = {}

    def _split_scope(self, nodeid: str) -> str:
        if not self._groups:
            self._groups = json.loads(self._groups_file.read_text())
        return self._groups[nodeid]

    def _reschedule(self, node) -> None:
        """Give `node` work until it has two tests: a worker begins a test only when it knows the
        next."""
        if node.shutting_down:
            return
        while self.workqueue and self._pending_of(self.assigned_work[node]) < 2:
            self._assign_work_unit(node)
        if not self.workqueue:
            node.shutdown()

    def remove_node(self, node) -> str | None:
        """Return the test in which the worker crashed, if it did. That test failed; the others of
        its groups go to other workers."""
        units = self.assigned_work.pop(node)
        pending = [test for unit in units.values() for test in unit if not unit[test]]
        if not pending:
            return None
        for group, unit in units.items():
            if left := {test: False for test in unit if test in pending[1:]}:
                self.workqueue[group] = left
        for other in self.assigned_work:
            self._reschedule(other)
        return pending[0]


class Controller:
    """The plugin of the process that distributes the work."""

    def __init__(self) -> None:
        descriptor, name = tempfile.mkstemp(prefix="pytest-groups-")
        os.close(descriptor)
        self._file = Path(name)

    def pytest_configure_node(self, node) -> None:
        node.workerinput[_GROUPS] = str(self._file)

    def pytest_xdist_make_scheduler(self, config: pytest.Config, log) -> Groups:
        return Groups(config, log, self._file)

    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, exitstatus: int
    ) -> None:
        """Store the duration of each group for the next run. A run of only a part of a group was
        shorter, so it does not count in full; an interrupted run does not count at all."""
        cache = getattr(terminalreporter.config, "cache", None)
        complete = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        if cache is None or not complete or not self._file.stat().st_size:
            return
        groups = json.loads(self._file.read_text())
        spent: Counter[str] = Counter()
        for nodeid, time in run_times.seconds(terminalreporter).items():
            spent[groups.get(nodeid, nodeid)] += time
        known = cache.get(_CACHED, {})
        for group, time in spent.items():
            known[group] = round(max(time, known.get(group, 0.0) / 2), 1)
        cache.set(_CACHED, known)

    def pytest_unconfigure(self) -> None:
        self._file.unlink(missing_ok=True)


class Worker:
    """The plugin of a process that runs tests."""

    def __init__(self, workerinput: dict) -> None:
        self._input = workerinput

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config, items) -> None:
        durations = _durations(config)
        groups = {item.nodeid: group_of(item) for item in items}
        first: dict[str, int] = {}
        for number, group in enumerate(groups.values()):
            first.setdefault(group, number)

        def order(item: pytest.Item) -> tuple[float, int]:
            group = groups[item.nodeid]
            return -durations.get(group, 0.0), first[group]

        items.sort(key=order)
        if self._input["workerid"] == "gw0":
            Path(self._input[_GROUPS]).write_text(json.dumps(groups))


# ---- hooks, for a conftest to import -------------------------------------------------------


def configure(config: pytest.Config) -> None:
    """Replace pytest-xdist's scheduler if there are several processes."""
    if hasattr(config, "workerinput"):
        config.pluginmanager.register(Worker(config.workerinput), "spread-worker")
    elif config.getoption("dist", "no") != "no":
        config.pluginmanager.register(Controller(), "spread-controller")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return the number of processes for `-n auto`: three for each core, as these tests wait more
    than half of their time. The tests of `--quick` do not wait, and each process takes four
    seconds of processor time to find them: one for each core."""
    return (1 if config.getoption("quick") else 3) * len(os.sched_getaffinity(0))


def _keep() -> None:
    """Write durations.json from the data of the run before."""
    cached = Path(__file__).parents[1] / ".pytest_cache" / "v" / _CACHED
    long = {
        group: round(seconds)
        for group, seconds in json.loads(cached.read_text()).items()
        if seconds >= _LONG
    }
    longest_first = dict(sorted(long.items(), key=lambda item: (-item[1], item[0])))
    _KNOWN.write_text(json.dumps(longest_first, indent=1) + "\n")


if __name__ == "__main__":
    _keep()
