"""How much a test does. A board is a hundred times slower than a host, and does a part of it."""

import sys

_BOARD = sys.platform not in ("linux", "darwin")

# Of many like cases a board takes one in so many; primes, to meet each place of whatever repeats.
_ONE_IN = 31
_ONE_CASE_IN = 127


def cases(count):
    """`count`, or a board's part of it."""
    return -(-count // _ONE_CASE_IN) if _BOARD else count


def some(sequence, one_in=_ONE_IN):
    """`sequence`, or on a board one in so many of its elements, from the first."""
    if not _BOARD:
        return sequence
    # MicroPython has no slices of tuples with steps.
    return [sequence[i] for i in range(0, len(sequence), one_in)]
