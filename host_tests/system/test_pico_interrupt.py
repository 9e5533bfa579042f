"""Ctrl-C while the application runs on the image that a user flashes: the user gets the REPL."""

import threading
from contextlib import closing

import pytest
from emulated import UF2
from terminal import Terminal

from iotsafe_tools.emulator import Pico
from iotsafe_tools.emulator.__main__ import LAB, provision
from iotsafe_tools.testbed import Rig, Subscriber

STAY = "import time; time.sleep(10); print('usable')"  # longer than the watchdog's 8 s
PROMPT = "MicroPython v"  # the line above the prompt
CONTROL_C, CONTROL_D = b"\x03", b"\x04"
GONE = "Client device-0001 .*(disconnected|closed its connection)"


class Trigger:
    """Once armed, types when the lab emits an event with certain fields. It types in the lab's
    thread, so the board cannot have received the modem's answer."""

    def __init__(self):
        self._fields = self._type = None
        self.pulled = threading.Event()

    def arm(self, type_, **fields):
        self.pulled.clear()
        self._fields, self._type = fields.items(), type_

    def __call__(self, event):
        if self._type and self._fields <= event.items():
            type_, self._type = self._type, None
            type_()
            self.pulled.set()


class Application:
    """A board with the application, modem, SIM and broker. `begin` waits until it publishes."""

    def __init__(self, folder):
        self.trigger = Trigger()
        self.rig = Rig(folder, lab={**LAB, "delays": 0.0, "on_event": self.trigger})
        self.pico = Pico(UF2, folder / "flash.img", lab=self.rig.lab)

    def __enter__(self):
        self.rig.start()
        self.pico.start()
        provision(self.pico, self.rig, 1)
        self.pico.reset()
        self.pico.wait_console()
        return self

    def __exit__(self, *_):
        self.pico.stop()
        self.rig.stop()

    def begin(self, screen):
        """Wait until the board publishes; return the mark of its events."""
        screen.wait_for("delivered")
        return self.pico.mark

    def left_in_order(self):
        """Check that the board left the broker in order and that the modem has no connection."""
        self.rig.broker.wait_for(GONE)
        return self.rig.lab.call(lambda: list(self.rig.lab.modem.sockets.sockets)) == []

    def resets(self, mark):
        return [event for event in self.pico.events[mark:] if event["event"] == "reset"]


@pytest.fixture(scope="module")
def application(tmp_path_factory):
    with Application(tmp_path_factory.mktemp("application")) as running:
        yield running


def test_during_a_publish(application):
    """Interrupt when the modem has the packet and is about to confirm it; then soft-reset."""
    pico, trigger = application.pico, application.trigger
    with closing(Terminal(pico.console)) as screen:
        mark = application.begin(screen)
        trigger.arm(lambda: screen.send(CONTROL_C), kind="tcp", what="sent")
        screen.wait_for("app +stopped by Ctrl-C")
        assert trigger.pulled.is_set()
        screen.wait_for(PROMPT)
        assert application.left_in_order()
    assert pico.exec(STAY) == "usable\n"
    with (
        closing(Terminal(pico.console)) as screen,
        Subscriber(application.rig.broker, topic="devices/#") as broker,
    ):
        screen.send(CONTROL_D)
        screen.wait_for("soft reboot")
        screen.wait_for("delivered")
        broker.get()
    assert application.resets(mark) == []


def test_between_two_publishes_and_by_mpremote(application, tmp_path):
    """mpremote sends Ctrl-C itself and resets the interpreter; no timer survives that."""
    pico = application.pico
    (tmp_path / "note").write_text("copied while it ran")
    with closing(Terminal(pico.console)) as screen:
        mark = application.begin(screen)
    pico.mpremote("fs", "cp", str(tmp_path / "note"), ":note")
    assert application.left_in_order()
    assert pico.mpremote("exec", STAY) == "usable\n"
    assert "copied while it ran" in pico.mpremote("fs", "cat", ":note")
    assert application.resets(mark) == []
    pico.mpremote("reset")
    pico.wait_event("reset", after=mark)
    pico.wait_console()
    with closing(Terminal(pico.console)) as screen:
        screen.wait_for("delivered")


def test_twice_in_a_row(application):
    pico, trigger = application.pico, application.trigger
    with closing(Terminal(pico.console)) as screen:
        mark = application.begin(screen)
        trigger.arm(lambda: screen.send(CONTROL_C + CONTROL_C), kind="tcp", what="received")
        screen.wait_for(PROMPT)
    assert pico.exec(STAY) == "usable\n"
    assert application.resets(mark) == []
    # The application can start a stopped watchdog again.
    pico.exec("import board; board.watchdog()")
    pico.wait_event("reset", after=mark, cause="watchdog", timeout=60)
