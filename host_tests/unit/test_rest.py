"""Uploads at intervals, and what modem and application do between them."""

from app_world import ALL, Pauses, World, run
from expect import raises, replaced

import cellular
import ticks
from app import rest

AWAY = ["clock", "session"]


def upload(seconds, how="", period=60):
    """Return settings with an upload each `seconds`."""
    return {
        "version": 1,
        "modem": {"pin": "4711", "rest": how},
        "mqtt": {"host": "mqtt.example.com"},
        "telemetry": {"period": period, "upload": seconds},
    }


class Sleeper(World):
    """A modem that can rest. `refused`: commands that it answers with an error; `grants`: the
    network's answer about PSM."""

    def __init__(self, failures=(), refused=(), grants=None, key=True):
        World.__init__(self, failures)
        self.at = self
        self.refused = refused
        self.grants = grants
        self.power_key = self if key else None
        self.commands = []

    def command(self, line):
        self.commands.append(line)
        self.step(line.decode())
        if line in self.refused:
            raise cellular.CommandError("command-refused", "AT" + line.decode(), "not allowed", 3)

    def power_saving(self, period, active):
        self.command(b"%d,%d" % (period, active))

    def granted(self):
        return self.grants, 10

    def wake(self):
        self.step("wake")


def reported(lines):
    """Context manager: collects the output of the rest in `lines`."""
    return replaced(rest, say=lambda area, text, *args: lines.append(text % args))


def passed(world):
    """Return the steps that began, without those of each reading."""
    return [step for step in world.done if step not in ("run", "service")]


def test_it_connects_only_to_upload():
    world = Sleeper()
    _, clock = run(world, 31, upload(600))
    assert [reading["seq"] for reading in world.published] == list(range(1, 32))
    assert world.done.count("session") == 4  # 1, 10, 10 and 10 readings
    assert "service" not in world.done
    assert passed(world) == ALL[:5] + (["network"] + AWAY) * 3
    assert world.closed == 4
    assert world.commands == []
    assert 1_800_000 <= clock.ms < 1_805_000


def test_all_that_was_delivered_ends_it_without_a_rest():
    world = Sleeper()
    _, clock = run(world, 1, upload(600))
    assert world.done == ALL
    assert clock.ms < 1_000


def test_off_the_air():
    world = Sleeper()
    run(world, 3, upload(120, "radio"))
    assert passed(world) == ALL[:5] + ["+CFUN=4", "+CFUN=1", "network"] + AWAY


def test_asleep():
    world = Sleeper(grants=720)
    run(world, 5, upload(120, "psm"))
    wake = ["720,10", "wake", "sim", "network"]
    assert passed(world) == ALL[:5] + (wake + AWAY) * 2
    assert world.restarts == 0


def test_a_modem_that_asks_for_psm_at_its_start_only_is_restarted_once():
    for grants in (None, 0):  # no report about PSM, or timers of 0 s
        world = Sleeper(grants=grants)
        run(world, 5, upload(120, "psm"))
        assert world.restarts == 1
        assert world.done.count("wake") == 2


def test_nothing_to_wake_it_with():
    lines = []
    world = Sleeper(key=False)
    with reported(lines):
        run(world, 3, upload(120, "psm"))
    assert passed(world) == ALL[:5] + ["network"] + AWAY
    assert "no power key" in lines[1]


def test_a_modem_that_takes_no_part():
    for how, command in (("radio", b"+CFUN=4"), ("psm", b"720,10")):
        lines = []
        world = Sleeper(refused=(command,))
        with reported(lines):
            run(world, 3, upload(120, how))
        assert passed(world) == ALL[:5] + [command.decode(), "network"] + AWAY
        assert "the modem stays on" in lines[1] and "not allowed" in lines[1]


def test_what_fails_in_the_rest_begins_anew():
    # Then it is unknown whether the modem is on the air: it is restarted.
    for at, error in (
        ("+CFUN=4", cellular.ModemReset("x")),
        ("+CFUN=1", cellular.ModemTimeout("x")),
        ("wake", cellular.ModemSilent("x")),
    ):
        world = Sleeper([(at, error)], grants=720)
        run(world, 3, upload(120, "psm" if at == "wake" else "radio"))
        done = world.done[world.done.index(at) + 1 :]
        assert done[0] == "power" and world.restarts == 1, (at, done)
        first = world.published[0]["seq"]  # the folder of the queue stays
        numbers = [reading["seq"] for reading in world.published]
        assert numbers == [first, first + 1, first + 2]


def test_a_session_that_breaks_is_made_good_before_the_rest():
    world = Sleeper([("run", OSError(104, "reset"))])
    _, clock = run(world, 1, upload(600))
    assert world.done == ALL + ["session", "run"]
    assert len(clock.pauses) == 1


def test_without_a_reading_nothing_is_opened():
    world = Sleeper()
    _, clock = run(world, 2, upload(60, "radio", period=86400))
    assert world.done.count("session") == 2
    assert clock.ms >= 86_400_000


def test_ctrl_c_ends_the_rest():
    class Impatient(Pauses):
        def sleep(self, ms):
            Pauses.sleep(self, ms)
            if self.ms > 100_000:
                raise KeyboardInterrupt

    world = Sleeper()
    with raises(KeyboardInterrupt):
        run(world, 5, upload(600), clock=Impatient())
    assert world.closed == 1


def test_the_longest_pause_fits_into_the_ticks():
    assert ticks.left(ticks.after(432_000_000)) > 431_000_000
