"""What the LED shows, in virtual time."""

from virtual_time import Clock, running

from app.led import LED


def shown(state, ms):
    """Return (ms, on) at each change within `ms` after `state` began."""
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
    assert led.update() == 1_000


def test_it_says_when_it_wants_to_be_updated_again():
    clock = Clock()
    with running(clock):
        led = LED(lambda on: None)
        led.show("run")
        asked = []
        for _ in range(6):
            asked.append(led.update())
            clock.ms += asked[-1]
    assert asked == [50, 1_000, 1_000, 950, 50, 1_000]


def test_an_led_that_does_not_answer_stops_nothing():
    def broken(on):
        raise OSError(19)

    led = LED(broken)
    led.show("failed")
    assert led.update() <= 100
