"""The lab's card in a PC/SC reader, through vpcd, Debian's virtual reader (vsmartcard-vpcd).

vpcd is a driver in pcscd. It listens on TCP, and the card connects to it. A message is a length,
two bytes big-endian, and that many bytes. A single byte from the reader is a control: 00 power
off, 01 power on, 02 reset, 04 request for the ATR. The card answers only the last. It answers any
other message, a command APDU, with data and SW1 SW2.

`VirtualCard` is the protocol without I/O, `Reader` the connection. The lab's thread drives both.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import logging
import socket
import sys
from collections.abc import Callable

from iotsafe_tools.simulator.modem.redact import redact_apdu, redact_response
from iotsafe_tools.simulator.sim.apdu import over_t0
from iotsafe_tools.simulator.sim.pin import Pin

log = logging.getLogger(__name__)

PORT = 35963
"""vpcd's port unless its configuration has another."""
CHUNK = 4096
RETRY = 0.5
"""Seconds between two attempts to reach vpcd."""
PENALTY = 10.0
"""Seconds before another attempt at a peer that broke the protocol."""

POWER_OFF, POWER_ON, RESET, GET_ATR = b"\x00", b"\x01", b"\x02", b"\x04"
_LISTEN = "0A"  # a state in /proc/net/tcp
# Results of a connect that goes on; the last one is Windows'.
GET_RESPONSE = b"\xc0"
_CONNECTING = (
    errno.EINPROGRESS,
    errno.EALREADY,
    getattr(errno, "WSAEWOULDBLOCK", errno.EINPROGRESS),
)


class VpcdError(ValueError):
    """An invalid address, or a peer that does not speak vpcd's protocol."""


class VirtualCard:
    """The card's side of vpcd's protocol: bytes in, (seconds of work, bytes) out.

    It calls on_apdu(apdu, response, seconds) for each command. `pin`: the card asks for it while
    it has power here. Incomplete input is at most one message: 64 KB.
    """

    def __init__(
        self, card, on_apdu: Callable[[bytes, bytes, float], None], pin: Pin | None = None
    ) -> None:
        self._card = card
        self._on_apdu = on_apdu
        self._pin = pin
        self._input = bytearray()
        self._powered = False

    def feed(self, data: bytes) -> None:
        """Take bytes from the reader."""
        self._input += data

    def next_answer(self) -> tuple[float, bytes] | None:
        """Handle messages until one has an answer; return None if more input is needed.

        Raises VpcdError for input that no reader sends; the following input is not usable then.
        """
        while len(self._input) >= 2:
            size = int.from_bytes(self._input[:2], "big")
            if size == 0:
                raise VpcdError("an empty message")
            if len(self._input) < 2 + size:
                return None
            message = bytes(self._input[2 : 2 + size])
            del self._input[: 2 + size]
            answer = self._take(message)
            if answer is not None:
                return answer[0], len(answer[1]).to_bytes(2, "big") + answer[1]
        return None

    def power_off(self) -> None:
        """Take the power off the card."""
        self._powered = False
        self._ask_for_pin(None)

    def _ask_for_pin(self, pin: Pin | None) -> None:
        if self._pin is not None:
            self._card.ask_for_pin(pin)

    def _take(self, message: bytes) -> tuple[float, bytes] | None:
        if message in (POWER_ON, RESET):
            self._powered = True
            self._ask_for_pin(self._pin)
            self._card.power_on()
            return None
        if message == POWER_OFF:
            self.power_off()
            return None
        if message == GET_ATR:
            return 0.0, self._card.atr()
        if not self._powered:
            raise VpcdError("a command to a card without power")
        seconds = self._card.latency(message)
        response = self._card.transmit(over_t0(message))  # as its ATR says
        self._on_apdu(message, response, seconds)
        return seconds, response


class Reader:
    """Puts the card into the reader of vpcd at `where`, "HOST:PORT" or ":PORT" or "HOST".

    It connects when vpcd listens, and again after each break: pcscd may start and stop at any
    time. It calls on_event(kind, **fields) for commands and connections. clock: seconds.
    loopback_only: refuse another machine. pin: see `VirtualCard`. Raises VpcdError for an invalid
    address.
    """

    def __init__(
        self,
        card,
        where: str,
        *,
        clock: Callable[[], float],
        on_event: Callable[..., None],
        loopback_only: bool = True,
        pin: Pin | None = None,
    ) -> None:
        self._card = card
        self._pin = pin
        self._address = _address(where, loopback_only)
        self._clock = clock
        self._event = on_event
        self._socket: socket.socket | None = None
        self._protocol: VirtualCard | None = None
        self._ins = 0  # of the last command, whose data GET RESPONSE fetches
        self._output = b""
        self._due: float | None = None  # the time to send `_output`: until then the card works
        self._retry = clock()
        self.name = f"{self._address[0]}:{self._address[1]}"
        self.inserted = True

    @property
    def attached(self) -> bool:
        """Whether the card is in the reader, and the reader is connected."""
        return self._protocol is not None

    def insert(self) -> None:
        """Put the card in."""
        self.inserted = True
        self._retry = self._clock()

    def remove(self) -> None:
        """Take the card out."""
        self.inserted = False
        self._drop()

    def readers(self) -> list:
        """Return the sockets to wait for until readable."""
        return [self._socket] if self.attached and not self._output else []

    def writers(self) -> list:
        """Return the sockets to wait for until writable."""
        connecting = self._socket is not None and not self.attached
        late = self._output and self._due is None
        return [self._socket] if connecting or late else []

    def next_due(self) -> float | None:
        """Return the clock's time at which to call `service` next, whatever the socket does."""
        if self._socket is None:
            return self._retry if self.inserted else None
        return self._due

    def service(self) -> None:
        """Connect, take commands and answer, as far as possible now."""
        try:
            if self._socket is None:
                if self.inserted and self._clock() >= self._retry:
                    self._connect()
            elif not self.attached:
                self._connected(self._socket.connect_ex(self._address))
            while self.attached and self._flush() and self._receive():
                pass
        except VpcdError as error:
            self._fail(f"sent {error}", PENALTY)
        except BlockingIOError:
            pass
        except OSError as error:
            self._fail(f"is gone: {error.strerror}", RETRY)

    def close(self) -> None:
        """Close the connection."""
        self._drop()

    # ---- the connection -------------------------------------------------------------------

    def _connect(self) -> None:
        family = socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connected(self._socket.connect_ex(self._address))

    def _connected(self, number: int) -> None:
        """Continue after connect's errno `number`; report no refusal, as pcscd may start later."""
        if number in _CONNECTING:
            return
        if number not in (0, errno.EISCONN) or self._to_itself():
            self._drop(RETRY)
            return
        self._protocol = VirtualCard(self._card, self._exchanged, self._pin)
        self._event("reader", name=self.name, attached=True)

    def _to_itself(self) -> bool:
        """Whether the socket is connected to itself, as TCP can do if the port is closed."""
        with contextlib.suppress(OSError):
            return self._socket.getsockname() == self._socket.getpeername()
        return True

    def _receive(self) -> bool:
        """Take input until there is something to answer; return whether there is."""
        answer = self._protocol.next_answer()
        if answer is None:
            data = self._socket.recv(CHUNK)
            if not data:
                self._drop(RETRY)
                return False
            # vpcd sends length and content apart, and the content only after the kernel has
            # acknowledged the length, which it would delay by 40 ms.
            if hasattr(socket, "TCP_QUICKACK"):  # Linux
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            self._protocol.feed(data)
            answer = self._protocol.next_answer()
        if answer is not None:
            seconds, self._output = answer
            self._due = self._clock() + seconds
        return True

    def _flush(self) -> bool:
        """Send the output; return whether all of it has gone."""
        if self._due is not None:
            if self._clock() < self._due:
                return False
            self._due = None
        if self._output:
            self._output = self._output[self._socket.send(self._output) :]
        return not self._output

    def _exchanged(self, apdu: bytes, response: bytes, seconds: float) -> None:
        if apdu[1:2] != GET_RESPONSE:
            self._ins = apdu[1] if len(apdu) > 1 else 0
        self._event(
            "apdu",
            reader=self.name,
            apdu=redact_apdu(apdu),
            response=redact_response(self._ins, response),
            sw=response[-2:].hex().upper(),
            seconds=seconds,
        )

    def _fail(self, what: str, pause: float) -> None:
        """Close the connection and log why, in one line."""
        log.error(
            "the card reader at %s %s; hung up, next try in %g s. Is it vpcd that listens there?",
            self.name,
            what,
            pause,
        )
        self._event("error", line="", error=f"reader {self.name} {what}")
        self._drop(pause)

    def _drop(self, pause: float = 0.0) -> None:
        if self._protocol is not None:
            self._protocol.power_off()
            self._event("reader", name=self.name, attached=False)
        if self._socket is not None:
            self._socket.close()
        self._socket = self._protocol = self._due = None
        self._output = b""
        self._retry = self._clock() + pause


def exposed(port: int) -> list[str]:
    """Return the addresses beyond loopback, as "ADDRESS:PORT", on which this machine listens at
    vpcd's `port` and the next one, that of its second slot; [] where /proc does not tell."""
    found = []
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError), open(f"/proc/net/{table}") as file:
            for row in file.readlines()[1:]:
                fields = row.split()
                address, _, number = fields[1].partition(":")
                if fields[3] == _LISTEN and int(number, 16) in (port, port + 1):
                    # Words of four bytes, each in the order of this machine.
                    words = [int(address[i : i + 8], 16) for i in range(0, len(address), 8)]
                    raw = b"".join(word.to_bytes(4, sys.byteorder) for word in words)
                    if not ipaddress.ip_address(raw).is_loopback:
                        host = socket.inet_ntop(
                            socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw
                        )
                        found.append(f"{f'[{host}]' if ':' in host else host}:{int(number, 16)}")
    return found


def _address(where: str, loopback_only: bool) -> tuple[str, int]:
    """Return (address, port) of HOST:PORT, with defaults for both."""
    host, colon, port = where.rpartition(":")
    if not colon or where.endswith("]"):
        host, port = where, str(PORT)
    host = host.strip("[]") or "127.0.0.1"
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        address = None
    if address is None or not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise VpcdError(f"no card reader {where!r}; write ADDRESS:PORT, such as 127.0.0.1:{PORT}")
    if loopback_only and not address.is_loopback:
        raise VpcdError(f"the card reader {where} is another machine; only loopback is allowed")
    return str(address), int(port)
