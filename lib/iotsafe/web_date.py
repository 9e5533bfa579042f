"""The Date of a web server reached by TLS, for a board whose clock is not set.

Loaded when nobody else tells the time. The server is verified as always, by the board's clock.
There is no context that checks less; the clock is put where a certificate can be valid: first to
the floor, a time that has certainly come; if the chain is not valid yet then, to its first day,
which the authority has signed. What the server tells counts if the chain is valid then, too.
"""

import time

from micropython import const

import ticks

from .errors import ServerCertificateExpired

_PORT = const(443)


def ask(context, modem, host, floor, date, set_clock, port=_PORT):
    """Return the UTC, a tuple of six, that the web server `host` tells; None if it tells none in
    the validity of its certificates. The clock is then as it was before.

    `context`: an SSLContext; the server need not ask for our certificate. `floor`: (year, …).
    `date(stream, host)` asks for the Date. `set_clock`: see firmware/README.md. Raises what
    `context.connect` and the stream raise.
    """
    engine = context._engine
    mutual = engine.mutual
    seconds = time.time()
    start = ticks.now()
    at = (floor + (1, 1))[:3] + (0, 0, 0)
    try:
        engine.mutual = False
        while True:
            set_clock(at)
            stream = context.connect(modem, host, port)
            try:
                found = date(stream, host)
                first, last = engine.span
                if found and first and first <= "%04d-%02d-%02d %02d:%02d:%02d" % found <= last:
                    return found
                return None
            except ServerCertificateExpired as e:
                first = engine.span[0].replace("-", " ").replace(":", " ")
                first = tuple([int(part) for part in first.split()])
                if e.reason != "server-early" or first <= at:
                    raise
                at = first
            finally:
                stream.close()
    finally:
        engine.mutual = mutual
        set_clock(time.gmtime(seconds + ticks.diff(ticks.now(), start) // 1000)[:6])
