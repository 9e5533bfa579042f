"""Time as the packages read it."""

from expect import replaced

import ticks


def test_time_goes_forward():
    start = ticks.now()
    ticks.sleep(5)
    assert 4 <= ticks.diff(ticks.now(), start) < 5000


def test_differences_have_a_sign():
    start = ticks.now()
    assert ticks.diff(ticks.add(start, 30), start) == 30
    assert ticks.diff(start, ticks.add(start, 30)) == -30


def test_deadlines():
    deadline = ticks.after(10_000)
    assert 5_000 < ticks.left(deadline) <= 10_000
    assert ticks.left(ticks.add(ticks.now(), -5)) <= -5


def test_time_can_be_replaced():
    start = ticks.now()
    with replaced(ticks, now=lambda: start):
        deadline = ticks.after(500)
        assert ticks.left(deadline) == 500
    with replaced(ticks, now=lambda: ticks.add(start, 600)):
        assert ticks.left(deadline) == -100


def test_idle_says_when_it_wants_to_be_called_again():
    parts = []
    wishes = [50, 400, 9_999]
    with replaced(ticks, idle=lambda: wishes.pop(0), _sleep=parts.append):
        ticks.sleep(1_000)
    assert parts == [50, 400, 550]


def test_idle_is_called_in_each_part_of_a_long_sleep():
    parts = []
    with replaced(ticks, idle=lambda: parts.append("idle"), _sleep=parts.append):
        ticks.sleep(2_300)
        assert parts == ["idle", 1000, "idle", 1000, "idle", 300]
        del parts[:]
        ticks.sleep(0)
        assert parts == ["idle", 0]
