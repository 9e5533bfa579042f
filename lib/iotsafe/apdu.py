"""The APDU layer: from one applet command to the exchanges that it costs on a real card.

A *Channel* (the seam below) has `transmit(apdu) -> (data, sw)`: one command APDU as a buffer, the
response data as a memoryview that is valid until the next call, the status word as an int. It may
have `generation`, an int that changes whenever the card lost its state (modem or card reset).

Solved here, for every command and nowhere else:

- the class byte of the logical channel (ETSI TS 102 221 10.1.1);
- 61xx and 9Fxx: GET RESPONSE until everything is fetched;
- 6Cxx: the command again with the Le that the card wants, once;
- 91xx: success, a proactive command waits for the modem;
- 63CF: success, a remote administration session was completed (counted);
- 6300: success, more data can be asked for (`more`).
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

# Instruction -> name in IoT.05, for messages.
_COMMANDS = (
    (0x24, "PUT PUBLIC KEY"),
    (0x2A, "COMPUTE SIGNATURE"),
    (0x2B, "COMPUTE SIGNATURE"),
    (0x70, "MANAGE CHANNEL"),
    (0x84, "GET RANDOM"),
    (0xA4, "SELECT"),
    (0xB0, "READ FILE"),
    (0xC0, "GET RESPONSE"),
    (0xCB, "GET DATA"),
    (0xCD, "READ PUBLIC KEY"),
)


def _command(ins):
    for known, text in _COMMANDS:
        if known == ins:
            return text
    return "command %02X" % ins


def class_byte(channel):
    """Interindustry class byte for logical channel 0 to 19."""
    return channel if channel < 4 else 0x40 | channel - 4


class APDU:
    """Sends commands on one logical channel of a card.

    `exchanges` counts command APDUs sent, `administrations` the 63CF seen, `more` says that the
    last answer ended with 6300. Not for use from two threads.
    """

    def __init__(self, channel):
        self._channel = channel
        self._buffer = bytearray(261)
        self.number = 0
        self.exchanges = 0
        self.administrations = 0
        self.more = False

    def generation(self):
        """Changes whenever the card lost its channels and sessions."""
        return getattr(self._channel, "generation", 0)

    def command(self, ins, p1=0, p2=0, data=b"", le=None, target=""):
        """Send one command and return its whole response data.

        `data` at most 255 bytes; `le` 0 (= 256) to 255, or None when no data is expected.
        The result is a buffer that is valid until the next command.
        Raises CardError for a status word that is not a success.
        """
        apdu = self._buffer
        size = len(data)
        if size > 255:
            raise ValueError("an APDU takes at most 255 bytes of data")
        apdu[0] = class_byte(self.number)
        apdu[1] = ins
        apdu[2] = p1
        apdu[3] = p2
        end = 4
        if size:
            apdu[4] = size
            end = 5 + size
            apdu[5:end] = data
        # Some modems refuse four-byte APDUs: the fifth byte is harmless where nothing follows.
        if le is not None or not size:
            apdu[end] = le or 0
            end += 1
        response, sw = self._exchange(end)
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
            raise CardError(sw, _command(ins), target)
        return response

    def _exchange(self, size):
        self.exchanges += 1
        return self._channel.transmit(memoryview(self._buffer)[:size])

    def _fetch(self, response, sw, ins):
        """GET RESPONSE until the card has nothing left; all the parts in one buffer."""
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
        raise CardProtocolError(sw, _command(ins), "GET RESPONSE does not end")

    def open(self):
        """Open a logical channel (MANAGE CHANNEL) and use it from now on.

        Channels that an earlier run left open are closed when the card has none left.
        """
        self.number = 0
        try:
            self._open()
        except CardError as e:
            if e.sw not in (0x6A81, 0x6881, 0x6A84, 0x6985):
                raise
            for number in range(1, 4):
                self._close(number)
            self._open()

    def _open(self):
        data = self.command(_MANAGE_CHANNEL, le=1, target="open")
        if len(data) != 1 or not 1 <= data[0] <= _MAX_CHANNEL:
            raise CardProtocolError(0x9000, "MANAGE CHANNEL", "no channel number")
        self.number = data[0]

    def close(self):
        """Close the logical channel; one that is gone already is no error."""
        number = self.number
        self.number = 0
        if number:
            self._close(number)

    def _close(self, number):
        try:
            self.command(_MANAGE_CHANNEL, 0x80, number)
        except CardError:
            pass

    def select(self, aid):
        """SELECT the application `aid` on this channel; CardError 6A82 when it is not there."""
        self.command(_SELECT, 4, 0, aid)
