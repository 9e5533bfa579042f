"""Calls and supplementary services (3GPP TS 27.007, 6, 7 and 8.9), as far as a data module has
them: there are no calls, and the network answers every USSD code with one text."""

from __future__ import annotations

from .errors import NO_NETWORK, NOT_ALLOWED, CMEError, RequestError
from .parser import Args
from .sim_slot import read_pin
from .table import CommandTable, Number, Setting, render

FACILITIES = ("SC", "FD", "PN", "PU", "PP", "PC", "PF")
"""Locks: the SIM's PIN, fixed dialling, personalisations."""
CODE_SIZE = 8
INDICATORS = (
    # name, highest value
    ("battchg", 5), ("signal", 5), ("service", 1), ("call", 1), ("roam", 1), ("smsfull", 1),
    ("GPRS coverage", 1), ("callsetup", 3),
)  # fmt: skip
USSD_ANSWER = "Balance 0.00"
LANGUAGE = 15
"""Coding of USSD text: the GSM alphabet, language unspecified."""
NO_CARRIER = "NO CARRIER"


# -- calls ---------------------------------------------------------------------------------------


def dial(modem, args: Args) -> str:
    """V.250 6.3.1: neither voice nor PPP answers."""
    if modem.personality.absent.get("D") and args.raw.startswith("*99"):
        modem.event("absent", command="D", feature=modem.personality.absent["D"])
    return NO_CARRIER


def last_error(modem, args: Args) -> None:
    """27.007 6.10: print the cause of the last failure; none is known."""
    modem.info("+CEER: No cause information available")


def indicators(modem, args: Args) -> None:
    """27.007 8.9: print the values of the indicators."""
    radio = modem.radio
    served = int(radio.registered)
    full = int(modem.messages.full("SM"))
    values = (5, 3 * served, served, 0, int(radio.stat == 5), full, int(radio.attached), 0)
    modem.info("+CIND: " + ",".join(map(str, values)))


def indicator_ranges(modem, args: Args) -> None:
    """Print the names and ranges of the indicators."""
    modem.info("+CIND: " + ",".join(f'("{name}",(0-{top}))' for name, top in INDICATORS))


# -- supplementary services ----------------------------------------------------------------------


def own_number(modem, args: Args) -> None:
    """27.007 7.1: print the number of the SIM, if it has one."""
    modem.sim.require()
    number = modem.sim.identity.msisdn
    if number:
        modem.info(f'+CNUM: "","{number}",{145 if number.startswith("+") else 129}')


def ussd(modem, args: Args) -> None:
    """27.007 7.15: send a code; the network's answer is a URC. 2 cancels."""
    args.at_most(3)
    mode = args.number(0, range(3))
    code = args.text(1, 182, "")
    args.number(2, range(256), LANGUAGE)
    modem.values["+CUSD"] = (int(mode == 1),)
    if mode == 2 or not code:
        return
    modem.sim.require()
    if not modem.radio.registered:
        raise CMEError(NO_NETWORK)
    if mode == 1:
        text = modem.messages.coded(USSD_ANSWER)
        modem.after_ok(lambda: modem.urc(f'+CUSD: 0,"{text}",{LANGUAGE}'))


def lock(modem, args: Args) -> None:
    """27.007 7.4: print the state of a lock (2), or switch the SIM's PIN off (0) or on (1)."""
    args.at_most(4)
    facility = args.choice(0, FACILITIES)
    mode = args.number(1, range(3))
    args.number(3, range(256), 7)
    sim = modem.sim
    if mode == 2:
        sim.require()
        modem.info(f"+CLCK: {int(facility == 'SC' and sim.pin is not None)}")
        return
    code = read_pin(args, 2)
    if facility != "SC":
        raise CMEError(NOT_ALLOWED)
    sim.protect(code, bool(mode))


def change_code(modem, args: Args) -> None:
    """27.007 7.5: replace the SIM's PIN."""
    args.at_most(3)
    if args.choice(0, FACILITIES) != "SC":
        raise RequestError("parameter", "only the SIM's PIN")
    modem.sim.change_pin(read_pin(args, 1), read_pin(args, 2))


def capabilities(modem, args: Args) -> None:
    """V.250 6.1.9: print the sets of commands."""
    modem.info("+GCAP: +CGSM")


def commands(modem, args: Args) -> None:
    """27.007 8.37: print the names of all commands."""
    lacks = modem.sim.lacks
    names = (
        name for name in modem.table.handlers if name[0] in "+^&\\" and not lacks(name, "set")
    )
    modem.info(*(f"AT{name}" for name in sorted(names)))


def add_service_commands(table: CommandTable) -> None:
    """Add the commands to a table."""
    table.store(Setting("+CUSD", (Number(range(3)),), (0,)))
    for name, form, function in (
        ("D", "set", dial),
        ("+CEER", "exec", last_error),
        ("+CIND", "read", indicators),
        ("+CIND", "test", indicator_ranges),
        ("+CNUM", "exec", own_number),
        ("+CUSD", "set", ussd),
        ("+CLCK", "set", lock),
        ("+CPWD", "set", change_code),
        ("+GCAP", "exec", capabilities),
        ("+CLAC", "exec", commands),
    ):
        table.add(name, form, function)
    table.fixed("+CLCC", "exec")
    table.tests(
        {
            "+CLCK": f"({render(FACILITIES)})",
            "+CPWD": f'("SC",{CODE_SIZE})',
        }
    )
