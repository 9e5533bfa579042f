"""`iotsafe setup` with the image that a user flashes, a modem, a SIM and a broker."""

import json
import os
import random
import socket
import sys
import threading
from contextlib import closing

import pytest
import serial
from emulated import UF2
from pty_terminal import PtyTerminal
from terminal import Terminal

from iotsafe_tools.emulator import Pico
from iotsafe_tools.emulator.__main__ import LAB
from iotsafe_tools.lab import Lab
from iotsafe_tools.testbed import PKI, Process, Rig

SECRETS = ("93571846", "hush-hush")
STEPS = ("power", "sim", "network", "clock", "session")
COMMAND = [sys.executable, "-c", "from iotsafe_tools.cli import app; app()", "setup"]


def setup(port, *options, env=None):
    """Run `iotsafe setup` without a terminal; return (exit status, all output)."""
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", **(env or {})}
    command = [*COMMAND, "--port", port, *options]
    with Process(command, name="iotsafe setup", env=environment) as process:
        status = process.wait(240)
        return status, "\n".join(process.lines)


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    with Rig(tmp_path_factory.mktemp("rig"), lab={**LAB, "delays": 0.0}) as running:
        yield running


@pytest.fixture(scope="module")
def pico(rig, tmp_path_factory):
    """A board without a config. It asks for one on its console."""
    with Pico(UF2, tmp_path_factory.mktemp("pico") / "flash.img", lab=rig.lab) as board:
        board.wait_console()
        yield board


def works(shown):
    return [step for step in STEPS if f"✓ {step:8} works" in shown]


def on_the_board(pico):
    """Return the config on the board and the names of its certificates."""
    code = "import os; print(open('/config.json').read()); print(*os.listdir('/'))"
    text, names = pico.exec(code).splitlines()
    return json.loads(text), {name for name in names.split() if name.endswith(".pem")}


def test_the_dialogue(rig, pico, tmp_path):
    (tmp_path / "broker.pem").write_bytes(rig.pki.ca_pem)
    dialogue = (
        ("APN", "internet"),
        ("PIN", SECRETS[0]),
        ("Host name", "no host!"),
        ("host must be a host name or IP address, at most 64 characters", None),
        ("Host name", "localhost"),
        ("Port [8883]", str(rig.broker.port)),
        ("Client identifier", ""),
        ("User name", "somebody"),
        ("Password", SECRETS[1]),
        ("Topic", ""),
        ("Seconds between", "1"),
        ("CA certificate", str(tmp_path / "no.pem")),
        ("No such file", None),
        ("CA certificate", str(tmp_path / "broker.pem")),
    )
    with PtyTerminal([*COMMAND, "--port", pico.console]) as terminal:
        mark = 0
        for question, answer in dialogue:
            terminal.wait_for(question, mark)
            if answer is not None:
                mark = terminal.type(answer + "\r")
        terminal.wait_for("the board now starts with it", mark, 240)
        assert terminal.wait() == 0
    assert works(terminal.shown) == list(STEPS)
    assert not [secret for secret in SECRETS if secret in terminal.shown]
    with closing(Terminal(pico.console)) as screen:
        screen.wait_for("delivered")
        assert not [secret for secret in SECRETS if secret in screen.text]
    config, certificates = on_the_board(pico)
    assert config == {
        "version": 1,
        "modem": {"apn": "internet", "pin": SECRETS[0]},
        "mqtt": {
            "host": "localhost",
            "port": rig.broker.port,
            "user": "somebody",
            "password": SECRETS[1],
            "topic": "devices/{id}/telemetry",
            "ca": "ca.pem",
        },
        "telemetry": {"period": 1},
    }
    assert certificates == {"ca.pem"}
    pico.reset()


def test_a_board_whose_application_runs(rig, pico, tmp_path):
    """Set up with options only. The new certificate is another file, and the old one is gone."""
    (tmp_path / "broker.pem").write_bytes(rig.pki.ca_pem)
    options = ["--host", "localhost", "--mqtt-port", str(rig.broker.port), "--period", "2"]
    options += ["--ca", str(tmp_path / "broker.pem"), "--no-ask"]
    options += ["--chain", str(tmp_path / "broker.pem")]
    pico.wait_console()
    with closing(Terminal(pico.console)) as screen:
        screen.wait_for("delivered")
        mark = pico.mark
    env = {"IOTSAFE_SIM_PIN": SECRETS[0], "IOTSAFE_MQTT_PASSWORD": SECRETS[1]}
    status, shown = setup(pico.console, *options, env=env)
    assert status == 0, shown
    assert works(shown) == list(STEPS)
    assert not [secret for secret in SECRETS if secret in shown]
    with closing(Terminal(pico.console)) as screen:
        screen.wait_for("delivered")
    assert not [event for event in pico.events[mark:] if event["event"] == "reset"]
    config, certificates = on_the_board(pico)
    assert config["telemetry"] == {"period": 2}
    assert (config["mqtt"]["ca"], config["sim"]) == ("ca2.pem", {"chain": "chain.pem"})
    assert certificates == {"ca2.pem", "chain.pem"}


def test_what_fails_is_shown_and_changes_nothing(rig, pico, tmp_path):
    before, _ = on_the_board(pico)
    other = PKI.create(tmp_path / "other", name="Another CA")
    (tmp_path / "other.pem").write_bytes(other.ca_pem)
    options = ["--host", "localhost", "--mqtt-port", str(rig.broker.port), "--no-ask"]
    status, shown = setup(pico.console, *options, "--ca", str(tmp_path / "other.pem"))
    assert status == 1
    assert works(shown) == list(STEPS[:-1])
    assert "✗ session  ServerNotTrusted: the server's certificate is not from a CA" in shown
    assert shown.splitlines()[-1].startswith("iotsafe setup: the test failed: the board")
    with closing(Terminal(pico.console)) as screen:  # the board keeps its old config
        screen.wait_for("delivered")
    assert on_the_board(pico)[0] == before


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--host", "no host!"], "--host must be a host name or IP address, at most 64"),
        (["--pin", "12"], "--pin must be 4 to 8 digits"),
        (["--mqtt-port", "99999"], "--mqtt-port must be 1 to 65535"),
        (["--mqtt-port", "x"], "--mqtt-port must be a whole number"),
        (["--ca", "/no/such/file"], "/no/such/file: No such file"),
        (["--ca", os.devnull], "no certificate in PEM or DER"),
        (["--chain", os.devnull], "no certificate in PEM or DER"),
    ],
)
def test_a_bad_option_is_refused_before_the_board_is_touched(options, why):
    status, shown = setup("/no/such/port", *options)
    assert status == 2
    assert why in shown


def test_no_board_and_a_busy_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = f"socket://127.0.0.1:{server.getsockname()[1]}"
    ours, theirs = os.openpty()
    try:
        with serial.Serial(os.ttyname(theirs), exclusive=True) as busy:
            ports = {
                "/dev/no-such-port": "no such port: is the board plugged in?",
                closed: "nothing listens there: check the address",
                busy.name: "another program has it open: close that first",
            }
            for port, why in ports.items():
                status, shown = setup(port, "--host", "h")
                assert status == 1
                assert f"iotsafe setup: {port}: {why}" in shown
                assert "Traceback" not in shown
    finally:
        os.close(ours)
        os.close(theirs)


def test_what_is_no_micropython():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up():
            server.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        status, shown = setup(f"socket://127.0.0.1:{server.getsockname()[1]}", "--host", "h")
        thread.join()
    assert status == 1
    assert "the device does not answer like MicroPython" in shown
    assert "Traceback" not in shown


def test_a_modem_is_no_board():
    with Lab(delays=0.0) as lab:
        status, shown = setup(lab.uart, "--host", "h")
    assert status == 1
    assert f"iotsafe setup: {lab.uart}: this is a modem, not a board" in shown


@pytest.fixture
def alone(tmp_path):
    """A board without modem and broker."""
    with Pico(UF2, tmp_path / "alone.img", flash_time="none") as board:
        board.wait_console()
        yield board


def test_a_board_without_our_firmware(alone):
    """Imitate a stock MicroPython, which has no module `app`."""
    alone.exec("with open('/app.py', 'w') as file: file.write('raise ImportError')")
    alone.mpremote("soft-reset")  # forgets the frozen one, which the start has imported
    status, shown = setup(alone.console, "--host", "h", "--no-ask")
    assert status == 1
    assert "runs another firmware than ours: use make flash or make deploy" in shown
    assert "Traceback" not in shown


def test_a_power_cut_leaves_the_old_or_the_new(alone, tmp_path):
    """Cut the power between and in the middle of flash steps while a config is in use."""
    sides = {}
    for name in ("one", "two"):
        pem = PKI.create(tmp_path / name, name=name).ca_pem
        (tmp_path / f"{name}.pem").write_bytes(pem)
        sides[f"{name}.example"] = pem

    def write(host):
        ca = tmp_path / f"{host.partition('.')[0]}.pem"
        options = ("--host", host, "--ca", str(ca), "--no-ask", "--no-test")
        return setup(alone.console, *options)

    assert write("one.example")[0] == 0
    seen = set()
    for seed, after in enumerate((0, 2, 3, 4, 5, 6, 8, 10)):
        host = [*sides][(seed + 1) % 2]
        alone.wait_console()
        alone.tear(after=after, seed=random.Random(seed).randrange(1000))
        write(host)
        alone.power_cut()
        config = json.loads(alone.flash.read_file("/config.json"))["mqtt"]
        assert alone.flash.read_file(config["ca"]) == sides[config["host"]], after
        seen.add(config["host"] == host)
        alone.start()
    assert seen == {True, False}  # some cuts left the old config, some the new one


@pytest.mark.parametrize("unwritable", ["ca.pem", "config.json"])
def test_flash_that_fails_is_named_and_changes_nothing(alone, tmp_path, unwritable):
    ca = tmp_path / "ca.pem"
    ca.write_bytes(PKI.create(tmp_path / "pki", name="new").ca_pem)
    assert setup(alone.console, "--host", "old.example", "--no-ask", "--no-test")[0] == 0
    alone.wait_console()
    alone.flash_fails(True)
    options = ["--ca", str(ca)] if unwritable == "ca.pem" else []
    status, shown = setup(alone.console, "--host", "h", "--no-ask", "--no-test", *options)
    alone.flash_fails(False)
    assert status == 1
    name = "/ca2.pem" if options else "/config.json"
    line = f"NotWritten: {name} cannot be written: the flash fails"
    assert shown.splitlines()[-1].endswith(line), shown
    assert "Traceback" not in shown
    alone.power_cut()
    assert json.loads(alone.flash.read_file("/config.json"))["mqtt"]["host"] == "old.example"
