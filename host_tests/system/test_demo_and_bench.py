"""Tests of the programs behind `make demo` and `make bench`."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from processes import runs

from iotsafe_tools.bench import commands, measure
from iotsafe_tools.testbed import Process

DEMO = (sys.executable, "-m", "iotsafe_tools.demo")


def _descendants(pid: int) -> set[int]:
    """Return all descendant processes of `pid`."""
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        tasks = Path(f"/proc/{parent}/task")
        for children in tasks.glob("*/children"):
            for child in map(int, children.read_text().split()):
                found.add(child)
                waiting.append(child)
    return found


def test_the_demonstration_ends_by_itself_after_five_messages():
    done = subprocess.run(
        [*DEMO, "--messages", "5", "--period", "1"], capture_output=True, text=True, timeout=400
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    received = [line for line in lines if "broker devices/device-0001/telemetry" in line]
    assert len(received) == 5
    assert sum("mqtt: delivered" in line for line in lines) == 5  # the last one, too
    output = "\n".join(lines)
    for text in (
        "switched on, listening on its UART",
        "IoT SAFE applet A0000005590010 on channel 1, by AT+CSIM",
        "key 01, certificate 02 (device-0001)",
        "registered, home network",
        "signs the TLS handshake",
        "handshake signed by the SIM with key 01",
        "5 messages delivered; the broker knows the client as 'device-0001'",
    ):
        assert text in output, output
    assert "\x1b[" not in output, "colours belong on a terminal only"


@pytest.mark.parametrize("moment", ["Power up", "searching", r"broker devices/"])
def test_ctrl_c_leaves_nothing_running(moment):
    with Process(
        DEMO, name="the demonstration", env={**os.environ, "PYTHONUNBUFFERED": "1"}
    ) as demo:
        demo.wait_for(moment)
        children = _descendants(demo.pid)
        demo.signal(signal.SIGINT)
        assert demo.wait() == 130
    assert not [pid for pid in children if runs(pid)]
    assert any("Nothing is left running" in line for line in demo.lines)


def test_the_benchmark_counts_what_it_says():
    numbers = measure.connects()
    assert json.loads(json.dumps(numbers)) == numbers
    assert numbers["reconnect.apdu_exchanges"] == 2
    assert numbers["connect.apdu_exchanges"] == 8
    assert numbers["reconnect.uart_bytes"] == sum(
        numbers[f"reconnect.uart_bytes.{purpose}"] for purpose in ("sim", "socket", "control")
    )
    # The socket commands carry the TLS bytes and little else.
    assert numbers["reconnect.uart_bytes.socket"] > numbers["reconnect.tls_bytes"]
    assert numbers["reconnect.uart_bytes.socket"] < numbers["reconnect.tls_bytes"] + 300
    assert numbers["publish.at_commands"] == 2


def test_the_benchmark_measures_each_package():
    numbers = measure.bytecode()
    assert numbers["bytecode"] == sum(
        numbers[f"bytecode.{name}"] for name in ("ticks", "iotsafe", "cellular", "telemetry")
    )
    assert all(value > 0 for value in numbers.values())
    assert numbers["bytecode.iotsafe.session"] < numbers["bytecode.iotsafe"]
    assert numbers["bytecode.iotsafe.session"] < numbers["bytecode.session"] < numbers["bytecode"]


def test_a_session_loads_nothing_that_it_does_not_need():
    code = "import iotsafe, sys; print(*sorted(n for n in sys.modules if n[:8] == 'iotsafe.'))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert shown.returncode == 0
    loaded = {name.removeprefix("iotsafe.") for name in shown.stdout.split()}
    assert loaded and not loaded & measure.LATER


def test_the_benchmark_measures_each_command_of_the_applet():
    costs = commands.costs()
    names = {name.rpartition(".")[0].removeprefix("command.") for name in costs}
    exchanges = {name: costs[f"command.{name}.exchanges"] for name in names}
    assert len(names) == 17
    assert all(costs[f"command.{name}.heap"] > 100 for name in names)
    assert exchanges["compute_signature"] == exchanges["compute_signature_text"] == 2
    assert exchanges["compute_dh"] == exchanges["get_random"] == 1
    assert exchanges["doctor"] <= 25
