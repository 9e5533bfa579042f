"""Readings wait in order; when there is no room, the oldest gives way."""

from expect import raises

from telemetry import Queue


def test_first_in_first_out():
    queue = Queue()
    assert len(queue) == 0 and queue.first() is None
    for number in range(3):
        queue.put({"seq": number})
    for number in range(3):
        assert len(queue) == 3 - number
        assert queue.first() == {"seq": number}
        assert queue.first() == {"seq": number}  # until it is done
        queue.done()
    assert queue.first() is None and queue.dropped == 0


def test_the_oldest_gives_way():
    queue = Queue(4)
    for number in range(10):
        queue.put(number)
    assert len(queue) == 4 and queue.dropped == 6
    assert queue.first() == 6


def test_done_needs_something():
    with raises(IndexError):
        Queue().done()
