"""Choice of the network (3GPP TS 27.007, 7.3 to 7.22) and lists of networks. There is one."""

from __future__ import annotations

from .errors import NO_NETWORK, CMEError, RequestError
from .parser import Args
from .table import CommandTable, Number, Setting, Until, print_lines, render

NUMBER = "00101"
"""Country and network code."""
AUTOMATIC, MANUAL, LEAVE, FORMAT_ONLY, EITHER = range(5)
LONG, SHORT, NUMERIC = range(3)
TECHNOLOGIES = (0, 7, 8, 9)
SEARCH = 20.0
"""Seconds of a search over all bands."""
REGISTRATION = 120.0
"""The longest registration, in seconds."""
LIST_SIZE = 16


def names(modem) -> tuple[str, str, str]:
    """Return the network's name in each format."""
    long = modem.options.operator
    return long, long.split()[0][:8], NUMBER


def known(modem) -> bool:
    """Whether the modem can hear the network."""
    radio = modem.radio
    heard = modem.values["+CFUN"][0] == 1 and not radio.deaf
    return heard and modem.options.registration != "none"


def operator(modem, args: Args) -> None:
    """Print mode, format, name and technology; without registration only the mode."""
    mode, style = modem.operator
    if modem.radio.registered:
        name = names(modem)[style]
        modem.info("+COPS: " + render((mode, style, name, modem.options.act)))
    else:
        modem.info(f"+COPS: {mode}")


def choose(modem, args: Args):
    """Choose a network by name, let the modem choose, leave the network, or set the format."""
    args.at_most(4)
    mode = args.number(0, range(5))
    style = args.number(1, range(3), modem.operator[1] if mode == FORMAT_ONLY else LONG)
    technology = args.number(3, TECHNOLOGIES, modem.options.act)
    name = args.text(2, 24, "")
    if mode == FORMAT_ONLY:
        modem.operator = (modem.operator[0], style)
        return
    if mode in (MANUAL, EITHER):
        if not name:
            raise RequestError("parameter", "no operator")
        there = known(modem) and name == names(modem)[style] and technology == modem.options.act
        if mode == MANUAL and not there:
            raise CMEError(NO_NETWORK)
        mode = MANUAL if there else AUTOMATIC
    radio = modem.radio
    modem.operator = (mode, modem.operator[1])
    radio.deregistered = mode == LEAVE
    radio.update()
    yield Until(lambda: radio.stat != 2, REGISTRATION)


def search(modem, args: Args):
    """Print the networks that the modem hears: state, names, technology."""
    modem.sim.require()
    yield modem.delay(SEARCH)
    state = 2 if modem.radio.registered else 3 if modem.radio.stat == 3 else 1
    found = ""
    if known(modem):
        found = f"({state},{render(names(modem))},{modem.options.act})"
    modem.info(f"+COPS: {found},,(0-4),(0-2)")


# -- lists of networks ---------------------------------------------------------------------------


def preferred(modem, args: Args) -> None:
    """27.007 7.19: print the preferred networks."""
    modem.sim.require()
    rows = modem.preferred.items()
    print_lines(modem, (f'+CPOL: {place},{NUMERIC},"{number}"' for place, number in sorted(rows)))


def prefer(modem, args: Args) -> None:
    """Write an entry of the list; with the place alone, clear it."""
    args.at_most(7)
    modem.sim.require()
    place = args.number(0, range(1, LIST_SIZE + 1))
    if len(args) == 1:
        modem.preferred.pop(place, None)
        return
    if args.number(1, range(3)) != NUMERIC:
        raise RequestError("parameter", "only numbers")
    number = args.text(2, 6)
    if not (number.isdigit() and len(number) > 4):
        raise RequestError("parameter", "not the number of a network")
    modem.preferred[place] = number


def names_known(modem, args: Args) -> None:
    """27.007 7.21: print the networks whose names the modem knows."""
    modem.info(f'+COPN: "{NUMBER}","{modem.options.operator}"')


def add_operator_commands(table: CommandTable) -> None:
    """Add the commands to a table."""
    for name, form, function in (
        ("+COPS", "read", operator),
        ("+COPS", "set", choose),
        ("+COPS", "test", search),
        ("+CPOL", "read", preferred),
        ("+CPOL", "set", prefer),
        ("+COPN", "exec", names_known),
    ):
        table.add(name, form, function)
    table.tests({"+CPOL": f"(1-{LIST_SIZE}),(0-2)"})
    table.store(Setting("+CPLS", (Number(range(3)),), (0,)))
    table.store(Setting("+WS46", (Number((28, 30, 31)),), (28,)))
    table.add("+WS46", "read", lambda modem, args: modem.info(str(modem.values["+WS46"][0])))
