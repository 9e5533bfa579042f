"""One line per event, for people: seconds since start, area, what happened."""

import ticks

_start = ticks.now()


def say(area, text, *args):
    """Print a line; `text % args`. Never pass a secret."""
    ms = ticks.diff(ticks.now(), _start)
    print("%6d.%03d  %-9s %s" % (ms // 1000, ms % 1000, area, text % args if args else text))
