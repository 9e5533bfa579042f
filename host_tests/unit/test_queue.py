"""Readings wait in order, on flash and in RAM; a power cut at any step loses none of them."""

import os
import sys

from effort import some
from expect import raises

from telemetry import Queue


def names(folder="queue"):
    return sorted(os.listdir(folder))


def drain(queue):
    """Return all readings in the order of sending."""
    found = []
    while True:
        reading = queue.take()
        if reading is None:
            return found
        found.append(reading)
        queue.done()


def numbers(readings):
    return [reading["seq"] for reading in readings]


def fill(queue, count):
    return [queue.put({"n": n}) for n in range(count)]


class Faulty:
    """Replaces `os` and `open` in the module: fails at the operation number `fail_at`, and, like
    after a power cut, at each one after it. `torn`: the part of a file that this operation
    leaves."""

    def __init__(self, fail_at, torn=None, error=None):
        self.left = fail_at
        self.torn = torn
        self.error = error or OSError(5, "off")

    def step(self):
        self.left -= 1
        if self.left < 0:
            raise self.error

    def __getattr__(self, name):
        if name not in ("remove", "rename", "mkdir"):
            return getattr(os, name)

        def call(*args):
            self.step()
            return getattr(os, name)(*args)

        return call

    def open(self, name, mode="r"):
        if mode == "wb":
            try:
                self.step()
            except OSError:
                if self.torn is not None and self.left == -1:
                    with open(name, "wb") as file:
                        file.write(self.torn)
                raise
        return open(name, mode)


def module():
    import sys

    return sys.modules["telemetry.queue"]


class broken:
    """Context manager: the queue's module uses `faulty`."""

    def __init__(self, faulty):
        self.faulty = faulty

    def __enter__(self):
        module().os = self.faulty
        module().open = self.faulty.open

    def __exit__(self, *_):
        module().os = os
        del module().open


# -- order ----------------------------------------------------------------------------------------


def test_first_in_first_out():
    for folder in (None, "queue"):
        queue = Queue(folder)
        assert len(queue) == 0 and queue.take() is None
        assert fill(queue, 3) == [1, 2, 3]
        assert len(queue) == 3
        assert queue.take() == {"n": 0, "seq": 1}
        queue.done()
        assert drain(queue) == [{"n": 1, "seq": 2}, {"n": 2, "seq": 3}]
        assert len(queue) == 0 and queue.dropped == queue.damaged == 0
        assert queue.put({}) == 4


def test_the_oldest_gives_way():
    for folder in (None, "queue"):
        queue = Queue(folder, 4)
        fill(queue, 10)
        assert len(queue) == 4 and queue.dropped == 6
        assert numbers(drain(queue)) == [7, 8, 9, 10]


def test_in_ram_64_are_kept():
    queue = Queue()
    fill(queue, 70)
    assert len(queue) == 64 and queue.dropped == 6
    assert queue.take()["seq"] == 7


def test_done_needs_something():
    for folder in (None, "queue"):
        with raises(IndexError):
            Queue(folder).done()


def test_a_reading_too_long_is_refused():
    queue = Queue("queue")
    with raises(ValueError, text="2048 bytes"):
        queue.put({"text": "x" * 2048})
    assert len(queue) == 0 and queue.put({}) == 1


# -- repeats --------------------------------------------------------------------------------------


def test_what_cannot_be_read_back_is_refused():
    # MicroPython writes each of these without a complaint. CPython refuses the objects, and reads
    # its own form of numbers that are none.
    bad = [None, 21.5, [1], "text", {"a": object()}, {"a": bytearray(2)}]
    if sys.implementation.name == "micropython":
        bad += [{"a": float("nan")}, {"a": [float("-inf")]}]
    for folder in ("queue", None):
        queue = Queue(folder)
        for reading in bad:
            with raises(TypeError, ValueError):
                queue.put(reading)
        assert len(queue) == 0
        queue.put({"a": [1, None, {"b": 0.5}]})
        assert drain(queue) == [{"a": [1, None, {"b": 0.5}], "seq": 1}]


def test_a_second_attempt_is_a_repeat():
    for folder in (None, "queue"):
        queue = Queue(folder)
        fill(queue, 2)
        assert "repeat" not in queue.take()
        assert queue.take() == {"n": 0, "seq": 1, "repeat": True}
        queue.done()
        assert "repeat" not in queue.take()


def test_after_a_restart_the_first_may_be_a_repeat():
    fill(Queue("queue"), 3)
    queue = Queue("queue")
    found = drain(queue)
    assert numbers(found) == [1, 2, 3]
    assert [reading.get("repeat") for reading in found] == [True, None, None]
    queue.put({})
    assert "repeat" not in queue.take()


# -- restarts -------------------------------------------------------------------------------------


def test_numbers_go_on_when_nothing_waits():
    queue = Queue("queue")
    for want in range(1, 20):
        assert queue.put({}) == want
        queue.take()
        queue.done()
        assert names() == ["%08x.d" % want]
        if want % 3 == 0:
            queue = Queue("queue")
            assert len(queue) == 0 and queue.take() is None


def test_numbers_go_on_when_some_wait():
    queue = Queue("queue")
    fill(queue, 5)
    queue.take()
    queue.done()
    queue = Queue("queue")
    assert len(queue) == 4 and queue.put({}) == 6
    assert numbers(drain(queue)) == [2, 3, 4, 5, 6]
    assert names() == ["00000006.d"]


def test_a_power_cut_at_any_step():
    """Each operation on the file system is once the last one, or is torn."""
    torn = (None, b"", b'{"n": 9', b'{"n": 9}')
    for last, rest in some([(last, rest) for rest in torn for last in range(40)], 7):
        cut(last, rest)


def cut(last, torn):
    accepted = []
    delivered = []
    with broken(Faulty(last, torn)):
        queue = Queue("queue")
        for n in range(8):
            number = queue.put({"n": n})
            if queue.problem:
                break
            accepted.append(number)
            if n % 3 == 2:  # two wait, then both are sent
                while True:
                    reading = queue.take()
                    if reading is None:
                        break
                    delivered.append(reading)
                    queue.done()
                    if queue.problem or module().os.left < 0:
                        break
            if module().os.left < 0:
                break
    after = Queue("queue")
    again = drain(after)
    seen = numbers(delivered)
    for reading in delivered + again:
        assert reading["n"] == reading["seq"] - 1, (last, torn, reading)
    for reading in again:
        assert reading["seq"] not in seen or reading.get("repeat"), (last, torn, again)
    everything = sorted(set(seen + numbers(again)))
    # Accepted readings arrive, numbers have no gap, and no reading is given twice.
    assert set(accepted) <= set(everything), (last, torn, accepted, everything)
    assert everything == list(range(1, len(everything) + 1)), (last, torn, everything)
    assert after.damaged == 0
    assert after.put({}) == len(everything) + 1
    after.take()
    after.done()
    assert len(names()) == 1, (last, torn, names())
    os.remove("queue/" + names()[0])
    os.rmdir("queue")


# -- bad flash ------------------------------------------------------------------------------------


def test_a_full_flash_keeps_them_in_ram():
    queue = Queue("queue")
    fill(queue, 2)
    with broken(Faulty(0)):
        fill(queue, 3)
        assert queue.problem.args[0] == 5
        assert len(queue) == 5
    # In order, and on flash again once those in RAM are delivered.
    fill(queue, 1)
    assert len(names()) == 2
    assert numbers(drain(queue)) == [1, 2, 3, 4, 5, 6]
    fill(queue, 1)
    assert queue.problem is None and names() == ["00000007"]


def test_without_heap_for_a_file_they_wait_in_ram():
    queue = Queue("queue")
    with broken(Faulty(0, error=MemoryError("allocating 636 bytes"))):
        assert queue.put({"n": 0}) == 1
        assert isinstance(queue.problem, MemoryError)
    assert numbers(drain(queue)) == [1]
    fill(queue, 1)
    assert queue.problem is None and names() == ["00000002"]


def test_a_folder_that_cannot_be_made():
    with open("queue", "wb") as file:
        file.write(b"a file of that name")
    queue = Queue("queue")
    assert fill(queue, 2) == [1, 2]
    assert queue.problem is not None
    assert numbers(drain(queue)) == [1, 2]
    os.remove("queue")


def test_a_removal_that_fails_does_not_stop_the_queue():
    queue = Queue("queue")
    fill(queue, 3)
    with broken(Faulty(0)):
        assert numbers(drain(queue)) == [1, 2, 3]
    # The queue finds them again, and marks the first.
    assert drain(Queue("queue"))[0]["repeat"]


def test_damaged_readings_are_left_out():
    queue = Queue("queue")
    fill(queue, 6)
    for name, content in (
        ("00000001", b""),
        ("00000002", b'{"n": 1'),
        ("00000003", b"[1]\n"),
        ("00000004", b"x" * 3000 + b"\n"),
        ("00000005", b"\xff\xfe\x00\n"),
    ):
        with open("queue/" + name, "wb") as file:
            file.write(content)
    queue = Queue("queue")
    assert len(queue) == 6
    assert numbers(drain(queue)) == [6]
    assert queue.damaged == 5
    assert names() == ["00000006.d"]


def test_files_of_other_programs():
    strange = ("README", "0000001", "0000000A", "zzzzzzzz", "00000000", "ffffffff", "00000009.x")
    os.mkdir("queue")
    for name in strange:
        with open("queue/" + name, "wb") as file:
            file.write(b"{}\n")
    os.mkdir("queue/folder")
    queue = Queue("queue")
    assert len(queue) == 0 and queue.put({}) == 1
    queue.take()
    queue.done()
    assert names() == sorted(strange + ("folder", "00000001.d")), names()


def test_removed_readings():
    queue = Queue("queue")
    fill(queue, 9)
    for number in (1, 3, 4, 8, 9):
        os.remove("queue/%08x" % number)
    queue = Queue("queue")
    assert len(queue) == 4
    assert numbers(drain(queue)) == [2, 5, 6, 7]
    assert queue.put({}) == 8
    # The same while the queue runs.
    fill(queue, 3)
    for number in (9, 10, 11):
        os.remove("queue/%08x" % number)
    assert numbers(drain(queue)) == [8]
    assert len(queue) == 0 and queue.put({}) == 12
