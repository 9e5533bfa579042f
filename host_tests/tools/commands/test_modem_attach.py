"""`iotsafe modem attach`: from a modem that may be off to an address, and the step where it
fails."""

import json
import signal
import subprocess
import threading
from pathlib import Path

import pytest
from fake_modem import FakeModem
from iotsafe_command import COMMAND, environment, iotsafe
from modem_command import failure, modem, refusal, report
from pty_terminal import PtyTerminal

import cellular
from iotsafe_tools.commands.modem import connection
from iotsafe_tools.console import options as tool_options
from iotsafe_tools.lab import Lab
from iotsafe_tools.simulator.modem.personalities import PERSONALITIES
from iotsafe_tools.testbed import PATIENCE

PIN = "4711"
ADDRESS = "10.94.36.44"
STEPS = ["modem", "SIM", "network", "data"]


def lab(**options):
    return Lab("pty", delays=0.0, **options)


def outcome(whole):
    """Return [(name, state)] of the steps."""
    return [(step["name"], step["state"]) for step in whole["steps"]]


@pytest.mark.parametrize("name", PERSONALITIES)
def test_a_modem_of_each_family(name):
    whole = report("attach", "--apn", "internet", port=f"sim:?modem={name}&delays=0")
    assert (whole["driver"], whole["address"]) == (name, ADDRESS)
    assert outcome(whole) == [(step, "ok") for step in STEPS]
    for step in whole["steps"]:
        assert step.keys() == {"name", "state", "text", "advice", "seconds"}
        assert 0 <= step["seconds"] < 60 and step["text"] and not step["advice"]


def test_a_modem_that_starts_meanwhile():
    """The modem has the delays of a real one."""
    assert report("attach", port="sim:?modem=bg95")["address"] == ADDRESS


def test_for_people_as_a_process():
    with lab() as running:
        done = iotsafe("modem", "attach", "--port", running.uart, "--apn", "internet")
    assert (done.returncode, done.stderr) == (0, "")
    *steps, address = done.stdout.splitlines()
    assert address == ADDRESS
    assert [line.split()[:2] for line in steps] == [["✓", step] for step in STEPS]
    assert all(line.split()[3] == "s" and float(line.split()[2]) >= 0 for line in steps)
    assert f"SIMCOM_SIM7080 on {running.uart} at 115200 baud, driver sim7080" in steps[0]
    assert "home, LTE/LTE-M, Test Network, -73 dBm" in steps[2]
    assert "APN internet" in steps[3]


def test_what_is_up_already_stays():
    with lab() as running:
        modem("attach", port=running.uart)
        events = []
        running.modem.on_event = events.append
        whole = report("attach", port=running.uart)
        assert whole["steps"][-1]["text"] == f"address {ADDRESS}, active already"
        assert "CNACT=0,1" not in str(events)
        # Another access point is another registration.
        whole = report("attach", "--apn", "other", port=running.uart)
        assert whole["steps"][-1]["text"] == f"address {ADDRESS}, APN other"
    assert 'CGDCONT=1,"IP","other"' in str(events)


def test_access_point_and_login():
    with lab(personality="bg95") as running:
        modem("attach", "--apn", "iot.example", "--user", "me", "--password", "secret",
              port=running.uart)  # fmt: skip
        assert "iot.example" in repr(running.modem.contexts) + repr(running.modem.nvm)


def test_the_stored_access_point_is_used_where_none_is_named():
    stored = {"contexts": {1: ("IP", "stored.example")}}
    with lab(personality="gm02s", nvm=stored) as running:
        whole = report("attach", port=running.uart)
        assert running.modem.nvm["contexts"][1] == ("IP", "stored.example")
        assert whole["steps"][-1]["text"] == f"address {ADDRESS}, active already"
        whole = report("attach", "--apn", "other.example", port=running.uart)
        assert running.modem.nvm["contexts"][1] == ("IP", "other.example")
        assert whole["steps"][-1]["text"] == f"address {ADDRESS}, APN other.example"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--apn", 'a"b'], "--apn"),
        (["--apn", "x" * 65], "--apn"),
        (["--user", "a\rb"], "--user"),
        (["--password", "secret"], "--password"),
        (["--timeout", "0"], "--timeout"),
        (["--pin", "12a4"], "4 to 8 digits"),
    ],
)
def test_options_that_cannot_be_meant(options, complaint):
    said = refusal("attach", *options, port="sim:")
    assert complaint in said and "secret" not in said


# -- where it ends --------------------------------------------------------------------------


def ended(whole, name):
    """Return the text of the last step, `name`, which failed."""
    assert whole["steps"][-1]["name"] == name
    assert outcome(whole) == [
        *((step, "ok") for step in STEPS[: STEPS.index(name)]),
        (name, "fail"),
    ]
    last = whole["steps"][-1]
    assert (whole["error"], whole["advice"]) == (last["text"], last["advice"])
    assert last["advice"]
    assert "address" not in whole
    return whole["error"], whole["advice"]


def test_a_silent_port(monkeypatch):
    monkeypatch.setattr(connection, "BOOT_MS", 1_200)
    with FakeModem(lambda line: b"") as fake:
        error, advice = ended(report("attach", port=fake.name, status=1), "modem")
        shown = modem("attach", port=fake.name, status=1).stdout
    assert "no modem answers" in error
    assert "press its power key (from here that cannot be done)" in advice
    assert shown.startswith("✗ modem") and "→ check its power" in shown


def test_without_a_sim(monkeypatch):
    monkeypatch.setattr(cellular.timeouts, "BOOT_SETTLE", 0)
    with lab(sim_inserted=False) as running:
        error, advice = ended(report("attach", port=running.uart, status=1), "SIM")
    assert "SIM not inserted" in error
    assert "inserted well" in advice


def test_a_wrong_pin_is_entered_once():
    with lab(pin=PIN) as running:
        whole = report("attach", "--pin", "9999", port=running.uart, status=1)
        error, advice = ended(whole, "SIM")
        assert "the PIN was refused" in error and "third" in advice
        assert "9999" not in json.dumps(whole)
        assert running.modem.sim.tries == 2
        assert report("attach", port=running.uart, IOTSAFE_SIM_PIN=PIN)["address"] == ADDRESS
        assert running.modem.sim.tries == 3


def test_a_pin_that_nobody_gives():
    with lab(pin=PIN) as running:
        error, advice = ended(report("attach", port=running.uart, status=1), "SIM")
        assert "asks for a PIN" in error and "IOTSAFE_SIM_PIN" in advice
        assert running.modem.sim.tries == 3


def test_a_network_that_refuses():
    port = "sim:?delays=0&registration=denied"
    error, advice = ended(report("attach", "--timeout", "1", port=port, status=1), "network")
    assert error == "no network: denied"
    assert "--apn" in advice


def test_a_network_that_is_not_there():
    port = "sim:?modem=tx62&delays=0&registration=none"
    error, advice = ended(report("attach", "--timeout", "1", port=port, status=1), "network")
    assert error == "no network: not searching"
    assert "antenna" in advice


def test_a_data_connection_that_is_refused():
    with lab(pdp="refused") as running:
        whole = report("attach", "--timeout", "1", port=running.uart, status=1)
        shown = modem("attach", "--timeout", "1", port=running.uart, status=1).stdout
    error, advice = ended(whole, "data")
    assert error == "the network gives no data connection"
    assert "--apn" in advice and "modem.apn" not in shown
    assert "→ check --apn" in shown


def test_a_modem_that_restarts():
    with lab(faults=["reset:at=at:+CEREG"], nvm={"+IPR": (115200,)}) as running:
        error, advice = ended(report("attach", port=running.uart, status=1), "network")
    assert "the modem restarted" in error
    assert "try again" in advice


def test_a_port_that_is_none(tmp_path):
    assert "no such port" in failure("attach", port=tmp_path / "ttyUSB0")


def test_interrupted():
    with lab(registration="none") as running:
        process = subprocess.Popen(
            [*COMMAND, "modem", "attach", "--port", running.uart],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(PYTHONUNBUFFERED="1"),
            text=True,
        )
        try:
            assert "modem" in process.stdout.readline()
            assert "SIM" in process.stdout.readline()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
            process.wait()
    assert (process.returncode, out, err) == (130, "", "iotsafe modem attach: interrupted\n")


# -- the PIN stays a secret -----------------------------------------------------------------


def test_the_pin_is_asked_for_without_showing_it():
    with lab(pin=PIN) as running:
        command = [*COMMAND, "modem", "attach", "--port", running.uart]
        with PtyTerminal(command, environment()) as terminal:
            terminal.wait_for("PIN of the SIM: ")
            mark = terminal.type("12\n")
            terminal.wait_for("4 to 8 digits", mark)
            terminal.wait_for("PIN of the SIM: ", mark)
            terminal.type(PIN + "\n")
            terminal.wait_for(ADDRESS)
            assert terminal.wait() == 0
            assert PIN not in terminal.shown
        assert running.modem.sim.tries == 3


def test_secrets_leave_the_process_title():
    """Check what `ps` shows, once the command has read its options and begun to call the modem."""
    heard = threading.Event()
    with FakeModem(lambda line: heard.set() or b"") as fake:
        options = ["--port", fake.name, "--pin", PIN, "--user", "me", "--password=pass-word"]
        process = subprocess.Popen(
            [*COMMAND, "modem", "attach", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        )
        try:
            assert heard.wait(60)
            title = Path(f"/proc/{process.pid}/cmdline").read_bytes().split(b"\0")
        finally:
            process.kill()
            process.communicate()
    hidden = {PIN: "xxxx", options[-1]: "--password=" + "x" * 9}
    shown = [hidden.get(word, word).encode() for word in ["modem", "attach", *options]]
    assert title[-len(shown) - 1 :] == [*shown, b""]


def test_hiding_where_there_is_no_proc(monkeypatch):
    def refuse(*_, **__):
        raise FileNotFoundError

    monkeypatch.setattr(tool_options, "open", refuse, raising=False)
    assert tool_options.hide("secret") == "secret"
    assert tool_options.hide(None) is None
