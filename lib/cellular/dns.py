"""The address of a host name, from the modem's resolver. Imported at the first query.

A modem sends the address in the answer of a command, or in a URC after it: a line that begins with
a prefix and has the address in quotes. A line of two fields without an address is a refusal. Some
modems repeat the name: a line with another name answers an earlier query.
"""

from micropython import const

import ticks

from .at import quotable
from .errors import CommandError, ModemError, NetworkError, text

_EHOSTUNREACH = const(113)
_ETIMEDOUT = const(110)
_PATIENCE = const(70_000)  # ms for the answer of the network's name server


def resolve(modem, host):
    """Return the address of `host` as text, as `Modem.resolve`; `modem.dns` has the query."""
    if not modem.dns:
        raise ModemError("no-resolver")
    quotable(host)
    command, prefix = modem.dns
    name = host.encode().lower()
    found = []  # the address, or None for a refusal

    def on_line(line):
        fields = [field.strip(b' "') for field in bytes(line[len(prefix) :]).split(b",")]
        for field in fields:
            if _is_address(field) and (len(fields) < 3 or name in [f.lower() for f in fields]):
                found.append(text(field))
                return
        if len(fields) == 2:
            found.append(None)

    at = modem.at
    handlers = at.handlers
    at.handlers = [(prefix, on_line)] + handlers
    try:
        at.command(command % host.encode(), prefix, on_line, _PATIENCE)
        deadline = ticks.after(_PATIENCE)
        while not found:
            if ticks.left(deadline) <= 0:
                raise NetworkError("name-unanswered", host, errno=_ETIMEDOUT)
            modem._idle(20)
    except CommandError:
        found.append(None)
    finally:
        at.handlers = handlers
    if not found[0]:
        raise NetworkError("name-unknown", host, errno=_EHOSTUNREACH)
    return found[0]


def _is_address(field):
    """Return whether it is an IPv4 address, or looks like an IPv6 one."""
    parts = field.split(b".")
    if len(parts) == 4:
        return all(part.isdigit() and len(part) < 4 and int(part) < 256 for part in parts)
    return field.count(b":") > 1 and not field.strip(b"0123456789abcdefABCDEF:.")
