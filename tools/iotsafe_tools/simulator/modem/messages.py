"""The store of short messages, and their delivery to the host (3GPP TS 27.005)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from . import pdu

STORES = ("SM", "ME")
"""The SIM's store and the modem's."""
CAPACITY = 20
SENT_LIMIT = 100
UNREAD, READ, UNSENT, SENT, ALL = range(5)
STATES = ("REC UNREAD", "REC READ", "STO UNSENT", "STO SENT", "ALL")
STORED, DIRECT = 1, 2
"""The second value of +CNMI: an indication of the place, or the message itself."""


@dataclass
class Message:
    """One message; `number` is the other side's."""

    state: int
    number: str
    text: str
    moment: datetime
    quarters: int = 0

    def stamp(self) -> str:
        """Return the time as the text mode prints it."""
        return f"{self.moment:%y/%m/%d,%H:%M:%S}{self.quarters:+03d}"

    def pdu(self) -> bytes:
        """Return the message in PDU form, with an empty service centre's number."""
        return pdu.delivered(self.number, self.text, self.moment, self.quarters)


@dataclass
class MessageStore:
    """The messages of a modem. They stay over restarts; the settings do not."""

    modem: object
    stores: dict[str, dict[int, Message]] = field(
        default_factory=lambda: {name: {} for name in STORES}
    )
    reference: int = 0
    sent: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=SENT_LIMIT))
    """Number and text of the last messages that the network took."""

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Set the settings after a boot: stores to read, to write, to receive."""
        self.selected = ["SM", "SM", "SM"]

    def full(self, name: str) -> bool:
        """Whether a store has no room."""
        return len(self.stores[name]) >= CAPACITY

    def put(self, name: str, message: Message) -> int | None:
        """Keep a message at the lowest free place from 1; return it, None if the store is full."""
        store = self.stores[name]
        place = next((n for n in range(1, CAPACITY + 1) if n not in store), None)
        if place is not None:
            store[place] = message
        return place

    def now(self) -> tuple[datetime, int]:
        """Return the network's time, local, and its zone."""
        quarters = self.modem.options.time_zone
        return self.modem.wall_clock.at(quarters), quarters

    def submit(self, number: str, text: str) -> int:
        """Hand a message to the network; return its reference. One to the SIM's own number comes
        back."""
        self.reference = self.reference % 255 + 1
        self.sent.append((number, text))
        self.modem.event("sms", what="sent", characters=len(text))
        if number == self.modem.sim.identity.msisdn:
            self.modem.after_ok(lambda: self.deliver(text, number))
        return self.reference

    def deliver(self, text: str, sender: str = "+15550100") -> None:
        """Let the network deliver a message: +CNMI decides what the host sees of it."""
        message = Message(UNREAD, sender, text, *self.now())
        self.modem.event("sms", what="delivered", characters=len(text))
        how = self.modem.values["+CNMI"][1]
        if how == DIRECT:
            head, body = self.direct(message)
            self.modem.urc(f"+CMT: {head}\r\n{body}")
            return
        name = self.selected[2]
        place = self.put(name, message)
        if place is not None and how == STORED:
            self.modem.urc(f'+CMTI: "{name}",{place}')

    def direct(self, message: Message) -> tuple[str, str]:
        """Return the fields and the line after them of +CMT."""
        if self.modem.values["+CMGF"][0]:
            return f'"{message.number}",,"{message.stamp()}"', self.coded(message.text)
        data = message.pdu()
        return f",{len(data) - 1}", data.hex().upper()

    def coded(self, text: str) -> str:
        """Return a text in the character set of +CSCS."""
        kind = self.modem.values["+CSCS"][0]
        if kind == "UCS2":
            return text.encode("utf-16-be").hex().upper()
        if kind == "HEX":
            return text.encode("latin-1", "replace").hex().upper()
        return text

    def decoded(self, text: str) -> str:
        """Return what a text in the character set of +CSCS says. Raises ValueError."""
        kind = self.modem.values["+CSCS"][0]
        if kind == "UCS2" or (kind == "HEX" and self.modem.values["+CSMP"][3] & 0x0C == pdu.UCS2):
            return bytes.fromhex(text).decode("utf-16-be")
        if kind == "HEX":
            return bytes.fromhex(text).decode("latin-1")
        return text
