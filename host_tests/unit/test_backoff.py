"""Pauses between attempts grow, stay bounded, and differ from device to device."""

from telemetry import Backoff


def test_pauses_double_up_to_the_limit():
    backoff = Backoff(1_000, 300_000)
    limit = 1_000
    for _ in range(30):
        pause = backoff.pause()
        assert limit // 2 <= pause <= limit, (pause, limit)
        limit = min(limit * 2, 300_000)
    assert limit == 300_000


def test_a_success_begins_anew():
    backoff = Backoff(1_000, 300_000)
    for _ in range(10):
        backoff.pause()
    backoff.reset()
    assert backoff.pause() <= 1_000


def test_the_jitter_uses_the_whole_half():
    pauses = []
    for _ in range(400):
        backoff = Backoff(10_000)
        pauses.append(backoff.pause())
    assert min(pauses) < 5_500 and max(pauses) > 9_500, (min(pauses), max(pauses))
    assert len(set(pauses)) > 300


def test_pauses_with_a_limit_of_their_own():
    backoff = Backoff(1_000, 300_000)
    for _ in range(20):
        assert backoff.pause(3_000) <= 3_000
    assert 1_500 <= backoff.pause() <= 3_000  # and did not grow beyond it
    for _ in range(3):
        backoff.pause()
    assert backoff.pause(3_000) <= 3_000
    assert 20_000 <= backoff.pause() <= 48_000  # and did not shrink the other pauses
    assert Backoff(1_000, 2_000).pause(5_000) <= 1_000
    small = Backoff(1_000, 2_000)
    for _ in range(5):
        assert small.pause(5_000) <= 2_000


def test_limits_of_other_sizes():
    backoff = Backoff(1, 3)
    assert [backoff.pause() for _ in range(2)] in ([0, 1], [0, 2], [0, 0])
    for _ in range(50):
        assert 1 <= backoff.pause() <= 3
