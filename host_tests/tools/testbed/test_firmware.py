"""The firmware process: MicroPython in a folder, its output read line by line."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from processes import await_end

from iotsafe_tools.testbed import PATIENCE, ROOT, Firmware, ProcessError, micropython_binary


def script(folder: Path, text: str) -> Path:
    path = folder / "script.py"
    path.write_text(text)
    return path


def test_it_runs_micropython_in_its_folder_with_its_configuration(tmp_path: Path) -> None:
    code = """
import json, os, sys
print(sys.implementation.name, os.getcwd())
with open("config.json") as f:
    print("port", json.load(f)["broker"]["port"])
"""
    config = {"broker": {"port": 1883}, "name": "Gerät"}
    old = tmp_path / "work" / "config.json"
    old.parent.mkdir()
    old.write_text("x" * 1000)
    with Firmware(tmp_path / "work", command=["-c", code], config=config) as firmware:
        assert firmware.wait_for("^micropython (.*)")[1] == str(tmp_path / "work")
        assert firmware.wait_for(r"port (\d+)")[1] == "1883"
        assert firmware.wait() == 0
    assert json.loads(old.read_text()) == config
    assert old.stat().st_mode & 0o777 == 0o600  # it may have a PIN and a password
    assert firmware.log_path.read_text().endswith("port 1883\n")


def test_lines_come_while_it_runs(tmp_path: Path) -> None:
    seen: list[str] = []
    path = script(tmp_path, "import time\nprint('ready')\nwhile True: time.sleep(1)\n")
    with Firmware(tmp_path, command=[path], on_line=seen.append) as firmware:
        firmware.wait_for("ready")
        assert firmware.running
        assert seen == ["ready"]


def test_interrupt_is_what_ctrl_c_is(tmp_path: Path) -> None:
    code = """
import time
try:
    print("ready")
    while True: time.sleep(1)
except KeyboardInterrupt:
    print("interrupted")
"""
    with Firmware(tmp_path, command=["-c", code]) as firmware:
        firmware.wait_for("ready")
        firmware.interrupt()
        firmware.wait_for("^interrupted$")
        assert firmware.wait() == 0


def test_the_heap_is_as_large_as_wanted(tmp_path: Path) -> None:
    code = "import gc; print(gc.mem_free() + gc.mem_alloc())"
    for heap, most in (("64k", 64 * 1024), ("1m", 1024 * 1024)):
        with Firmware(tmp_path, command=["-c", code], heap=heap) as firmware:
            assert 0.8 * most < int(firmware.wait_for(r"^(\d+)$")[1]) <= most


def test_source_or_frozen_modules(tmp_path: Path) -> None:
    code = "import sys; print(sys.path)"
    with Firmware(tmp_path, command=["-c", code]) as firmware:
        line = firmware.wait_for(r"\[")
        assert line.string.index(str(ROOT / "lib")) < line.string.index(".frozen")
    with Firmware(tmp_path, command=["-c", code], frozen=True) as firmware:
        assert str(ROOT) not in firmware.wait_for(r"\[").string


def test_the_environment_can_be_added_to(tmp_path: Path) -> None:
    code = "import os; print(os.getenv('DETAIL'), os.getenv('PATH') is not None)"
    with Firmware(tmp_path, command=["-c", code], env={"DETAIL": "yes"}) as firmware:
        firmware.wait_for("^yes True$")


def test_a_trace_says_which_files_were_opened(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("x")
    code = """
for name in ("secret.key", "absent.key"):
    try: open(name).close()
    except OSError: pass
print("done")
"""
    with Firmware(tmp_path, command=["-c", code], trace=("open", "openat")) as firmware:
        firmware.wait_for("done")
        assert firmware.wait() == 0
    opened = firmware.opened()
    assert "secret.key" in opened
    assert "absent.key" not in opened
    with pytest.raises(ProcessError, match="no system calls were recorded"):
        Firmware(tmp_path / "untraced", command=["-c", ""]).opened()


@pytest.mark.parametrize("trace", [(), ("openat",)])
@pytest.mark.parametrize("ignores", [False, True])
def test_nothing_is_left_after_an_exception(tmp_path: Path, trace: tuple, ignores: bool) -> None:
    path = script(
        tmp_path,
        "import ffi, time\nlibc = ffi.open(None)\n"
        + ("libc.func('p', 'signal', 'ip')(15, 1)\n" if ignores else "")
        + "print('pid', libc.func('i', 'getpid', '')())\nwhile True: time.sleep(1)\n",
    )
    with (
        pytest.raises(ZeroDivisionError),
        Firmware(tmp_path, command=[path], trace=trace) as firmware,
    ):
        pid = int(firmware.wait_for(r"^pid (\d+)")[1])
        assert (pid == firmware.pid) is not bool(trace)
        if ignores:
            firmware.stop(grace=0.1)
        raise ZeroDivisionError
    assert not firmware.running
    await_end(pid)


@pytest.mark.parametrize("trace", [(), ("openat",)])
def test_nothing_is_left_when_the_parent_is_killed(tmp_path: Path, trace: tuple) -> None:
    path = script(
        tmp_path,
        "import ffi, time\nprint('pid', ffi.open(None).func('i', 'getpid', '')())\n"
        "while True: time.sleep(1)\n",
    )
    code = f"""if True:
        import os
        from iotsafe_tools.testbed import Firmware
        firmware = Firmware({str(tmp_path)!r}, command=[{str(path)!r}], trace={trace!r}).start()
        print(firmware.pid, firmware.wait_for(r"^pid (\\d+)")[1], flush=True)
        os.kill(os.getpid(), 9)
    """
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT / "tools")},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    started = [int(pid) for pid in done.stdout.split()]
    assert len(set(started)) == (2 if trace else 1)
    for pid in started:
        await_end(pid)


def test_a_crash_is_told_apart_from_an_end(tmp_path: Path) -> None:
    code = "import ffi; ffi.open(None).func('v', 'abort', '')()"
    with Firmware(tmp_path, command=["-c", code]) as firmware:
        assert firmware.wait() == -signal.SIGABRT
        with pytest.raises(ProcessError, match=r"the firmware said nothing.*SIGABRT"):
            firmware.wait_for("anything")


def test_a_missing_binary_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MICROPYTHON", str(tmp_path / "none"))
    with pytest.raises(ProcessError, match="none: run `make micropython`"):
        Firmware(tmp_path)
    monkeypatch.setenv("MICROPYTHON", "")
    assert micropython_binary() == ROOT / "build" / "unix" / "micropython"
