"""`iotsafe modem ping`: connections through the modem to loopback ports, open and closed."""

import signal
import socket
import subprocess

import pytest
from iotsafe_command import COMMAND, environment, iotsafe
from modem_bench import EchoServer
from modem_command import failure, modem, refusal, report

import cellular
from iotsafe_tools.lab import Lab
from iotsafe_tools.simulator.modem.personalities import PERSONALITIES
from iotsafe_tools.testbed import PATIENCE

FAST = ("--interval", "0")
STEPS = ["modem", "SIM", "network", "data"]


def lab(**options):
    return Lab("pty", delays=0.0, **options)


@pytest.fixture(scope="module")
def server():
    with EchoServer() as running:
        yield running


@pytest.fixture
def closed():
    """Return a port without a listener."""
    with socket.socket() as holder:  # bound, and not listening
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@pytest.mark.parametrize("name", PERSONALITIES)
def test_a_modem_of_each_family(name, server):
    port = f"sim:?modem={name}&delays=0"
    whole = report("ping", f"127.0.0.1:{server.port}", "--count", "2", *FAST, port=port)
    assert (whole["driver"], whole["address"]) == (name, "10.94.36.44")
    assert (whole["host"], whole["host_port"]) == ("127.0.0.1", server.port)
    assert whole["host_address"] == "127.0.0.1"
    assert whole["open"] == 2
    times = [one["ms"] for one in whole["tries"]]
    assert whole["tries"] == [
        {"open": True, "ms": ms, "error": None, "advice": None} for ms in times
    ]
    assert (whole["min"], whole["max"]) == (min(times), max(times))
    assert 0 < whole["min"] <= whole["avg"] <= whole["max"]
    assert [step["name"] for step in whole["steps"]] == STEPS


def test_each_connection_is_closed(server):
    """It makes more connections than the modem has."""
    with lab() as running:
        count = cellular.SIM7080.max_sockets + 1
        whole = report("ping", f"127.0.0.1:{server.port}", "--count", count, *FAST,
                       port=running.uart)  # fmt: skip
        assert whole["open"] == count
        assert running.modem.selectables() == []


def test_a_name_for_people_as_a_process(server):
    with lab(resolve={"broker.test": ("127.0.0.1", server.port)}) as running:
        done = iotsafe("modem", "ping", "broker.test:8883", "--port", running.uart, "--count", "3",
                       *FAST)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert [line.split()[:2] for line in lines[:5]] == [["✓", step] for step in [*STEPS, "name"]]
    assert lines[4].endswith("broker.test is 127.0.0.1")
    assert [line.split()[:3] for line in lines[5:8]] == [
        [str(n), "open", "after"] for n in (1, 2, 3)
    ]
    assert lines[8].startswith("3 tried, 3 open; min ")
    assert len(lines) == 9


def test_a_name_that_nobody_has():
    with lab() as running:
        whole = report("ping", "nobody.test:8883", "--count", "1", port=running.uart, status=1)
        shown = modem(
            "ping", "nobody.test:8883", "--count", "1", port=running.uart, status=1
        ).stdout
    assert (whole["host_address"], whole["open"], whole["min"]) == (None, 0, None)
    assert whole["steps"][-1]["name"] == "name" and whole["steps"][-1]["state"] == "warn"
    assert "cannot be resolved" in whole["tries"][0]["error"]
    assert "! name" in shown and "1 tried, 0 open" in shown


def test_a_connection_that_is_refused(closed):
    target = f"127.0.0.1:{closed}"
    with lab() as running:
        whole = report("ping", target, "--count", "2", *FAST, port=running.uart, status=1)
        shown = modem("ping", target, "--count", "2", *FAST, port=running.uart, status=1).stdout
    assert (whole["open"], len(whole["tries"])) == (0, 2)
    for one in whole["tries"]:
        assert one["open"] is False and "refused by the server" in one["error"]
        assert "check the port" in one["advice"]
    assert shown.splitlines()[-2:] == [
        "2 tried, 0 open",
        "     → check the port: does anything listen there?",
    ]


def test_one_of_several_is_enough(server):
    with lab() as running:
        running.call(running.modem.faults.add, "cme", prefix="+CAOPEN", code=3, times=2)
        whole = report("ping", f"127.0.0.1:{server.port}", "--count", "2", *FAST,
                       port=running.uart)  # fmt: skip
    assert [one["open"] for one in whole["tries"]] == [False, True]
    assert whole["open"] == 1


def test_without_a_network_nobody_is_called(server):
    port = "sim:?delays=0&registration=denied"
    whole = report("ping", f"127.0.0.1:{server.port}", "--timeout", "1", port=port, status=1)
    assert whole["error"] == "no network: denied"
    assert "tries" not in whole


def test_a_modem_that_restarts(server):
    with lab(faults=["reset:at=at:+CAOPEN"], nvm={"+IPR": (115200,)}) as running:
        done = modem("ping", f"127.0.0.1:{server.port}", port=running.uart, status=1)
    assert "the modem restarted" in done.stderr


def test_interrupted_it_says_how_it_went(server):
    with lab() as running:
        process = subprocess.Popen(
            [*COMMAND, "modem", "ping", f"127.0.0.1:{server.port}", "--port", running.uart,
             "--interval", "600"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(PYTHONUNBUFFERED="1"),
            text=True,
        )  # fmt: skip
        try:
            for _ in range(5):
                shown = process.stdout.readline()
            assert shown.startswith("  1  open after ")
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
            process.wait()
    assert process.returncode == 130
    assert out.startswith("1 tried, 1 open; min ")
    assert err == "iotsafe modem ping: interrupted\n"


@pytest.mark.parametrize(
    "target",
    ["host", ":80", "host:", "host:0", "host:65536", "host:http", "::1:80", 'a"b:80', "a\nb:80",
     f"{'x' * 65}:80"],
)  # fmt: skip
def test_targets_that_cannot_be_meant(target):
    assert "HOST:PORT" in refusal("ping", target, port="sim:")


def test_an_address_in_brackets():
    from iotsafe_tools.commands.modem.options import target_of

    assert target_of("[2001:db8::1]:8883") == ("2001:db8::1", 8883)


def test_no_such_port(tmp_path):
    assert "no such port" in failure("ping", "host:80", port=tmp_path / "ttyUSB0")
