"""The heap that the main job needs on the image that a user flashes."""

import re

import pytest

from iotsafe_tools.bench import pico

# Three handshakes on an emulated core take a minute, on a busy machine several minutes.
pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def flash() -> bytes:
    return pico.new_flash()


def test_the_targets():
    assert pico.HEAP_TARGETS == {"ec-256": 65_536, "rsa-2048": 67_584, "rsa-4096": 71_680}


# `make bench` also tries RSA-2048.
@pytest.mark.parametrize("chain", ["ec-256", "rsa-4096"])
def test_the_main_job_passes_with_the_heap_that_is_its_target(flash, chain):
    assert pico.main_job(flash, pico.HEAP_TARGETS[chain], chain) is None


@pytest.mark.parametrize(
    ("heap", "text"),
    [
        (45_056, pico.NO_MEMORY.pattern),
        # Without a look at the heap mbedTLS's words would count: the server is not trusted.
        (59_392, r"TLS ran out of memory \(\d+ bytes free\): "),
    ],
    ids=["for the program", "for the handshake"],
)
def test_with_too_little_heap_the_board_says_so(flash, heap, text):
    assert re.search(text, pico.main_job(flash, heap))


@pytest.mark.parametrize("size", [1, 30, 56, 57, 61, 64, 65, 100])
def test_halving_finds_the_smallest_heap_also_outside_of_where_it_begins(size):
    tried = []

    def passes(kib: int) -> bool:
        tried.append(kib)
        return kib >= size

    assert pico.smallest(passes, 56, 64) == size
    assert len(tried) == len(set(tried)), "a trial takes a minute"
