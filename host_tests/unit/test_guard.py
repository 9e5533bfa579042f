"""Crash counting, safe mode, crash log and watchdog, without a board."""

import os
import sys

from expect import replaced
from virtual_time import Clock, running

import ticks
from app import files, guard
from app.led import LED


class Board:
    """The functions of the `board` module that the guard uses."""

    def __init__(self):
        self.fed = 0
        self.stopped = 0

    def path(self, name):
        return name

    def watchdog(self):
        return self

    def feed(self):
        self.fed += 1

    def stop(self):
        self.stopped += 1


def quiet(area, text, *args):
    """Replaces `say`."""


def crashed():
    """Replaces `_cause`, as the tests of the counter also run on a board."""
    return "the watchdog's reset"


def powered():
    return guard._POWER


def test_a_start_counts_as_a_crash_until_it_proves_itself():
    with replaced(guard, say=quiet, _cause=crashed):
        for crashes in range(4):
            watch = guard.Guard(Board(), LED(None))
            assert watch.crashes == crashes
            assert watch.start()
        watch.prove()
        assert guard.Guard(Board(), LED(None)).crashes == 0


def test_after_five_crashes_the_application_is_left_alone_once():
    with replaced(guard, say=quiet, _cause=crashed):
        for _ in range(5):
            assert guard.Guard(Board(), LED(None)).start()
        assert not guard.Guard(Board(), LED(None)).start()
        # The start after safe mode is one try.
        assert guard.Guard(Board(), LED(None)).start()


def test_a_loss_of_power_is_no_crash():
    with replaced(guard, say=quiet, _cause=powered):
        for _ in range(20):
            watch = guard.Guard(Board(), LED(None))
            assert watch.crashes == 0 and watch.start()
    # Crashes between tries still count.
    with replaced(guard, say=quiet):
        for cause, crashes in ((crashed, 1), (crashed, 2), (powered, 2), (crashed, 3)):
            with replaced(guard, _cause=cause):
                watch = guard.Guard(Board(), LED(None))
                assert watch.crashes == crashes, (watch.crashes, crashes)
                assert watch.start()


def test_ten_minutes_without_an_end_are_a_proof():
    clock = Clock()
    with running(clock), replaced(guard, say=quiet, _cause=crashed), replaced(ticks, idle=None):
        watch = guard.Guard(Board(), LED(None))
        watch.start()
        watch.watch()
        clock.ms += 599_000
        ticks.idle()
        assert guard.Guard(Board(), LED(None)).crashes == 1
        clock.ms += 2_000
        ticks.idle()
        assert guard.Guard(Board(), LED(None)).crashes == 0


def test_waiting_feeds_the_watchdog():
    board = Board()
    with replaced(ticks, idle=None, _sleep=lambda ms: None), replaced(guard, say=quiet):
        watch = guard.Guard(board, LED(None))
        watch.watch()
        ticks.sleep(5_000)
        assert board.fed == 5


def test_a_damaged_count_is_no_crash():
    with replaced(guard, _cause=crashed):
        for content in (b"", b"-1", b"x", b"\xff\xff", b"99999"):
            files.save("crashes", content)
            crashes = guard.Guard(Board(), LED(None)).crashes
            assert crashes in (0, 9999), (content, crashes)


def test_the_crash_log_says_what_happened_and_stays_small():
    with replaced(guard, say=quiet):
        watch = guard.Guard(Board(), LED(None))
        try:
            raise ValueError("the first")
        except ValueError as e:
            watch.crashed(e)
        assert b"the first" in files.load("crash.log", 10_000)
        for number in range(80):
            watch.note("crash number %d, with a %s to fill the log" % (number, "longer text" * 9))
        size = os.stat("crash.log")[6]
        assert 1_000 < size <= 4_096, size
        assert files.load("crash.log", 10_000).endswith(
            b"crash number 79, with a " + b"longer text" * 9 + b" to fill the log\n"
        )


def _no_utf_8():
    """A text that is not UTF-8, like a damaged name in a traceback, or what `exec` makes of
    bytes."""
    names = {}
    try:
        exec(b"text = 'be\xff\xfefore'", names)
    except SyntaxError:  # CPython
        return "be\udcff\udcfefore"
    return names["text"]


class _Shown(Exception):
    """An object whose representation is its text."""

    def __repr__(self):
        return self.args[0]


class _NotShown(Exception):
    """An object without a representation."""

    def __repr__(self):
        raise UnicodeError("nothing to see")

    __str__ = __repr__


def test_the_crash_log_takes_every_exception():
    text = _no_utf_8()
    cases = (
        (ValueError(text), b"ValueError"),
        (_Shown(text), b"fore"),
        (_NotShown(text), b"_NotShown"),
    )
    with replaced(guard, say=quiet), replaced(ticks, idle=None):
        for error, kept in cases:
            guard.Guard(Board(), LED(None)).crashed(error)
            log = files.load("crash.log", 10_000)
            assert kept in log, log
            assert log.endswith(b"\n\n"), log
            files.remove("crash.log")


class _FullFiles:
    """`files` on a flash without room."""

    def load(self, path, limit):
        return b""

    def save(self, path, data):
        raise OSError(28)

    def write_problem(self, error, path):
        return "no space left"


def test_a_full_flash_stops_nothing():
    with replaced(guard, say=quiet, files=_FullFiles()):
        watch = guard.Guard(Board(), LED(None))
        watch.crashes = 0
        assert watch.start()
        watch.note("x")
        watch.prove()


def test_a_crash_before_the_watchdog_ran_starts_it():
    board = Board()
    board.started = 0

    def watchdog():
        board.started += 1
        return board

    board.watchdog = watchdog
    with replaced(guard, say=quiet), replaced(ticks, idle=None):
        guard.Guard(board, LED(None)).crashed(ValueError("early"))
        assert board.started == 1
        watch = guard.Guard(board, LED(None))
        watch.watch()
        watch.crashed(ValueError("late"))
        assert board.started == 2


def test_a_start_shows_how_the_crash_log_ends():
    said = []
    files.save("crash.log", b"first\nValueError: \xff\xfe\x1b[2J the last\n")
    with replaced(guard, say=lambda area, text, *args: said.append(text % args)):
        guard.Guard(Board(), LED(None)).start()
    assert said == ["crash.log ends with: ValueError: ???[2J the last"], said


class _Chip:
    """`machine` of a chip whose only timer is number `number`."""

    WDT_RESET = 3

    def __init__(self, number, cause=1):
        self.timers = []
        self.resets = 0
        self._cause = cause
        self._number = number
        # Like the class `Timer`: a call makes one; it has constants.
        self.Timer = _Timers(self)

    def reset(self):
        self.resets += 1

    def reset_cause(self):
        return self._cause

    def timer(self, number, mode, period, callback):
        if number != self._number:
            raise ValueError("no such timer")
        self.timers.append((mode, period, callback))
        return self


class _Timers:
    PERIODIC = "periodic"
    ONE_SHOT = "one shot"

    def __init__(self, chip):
        self._chip = chip

    def __call__(self, number, mode, period, callback):
        return self._chip.timer(number, mode, period, callback)


class _On:
    """In the block, `import machine` gives `chip`."""

    def __init__(self, chip):
        self._chip = chip

    def __enter__(self):
        self._before = sys.modules.get("machine")
        sys.modules["machine"] = self._chip
        return self._chip

    def __exit__(self, *_):
        if self._before is None:
            del sys.modules["machine"]
        else:
            sys.modules["machine"] = self._before


def test_a_watchdog_that_cannot_be_stopped_is_fed_after_ctrl_c():
    class Feeder:
        fed = 0

        def feed(self):
            self.fed += 1

    for number in (-1, 0):
        board = Board()
        feeder = Feeder()
        board.watchdog = lambda feeder=feeder: feeder
        with _On(_Chip(number)) as chip, replaced(ticks, idle=None), replaced(guard, say=quiet):
            watch = guard.Guard(board, LED(None))
            watch.watch()
            watch.hand_over()
            ((mode, period, callback),) = chip.timers
            assert (mode, period) == ("periodic", 1_000)
            callback(None)
            assert feeder.fed == 1
            assert guard._timer is chip  # otherwise it would be collected


def test_safe_mode_resets_the_board_after_an_hour():
    for number in (-1, 0):
        files.save("crashes", b"5")
        with _On(_Chip(number)) as chip, replaced(guard, say=quiet):
            assert not guard.Guard(Board(), LED(None)).start()
            ((mode, period, callback),) = chip.timers
            assert (mode, period) == ("one shot", 3_600_000)
            assert chip.resets == 0
            callback(None)
            assert chip.resets == 1
            assert guard._timer is chip


def test_the_log_tells_a_watchdog_from_other_starts():
    for cause, text in ((3, b"start 1 after the watchdog's reset\n"), (1, b"a loss of power\n")):
        files.save("crashes", b"1")
        with _On(_Chip(-1, cause)), replaced(guard, say=quiet):
            guard.Guard(Board(), LED(None)).start()
        assert files.load("crash.log", 1_000).endswith(text)
