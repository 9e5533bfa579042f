"""Packet data that begins with the registration: context 1 is the default bearer of LTE.

Commands and functions for the personalities that use it (3GPP TS 27.007 10.1).
"""

from __future__ import annotations

from .common import NO_NETWORK
from .errors import CMEError
from .parser import Args
from .table import CommandTable, Number, Setting, Until, render

CIDS = range(1, 5)
NOT_ACTIVATED = 148
ACTIVATION = 150.0
"""The longest activation, in seconds."""


def add_bearer_commands(table: CommandTable) -> None:
    """Add the commands to a table."""
    table.add("+CGACT", "set", activate)
    table.add("+CGACT", "read", active_contexts)
    table.add("+CGAUTH", "set", authenticate)
    table.add("+CGAUTH", "read", logins)
    table.store(Setting("+CGEREP", (Number(range(3)), Number(range(2))), (0, 0)))


def activate(modem, args: Args):
    """27.007 10.1.10: switch a context on or off; OK if it is so already."""
    args.at_most(2)
    wanted = args.number(0, range(2))
    index = args.number(1, CIDS, 1) - 1
    radio = modem.radio
    if wanted == radio.pdp[index]:
        return
    if not wanted:
        modem.after_ok(lambda: radio.deactivate(index, by_host=True))
        return
    if not radio.registered:
        raise CMEError(NO_NETWORK)
    radio.activate(index)
    yield Until(lambda: index not in radio.activating, ACTIVATION)
    if not radio.pdp[index]:
        raise CMEError(NOT_ACTIVATED)


def active_contexts(modem, args: Args) -> None:
    """Print the state of each context."""
    modem.info(*(f"+CGACT: {index + 1},{state}" for index, state in modem.radio.pdp.items()))


def authenticate(modem, args: Args) -> None:
    """27.007 10.1.31: keep user and password of a context; the network ignores them."""
    args.at_most(4)
    cid = args.number(0, CIDS)
    fields = (args.number(1, range(4)), args.text(2, 64, ""), args.text(3, 64, ""))
    modem.nvm["logins"] = {**modem.nvm.get("logins", {}), cid: fields}


def logins(modem, args: Args) -> None:
    """Print user and password of each context, as they were given."""
    stored = sorted(modem.nvm.get("logins", {}).items())
    lines = [
        f"+CGAUTH: {cid}," + (render((auth, user, password)) if auth else "0")
        for cid, (auth, user, password) in stored
    ]
    if lines:
        modem.info(*lines)


def registered(modem) -> None:
    """Let the network give context 1 an address, and send the time."""
    modem.wall_clock.set(modem.wall_clock.network(), modem.options.time_zone)
    if modem.options.pdp != "refused":
        modem.radio.pdp[0] = 1
        modem.event("network", pdp=0, state="active")


def context_changed(modem, index: int, active: bool, by_host: bool) -> None:
    """Print +CGEV for a lost context, if CGEREP enabled it."""
    if modem.values["+CGEREP"][0] and not active:
        modem.urc(f"+CGEV: {'ME' if by_host else 'NW'} PDN DEACT {index + 1}")
