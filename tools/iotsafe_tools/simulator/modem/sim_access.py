"""APDUs of the host to the card: +CSIM (27.007 8.17), and +CCHO, +CGLA, +CCHC (8.45, 8.43, 8.46),
with which the modem keeps the logical channels and the host has a handle for each.

`SimSlot.lacks` decides which of them a modem has.
"""

from __future__ import annotations

from collections.abc import Generator

from .errors import CMEError
from .parser import Args
from .sim_slot import GET_RESPONSE
from .table import CommandTable

APDU_LENGTHS = range(8, 523)
"""Hex characters of an APDU: from 4 bytes to CLA INS P1 P2 Lc + 255 bytes + Le."""
HANDLE_LIMIT = 32
SESSION_LIMIT = 19
"""As many sessions as a card has channels besides the basic one."""
PHONE_FAILURE, NOT_ALLOWED, FAILURE, MEMORY_FULL, INCORRECT = 0, 3, 13, 20, 50

MANAGE_CHANNEL, SELECT = 0x70, 0xA4
OPEN_CHANNEL = bytes.fromhex("0070000001")
WAITING = (0x61, 0x9F)
FETCHES = 20
"""Most GET RESPONSE in a row that a modem sends by itself."""
SELECTED = (0x90, 0x91, 0x61, 0x62, 0x63, 0x9F)
"""SW1 of a successful SELECT."""


def add_sim_commands(table: CommandTable) -> None:
    """Add the commands to a table."""
    table.add("+CSIM", "set", csim)
    table.add("+CCHO", "set", open_session)
    table.add("+CGLA", "set", session_apdu)
    table.add("+CCHC", "set", close_session)
    for name in ("+CSIM", "+CCHO", "+CGLA", "+CCHC"):
        table.fixed(name, "test")


def on_channel(first: int, channel: int) -> int:
    """Return the class byte `first` with its channel replaced by `channel` (102 221 10.1.1)."""
    if channel < 4:
        return first & 0x9C | channel
    return first & 0x90 | 0x40 | channel - 4


def channel_of(first: int) -> int:
    """Return the logical channel in a class byte."""
    return 4 + (first & 0x0F) if first & 0x40 else first & 0x03


def read_apdu(args: Args, index: int) -> bytes:
    """Return the APDU in arguments `index` (number of characters) and `index` + 1 (hex)."""
    length = args.number(index, APDU_LENGTHS)
    digits = args.text(index + 1, APDU_LENGTHS[-1])
    try:
        apdu = bytes.fromhex(digits)
    except ValueError:
        raise CMEError(NOT_ALLOWED) from None
    if not len(digits) == length == 2 * len(apdu):  # fromhex skips blanks
        raise CMEError(NOT_ALLOWED)
    return apdu


def exchange(modem, apdu: bytes) -> Generator[float, None, bytes]:
    """Exchange one APDU in the card's time; return response data and SW1 SW2."""
    modem.sim.require()
    modem.occur(f"apdu:{apdu[1]:02X}")
    yield modem.sim.card.latency(apdu)
    modem.sim.require()
    return modem.sim.transmit(apdu)


def response_line(name: str, response: bytes, quirks: set[str]) -> str:
    """Return the line of +CSIM or +CGLA for a response, from a modem with these quirks."""
    digits = response.hex().upper()
    length = len(digits)
    if "csim_truncated" in quirks:
        digits = digits[:512]
    if "csim_lower" in quirks:
        digits = digits.lower()
    if "csim_unquoted" not in quirks:
        digits = f'"{digits}"'
    space = "" if name == "+CGLA" and "cgla_no_space" in quirks else " "
    return f"{name}:{space}{length},{digits}"


# -- +CSIM ---------------------------------------------------------------------------------------


def csim(modem, args: Args):
    """27.007 8.17: exchange one APDU, on the channel in its class byte."""
    args.at_most(2)
    apdu = read_apdu(args, 0)
    modem.sim.require()
    if modem.sim.basic_only and channel_of(apdu[0]):
        raise CMEError(NOT_ALLOWED)
    if "csim_no_select" in modem.quirks and channel_of(apdu[0]) and apdu[1] == SELECT:
        raise CMEError(PHONE_FAILURE)
    response = yield from exchange(modem, apdu)
    if "csim_6100" in modem.quirks and apdu[1] == GET_RESPONSE:
        response = b"\x61\x00"
    lines = [response_line("+CSIM", response, modem.quirks)]
    previous, modem.sim.last_line = modem.sim.last_line, lines[0]
    if "csim_glued" in modem.quirks and previous:
        lines.insert(0, previous)
    if "csim_late" in modem.quirks:
        lines.insert(0, "+CIEV: 2,4")
    modem.info(*modem.faults.answer(lines, previous))


# -- +CCHO, +CGLA, +CCHC -------------------------------------------------------------------------


def open_session(modem, args: Args):
    """27.007 8.45: open a logical channel, SELECT the application on it, print a handle.

    `Options.ccho_refusal` if the card lacks the application, 20 if it has no free channel, 50 for
    an invalid application name.
    """
    args.at_most(1)
    digits = args.text(0, 2 * 16)
    try:
        aid = bytes.fromhex(digits)
    except ValueError:
        raise CMEError(INCORRECT) from None
    if not aid or 2 * len(aid) != len(digits):
        raise CMEError(INCORRECT)
    modem.sim.require()
    if len(modem.sim.sessions) >= SESSION_LIMIT:
        raise CMEError(MEMORY_FULL)
    opened = yield from exchange(modem, OPEN_CHANNEL)
    if len(opened) != 3 or opened[1:] != b"\x90\x00":
        raise CMEError(MEMORY_FULL)
    channel = opened[0]
    select = bytes((on_channel(0, channel), 0xA4, 4, 0, len(aid))) + aid
    answer = yield from exchange(modem, select)
    if answer[-2] not in SELECTED:
        yield from exchange(modem, bytes((0, MANAGE_CHANNEL, 0x80, channel, 0)))
        raise CMEError(modem.options.ccho_refusal)
    handle = modem.sim.new_session(channel)
    modem.info(handle if "ccho_bare" in modem.quirks else f"+CCHO: {handle}")


def _session(modem, args: Args) -> tuple[str, int]:
    """Return the handle in the first argument, and its channel."""
    handle = args.text(0, HANDLE_LIMIT)
    modem.sim.require()
    if handle not in modem.sim.sessions:
        raise CMEError(INCORRECT)
    return handle, modem.sim.sessions[handle]


def session_apdu(modem, args: Args):
    """27.007 8.43: exchange one APDU on a session's channel; the modem sets its number."""
    args.at_most(3)
    apdu = read_apdu(args, 1)
    handle, channel = _session(modem, args)
    if apdu[1] == MANAGE_CHANNEL:
        raise CMEError(NOT_ALLOWED)
    response = yield from exchange(modem, bytes((on_channel(apdu[0], channel),)) + apdu[1:])
    if "cgla_fetches" in modem.quirks:
        for _ in range(FETCHES):
            if response[-2] not in WAITING:
                break
            fetch = bytes((on_channel(0, channel), GET_RESPONSE, 0, 0, response[-1]))
            more = yield from exchange(modem, fetch)
            response = response[:-2] + more
    if handle not in modem.sim.sessions:  # the card has been reset
        raise CMEError(FAILURE)
    lines = [response_line("+CGLA", response, modem.quirks)]
    previous, modem.sim.last_line = modem.sim.last_line, lines[0]
    modem.info(*modem.faults.answer(lines, previous))


def close_session(modem, args: Args):
    """27.007 8.46: close the channel of a session; ignore the card's answer."""
    args.at_most(1)
    handle, channel = _session(modem, args)
    yield from exchange(modem, bytes((0, MANAGE_CHANNEL, 0x80, channel, 0)))
    modem.sim.sessions.pop(handle, None)
    if "cchc_named" in modem.quirks:
        modem.info("+CCHC")
