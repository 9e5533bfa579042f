"""The file that remembers over restarts how often a PIN was entered without success."""

from expect import raises

from app.pin import Record
from cellular.pin import REFUSED

CARD = b"8988211000000000011"


def test_a_refused_pin():
    record = Record("pin")
    assert record.load(CARD, b"4711") == 0
    record.save(1)
    assert Record("pin").load(CARD, b"4711") == 1
    record.save(1, True)
    assert Record("pin").load(CARD, b"4711") == REFUSED
    # Another PIN in the config: its attempt is the second.
    other = Record("pin")
    assert other.load(CARD, b"0815") == 1
    other.save(2, True)
    assert Record("pin").load(CARD, b"0815") == REFUSED
    assert Record("pin").load(CARD, b"4711") == 2
    # Another SIM has its own attempts.
    assert Record("pin").load(b"8988", b"0815") == 0


def test_a_right_pin_or_a_person_clears_it():
    record = Record("pin")
    record.clear()
    record.load(CARD, b"4711")
    record.save(1, True)
    record.clear()
    assert Record("pin").load(CARD, b"4711") == 0


def test_neither_pin_nor_number_is_in_the_file():
    seen = set()
    for _ in range(3):
        record = Record("pin")
        record.load(CARD, b"4711")
        record.save(1, True)
        with open("pin", "rb") as file:
            data = file.read()
        assert len(data) == 25 and b"4711" not in data and CARD not in data
        seen.add(data)
        record.clear()
    assert len(seen) == 3  # each has its own salt


def test_a_damaged_file_is_none():
    record = Record("pin")
    record.load(CARD, b"4711")
    record.save(2)
    with open("pin", "rb") as file:
        data = file.read()
    for damaged in (b"", data[:-1], b"\x00" * 25, b"\xff" * 24):
        with open("pin", "wb") as file:
            file.write(damaged)
        assert Record("pin").load(CARD, b"4711") == 0


def test_a_file_that_cannot_be_written_is_told():
    record = Record("no/such/folder/pin")
    assert record.load(CARD, b"4711") == 0
    with raises(OSError):
        record.save(1)
    record.clear()
