"""The command as the Makefile calls it: exit status, one line, one set-up at a time."""

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest
from setup_fakes import command

from iotsafe_tools.toolchain import __main__ as setup
from iotsafe_tools.toolchain import (
    boards,
    build,
    deploy,
    emulator,
    firmware,
    flash,
    layout,
    packages,
    releases,
    reproduce,
    sources,
    steps,
    umqtt,
    venv,
)

RUN = Path(layout.__file__).with_name("run.sh")


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """An empty checkout in which every part is ready at once; a list of the parts requested."""
    monkeypatch.setattr(layout, "find", lambda: layout.Layout(tmp_path))
    asked = []
    monkeypatch.setattr(
        boards,
        "find",
        lambda _place, *name: boards.BoardBuild(tmp_path, *name[1:], boards.PORTS["rp2"], {}),
    )
    for module in (packages, venv, umqtt, sources, build, firmware, emulator, releases):
        name = module.__name__.rpartition(".")[2]

        def ready(*_args, name=name, **_options):
            asked.append(name)

        monkeypatch.setattr(module, "ensure", ready)
    monkeypatch.setattr(venv, "ensure_pcsc", lambda _place: asked.append("pcsc"))
    for module in (reproduce, flash, deploy):
        name = module.__name__.rpartition(".")[2]
        monkeypatch.setattr(module, "run", lambda *_args, name=name: asked.append(name))
    return asked


@pytest.mark.parametrize("name", ["my projects", "a&b", "#1", "it's", "c:d", "x(1)"])
def test_a_folder_in_which_make_cannot_build(checkout, monkeypatch, tmp_path, capsys, name):
    place = layout.Layout(tmp_path / name)
    place.root.mkdir()
    monkeypatch.setattr(layout, "find", lambda: place)
    assert setup.main(["micropython"]) == 1
    error = capsys.readouterr().err
    assert "make cannot build there: rename the folder, or move it" in error
    assert error.count("\n") == 1
    assert checkout == []  # before minutes of other work
    assert setup.main(["venv"]) == 0


def test_a_folder_in_other_letters(checkout, monkeypatch, tmp_path, capsys):
    place = layout.Layout(tmp_path / "prøjekt-1_ä+@,=~日本")
    place.root.mkdir()
    monkeypatch.setattr(layout, "find", lambda: place)
    assert setup.main(["micropython"]) == 0
    monkeypatch.setenv("MICROPYTHON_DIR", "/my projects/micropython")
    assert setup.main(["micropython"]) == 1
    assert "MICROPYTHON_DIR /my projects/micropython has ' '" in capsys.readouterr().err


def test_the_parts_come_in_order(checkout):
    assert setup.main(["micropython"]) == 0
    assert checkout == ["packages", "venv", "umqtt", "sources", "build"]


@pytest.mark.parametrize(
    ("part", "after"),
    [
        ("firmware", ["firmware"]),
        ("pico", ["firmware", "emulator"]),
        ("reproduce", ["firmware", "reproduce"]),
        ("flash", ["firmware", "flash"]),
        ("deploy", ["deploy"]),
    ],
)
def test_a_board_comes_after_the_rest(checkout, part, after):
    assert setup.main([part, "--board", "X", "--variant", "Y", "--port", "Z"]) == 0
    assert checkout == ["packages", "venv", "umqtt", "sources", "build", *after]


def test_the_tests_need_all_of_it(checkout):
    assert setup.main(["test"]) == 0
    first = ["packages", "venv", "pcsc", "umqtt", "sources", "build"]
    assert checkout == [*first, "firmware", "emulator", "sources", "releases"]


def test_pcsc_is_for_those_who_ask_for_it(checkout):
    assert setup.main(["pcsc"]) == 0
    assert checkout == ["packages", "venv", "pcsc"]


@pytest.mark.parametrize(
    ("part", "groups"),
    [
        ("venv", []),
        ("firmware", [packages.PICO]),
        ("deploy", []),
        ("pico", [packages.PICO, packages.EMULATOR]),
        ("pcsc", [packages.PCSC]),
        ("test", [packages.PICO, packages.EMULATOR, packages.PCSC, packages.TESTS]),
    ],
)
def test_packages_are_asked_for_only_where_they_are_needed(
    checkout, tmp_path, monkeypatch, part, groups
):
    asked = []
    monkeypatch.setattr(packages, "ensure", lambda _place, *given: asked.extend(given))
    assert setup.main([part]) == 0
    assert asked == groups


def test_the_environment_alone_can_be_asked_for(checkout):
    assert setup.main(["venv"]) == 0
    assert checkout == ["packages", "venv"]


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (steps.SetupError("apt-get: it rains"), 1, "set-up: apt-get: it rains"),
        (OSError(errno.ENOSPC, "x", "y"), 1, "set-up: the disk is full"),
        (KeyboardInterrupt(), 130, "set-up: interrupted"),
    ],
)
def test_an_error_is_one_line(checkout, monkeypatch, capsys, error, status, line):
    def fail(*_args):
        raise error

    monkeypatch.setattr(venv, "ensure", fail)
    assert setup.main([]) == status
    printed = capsys.readouterr().err.strip().splitlines()
    assert len(printed) == 1
    assert printed[0].startswith(line)


def test_what_a_killed_run_left_is_removed(checkout, tmp_path):
    (tmp_path / "build" / "tmp" / "tmp-old").mkdir(parents=True)
    setup.main([])
    assert not (tmp_path / "build" / "tmp").exists()


def test_a_second_set_up_waits_for_the_first(checkout, tmp_path, monkeypatch, capsys):
    real = fcntl.flock
    tried = []

    def flock(lock, flags):
        tried.append(flags)
        if flags & fcntl.LOCK_NB:
            raise BlockingIOError
        real(lock, flags)

    monkeypatch.setattr(fcntl, "flock", flock)
    assert setup.main([]) == 0
    assert tried == [fcntl.LOCK_EX | fcntl.LOCK_NB, fcntl.LOCK_EX]
    assert "Waiting for another set-up" in capsys.readouterr().out


KILLED = """
import os, pathlib, sys
from iotsafe_tools.toolchain import __main__ as setup, layout, packages, steps, venv
root = pathlib.Path(sys.argv[1])
layout.find = lambda: layout.Layout(root)
packages.ensure = lambda place: None
script = "echo started > started; read line < gate"
venv.ensure = lambda place: steps.run(["sh", "-c", script], log=root / "log", what="x", cwd=root)
setup.main(["venv"])
"""


def test_a_killed_set_up_is_not_over_before_its_child_is(tmp_path):
    """Otherwise the next set-up would write into the same folders as the child of the first."""
    for name in ("started", "gate"):
        os.mkfifo(tmp_path / name)
    first = subprocess.Popen([sys.executable, "-c", KILLED, tmp_path], stdout=subprocess.DEVNULL)
    with open(tmp_path / "started") as started:
        assert started.read() == "started\n"
    first.kill()
    first.wait()
    with open(tmp_path / "build" / ".lock", "w") as lock:
        with pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with open(tmp_path / "gate", "w") as gate:
            gate.write("end\n")
        fcntl.flock(lock, fcntl.LOCK_EX)


def shell(tmp_path, **environment):
    result = subprocess.run(
        ["/bin/sh", RUN, "venv"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
    )
    return result.returncode, result.stderr.strip()


def test_an_old_python_is_refused(tmp_path):
    command(tmp_path, "old-python", "exit 1")
    status, line = shell(tmp_path, PYTHON="old-python")
    assert status == 1
    assert line == "set-up: old-python is older than 3.11: run make with PYTHON= and a newer one"


def test_a_missing_python_is_installed_or_named(tmp_path):
    for name in ("apt-get", "sudo"):
        command(tmp_path, name, "exit 100")
    status, line = shell(tmp_path, PYTHON="no-such-python")
    assert status == 1
    assert line == "set-up: python3 could not be installed: see build/log/packages.log"


def test_set_up_imports_the_standard_library_only():
    code = (
        "import sys; before = set(sys.modules); import iotsafe_tools.toolchain.__main__; "
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    tools = str(Path(layout.__file__).parents[2])
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": tools},
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(result.stdout.split()) <= set(sys.stdlib_module_names) | {"iotsafe_tools"}


ROOT = Path(__file__).resolve().parents[3]


def test_make_help_lists_every_target():
    text = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    targets = text.split(".PHONY:")[1].splitlines()[0].split()
    shown = subprocess.run(
        ["make", "-C", ROOT, "help"], capture_output=True, text=True, check=True
    ).stdout
    listed = {line.split()[1] for line in shown.splitlines() if line.startswith("  make ")}
    assert listed == set(targets)
