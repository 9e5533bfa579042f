"""+CRSM (3GPP TS 27.007, 8.18): the card's files by number, on the basic channel.

The modem turns a command into SELECT and the command itself. It selects below the USIM, and where
the file is not there, below the MF.
"""

from __future__ import annotations

from collections.abc import Generator

from .errors import RequestError
from .parser import Args
from .sim_access import exchange
from .table import CommandTable

READ_BINARY, READ_RECORD, GET_RESPONSE = 176, 178, 192
UPDATE_BINARY, UPDATE_RECORD, STATUS = 214, 220, 242
RETRIEVE_DATA, SET_DATA = 203, 219
COMMANDS = (
    *(READ_BINARY, READ_RECORD, GET_RESPONSE, RETRIEVE_DATA),
    *(UPDATE_BINARY, UPDATE_RECORD, SET_DATA, STATUS),
)
WRITES = (UPDATE_BINARY, UPDATE_RECORD, SET_DATA)
FILES = range(0x1_0000)
BYTES = range(256)

USIM = bytes.fromhex("00A4040C07A0000000871002")
MASTER_FILE = bytes.fromhex("00A4000C023F00")
FOLDERS = (USIM, MASTER_FILE)
SUCCESS = (0x90, 0x91)
NOT_FOUND = b"\x6a\x82"
WAITING, WRONG_LE = 0x61, 0x6C


def access(modem, args: Args):
    """AT+CRSM=<command>[,<file>[,<P1>,<P2>,<P3>[,"<data>"[,"<path>"]]]]: print the status word in
    decimal, and the data. A refusal by the card is an answer, not an error."""
    args.at_most(7)
    command = args.number(0, COMMANDS)
    fid = args.number(1, FILES, None)
    head = [args.number(index, BYTES, 0) for index in (2, 3, 4)]
    data = _hex(args, 5, 510)
    path = _hex(args, 6, 32)
    if fid is None and command != STATUS:
        raise RequestError("parameter", "no file")
    if (command in WRITES) != bool(data) or (data and len(data) != head[2]):
        raise RequestError("parameter", "the data and its length differ")
    modem.sim.require()
    answer = yield from _select(modem, fid, path)
    if answer[-2] in SUCCESS:
        answer = yield from _act(modem, command, head, data, answer)
    sw1, sw2, body = answer[-2], answer[-1], answer[:-2]
    modem.info(f"+CRSM: {sw1},{sw2}" + (f',"{body.hex().upper()}"' if body else ""))


def _hex(args: Args, index: int, limit: int) -> bytes:
    text = args.text(index, limit, "")
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise RequestError("parameter", f"argument {index + 1} is not hex") from None


def _select(modem, fid: int | None, path: bytes) -> Generator[float, None, bytes]:
    """Select a file, by its path if there is one; return its parameters and the status word."""
    if fid is None:
        return b"\x90\x00"
    if path:
        whole = path + fid.to_bytes(2, "big")
        return (yield from _exchange(modem, bytes((0, 0xA4, 8, 4, len(whole))) + whole))
    answer = NOT_FOUND
    for folder in FOLDERS:
        yield from _exchange(modem, folder)
        answer = yield from _exchange(modem, b"\x00\xa4\x00\x04\x02" + fid.to_bytes(2, "big"))
        if answer[-2:] != NOT_FOUND:
            break
    return answer


def _act(modem, command: int, head: list[int], data: bytes, selected: bytes):
    """Exchange the command on the selected file; return data and status word."""
    if command == GET_RESPONSE:  # what SELECT returned
        length = head[2] or 256
        return selected[:-2][:length] + selected[-2:]
    first = 0x80 if command == STATUS else 0
    apdu = bytes((first, command, *head)) + data
    return (yield from _exchange(modem, apdu))


def _exchange(modem, apdu: bytes) -> Generator[float, None, bytes]:
    """Exchange an APDU, and fetch what waits or repeat it with the right length."""
    answer = yield from exchange(modem, apdu)
    if answer[-2] == WRONG_LE:
        answer = yield from exchange(modem, apdu[:-1] + answer[-1:])
    if answer[-2] == WAITING:
        answer = yield from exchange(modem, bytes((0, GET_RESPONSE, 0, 0, answer[-1])))
    return answer


def add_file_command(table: CommandTable) -> None:
    """Add +CRSM to a table."""
    table.add("+CRSM", "set", access)
