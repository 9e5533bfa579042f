"""One line per event, for people: seconds since start, area, what happened."""

import ticks

_last = ticks.now()
_ms = 0  # since start; counted, because the difference of two ticks is good for days only


def say(area, text, *args):
    """Print a line; `text % args`. Never pass a secret."""
    global _last, _ms
    now = ticks.now()
    _ms += ticks.diff(now, _last)
    _last = now
    print("%6d.%03d  %-9s %s" % (_ms // 1000, _ms % 1000, area, text % args if args else text))
