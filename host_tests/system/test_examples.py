"""Each example of firmware/examples against the simulated modem and SIM, and a real broker."""

import json
import re
import shutil
from pathlib import Path

import pytest

from iotsafe_tools.testbed import Firmware, Subscriber

EXAMPLES = Path(__file__).resolve().parents[2] / "firmware" / "examples"


def example(rig, name, **settings):
    """The example `name`, ready to start, with its `settings` in place of those at its top."""
    folder = rig.folder / name
    folder.mkdir(exist_ok=True)
    (folder / "ca.pem").write_bytes(rig.pki.ca_pem)
    text = (EXAMPLES / f"{name}.py").read_text()
    for setting, value in settings.items():
        line = re.compile(rf"^{setting} = \S+", re.MULTILINE)
        assert len(line.findall(text)) == 1, (name, setting)
        text = line.sub(f"{setting} = {value!r}", text)
    (folder / "main.py").write_text(text)
    return Firmware(folder, command=("main.py",))


def connection(rig):
    return {"UART": rig.lab.uart, "HOST": "localhost", "PORT": rig.broker.port}


def test_a_sensor_of_ones_own(make_rig):
    rig = make_rig(cn="meter-17")
    firmware = rig.firmware(name="own_sensor")
    shutil.copy(EXAMPLES / "own_sensor.py", firmware.folder / "sensors.py")
    with Subscriber(rig.broker, topic="devices/#") as subscriber, firmware:
        readings = [json.loads(message.payload) for message in subscriber.take(2)]
        firmware.wait_for("readings from sensors.py")
    assert [reading.keys() for reading in readings] == [{"free", "up", "seq"}] * 2
    assert all(reading["free"] > 0 for reading in readings)


def test_a_loop_of_ones_own(make_rig):
    rig = make_rig(cn="meter-17")
    firmware = example(rig, "own_loop", PERIOD=200, **connection(rig))
    with Subscriber(rig.broker, topic="devices/#") as subscriber, firmware:
        messages = subscriber.take(3)
        firmware.wait_for("connected as meter-17")
    assert {message.topic for message in messages} == {"devices/meter-17/telemetry"}
    # the example, and the subscriber
    rig.broker.wait_until(lambda log: log.count("New client connected") == 2)


def test_a_logger_on_a_battery(make_rig):
    rig = make_rig(cn="meter-17")
    with Subscriber(rig.broker, topic="devices/#") as subscriber:
        for number, waiting in enumerate((1, 2, 3, 0, 1, 2, 3, 0), 1):
            with example(rig, "battery_logger", **connection(rig)) as firmware:
                assert firmware.wait() == 0
            assert f"{waiting} readings wait" in firmware.lines, firmware.lines
            # The subscriber, and each fourth start.
            many = 1 + number // 4
            rig.broker.wait_until(lambda log, many=many: log.count("New client connected") == many)
        messages = subscriber.take(8)
    assert [json.loads(message.payload)["seq"] for message in messages] == list(range(1, 9))


def test_readings_of_a_failed_upload_wait(make_rig):
    rig = make_rig(cn="meter-17")
    settings = connection(rig)
    for _ in range(3):
        with example(rig, "battery_logger", **settings) as firmware:
            assert firmware.wait() == 0
    with example(rig, "battery_logger", **{**settings, "PORT": 1}) as firmware:
        assert firmware.wait() == 0
    assert "4 readings wait" in firmware.lines
    assert not rig.lab.modem.radio.registered  # on the air it would empty the battery
    assert [line for line in firmware.lines if line.startswith("no upload: ")], firmware.lines
    with Subscriber(rig.broker, topic="devices/#") as subscriber:
        with example(rig, "battery_logger", **settings) as firmware:
            assert firmware.wait() == 0
        assert "0 readings wait" in firmware.lines, firmware.lines
        messages = subscriber.take(5)
    assert [json.loads(message.payload)["seq"] for message in messages] == list(range(1, 6))


def test_a_sensor_that_fails_keeps_no_logger_awake(make_rig):
    # What leaves the program unended leaves the board at the REPL, awake until it is empty.
    rig = make_rig(cn="meter-17")
    firmware = example(rig, "battery_logger", **connection(rig))
    main = firmware.folder / "main.py"
    main.write_text("import board\n\nboard.sensor = lambda: 1 // 0\n" + main.read_text())
    with firmware:
        assert firmware.wait() == 0
    assert "0 readings wait" in firmware.lines, firmware.lines


@pytest.mark.parametrize("name", ["own_loop", "battery_logger"])
def test_an_example_says_when_nobody_tells_the_time(name, tmp_path):
    folder = tmp_path
    world = """
import sys

class Modem:
    def __init__(self, *args):
        self.at = self
    def command(self, *args):
        pass
    power_up = connect = command
    def clock(self):
        return None

class board:
    def uart(*args): pass
    power_key = None
    set_clock = lambda utc: utc[0]
    sensor = lambda: {}
    path = lambda name: name

import cellular
cellular.SIM7080 = Modem
sys.modules["board"] = board
"""
    text = (EXAMPLES / f"{name}.py").read_text().replace("UPLOAD = 4", "UPLOAD = 1")
    (folder / "main.py").write_text(world + text)
    with Firmware(folder, command=("main.py",)) as firmware:
        firmware.wait(20)
    assert any("has not sent the time" in line or "clock-unset" in line for line in firmware.lines)


def test_an_example_names_the_file_that_it_lacks(make_rig):
    rig = make_rig(cn="meter-17")
    firmware = example(rig, "own_loop", **connection(rig))
    (firmware.folder / "ca.pem").unlink()
    with firmware:
        assert firmware.wait() == 1
    assert "ca.pem: copy the server's CA certificate there" in firmware.lines[-1], firmware.lines


def line_of(rig):
    with example(rig, "production_line", UART=rig.lab.uart) as firmware:
        assert firmware.wait() == 0
    return firmware.lines


def test_the_doctor_at_a_production_line(make_rig):
    rig = make_rig()
    iccid = "8988211000000000011"
    assert line_of(rig) == [f"PASS {iccid} later: "]
    rig.lab.call(rig.lab.card.issuer.clear_key_pair, b"\x01")
    lines = line_of(rig)
    assert lines[0].startswith(f"FAIL {iccid}") and "FAIL key" in lines[1], lines


def test_a_sim_that_is_enrolled_later_passes(make_rig):
    rig = make_rig(cn=None)
    assert line_of(rig) == ["PASS 8988211000000000011 later: certificate"]


def test_a_board_without_a_sim_fails(make_rig):
    rig = make_rig()
    rig.lab.call(rig.lab.modem.sim.remove)
    assert line_of(rig)[0].startswith("FAIL no SIM: SIMError: ")


def test_each_example_is_tested_and_described():
    names = {path.name for path in EXAMPLES.glob("*.py")}
    readme = (EXAMPLES / "README.md").read_text()
    assert names == {"battery_logger.py", "own_loop.py", "own_sensor.py", "production_line.py"}
    assert all(f"`{name}`" in readme for name in names)
    assert len(readme.splitlines()) <= 60
