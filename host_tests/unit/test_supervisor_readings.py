"""The readings that the application takes: they are kept, numbered, and sent again."""

import os
import sys

from app_world import World, run
from expect import raises, replaced

import cellular
from app import supervisor


def test_a_reading_is_kept_over_a_reconnect():
    world = World([("run", OSError(104, "reset")), ("run", cellular.ModemReset("x"))])
    run(world, 3)
    assert [reading["seq"] for reading in world.published] == [1, 2, 3]
    assert world.done.count("run") == 5


def test_readings_go_on_in_the_pauses():
    world = World([("network", cellular.NetworkError("x"))] * 10)
    application, clock = run(world, 1)
    readings = clock.ms // 60_000 + 1
    assert readings > 4 and len(application.queue) == readings - 1, (clock.ms, application.queue)
    second = World()
    run(second, readings)
    # The first run delivered number 1; the readings it left come now, in order and without a gap.
    assert [reading["seq"] for reading in second.published] == list(range(2, readings + 2))
    assert [reading.get("repeat") for reading in second.published[:2]] == [True, None]


def test_a_reading_that_may_have_arrived_is_a_repeat():
    world = World([("run", OSError(110, "no answer"))])
    run(world, 2)
    assert [reading.get("repeat") for reading in world.published] == [True, None]


def test_a_sensor_that_fails():
    lines = []

    class Broken(World):
        asked = 0

        def sensor(self):
            self.asked += 1
            if self.asked == 1:
                raise OSError(5, "no sensor")
            return {"temp": "x" * 3000 if self.asked == 2 else 20}

    world = Broken()
    with replaced(supervisor, say=lambda area, text, *args: lines.append((area, text % args))):
        run(world, 1)
    assert world.asked == 3 and world.done.count("session") == 1
    assert [reading["seq"] for reading in world.published] == [1]
    assert len([line for _, line in lines if line.startswith("no reading: ")]) == 2, lines


def with_sensors(text):
    """Return (readings that the broker got, lines about the sensor) with `text` as sensors.py."""
    lines = []
    with open("sensors.py", "w") as file:
        file.write(text)
    world = World()
    sys.path.insert(0, "")
    try:
        with replaced(supervisor, say=lambda area, text, *args: lines.append((area, text % args))):
            run(world, 1)
    finally:
        sys.path.remove("")
        sys.modules.pop("sensors", None)
    return world.published, [line for area, line in lines if area == "sensor"]


def test_a_sensor_of_the_users_goes_before_the_boards():
    published, lines = with_sensors("def read():\n    return {'depth': 3}\n")
    assert [reading["depth"] for reading in published] == [3]
    assert lines == ["readings from sensors.py"], lines


def test_a_sensor_file_that_fails_is_not_taken_for_a_missing_one():
    # The first attempt fails, the next ones read.
    text = "import sys\nif not hasattr(sys.modules['%s'], 'tried'):\n" % __name__
    text += "    sys.modules['%s'].tried = 1\n    import no_such_bus\n" % __name__
    published, lines = with_sensors(text + "def read():\n    return {'depth': 4}\n")
    assert [reading["depth"] for reading in published] == [4]
    assert "no_such_bus" in lines[0] and lines[0].startswith("no reading: "), lines
    assert lines[1] == "readings from sensors.py", lines


def test_a_sensor_that_ends_programs_does_not_end_this_one():
    text = "calls = []\ndef read():\n    calls.append(1)\n    if len(calls) < 3:\n"
    for error in ("SystemExit(1)", "GeneratorExit", "type('Mine', (BaseException,), {})()"):
        more = "        raise %s\n    return {'depth': len(calls)}\n" % error
        published, lines = with_sensors(text + more)
        assert [reading["depth"] for reading in published] == [3], (error, published)
        assert lines[1].startswith("no reading: "), lines
    with raises(KeyboardInterrupt):
        with_sensors("def read():\n    raise KeyboardInterrupt\n")


def test_a_flash_that_takes_nothing_is_said_once():
    lines = []
    with open("queue", "wb") as file:
        file.write(b"in the way")
    world = World()
    with replaced(supervisor, say=lambda area, text, *args: lines.append((area, text % args))):
        run(world, 3)
    os.remove("queue")
    assert [reading["seq"] for reading in world.published] == [1, 2, 3]
    said = [line for area, line in lines if area == "queue"]
    assert len(said) == 1 and said[0].startswith("readings are kept in RAM only: "), lines
