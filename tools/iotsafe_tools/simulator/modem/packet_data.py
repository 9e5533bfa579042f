"""Packet data by 3GPP TS 27.007, 10.1: attachment, definitions of contexts, and their state.

Here the contexts of +CGACT are not those of the modem's own sockets, which a vendor's commands
switch. Where they are, `bearer.py` replaces +CGACT.
"""

from __future__ import annotations

from .errors import NO_NETWORK, CMEError, RequestError
from .parser import Args
from .table import CommandTable, Number, Setting, print_lines

CIDS = range(1, 17)
FIRST = 1
KINDS = ("IP", "IPV6", "IPV4V6", "NON-IP", "PPP")
DEFAULT = {1: ("IP", "")}
FIELDS = 11
"""Fields of +CGDCONT, unless a modem has more."""


def defined(modem) -> dict[int, tuple[str, str]]:
    """Return type and APN of each defined context, by number."""
    return modem.nvm.get("contexts", DEFAULT)


def open_first(modem) -> None:
    """Let LTE give the first context with the registration."""
    modem.radio.outer.add(FIRST)


def attached(modem, args: Args) -> None:
    """27.007 10.1.9: print whether the modem is attached."""
    modem.info(f"+CGATT: {int(modem.radio.attached)}")


def attach(modem, args: Args) -> None:
    """Attach, or detach: this ends all contexts and their sockets."""
    args.at_most(1)
    if not args.number(0, range(2)):
        modem.radio.detach()
        return
    modem.sim.require()
    if not modem.radio.registered:
        raise CMEError(NO_NETWORK)
    modem.radio.attach()


def contexts(modem, args: Args) -> None:
    """27.007 10.1.1: print every defined context."""
    print_lines(
        modem,
        (
            f'+CGDCONT: {cid},"{kind}","{apn}","0.0.0.0",0,0'
            for cid, (kind, apn) in sorted(defined(modem).items())
        ),
    )


def define_context(fields: int):
    """Make the set form of +CGDCONT, for at most so many fields."""

    def define(modem, args: Args) -> None:
        args.at_most(fields)
        cid = args.number(0, CIDS)
        stored = dict(defined(modem))
        if len(args) == 1:
            stored.pop(cid, None)
        else:
            args.text(3, 64, "")
            for index in range(4, len(args)):
                args.number(index, range(5), 0)
            stored[cid] = (args.choice(1, KINDS), args.text(2, 99, ""))
        modem.nvm["contexts"] = stored

    return define


def context_ranges(modem, args: Args) -> None:
    """Print what +CGDCONT takes, for each type."""
    modem.info(*(f'+CGDCONT: (1-16),"{kind}",,,(0-4),(0-4)' for kind in KINDS[:3]))


def address(modem, args: Args) -> None:
    """27.007 10.1.14: print the address of one or all contexts."""
    args.at_most(1)
    cids = [args.number(0, CIDS)] if len(args) else sorted(defined(modem))
    print_lines(modem, (f"+CGPADDR: {cid},{modem.radio.outer_address(cid)}" for cid in cids))


def address_ranges(modem, args: Args) -> None:
    """Print the numbers of the defined contexts."""
    modem.info(f"+CGPADDR: ({','.join(map(str, sorted(defined(modem))))})")


def activate(modem, args: Args) -> None:
    """27.007 10.1.10: switch a defined context on or off, attached or not."""
    args.at_most(2)
    wanted = args.number(0, range(2))
    cid = args.number(1, CIDS, 1)
    if cid not in defined(modem):
        raise RequestError("parameter", f"context {cid} is not defined")
    radio = modem.radio
    if wanted:
        modem.sim.require()
        if not radio.registered:
            raise CMEError(NO_NETWORK)
        radio.attach()
    if bool(wanted) == (cid in radio.outer):
        return
    (radio.outer.add if wanted else radio.outer.discard)(cid)
    if modem.values["+CGEREP"][0]:
        modem.after_ok(lambda: modem.urc(f"+CGEV: ME PDN {'' if wanted else 'DE'}ACT {cid}"))


def active_contexts(modem, args: Args) -> None:
    """Print the state of each defined context."""
    outer = modem.radio.outer
    print_lines(modem, (f"+CGACT: {cid},{int(cid in outer)}" for cid in sorted(defined(modem))))


def add_packet_commands(table: CommandTable) -> None:
    """Add the commands to a table."""
    for name, form, function in (
        ("+CGATT", "read", attached),
        ("+CGATT", "set", attach),
        ("+CGDCONT", "read", contexts),
        ("+CGDCONT", "set", define_context(FIELDS)),
        ("+CGDCONT", "test", context_ranges),
        ("+CGPADDR", "set", address),
        ("+CGPADDR", "exec", address),
        ("+CGPADDR", "test", address_ranges),
        ("+CGACT", "set", activate),
        ("+CGACT", "read", active_contexts),
    ):
        table.add(name, form, function)
    table.tests({"+CGATT": "(0,1)", "+CGACT": "(0,1)"})
    table.store(Setting("+CGEREP", (Number(range(3)), Number(range(2))), (0, 0)))
