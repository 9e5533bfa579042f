"""The extent of a test. A board is a hundred times slower than a host, and runs a part of the
cases."""

import sys

_BOARD = sys.platform not in ("linux", "darwin")

# A board runs one case of so many similar ones. The numbers are primes, so that the chosen cases
# meet each phase of any repetition.
_ONE_IN = 31
_ONE_CASE_IN = 127


def cases(count):
    """Return `count`, or the board's part of it."""
    return -(-count // _ONE_CASE_IN) if _BOARD else count


def some(sequence, one_in=_ONE_IN):
    """Return `sequence`, or on a board every so many-th of its elements, from the first."""
    if not _BOARD:
        return sequence
    # MicroPython has no slices of tuples with steps.
    return [sequence[i] for i in range(0, len(sequence), one_in)]
