"""The application's lines."""

from expect import replaced

import ticks
from app import log


def test_time_area_and_text():
    said = []
    log.print = said.append  # a name of the module hides the builtin
    try:
        now = 1_000
        with replaced(log, _last=now, _ms=0), replaced(ticks, now=lambda: now):
            log.say("modem", "ready")
            now = 62_345
            log.say("sim", "number %s, %d %%", "8988", 7)
            log.say("a", "100 %")
    finally:
        del log.print
    assert said == [
        "     0.000  modem     ready",
        "    61.345  sim       number 8988, 7 %",
        "    61.345  a         100 %",
    ], said


def test_after_weeks_the_time_still_grows():
    # On a chip, ticks wrap after 12 days, and a difference is valid up to six days.
    period = 1 << 30

    def diff(end, start):
        return (end - start + period // 2) % period - period // 2

    said = []
    now = 0
    log.print = said.append
    try:
        with replaced(log, _last=0, _ms=0), replaced(ticks, now=lambda: now, diff=diff):
            for _ in range(40):
                now = (now + 86_400_000) % period
                log.say("a", "b")
    finally:
        del log.print
    assert said[-1] == "%d.000  a         b" % (40 * 86_400), said[-1]
