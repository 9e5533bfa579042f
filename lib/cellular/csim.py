"""APDUs to the SIM with AT+CSIM (3GPP TS 27.007 8.17), in the shape of a card channel.

It reads each form of the answer that modems send: unquoted, in lower case, behind the answer of an
earlier command (the last one counts), or not on the first line.
"""

import binascii

from micropython import const

from . import timeouts
from .errors import CommandError, ModemGarbled, ModemTimeout, text

_GENERATE = const(0xB9)
_AROUND = b' "'  # what may stand around the digits


class CSIM:
    """The channel to the SIM behind an AT engine; see `transmit`.

    `replace`: when the modem refuses AT+CSIM before a command of an application has passed,
    `replace(at, error, apdu)` returns the channel that is used from then on, or raises; None: no
    other channel is tried. Some modems have no AT+CSIM, or open channels with it and then pass
    nothing on (seen on the EG25). `name` says which it is, as a value for `Modem.sim`.
    """

    name = "csim"
    mixed = False  # the modem repeats earlier answers before the one that is due
    _prefix = b"+CSIM:"

    def __init__(self, at, replace=None):
        self._at = at
        self._answer = None
        self._problem = None
        self._replace = replace
        self._other = None  # the channel that is used instead

    @property
    def generation(self):
        """A number that changes when the modem restarts: channels and sessions are then gone."""
        return self._at.generation

    def transmit(self, apdu):
        """Send a command APDU (buffer, at most 261 bytes); return (response data, status word).

        Raises ModemError (and its kin) when the modem does not pass it on or the answer is
        damaged; a status word, whatever it says, is no error.
        """
        if self._other:
            return self._other.transmit(apdu)
        digits = binascii.hexlify(apdu).upper()  # some modems read only capitals
        try:
            self._exchange(b'+CSIM=%d,"%s"' % (len(digits), digits), apdu)
        except CommandError as e:
            error = CommandError("apdu-refused", "AT+CSIM", e.detail, e.code)
            if not self._replace:
                raise error
        else:
            if apdu[1] not in b"\x70\xa4":  # MANAGE CHANNEL and SELECT prove nothing
                self.settle()
            return self._result()
        self._other = self._replace(self._at, error, apdu)
        self.name = self._other.name
        return self._other.transmit(apdu)

    def settle(self):
        """Stay with this channel from now on."""
        self._replace = None

    def _exchange(self, command, apdu):
        """Send `command`, which carries `apdu`. A complete answer counts even when the
        final result behind it was lost on the line."""
        self._answer = self._problem = None
        timeout = None if apdu[1] == _GENERATE else timeouts.APDU
        try:
            self._at.command(command, self._prefix, self._line, timeout)
        except (ModemGarbled, ModemTimeout):
            if self._answer is None or self.mixed:  # it may be an earlier one
                raise

    def _result(self):
        """Return response data and status word of the answer."""
        if self._answer is None:
            raise self._no_answer(ModemGarbled, "AT+" + self.name.upper())
        end = len(self._answer) - 2
        sw = self._answer[end] << 8 | self._answer[end + 1]
        return memoryview(self._answer)[:end], sw

    def _no_answer(self, kind, command):
        """Return the error, a `kind`, of a command without an answer, or with a damaged one."""
        if self._problem:
            return kind("answer-damaged", command, self._problem)
        return kind("answer-missing", command)

    def _line(self, line):
        self._answer = None
        whole = bytes(line)
        start = whole.rfind(self._prefix)  # earlier answers may stand in front
        comma = whole.find(b",", start)
        if comma < 0:
            comma = len(whole)
        size = whole[start + len(self._prefix) : comma]
        start = comma + 1
        end = len(whole)
        while start < end and whole[start] in _AROUND:
            start += 1
        while start < end and whole[end - 1] in _AROUND:
            end -= 1
        try:
            if int(size) != end - start or end - start < 4:
                raise ValueError("%d digits announced as %s" % (max(end - start, 0), text(size)))
            self._answer = binascii.unhexlify(line[start:end])
            self._at.due_in(timeouts.RESULT)
        except ValueError as e:
            self._problem = str(e)
