"""Processes: lines as they arrive, time-outs, and no process left running."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from processes import await_end, runs

from iotsafe_tools.testbed import PATIENCE, Process, ProcessError, ReservedPort


def shell(script: str, **options) -> Process:
    return Process(["sh", "-c", script], name="the shell", **options)


def test_lines_are_seen_in_order_while_it_runs(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with shell("echo one; echo two >&2; echo three; exec cat /dev/zero", log=log) as process:
        assert process.wait_for("t(.*)").group(1) == "wo"
        assert process.wait_for("thr").string == "three"
        assert process.running and process.returncode is None
    assert process.lines[:3] == ["one", "two", "three"]
    assert log.read_text().startswith("one\ntwo\nthree\n")


def test_a_callback_sees_each_line() -> None:
    seen: list[str] = []
    with shell("echo one; printf two", on_line=seen.append) as process:
        assert process.wait() == 0
    assert seen == ["one", "two"]


def test_waiting_for_a_line_that_does_not_come() -> None:
    with (
        shell("echo ready; exec sleep 60") as process,
        pytest.raises(ProcessError, match=r"nothing like 'never' in 0.1 s.*\n    ready"),
    ):
        process.wait_for("never", timeout=0.1)


def test_the_end_of_the_output_ends_the_wait_at_once() -> None:
    with (
        shell("echo oops; exit 3") as process,
        pytest.raises(ProcessError, match=r"before its end \(exit status 3\).*\n    oops"),
    ):
        process.wait_for("never", timeout=PATIENCE)


def test_exit_status_and_signals() -> None:
    with shell("exit 7") as process:
        assert process.wait() == 7
        assert process.returncode == 7
        process.interrupt()
    with shell("exec sleep 60") as process:
        process.kill()
        assert process.wait() == -signal.SIGKILL
    with (
        shell("exec sleep 60") as process,
        pytest.raises(ProcessError, match=r"still runs after 0.1 s"),
    ):
        process.wait(0.1)


def test_a_missing_program_and_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(ProcessError, match="no program nowhere-at-all"):
        Process(["nowhere-at-all"], name="it").start()
    with pytest.raises(ProcessError, match="does not start"):
        shell("true", cwd=tmp_path / "none").start()


def test_a_process_starts_once() -> None:
    with shell("true") as process, pytest.raises(ProcessError, match="make a new"):
        process.start()
    with pytest.raises(ProcessError, match="was not started"):
        shell("true").wait()


def test_stop_ends_what_ignores_it_and_what_it_started() -> None:
    with shell("trap '' TERM; sleep 60 & echo child $!; wait; wait") as process:
        child = int(process.wait_for(r"child (\d+)").group(1))
        assert runs(process.pid) and runs(child)
        process.stop(grace=0.1)
        assert process.returncode == -signal.SIGKILL
        await_end(child)


def test_nothing_is_left_of_a_process_that_ended_by_itself() -> None:
    with shell("sleep 60 >/dev/null 2>&1 & echo child $!") as process:
        child = int(process.wait_for(r"child (\d+)").group(1))
        assert process.wait() == 0
        await_end(child)


def test_nothing_is_left_after_an_exception() -> None:
    with pytest.raises(ZeroDivisionError), shell("exec sleep 60") as process:
        pid = process.pid
        raise ZeroDivisionError
    assert not runs(pid)


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), 9)", "sys.exit()", "os._exit(0)"])
def test_nothing_is_left_when_the_parent_ends_without_stopping_it(end: str) -> None:
    code = f"""if True:
        import os, sys
        from iotsafe_tools.testbed import Process
        child = Process(["sleep", "60"], name="sleep").start()
        print(child.pid, flush=True)
        {end}
    """
    tools = Path(__file__).resolve().parents[3] / "tools"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(tools)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    await_end(int(done.stdout))


def test_a_reserved_port_refuses_until_a_server_takes_it() -> None:
    with ReservedPort() as port:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port.number), timeout=5)
        # a program that does not share the port
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port.number))
        for _ in range(2):  # a server comes, goes, and comes back
            with socket.create_server(("127.0.0.1", port.number)):
                socket.create_connection(("127.0.0.1", port.number), timeout=5).close()


def test_no_port_is_given_twice() -> None:
    ports = [ReservedPort() for _ in range(200)]
    numbers = {port.number for port in ports}
    for port in ports:
        port.close()
        port.close()
    assert len(numbers) == 200
