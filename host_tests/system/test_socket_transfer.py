"""Many bytes through a modem's connection on MicroPython: all arrive, the heap does not grow."""

import pytest

from iotsafe_tools.bench import measure, sockets

SIZE = 1_000_000
CHUNK = 1460


@pytest.fixture(scope="module")
def said():
    """The device's numbers for 1 MB up and 1 MB down on a line without pacing."""
    return sockets.transfer(SIZE, frozen=False)


@pytest.mark.parametrize("way", ["up", "down"])
def test_every_byte_arrives_and_the_heap_does_not_grow(said, way):
    assert said[way]["same"] == 1
    assert said[way]["growth"] == 0


def test_each_command_carries_all_that_it_can(said):
    fewest = -(-SIZE // CHUNK)
    assert fewest <= said["up"]["commands"] <= fewest + 1
    # A read may return less than it can take: the peer had not sent more.
    assert fewest <= said["down"]["commands"] <= 2 * fewest
    counted = {name for name, n in said["end"].items() if n and name != "uart"}
    assert counted == {"commands", "urcs", "echoes"}


@pytest.mark.parametrize("way", ["up", "down"])
def test_the_line_carries_little_else(said, way):
    # Neither direction waits for more than one byte of the other: the sum is the time on the line.
    assert SIZE < said[way]["uart"] < SIZE / 0.95


@pytest.mark.parametrize(
    "personality, chunk",
    [("sim7000", 1460), ("bg95", 1460), ("gm02s", 1500), ("sara-r4", 1024), ("tx62", 1500)],
)
def test_the_commands_of_each_family(personality, chunk):
    size = sockets.SIZE
    said = sockets.transfer(size, frozen=False, personality=personality)
    fewest = -(-size // chunk)
    assert fewest <= said["up"]["commands"] <= fewest + 1
    assert fewest <= said["down"]["commands"] <= 2 * fewest
    for way in ("up", "down"):
        assert said[way]["same"] == 1
        assert said[way]["growth"] == 0
    assert not said["end"]["timeouts"] and not said["end"]["resyncs"]


def test_drivers_and_engine_are_small():
    numbers = measure.bytecode()
    assert (
        numbers["bytecode.cellular.engine"] + numbers["bytecode.cellular.sim7080"]
        <= (numbers["bytecode.cellular.engine_and_driver"])
    )
    assert numbers["bytecode.cellular.engine_and_driver"] <= measure.ENGINE_TARGET
