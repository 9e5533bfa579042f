"""The log: one line per event, with seconds since start, area and text."""

import ticks

_last = ticks.now()
_ms = 0  # since start; a sum, because the difference of two ticks is valid for days only


def say(area, text, *args):
    """Print a line with `text % args`. Never pass a secret."""
    global _last, _ms
    now = ticks.now()
    _ms += ticks.diff(now, _last)
    _last = now
    print("%6d.%03d  %-9s %s" % (_ms // 1000, _ms % 1000, area, text % args if args else text))
