"""The commands for short messages (3GPP TS 27.005), in text and in PDU form."""

from __future__ import annotations

from . import pdu
from .errors import CMEError, CMSError
from .messages import ALL, CAPACITY, READ, SENT, STATES, STORES, UNREAD, UNSENT, Message
from .parser import Args
from .sim_slot import BUSY, FAILURE, NOT_INSERTED, PIN_REQUIRED, PUK_REQUIRED
from .table import Choice, CommandTable, Data, Number, Setting, Text, print_lines, render

PLACES = range(1, CAPACITY + 1)
CTRL_Z, ESCAPE = b"\x1a", b"\x1b"
LIMIT = 1024
"""Most characters of a message that the modem takes: hex of the longest PDU, and more."""
TEXT_LIMIT = 160
PATIENCE = 120.0
"""Seconds that the modem waits for the message after the prompt; no standard says how long."""
SEND_SECONDS = 2.0
WRONG_PDU, WRONG_TEXT, WRONG_PLACE, FULL, NO_NETWORK = 304, 305, 321, 322, 331
OF_SIM = {NOT_INSERTED: 310, PIN_REQUIRED: 311, PUK_REQUIRED: 316, FAILURE: 313, BUSY: 314}
"""+CME number of a SIM that cannot be used -> +CMS number."""

SETTINGS = (
    Setting("+CMGF", (Number(range(2)),), (0,)),
    Setting("+CSMS", (Number(range(2)),), (0,)),
    Setting("+CSCS", (Choice(("IRA", "GSM", "UCS2", "HEX")),), ("IRA",)),
    Setting(
        "+CNMI",
        tuple(Number(range(count)) for count in (4, 4, 4, 3, 2)),
        (2, 1, 0, 0, 0),
        saved=True,
    ),
    Setting("+CSMP", tuple(Number(range(256)) for _ in range(4)), (17, 167, 0, 0)),
    Setting("+CSCA", (Text(24), Number(range(256))), ("+15550199", 145), saved=True),
    Setting("+CSDH", (Number(range(2)),), (0,)),
)


def require_sim(modem) -> None:
    """Raise CMSError if the SIM cannot be used now."""
    try:
        modem.sim.require()
    except CMEError as error:
        raise CMSError(OF_SIM.get(error.code, FAILURE)) from None


# -- stores --------------------------------------------------------------------------------------


def counts(modem, names) -> str:
    """Return used and total places of stores."""
    stores = modem.messages.stores
    return ",".join(f"{len(stores[name])},{CAPACITY}" for name in names)


def selected(modem, args: Args) -> None:
    """3.2.2: print the stores for reading, writing, receiving."""
    require_sim(modem)
    messages = modem.messages
    modem.info(
        "+CPMS: " + ",".join(f'"{name}",{counts(modem, (name,))}' for name in messages.selected)
    )


def select(modem, args: Args) -> None:
    """Choose stores; print how full they are."""
    args.at_most(3)
    names = [args.choice(0, STORES)]
    for index in (1, 2):
        names.append(args.choice(index, STORES, modem.messages.selected[index]))
    require_sim(modem)
    modem.messages.selected = names
    modem.info(f"+CPMS: {counts(modem, names)}")


def stored(modem, args: Args) -> tuple[int, Message]:
    """Return the place in the first argument, and its message. Raises CMSError."""
    require_sim(modem)
    try:
        place = args.number(0, PLACES)
        return place, modem.messages.stores[modem.messages.selected[0]][place]
    except LookupError:
        raise CMSError(WRONG_PLACE) from None


def show(modem, place: int, message: Message, lists: bool) -> list[str]:
    """Return the lines of a message in +CMGL or +CMGR; a received one is read then."""
    text_form = modem.values["+CMGF"][0]
    head = f"+CMGL: {place}," if lists else "+CMGR: "
    if text_form:
        body = modem.messages.coded(message.text)
        stamp = f',"{message.stamp()}"' if message.state in (UNREAD, READ) else ""
        lines = [f'{head}"{STATES[message.state]}","{message.number}",{stamp}', body]
    else:
        data = message.pdu()
        lines = [f"{head}{message.state},,{len(data) - 1}", data.hex().upper()]
    if message.state == UNREAD:
        message.state = READ
    return lines


def listing(modem, args: Args) -> None:
    """3.4.2: print the messages of a state."""
    args.at_most(2)
    if modem.values["+CMGF"][0]:
        wanted = STATES.index(args.choice(0, STATES, STATES[UNREAD]))
    else:
        wanted = args.number(0, range(5), UNREAD)
    require_sim(modem)
    store = modem.messages.stores[modem.messages.selected[0]]
    lines = []
    for place, message in sorted(store.items()):
        if wanted in (ALL, message.state):
            lines += show(modem, place, message, lists=True)
    print_lines(modem, lines)


def listing_states(modem, args: Args) -> None:
    """Print what +CMGL takes in the form in use."""
    modem.info(f"+CMGL: ({render(STATES)})" if modem.values["+CMGF"][0] else "+CMGL: (0-4)")


def read(modem, args: Args) -> None:
    """3.4.3: print a message."""
    args.at_most(2)
    place, message = stored(modem, args)
    modem.info(*show(modem, place, message, lists=False))


def delete(modem, args: Args) -> None:
    """3.5.4: delete a message, or by the flag the read (1), the sent, too (2), the unsent, too
    (3), or all (4)."""
    args.at_most(2)
    flag = args.number(1, range(5), 0)
    store = modem.messages.stores[modem.messages.selected[0]]
    if not flag:
        place, _ = stored(modem, args)
        del store[place]
        return
    require_sim(modem)
    gone = {1: (READ,), 2: (READ, SENT), 3: (READ, SENT, UNSENT), 4: range(4)}[flag]
    for place in [place for place, message in store.items() if message.state in gone]:
        del store[place]


# -- sending -------------------------------------------------------------------------------------


def taken(modem, args: Args):
    """Print the prompt and take a message: number and text; None if the host gave it up."""
    text_form = modem.values["+CMGF"][0]
    if text_form:
        number = args.text(0, 24)
        args.number(1, range(256), 145)
        if not number.lstrip("+").isdigit():
            raise CMSError(WRONG_TEXT)
    else:
        size = args.number(0, range(8, 165))
    typed = yield Data(LIMIT, PATIENCE, prompt=b"\r\n> ", ends=CTRL_Z + ESCAPE)
    if typed is None or typed.endswith(ESCAPE):
        return None
    if not typed.endswith(CTRL_Z):
        raise CMSError(WRONG_TEXT if text_form else WRONG_PDU)
    typed = typed[:-1]
    if not text_form:
        return read_pdu(typed, size)
    try:
        text = modem.messages.decoded(typed.decode("latin-1").replace("\r\n", "\n"))
    except ValueError:
        raise CMSError(WRONG_TEXT) from None
    if len(text) > TEXT_LIMIT:
        raise CMSError(WRONG_TEXT)
    return number, text


def read_pdu(typed: bytes, size: int) -> tuple[str, str]:
    """Return number and text of hex digits; `size` counts no service centre's number."""
    try:
        data = bytes.fromhex(typed.decode("ascii"))
        data = data[1 + data[0] :]
        if len(data) != size:
            raise CMSError(WRONG_PDU)
        return pdu.submitted(data)
    except (ValueError, IndexError):
        raise CMSError(WRONG_PDU) from None


def send(modem, args: Args):
    """3.5.1: take a message and hand it to the network."""
    args.at_most(2)
    require_sim(modem)
    message = yield from taken(modem, args)
    if message is None:
        return
    if not modem.radio.registered:
        raise CMSError(NO_NETWORK)
    yield modem.delay(SEND_SECONDS)
    modem.info(f"+CMGS: {modem.messages.submit(*message)}")


def write(modem, args: Args):
    """3.5.3: take a message and store it, unsent."""
    args.at_most(2)
    require_sim(modem)
    message = yield from taken(modem, args)
    if message is None:
        return
    messages = modem.messages
    place = messages.put(messages.selected[1], Message(UNSENT, *message, *messages.now()))
    if place is None:
        raise CMSError(FULL)
    modem.info(f"+CMGW: {place}")


def send_stored(modem, args: Args):
    """3.5.2: hand a stored message to the network."""
    args.at_most(1)
    _, message = stored(modem, args)
    if not modem.radio.registered:
        raise CMSError(NO_NETWORK)
    yield modem.delay(SEND_SECONDS)
    message.state = SENT
    modem.info(f"+CMSS: {modem.messages.submit(message.number, message.text)}")


def add_message_commands(table: CommandTable) -> None:
    """Add the commands to a table."""
    for setting in SETTINGS:
        table.store(setting)
    for name, form, function in (
        ("+CPMS", "read", selected),
        ("+CPMS", "set", select),
        ("+CMGL", "set", listing),
        ("+CMGL", "exec", listing),
        ("+CMGL", "test", listing_states),
        ("+CMGR", "set", read),
        ("+CMGD", "set", delete),
        ("+CMGS", "set", send),
        ("+CMGW", "set", write),
        ("+CMSS", "set", send_stored),
    ):
        table.add(name, form, function)
    stores = f"({render(STORES)})"
    table.tests(
        {
            "+CPMS": f"{stores},{stores},{stores}",
            "+CMGD": f"(1-{CAPACITY}),(0-4)",
            "+CMGR": "",
            "+CMGS": "",
            "+CMGW": "",
            "+CMSS": "",
        }
    )
