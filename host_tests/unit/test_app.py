"""What `app.run` does around the supervisor: the order of its steps after Ctrl-C."""

import json
import sys

from expect import replaced

import app
import ticks
from app import guard


class Board:
    """The `board` module, with a watchdog that can be stopped or not."""

    NAME = "test"
    power_key = set_clock = None

    def __init__(self):
        self.log = []

    def path(self, name):
        return name

    def watchdog(self):
        self.log.append("watch")
        return self

    def feed(self):
        self.log.append("feed")

    def stop(self):
        self.log.append("unwatch")


class Supervisor:
    """A supervisor that is interrupted at once."""

    def __init__(self, board, settings):
        self._log = board.log

    error = ImportError("no module named 'smbus'")

    def sensor(self):
        raise self.error

    def run(self, messages):
        self._log.append("run")
        raise KeyboardInterrupt

    def stop(self):
        self._log.append("stop")


def quiet(area, text, *args):
    """Replaces `say`."""


def run(say=quiet):
    """Call `app.run` with the supervisor above."""
    with replaced(app, Supervisor=Supervisor, say=say, _WINDOW=0):
        return app.run()


def test_control_c_stops_the_watchdog_and_then_closes_the_session():
    board = Board()
    said = []
    with open("config.json", "w") as file:
        json.dump({"version": 1, "mqtt": {"host": "h"}}, file)
    sys.modules["board"] = board
    try:
        for error in (Supervisor.error, SystemExit(1)):
            said.clear()
            board.log.clear()
            with replaced(guard, say=quiet), replaced(Supervisor, error=error):
                assert run(lambda area, text, *args: said.append(text % args)) is False
            assert board.log == ["watch", "run", "unwatch", "stop"], board.log
            assert "sensors.py fails:" in said, said  # and the application ran all the same
    finally:
        del sys.modules["board"]
    # The modules that read and checked the config have left the heap.
    for name in ("config", "strict_json"):
        assert "app." + name not in sys.modules and not hasattr(app, name), name


def test_a_package_that_was_installed_over_the_frozen_one_is_named():
    said = []

    class Installed:
        __file__ = "/lib/iotsafe/__init__.mpy"

    modules = {"iotsafe": Installed, "cellular": sys, "ticks": ticks}
    with replaced(app, say=lambda area, text, *args: said.append(text % args)):
        app.installed(modules)
    assert said == ["iotsafe is not the frozen one, but /lib/iotsafe/__init__.mpy"], said
