"""The machinery of host_tests/unit, run on small projects of its own."""

import re
from pathlib import Path

import pytest
from runtime_project import HOST_TESTS, Project, outcomes

foreign = pytest.mark.parametrize("runtime", ["micropython", "pico"])


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_each_function_is_collected_once_per_runtime(project: Project) -> None:
    project.write("test_a.py", "def test_one():\n    pass\n\ndef test_two():\n    assert 1 == 2\n")
    output = project.run()
    assert outcomes(output) == {
        "test_one[cpython]": "PASSED",
        "test_one[micropython]": "PASSED",
        "test_one[pico]": "PASSED",
        "test_two[cpython]": "FAILED",
        "test_two[micropython]": "FAILED",
        "test_two[pico]": "FAILED",
    }
    assert "unit tests run: 2 on cpython, 2 on micropython, 2 on pico" in output


def test_the_runtimes_are_what_they_say(project: Project) -> None:
    project.write(
        "test_a.py",
        """
        import sys
        def test_it():
            print("this is", sys.implementation.name, "on", sys.platform)
            assert False
        """,
    )
    names = {"cpython": "cpython on linux", "micropython": "micropython on linux"}
    names["pico"] = "micropython on rp2"
    for runtime in names:
        output = project.run("-k", runtime)
        said = set(re.findall(r"^this is (.+)$", output, re.MULTILINE))
        assert said == {names[runtime]}


def test_one_function_on_one_runtime_by_its_node_id(project: Project) -> None:
    project.write("test_a.py", "def test_one():\n    pass\n\ndef test_two():\n    pass\n")
    output = project.run("host_tests/unit/test_a.py::test_two[micropython]")
    assert outcomes(output) == {"test_two[micropython]": "PASSED"}


@foreign
def test_only_selected_functions_run_and_in_one_process(project: Project, runtime: str) -> None:
    project.write(
        "test_a.py",
        """
        seen = []
        def test_one(): seen.append(1)
        def test_two(): seen.append(2)
        def test_three():
            print("seen", seen)
            assert False
        """,
    )
    assert "seen [1, 2]" in project.run("-k", runtime)
    assert "seen [2]" in project.run("-k", f"{runtime} and not one")


@foreign
def test_the_traceback_is_that_of_the_runtime_with_source_lines(
    project: Project, runtime: str
) -> None:
    project.write(
        "test_a.py",
        """
        def inner(value):
            raise ValueError("the value", value)
        def test_it():
            inner(7)
        """,
    )
    output = project.run("-k", runtime)
    path = project.folder / "host_tests" / "unit" / "test_a.py"
    assert f'File "{path}", line 5, in test_it\n    inner(7)\n' in output
    assert 'line 3, in inner\n    raise ValueError("the value", value)\n' in output
    assert "ValueError: ('the value', 7)" in output
    assert "device_runner" not in output


def test_a_crash_is_reported_on_its_function_and_the_others_run(project: Project) -> None:
    project.write(
        "test_a.py",
        """
        RUNTIMES = ("micropython",)
        def test_one(): pass
        def test_two():
            import ffi
            print("before the end")
            ffi.open(None).func("v", "abort", "")()
        def test_three(): pass
        """,
    )
    output = project.run()
    assert outcomes(output) == {
        "test_one[micropython]": "PASSED",
        "test_two[micropython]": "FAILED",
        "test_three[micropython]": "PASSED",
    }
    assert "micropython ended by SIGABRT in the middle of this test" in output
    assert "before the end" in output


def test_a_hang_is_reported_on_its_function_and_the_others_run(project: Project) -> None:
    project.write(
        "test_a.py",
        """
        TIMEOUT = 1.5
        def test_one(): pass
        def test_two():
            print("going in", end="")
            while True: pass
        def test_three(): pass
        """,
    )
    output = project.run()
    assert outcomes(output) == {
        "test_one[cpython]": "PASSED",
        "test_one[micropython]": "PASSED",
        "test_one[pico]": "PASSED",
        "test_two[cpython]": "FAILED",
        "test_two[micropython]": "FAILED",
        "test_two[pico]": "FAILED",
        "test_three[cpython]": "PASSED",
        "test_three[micropython]": "PASSED",
        "test_three[pico]": "PASSED",
    }
    for text in ("1.5 s: micropython was stopped", "12 s: pico was stopped"):
        said = output.partition(f"did not end within {text}")[2]
        assert said.splitlines()[1].startswith("---"), "the section with its output"
        assert said.splitlines()[2] == "going in"
    assert "Timeout" in output


def test_an_early_exit_of_the_process_is_a_failure(project: Project) -> None:
    project.write(
        "test_a.py",
        """
        RUNTIMES = ("micropython",)
        def test_one():
            import ffi
            ffi.open(None).func("v", "_exit", "i")(0)
        def test_two(): pass
        def test_three(): raise SystemExit(0)
        """,
    )
    output = project.run()
    assert outcomes(output) == {
        "test_one[micropython]": "FAILED",
        "test_two[micropython]": "PASSED",
        "test_three[micropython]": "FAILED",
    }
    assert "micropython exit status 0 in the middle of this test" in output


def test_a_bad_end_after_the_last_test_is_a_failure(project: Project) -> None:
    project.write(
        "test_a.py",
        """
        RUNTIMES = ("micropython",)
        def test_one():
            import ffi, sys
            sys.atexit(ffi.open(None).func("v", "abort", ""))
        """,
    )
    output = project.run()
    assert outcomes(output) == {"test_one[micropython]": "FAILED"}
    assert "micropython ended by SIGABRT after this test" in output


@foreign
def test_prints_do_not_confuse_the_results(project: Project, runtime: str) -> None:
    project.write(
        "test_a.py",
        r"""
        import sys
        def test_one():
            print("run\nend\n@0123 end\nraised \x04>\x04\x04", end="")
        def test_two():
            sys.stdout.write("no line end")
            print("\x00\xff\r")
            assert False, "wanted"
        def test_three():
            for _ in range(50):
                print("z" * 2000, end="")
        """,
    )
    output = project.run("-k", runtime)
    assert outcomes(output) == {
        f"test_one[{runtime}]": "PASSED",
        f"test_two[{runtime}]": "FAILED",
        f"test_three[{runtime}]": "PASSED",
    }
    assert "AssertionError: wanted" in output
    assert "no line end" in output


def test_a_file_that_cannot_be_imported_fails_each_function(project: Project) -> None:
    project.write(
        "test_a.py", "import nowhere\n\ndef test_one():\n    pass\n\ndef test_two():\n    pass\n"
    )
    project.write("test_b.py", "def test_it():\n    pass\n")
    output = project.run()
    ended = outcomes(output)
    for runtime in ("cpython", "micropython", "pico"):
        assert ended.pop(f"test_it[{runtime}]") == "PASSED"
    assert len(ended) == 6 and set(ended.values()) == {"FAILED"}
    assert output.count("\nImportError: no module named 'nowhere'") == 4  # MicroPython's words
    assert "ModuleNotFoundError: No module named 'nowhere'" in output  # CPython's


def test_a_file_for_micropython_alone_is_not_imported_here(project: Project) -> None:
    project.write(
        "test_a.py",
        """
        RUNTIMES = ("micropython",)  # the TLS module is MicroPython's own
        import tls
        def test_one():
            assert tls.SSLContext
        """,
    )
    assert outcomes(project.run()) == {"test_one[micropython]": "PASSED"}


def test_the_heap_of_a_file_is_that_of_its_process(project: Project) -> None:
    project.write(
        "test_a.py",
        """
        HEAP = "128k"
        RUNTIMES = ("micropython",)
        import gc
        def test_free():
            gc.collect()
            assert 60_000 < gc.mem_free() + gc.mem_alloc() <= 128 * 1024
        def test_too_much():
            bytearray(200_000)
        def test_after():
            pass
        """,
    )
    output = project.run()
    assert outcomes(output) == {
        "test_free[micropython]": "PASSED",
        "test_too_much[micropython]": "FAILED",
        "test_after[micropython]": "PASSED",
    }
    assert "MemoryError" in output


def test_each_function_has_an_empty_folder(project: Project) -> None:
    body = """
            assert os.listdir() == []
            with open("file", "w") as f:
                f.write("x")
    """
    project.write(
        "test_a.py",
        f"import os\ndef test_one():{body}\ndef test_two():{body}\n".replace(" " * 12, "    "),
    )
    assert set(outcomes(project.run()).values()) == {"PASSED"}
    assert not list(project.folder.rglob("file"))


def test_the_working_tree_comes_before_the_frozen_modules(project: Project) -> None:
    root = HOST_TESTS.parent
    folders = [str(root / "lib"), str(root / "firmware"), str(HOST_TESTS / "unit")]
    project.write(
        "test_a.py",
        f"""
        import sys
        def test_folders():
            for folder in {folders}:
                assert folder in sys.path
        def test_order():
            if sys.implementation.name == "micropython":
                assert "" not in sys.path
                assert sys.path.index(".frozen") > sys.path.index({folders[0]!r})
        """,
    )
    assert set(outcomes(project.run("-k", "micropython")).values()) == {"PASSED"}


def test_a_missing_micropython_is_an_error_that_says_what_to_do(project: Project) -> None:
    project.write("test_a.py", "def test_one():\n    pass\n")
    output = project.run(MICROPYTHON=str(project.folder / "none"))
    assert outcomes(output) == {
        "test_one[cpython]": "PASSED",
        "test_one[micropython]": "FAILED",
        "test_one[pico]": "PASSED",
    }
    assert "none: run `make micropython`" in output


def test_a_missing_image_is_an_error_that_says_what_to_do(project: Project) -> None:
    project.write("test_a.py", "def test_one():\n    pass\n")
    image = str(project.folder / "none.uf2")
    output = project.run("-k", "pico", PICO_FIRMWARE=image)
    assert outcomes(output) == {"test_one[pico]": "FAILED"}
    assert f"no firmware {image}: run `make firmware" in output


AGAINST_THE_RULES = [
    ("def test_one(tmp_path):\n    pass\n", "test_one must have no arguments"),
    ("@print\ndef test_one():\n    pass\n", "test_one must have no arguments and no decorators"),
    ("async def test_one():\n    pass\n", "test_one is async"),
    ("def test_one():\n    pass\n" * 2, "test_one is already on line 1"),
    ("class TestIt:\n    pass\n", "tests are plain functions, not methods"),
    ("def test_one(:\n", "syntax error"),
    ("RUNTIMES = ('pypy',)\n", "RUNTIMES must be a tuple of names out of cpython, micropython"),
    ("RUNTIMES = 'cpython'\n", "RUNTIMES must be a tuple"),
    ("HEAP = 64\n", "HEAP must be a string"),
    ("HEAP = str(64)\n", "HEAP must be a literal"),
    ("TIMEOUT = 1000\n", "TIMEOUT must be seconds"),
]


def test_a_file_against_the_rules_is_a_collection_error(project: Project) -> None:
    for number, (text, _) in enumerate(AGAINST_THE_RULES):
        project.write(f"test_{number}.py", text)
    output = project.run()
    assert f"{len(AGAINST_THE_RULES)} errors" in output
    for number, (_, message) in enumerate(AGAINST_THE_RULES):
        assert re.search(rf"/test_{number}\.py:\d+: {message}", output)


def test_a_test_that_returns_something_fails(project: Project) -> None:
    project.write(
        "test_a.py", "def test_one():\n    return 1 == 2\n\ndef test_two():\n    yield\n"
    )
    output = project.run("-k", "micropython")
    assert set(outcomes(output).values()) == {"FAILED"}
    assert "this one returned False" in output


def test_stopping_at_the_first_failure_leaves_nothing_running(project: Project) -> None:
    project.write(
        "test_a.py",
        """
        RUNTIMES = ("micropython",)
        def test_one():
            import ffi
            print("pid", ffi.open(None).func("i", "getpid", "")())
            assert False
        def test_two():
            while True: pass
        """,
    )
    output = project.run("-x")
    assert outcomes(output) == {"test_one[micropython]": "FAILED"}
    pid = int(re.search(r"^pid (\d+)", output, re.MULTILINE)[1])
    assert not Path(f"/proc/{pid}").exists()
