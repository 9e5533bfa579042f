"""What the LED shows, in virtual time."""

from virtual_time import Clock, running

from app.led import LED


def shown(state, ms):
    """(ms, on) at each change within `ms` after `state` began."""
    changes = []
    clock = Clock()
    with running(clock):
        led = LED(lambda on: changes.append((clock.ms, on)))
        del changes[:]
        led.show(state)
        while clock.ms < ms:
            clock.ms += 50
            led.update()
    return changes


def test_patterns():
    assert shown("network", 1_500) == [(0, True), (500, False), (1_000, True), (1_500, False)]
    assert shown("run", 3_100) == [(0, True), (50, False), (3_000, True), (3_050, False)]
    assert shown("safe", 2_000) == [(0, True)]


def test_a_board_without_led():
    led = LED(None)
    led.show("run")
    led.update()
