"""The emulated Pico as a runtime of unit tests: resets, requests, fresh boards, memory."""

import re
from pathlib import Path

import pytest
from runtime_project import Project, command_lines, outcomes


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_reset_of_the_board_is_reported_on_its_function_and_the_others_run(
    project: Project,
) -> None:
    project.write(
        "test_a.py",
        """
        RUNTIMES = ("pico",)
        import machine, time
        def test_one(): pass
        def test_two():
            print("before the reset")
            time.sleep_ms(100)
            machine.reset()
        def test_three(): pass
        def test_four():
            print("before the boot loader")
            time.sleep_ms(100)
            machine.bootloader()
        def test_five(): pass
        """,
    )
    project.write("test_b.py", "RUNTIMES = ('pico',)\ndef test_six(): pass\n")
    output = project.run()
    ended = outcomes(output)
    assert [name for name in ended if ended[name] == "FAILED"] == [
        "test_two[pico]",
        "test_four[pico]",
    ]
    assert len(ended) == 6
    assert "pico was reset (watchdog) in the middle of this test" in output
    assert re.search(r"pico halted, .*USB boot loader.*, in the middle of this test", output)
    assert "\nbefore the reset\n" in output and "\nbefore the boot loader\n" in output


def test_what_mpremote_takes_for_a_request_is_a_failure_of_its_function(project: Project) -> None:
    project.write(
        "test_a.py",
        r"""
        RUNTIMES = ("pico",)
        def test_one():
            print("\x18\xff")
        def test_two(): pass
        """,
    )
    output = project.run()
    assert outcomes(output) == {"test_one[pico]": "FAILED", "test_two[pico]": "PASSED"}
    assert re.search(r"pico was lost \(\w+Error\(.*\)\) in the middle of this test", output)


def test_each_file_finds_a_fresh_board(project: Project) -> None:
    spoil = """
        RUNTIMES = ("pico",)
        import os
        import expect
        def test_it():
            assert sorted(os.listdir("/")) == ["helpers", "remote", "test_it"]
            assert not hasattr(expect, "spoilt")
            expect.spoilt = bytearray(100_000)
            with open("/left", "w") as f:
                f.write("behind")
    """
    project.write("test_a.py", spoil)
    project.write("test_b.py", spoil)
    assert list(outcomes(project.run()).values()) == ["PASSED"]
    for name in ("test_a.py", "test_b.py"):
        assert "1 passed" in project.run(f"host_tests/unit/{name}")
    assert "2 passed" in project.run()


def test_frozen_modules_are_tested_and_shown_with_their_source(project: Project) -> None:
    project.write(
        "test_a.py",
        """
        RUNTIMES = ("pico",)
        import iotsafe
        def test_one():
            assert iotsafe.__file__ == "iotsafe/__init__.py"
        def test_two():
            from iotsafe import tlv
            tlv.put("no tag", b"")
        """,
    )
    output = project.run()
    assert outcomes(output) == {"test_one[pico]": "PASSED", "test_two[pico]": "FAILED"}
    assert re.search(r'^  File "iotsafe/\S+py", line \d+, in \w+\n    \S', output, re.MULTILINE)


def test_bytecode_that_cannot_be_made_is_an_error(project: Project) -> None:
    text = "RUNTIMES = ('pico',)\ndef test_one():\n    match 1:\n        case 1: pass\n"
    project.write("test_a.py", text)
    output = project.run()
    assert outcomes(output) == {"test_one[pico]": "FAILED"}
    assert "mpy-cross refuses" in output and "test_a.py" in output and "SyntaxError" in output


def test_no_memory_on_the_board_is_a_failure_and_the_others_run(project: Project) -> None:
    project.write(
        "test_a.py",
        """
        RUNTIMES = ("pico",)
        def test_one():
            kept = []
            while True:
                kept.append(bytearray(64))
        def test_two(): pass
        """,
    )
    output = project.run()
    assert outcomes(output) == {"test_one[pico]": "FAILED", "test_two[pico]": "PASSED"}
    assert "MemoryError" in output


@pytest.mark.parametrize("last", ["assert False", "machine.reset()"])
def test_no_board_is_left_over(project: Project, tmp_path: Path, last: str) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    project.write(
        "test_a.py",
        f"""
        RUNTIMES = ("pico",)
        import machine
        def test_one():
            {last}
        def test_two():
            while True: pass
        """,
    )
    output = project.run("-x", TMPDIR=str(folder))
    assert outcomes(output) == {"test_one[pico]": "FAILED"}
    assert "node" not in command_lines(str(folder))
    assert not list(folder.iterdir())
