"""How a run spreads over processes, the report at its end, and which tests are quick."""

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

HOST_TESTS = Path(__file__).resolve().parents[1]

CONFTEST = f"""
import importlib.util
spec = importlib.util.spec_from_file_location("ours", {str(HOST_TESTS / "conftest.py")!r})
ours = importlib.util.module_from_spec(spec)
spec.loader.exec_module(ours)
globals().update({{name: getattr(ours, name) for name in ours.__all__}})
"""
_ENV = {name: os.environ[name] for name in os.environ.keys() - {"CI", "BUILD_NUMBER"}}

SHARED = """
    import os, pytest

    @pytest.fixture(scope="module")
    def broker():
        return os.getpid()

    @pytest.mark.parametrize("number", range(6))
    def test_shares(broker, number):
        assert broker == os.getpid()
        print("shared by", broker)

    @pytest.mark.parametrize("number", range(12))
    def test_alone(number):
        print("alone in", os.getpid())
"""
UNIT = """
    import os
    RUNTIMES = ("cpython", "micropython")
    seen = []
    def test_one(): seen.append(1)
    def test_two():
        seen.append(2)
        assert seen == [1, 2], seen
"""


class Project:
    """A folder with tests, and pytest run in it with our conftest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "host_tests" / "unit").mkdir(parents=True)
        (folder / "host_tests" / "conftest.py").write_text(CONFTEST)
        (folder / "pytest.ini").write_text(
            "[pytest]\ntestpaths = host_tests\naddopts = --import-mode=importlib\n"
        )

    def write(self, name: str, text: str) -> None:
        (self.folder / "host_tests" / name).write_text(textwrap.dedent(text))

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-v", "-rA", "-p", "xdist.plugin", *arguments],
            cwd=self.folder,
            env={**_ENV, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            capture_output=True,
            text=True,
            timeout=240,
        )
        return done.stdout + done.stderr

    def times(self) -> dict[str, float]:
        """The times stored for the next run."""
        return json.loads((self.folder / ".pytest_cache/v/spread/durations").read_text())


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_what_shares_a_fixture_stays_together_and_the_rest_does_not(project: Project) -> None:
    project.write("test_a.py", SHARED)
    output = project.run("-n", "3")
    assert "18 passed" in output
    assert len(set(re.findall(r"^shared by (\d+)", output, re.MULTILINE))) == 1
    assert len(set(re.findall(r"^alone in (\d+)", output, re.MULTILINE))) > 1
    assert sorted(project.times())[0] == "host_tests/test_a.py"
    assert len(project.times()) == 1 + 12


def test_what_bears_the_same_mark_stays_together(project: Project) -> None:
    text = """
        import os, pytest
        @pytest.mark.xdist_group("port 5000")
        @pytest.mark.parametrize("number", range(8))
        def test_it(number):
            print("ran in", os.getpid())
    """
    project.write("test_a.py", text)
    project.write("test_b.py", text)
    output = project.run("-n", "3")
    assert "16 passed" in output
    assert len(set(re.findall(r"^ran in (\d+)", output, re.MULTILINE))) == 1


def test_a_unit_file_is_one_process_on_each_runtime(project: Project) -> None:
    for name in "abc":
        project.write(f"unit/test_{name}.py", UNIT)
    output = project.run("-n", "2")
    assert "12 passed" in output
    assert "unit tests run: 6 on cpython, 6 on micropython" in output
    assert {f"host_tests/unit/test_{n}.py[micropython]" for n in "abc"} <= project.times().keys()


def test_the_longest_of_the_run_before_begins_first(project: Project) -> None:
    project.write(
        "test_a.py",
        """
        import pytest, time
        @pytest.mark.parametrize("number", range(6))
        def test_it(number):
            time.sleep(0.3 if number == 4 else 0)
        """,
    )
    project.run("-n", "1")
    output = project.run("-n", "1")
    begun = re.findall(r"PASSED host_tests/test_a.py::test_it\[(\d)\]", output)
    assert begun[0] == "4"


def test_a_worker_that_crashes_fails_its_test_and_the_others_run(project: Project) -> None:
    project.write(
        "test_a.py",
        """
        import os, pytest
        @pytest.mark.parametrize("number", range(6))
        def test_it(number):
            if number == 2: os.abort()
        """,
    )
    output = project.run("-n", "2")
    assert "1 failed, 5 passed" in output
    assert "test_it[2]" in output


@pytest.mark.parametrize("options", [(), ("-n", "3")], ids=["one process", "three"])
def test_what_tests_show_is_told_once_at_the_end(project: Project, options: tuple) -> None:
    project.write(
        "test_a.py",
        """
        import pytest
        @pytest.mark.parametrize("number", range(9))
        def test_it(number, summarize):
            summarize("summaries.as_they_are", f"row {number}")
        @pytest.mark.parametrize("number", range(3))
        def test_other(number): pass
        """,
    )
    output = project.run(*options)
    assert sorted(re.findall(r"^row \d$", output, re.MULTILINE)) == [f"row {n}" for n in range(9)]
    assert len(re.findall(r"^ +\d+\.\d s  host_tests/test_a.py::", output, re.MULTILINE)) == 10
    assert re.search(r"^ +\d+\.\d s  host_tests, 12 tests$", output, re.MULTILINE)


def test_quick_leaves_out_what_names_a_process(project: Project) -> None:
    project.write(
        "test_a.py",
        """
        import subprocess, pytest
        def start(): subprocess.run(["true"])
        class Tool:
            def use(self): start()
        @pytest.fixture
        def tool(): return Tool()
        def test_directly(): subprocess.run(["true"])
        def test_by_a_function(): start()
        def test_by_a_fixture(tool): pass
        @pytest.mark.process
        def test_with_the_mark(): pass
        def test_without(): pass
        """,
    )
    project.write("unit/test_b.py", "def test_it():\n    pass\n")
    output = project.run("--quick", "host_tests/test_a.py", "host_tests/unit")
    passed = re.findall(r"^PASSED \S+::(\S+)", output, re.MULTILINE)
    assert passed == ["test_without", "test_it[cpython]", "test_it[micropython]"]


def test_quick_fails_what_starts_a_process_unseen(project: Project) -> None:
    project.write(
        "test_a.py",
        """
        import importlib
        def test_it():
            importlib.import_module("sub" + "process").run(["true"])
        """,
    )
    assert "needs @pytest.mark.process" in project.run("--quick")
    assert "1 passed" in project.run()
