"""The APDU layer: turns one applet command into the exchanges that a real card needs.

A *Channel*, the interface below this layer, has `transmit(apdu) -> (data, sw)`: one command APDU
as a buffer, the response data as a memoryview that is valid until the next call, the status word
as an int. It may have `generation`, an int that changes whenever the card lost its state (modem or
card reset), and `part`, the most bytes of response data that it delivers in one piece (default:
256, the most that a card sends). An OSError of `transmit` with a true `again` means that the way
to the card damaged the command or its answer; the card may or may not have received the command.

This layer alone handles, for every command:

- the class byte of the logical channel (ETSI TS 102 221 10.1.1), interindustry (0X) or, when the
  card answers 6E00 to that, proprietary (8X): cards take one, the other, or both;
- 61xx and 9Fxx: GET RESPONSE until everything is fetched;
- 6Cxx: the command again with the Le that the card requires, once;
- 91xx: success; a proactive command waits for the modem;
- 63CF: success; a remote administration session was completed (counted);
- 6300: success; the card has more data (`more`).
"""

from micropython import const

from .errors import CardError, CardProtocolError

_GET_RESPONSE = const(0xC0)
_MANAGE_CHANNEL = const(0x70)
_SELECT = const(0xA4)

# A response is at most an RSA-2048 signature or a long object list. The bound stops a card that
# announces "256 more" for ever (seen behind one modem).
_MAX_RESPONSE = const(4096)
_MAX_FETCHES = const(20)
_MAX_CHANNEL = const(19)
_UNKNOWN_CLASS = const(0x6E00)
# When no channel is free, close at least this many, and then more until one was not open.
_LEAKED = const(3)

# Instruction -> name in IoT.05, for messages.
_COMMANDS = (
    (0x24, "PUT PUBLIC KEY"),
    (0x2A, "COMPUTE SIGNATURE"),
    (0x2B, "COMPUTE SIGNATURE"),
    (0x2C, "VERIFY SIGNATURE"),
    (0x2D, "VERIFY SIGNATURE"),
    (0x46, "COMPUTE DH"),
    (0x48, "COMPUTE PRF"),
    (0x4A, "COMPUTE HKDF"),
    (0x70, "MANAGE CHANNEL"),
    (0x84, "GET RANDOM"),
    (0xA4, "SELECT"),
    (0xB0, "READ FILE"),
    (0xB9, "GENERATE KEY PAIR"),
    (0xC0, "GET RESPONSE"),
    (0xCB, "GET DATA"),
    (0xCD, "READ PUBLIC KEY"),
    (0xD8, "PUT PUBLIC KEY"),
)


def _command(ins):
    for known, text in _COMMANDS:
        if known == ins:
            return text
    return "command %02X" % ins


def _reason(sw):
    if sw == 0x6400:
        return "card-damaged"
    return "card-busy" if sw in (0x6984, 0x6989) else "refused"


def class_byte(channel):
    """Return the interindustry class byte for logical channel 0 to 19."""
    return channel if channel < 4 else 0x40 | channel - 4


class APDU:
    """Sends commands on one logical channel of a card.

    `exchanges`: command APDUs sent; `administrations`: 63CF received; `more`: the last answer
    ended with 6300; `number`: the logical channel; `proprietary`: the kind of class byte. Not for
    use from two threads.
    """

    def __init__(self, channel):
        self._channel = channel
        self._buffer = bytearray(261)
        self.number = 0
        self.proprietary = False
        self.exchanges = 0
        self.administrations = 0
        self.more = False
        self._ours = False  # the channel was opened here

    def generation(self):
        """Return a number that changes whenever the card lost its channels and sessions."""
        return getattr(self._channel, "generation", 0)

    def part(self):
        """Return the Le for the most bytes that the channel delivers in one piece (0: 256)."""
        return getattr(self._channel, "part", 0)

    def command(self, ins, p1=0, p2=0, data=b"", le=None, target=""):
        """Send one command and return its whole response data.

        `data` at most 255 bytes; `le` 0 (= 256) to 255, or None when no data is expected.
        The result is a buffer that is valid until the next command.
        Raises CardError for a status word that is not a success.
        """
        size = len(data)
        if size > 255:
            raise ValueError("an APDU takes at most 255 bytes of data")
        self._buffer[5 : 5 + size] = data
        return self.send(ins, p1, p2, size, le, target)

    def body(self):
        """Return the buffer from which `send` takes the data: 255 bytes to write into. GET
        RESPONSE overwrites none of it.
        """
        return memoryview(self._buffer)[5:260]

    def send(self, ins, p1, p2, size, le=None, target=""):
        """Send one command, like `command`, with the first `size` bytes of `body()` as data."""
        apdu = self._buffer
        apdu[0] = class_byte(self.number)
        either = ins not in (_SELECT, _MANAGE_CHANNEL)  # of the two class bytes
        if either and self.proprietary:
            apdu[0] |= 0x80
        apdu[1] = ins
        apdu[2] = p1
        apdu[3] = p2
        end = 4
        if size:
            apdu[4] = size
            end = 5 + size
        # Some modems refuse four-byte APDUs. The fifth byte is harmless if no data follows.
        if le is not None or not size:
            apdu[end] = le or 0
            end += 1
        response, sw = self._exchange(end)
        if sw == _UNKNOWN_CLASS and either:
            apdu[0] ^= 0x80
            response, sw = self._exchange(end)
            if sw != _UNKNOWN_CLASS:
                self.proprietary = not self.proprietary
        if sw >> 8 == 0x6C:
            if le is None and size:
                end += 1
            apdu[end - 1] = sw & 0xFF
            response, sw = self._exchange(end)
        if sw >> 8 in (0x61, 0x9F):
            response, sw = self._fetch(response, sw, ins)
        self.more = sw == 0x6300
        if sw == 0x63CF:
            self.administrations += 1
        elif sw != 0x9000 and sw >> 8 != 0x91 and not self.more:
            raise CardError(_reason(sw), sw, _command(ins), target)
        return response

    def _exchange(self, size):
        self.exchanges += 1
        return self._channel.transmit(memoryview(self._buffer)[:size])

    def _fetch(self, response, sw, ins):
        """Send GET RESPONSE until the card has nothing left; return (all the data, last sw)."""
        parts = bytearray(response)
        apdu = self._buffer
        for _ in range(_MAX_FETCHES):
            apdu[1] = _GET_RESPONSE
            apdu[2] = apdu[3] = 0
            apdu[4] = sw & 0xFF
            response, sw = self._exchange(5)
            if sw >> 8 == 0x6C:
                apdu[4] = sw & 0xFF
                response, sw = self._exchange(5)
            parts.extend(response)
            if len(parts) > _MAX_RESPONSE:
                break
            if sw >> 8 not in (0x61, 0x9F):
                return memoryview(parts), sw
        raise CardProtocolError("not-understood", _command(ins), "GET RESPONSE does not end")

    def open(self, number=None):
        """Open a logical channel (MANAGE CHANNEL) and use it from now on.

        If the card has no free channel, close those that an earlier run left open. With `number`,
        0 to 19, use that channel as it is; `close` leaves it open.
        """
        self.number = number or 0
        self._ours = number is None
        if not self._ours:
            return
        try:
            self._open()
        except CardError as e:
            if e.sw not in (0x6A81, 0x6881, 0x6A84, 0x6985):
                raise
            for number in range(1, _MAX_CHANNEL + 1):
                if not self.close_number(number) and number >= _LEAKED:
                    break
            self._open()

    def _open(self):
        data = self.command(_MANAGE_CHANNEL, le=1, target="open")
        if len(data) != 1 or not 1 <= data[0] <= _MAX_CHANNEL:
            raise CardProtocolError("not-understood", "MANAGE CHANNEL", "no channel number")
        self.number = data[0]

    def close(self):
        """Close the logical channel, if it is still open."""
        number = self.number
        self.number = 0
        if number and self._ours:
            self.close_number(number)

    def close_number(self, number):
        """Close the logical channel `number`; return whether it was open."""
        try:
            self.command(_MANAGE_CHANNEL, 0x80, number)
            return True
        except CardError:
            return False

    def select(self, aid):
        """SELECT the application `aid` on this channel; CardError 6A82 if the card lacks it."""
        self.command(_SELECT, 4, 0, aid)
