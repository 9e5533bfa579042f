"""`iotsafe lab` as a user runs it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def start(*arguments):
    path = os.pathsep.join([str(ROOT / "tools"), str(ROOT / "tools" / "shims")])
    command = [sys.executable, "-c", "from iotsafe_tools.cli import app; app()", "lab", *arguments]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path, "NO_COLOR": "1"},
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_runs_until_interrupted_and_removes_everything(tmp_path, number):
    link = tmp_path / "modem"
    process = start("--uart", f"pty:{link}", "--store", str(tmp_path / "sim.json"))
    try:
        shown = [process.stdout.readline() for _ in range(4)]
        assert str(link) in shown[0]
        assert "Ctrl-C" in shown[3]
        fd = os.open(link, os.O_RDWR | os.O_NOCTTY)
        os.close(fd)
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert out == "lab: stopped\n"
    assert err == ""
    assert not os.path.lexists(link)
    assert oct((tmp_path / "sim.json").stat().st_mode)[-3:] == "600"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--uart", "nothing"], "no UART 'nothing'"),
        (["--profile", "nosuch"], "no SIM profile 'nosuch'"),
        (["--baud", "7"], "no baud rate 7"),
        (["--fault", "nosuch"], "no fault 'nosuch'"),
        (["--log", "/nowhere/at/all"], "No such file"),
    ],
)
def test_mistakes_end_with_one_line(arguments, message):
    process = start(*arguments)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert out == ""
    assert message in err
    assert err.count("\n") == 1
