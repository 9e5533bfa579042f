"""`app.applet`: the SIM's applet at the REPL of the board."""

import builtins
import json
import os

from app_world import SETTINGS, World
from expect import raises, replaced

import app
import cellular
import iotsafe
from app import repl
from app.advice import line


class Board(World):
    """A board whose modem records each PIN that it gets."""

    refusal = None

    def unlock(self, pin):
        self.done.append(pin)
        if self.refusal:
            raise self.refusal

    def transmit(self, apdu):
        """A channel: nothing is sent before the first command."""


class Refused(OSError):
    """An error of another package that has reasons: the REPL has advice for them."""

    package = "iotsafe"
    reason = "card-damaged"


def applet(board, *args):
    """Return `repl.applet` on `board`, and the advice that it prints."""
    lines = []
    driver = replaced(cellular, driver={"sim7080": board}.get)
    with driver, replaced(builtins, print=lambda text: lines.append(text)):
        try:
            found = repl.applet(board, *args)
        except Exception as e:
            found = e
    return found, [line for line in lines if line.startswith("-> ")]


def with_config(settings):
    with open("config.json", "w") as file:
        json.dump(settings, file)


def test_with_the_config():
    with_config(dict(SETTINGS, sim={"aids": ["A000000001"]}))
    board = Board()
    found, lines = applet(board)
    assert isinstance(found, iotsafe.FullApplet) and lines == []
    assert board.done == ["power", "4711"] and found.aids == (b"\xa0\x00\x00\x00\x01",)


def test_without_a_config():
    if "config.json" in os.listdir():
        os.remove("config.json")
    board = Board()
    found, _ = applet(board)
    assert board.done == ["power", ""] and found.aids == iotsafe.AIDS


def test_arguments_go_before_the_config():
    with_config(SETTINGS)
    board = Board()
    found, _ = applet(board, "1234", (b"\xa0\x01",))
    assert board.done == ["power", "1234"] and found.aids == (b"\xa0\x01",)


def test_wrong_arguments_reach_no_modem():
    board = Board()
    for pin in (1234, None, b"1234", [1]):
        with raises(TypeError, text="pin: str, not "):
            repl.applet(board, pin)
    assert board.done == []


def test_an_error_is_shown_with_what_to_do():
    board = Board()
    board.refusal = Refused(5, "x")
    error, lines = applet(board, "1234")
    assert error is board.refusal
    assert lines == ["-> the SIM must be replaced"], lines
    board.refusal = OSError(5, "x")
    error, lines = applet(board, "1234")
    assert error is board.refusal and lines == []


def test_the_old_name_tells_the_new_one():
    with raises(AttributeError, text="app.safe is now app.applet"):
        app.safe()


def test_what_the_board_keeps_can_be_forgotten():
    for name in ("date", "pin"):
        for other in ("date", "pin", "config.json"):
            with open(other, "w") as file:
                file.write("x")
        repl.forget(Board(), name)
        repl.forget(Board(), name)  # it is not there
        left = os.listdir()
        assert name not in left and "config.json" in left and len(left) == 2, left
    for wrong in ("config.json", "", None, 5, [], b"pin"):
        with raises(ValueError, text="date or pin, not"):
            repl.forget(Board(), wrong)
    assert "config.json" in os.listdir()


def test_the_advice_names_it():
    for reason, name in (
        ("clock-unset", "date"),
        ("pin-refused-before", "pin"),
        ("pin-kept", "pin"),
    ):
        error = cellular.ModemError(reason)
        assert "app.forget('%s') at the REPL" % name in line(error), line(error)
    board = Board()
    for reason in ("pin-refused-before", "pin-kept"):
        board.refusal = cellular.SIMError(reason)
        _, (shown,) = applet(board, "1234")
        assert "app.forget('pin')" in shown and "modem object" not in shown, shown
    board.refusal = cellular.SIMError("pin-wanted")
    assert applet(board)[1] == ["-> give the SIM's PIN: pin="]
