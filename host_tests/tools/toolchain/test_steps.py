"""How a set-up step runs: its output is logged, its failure is one line, no process stays
behind."""

import errno
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from iotsafe_tools.testbed import PATIENCE
from iotsafe_tools.toolchain import steps


def fails(tmp_path: Path, script: str, **options) -> str:
    with pytest.raises(steps.SetupError) as caught:
        steps.run(["sh", "-c", script], log=tmp_path / "a.log", what="the thing", **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_output_is_returned_and_logged(tmp_path):
    log = tmp_path / "log" / "a.log"
    assert steps.run(["echo", "one"], log=log, what="echo") == "one\n"
    assert steps.run(["echo", "two"], log=log, what="echo") == "two\n"
    assert log.read_text() == "$ echo one\none\n$ echo two\ntwo\n"


def test_a_missing_command_is_named(tmp_path):
    with pytest.raises(steps.SetupError, match="the command no-such-command is missing"):
        steps.run(["no-such-command"], log=tmp_path / "a.log", what="the thing")


@pytest.mark.parametrize(
    ("output", "advice"),
    [
        ("tar: x: Cannot write: No space left on device", "the disk is full"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM", "another digest"),
        ("E: Failed to fetch x  Hash Sum mismatch", "another digest"),
        ("Temporary failure in name resolution", "cannot be reached"),
        ("fatal: unable to access 'x': Could not resolve host", "cannot be reached"),
        ("E: Could not get lock /var/lib/dpkg/lock", "apt is busy"),
        ("ERROR: No matching distribution found for x==1", "does not have that version"),
    ],
)
def test_known_output_gets_advice(tmp_path, output, advice):
    line = fails(tmp_path, f'echo "{output}" >&2; exit 3', hint="some hint")
    assert line.startswith("the thing: ")
    assert advice in line
    assert str(tmp_path / "a.log") in line


def test_a_log_that_was_cut_off_by_a_full_disk(tmp_path, monkeypatch):
    usage = steps.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(steps.shutil, "disk_usage", lambda _path: usage._replace(free=0))
    assert "the disk is full" in fails(tmp_path, "exit 1", hint="some hint")


def test_unknown_output_gets_the_hint(tmp_path):
    assert "some hint" in fails(tmp_path, "echo odd; exit 1", hint="some hint")


def test_a_full_disk_and_a_foreign_file_are_told_apart():
    full = steps.describe(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "x"))
    assert full == "the disk is full: free some space and run again"
    assert "no permission to write x" in steps.describe(PermissionError(errno.EACCES, "", "x"))


def test_space_is_asked_for_before_it_is_used(tmp_path):
    steps.require_space(tmp_path / "not" / "there", 1)
    with pytest.raises(steps.SetupError, match="MB are needed: free some space"):
        steps.require_space(tmp_path, 10**9)


def test_scratch_is_gone_after_a_failure(tmp_path):
    def use() -> None:
        with steps.scratch(tmp_path / "tmp") as folder:
            (folder / "half").write_text("half-built")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        use()
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    new, target = tmp_path / "new", tmp_path / "target"
    new.mkdir()
    target.mkdir()
    (target / "old").touch()
    (new / "fresh").touch()
    steps.replace_folder(new, target)
    assert [path.name for path in target.iterdir()] == ["fresh"]
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_an_interrupt_at_the_very_start_ends_the_child(tmp_path, monkeypatch):
    """The signal comes when the child runs already and the function has no handle of it yet."""
    before = signal.getsignal(signal.SIGINT)
    children = []

    class Interrupted(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            children.append(self)
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(steps.subprocess, "Popen", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        steps.run(["sleep", "600"], log=tmp_path / "a.log", what="sleeper")
    assert children[0].poll() is not None
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_ends_the_whole_process_group(tmp_path):
    """The child's own child keeps a pipe open; end of file on it proves that it is gone, too."""
    script = textwrap.dedent(
        """
        import pathlib, sys
        from iotsafe_tools.toolchain import steps
        pipe = sys.argv[1]
        steps.run(["sh", "-c", f"(echo started; exec sleep 600) > {pipe} & wait"],
                  log=pathlib.Path(sys.argv[2]), what="sleeper")
        """
    )
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    child = subprocess.Popen(
        [sys.executable, "-c", script, pipe, tmp_path / "a.log"], stderr=subprocess.DEVNULL
    )
    with open(pipe) as reader:
        assert reader.readline() == "started\n"
        child.send_signal(2)
        assert reader.read() == ""
    assert child.wait(timeout=PATIENCE) != 0
