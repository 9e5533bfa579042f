"""APDUs in AT+CCHO, AT+CGLA and AT+CCHC (3GPP TS 27.007 8.45, 8.43, 8.46), in the shape of a card
channel. Imported only for a modem that needs it.

With these commands the modem opens the logical channel, selects the application on it, and puts
the channel's number into the class byte. The layer above (`iotsafe.apdu`) sends APDUs for all of
that, as with AT+CSIM. This module translates them:

    MANAGE CHANNEL, open    a number of our own; the modem is not asked
    SELECT by AID           AT+CCHO="<AID>", whose answer is a handle; no response data
    MANAGE CHANNEL, close   AT+CCHC=<handle>
    any other command       AT+CGLA=<handle>,<length>,"<the APDU as for channel 0>"

The handle is text that only the modem understands, and not the number of the card's channel. The
response data of SELECT is not available.

Modems have no agreed answer for an application that the card lacks: the error numbers 13, 22 and
50 were seen. The module turns each of them into 6A82, provided that the SIM reports READY.
Sessions that an earlier start left open (Ctrl-C, a soft reset) would occupy all channels in the
end: if the first handle of a start is 2 or 3, or the modem refuses AT+CCHO, the module closes the
handles 1 to 3. It cannot guess handles of another kind; there, and on modems without AT+CCHC
(EM9191), only a restart of the modem frees them.
"""

import binascii

from micropython import const

from .csim import CSIM
from .errors import CommandError, ModemError, text

_MANAGE_CHANNEL = const(0x70)
_SELECT = const(0xA4)
_BY_AID = const(4)
_CLOSE = const(0x80)
_PROPRIETARY = const(0x80)
_HIGH = const(0x40)  # class byte of the channels 4 to 19

_SUCCESS = const(0x9000)
_WRONG_LENGTH = const(0x6700)
_NOT_OPEN = const(0x6881)
_NONE_LEFT = const(0x6A81)
_ABSENT = const(0x6A82)

_NUMBERS = (1, 2, 3)  # that MANAGE CHANNEL gives
_LONGEST_HANDLE = const(32)
_OURS = (b"1", b"2", b"3")  # handles of our sessions, and those that show that there are others
_LATER = _OURS[1:]
_HEX = b"0123456789ABCDEFabcdef"
_NOTHING = memoryview(b"")

# +CME ERROR numbers. No SIM, locked, busy, powered down: nothing that another command would cure.
_NO_SIM = (10, 11, 12, 14, 17, 18, 772, 797)
_SIM_FAILURE = const(13)  # or, on some modems, an AID that the card does not have
_NOT_FOUND = (22, 773)


def replace_csim(at, error, apdu):
    """The channel for a modem that refused `apdu` in AT+CSIM with `error`, a CommandError.

    Raises `error` where the SIM is what fails, or the modem has only AT+CSIM; ModemError when it
    has neither.
    """
    if error.code in _NO_SIM:
        raise error
    if _refusal(at, b"+CCHO") is None:
        number = _number(apdu[0])
        if number:  # that channel was opened with AT+CSIM, and is of no use now
            try:
                at.command(b'+CSIM=10,"0070%02X%02X00"' % (_CLOSE, number))
            except CommandError:
                pass
        return CGLA(at)
    refusal = None if error.code == _SIM_FAILURE else _refusal(at, b"+CSIM")
    if refusal is None:
        raise error
    raise ModemError("no-csim", refusal)


def _number(first):
    """Logical channel in the class byte `first` (TS 102 221 10.1.1)."""
    return 4 + (first & 15) if first & _HIGH else first & 3


def _refusal(at, command):
    """How the modem refuses the test form of `command` (bytes); None if it has that command."""
    try:
        at.command(command + b"=?")
    except CommandError as e:
        return e.detail
    return None


class CGLA(CSIM):
    """The Channel of the SIM over sessions that the modem opens; see `transmit`."""

    name = "cgla"
    _prefix = b"+CGLA:"

    def __init__(self, at):
        super().__init__(at)
        # Channel number -> [handle, has it carried a command?], or None: no application yet.
        self._sessions = {}
        self._opened = self.generation  # when these were opened
        self._tested = False  # the modem has AT+CCHO
        self._first = True  # no session was opened yet

    def transmit(self, apdu):
        """As `CSIM.transmit`. Status words that are not the card's: 6881 for a session that was
        not opened or that the modem lost, 6A82 for an AID that the modem does not find, 6A81
        when all numbers are in use."""
        if self._opened != self.generation:
            self._opened = self.generation
            self._sessions.clear()
        first = apdu[0]
        number = _number(first)
        if not first & _PROPRIETARY:
            if apdu[1] == _MANAGE_CHANNEL:
                return self._manage(apdu[2], apdu[3] or number)
            if apdu[1] == _SELECT and apdu[2] == _BY_AID:
                return _NOTHING, self._select(number, apdu)
        session = self._sessions.get(number)
        if not session:
            return _NOTHING, _NOT_OPEN
        digits = binascii.hexlify(apdu[1:]).upper()
        first &= _PROPRIETARY if first & _HIGH else ~3
        try:
            self._exchange(
                b'+CGLA=%s,%d,"%02X%s"' % (session[0], 2 + len(digits), first, digits), apdu
            )
        except CommandError as e:
            if e.code in _NO_SIM:
                raise
            self._leave(number)
            if session[1]:  # it did work: the SIM was reset, and the modem knows it no more
                return _NOTHING, _NOT_OPEN
            raise CommandError("apdu-refused", "AT+CGLA", e.detail, e.code)
        session[1] = True
        return self._result()

    def _manage(self, p1, number):
        """MANAGE CHANNEL (TS 102 221 11.1.17): response data and status word."""
        if p1 == _CLOSE:
            if number not in self._sessions:
                return _NOTHING, _NOT_OPEN
            self._leave(number)
            del self._sessions[number]
            return _NOTHING, _SUCCESS
        for number in _NUMBERS:
            if number not in self._sessions:
                self._sessions[number] = None
                return memoryview(bytes((number,))), _SUCCESS
        return _NOTHING, _NONE_LEFT

    def _leave(self, number):
        """End the session of `number`, if there is one; the number stays in use."""
        session = self._sessions.get(number)
        if session:
            self._sessions[number] = None
            self._end(session[0])

    def _end(self, handle):
        """AT+CCHC; False if there was no such session, or the modem has no such command."""
        try:
            self._at.command(b"+CCHC=" + handle)
        except CommandError:
            return False
        return True

    def _select(self, number, apdu):
        """SELECT by AID: open a session for `number`; the status word."""
        size = apdu[4] if len(apdu) > 4 else 0
        if not 1 <= size <= 16 or len(apdu) < 5 + size:
            return _WRONG_LENGTH
        self._leave(number)
        first, self._first = self._first, False
        command = b'+CCHO="%s"' % binascii.hexlify(apdu[5 : 5 + size]).upper()
        try:
            handle = self._open(command)
        except CommandError as e:
            if not self._again(e):
                return _ABSENT
            try:
                handle = self._open(command)
            except CommandError as second:
                if second.code in _NO_SIM:
                    raise
                return _ABSENT
        if first and handle in _LATER:  # those before it are of an earlier start
            for old in _OURS:
                self._end(old)
            handle = self._open(command)
        if len(handle) == 4 and handle[:2].upper() == b"6A":  # a status word in its place
            return int(handle, 16)
        self._sessions[number] = [handle, False]
        return _SUCCESS

    def _open(self, command):
        """The handle of a new session, as bytes."""
        self._answer = self._problem = None
        self._at.command(command, b"", self._on_handle)
        if self._answer is None:
            raise self._no_answer(ModemError, "AT+CCHO")
        self._tested = True
        return self._answer

    def _on_handle(self, line):
        """`+CCHO: <handle>`, or the handle alone: any other line that looks like hex may be
        one."""
        handle = bytes(line)
        named = handle[:6] == b"+CCHO:"
        if named:
            handle = handle[6:]
        elif self._answer or self._problem:
            return self._at.urc(line)
        handle = handle.strip(b' "')
        good = 1 <= len(handle) <= _LONGEST_HANDLE and not handle.strip(_HEX)
        if named:
            self._answer = self._problem = None
            if not good:
                self._problem = "session " + text(handle[:40])
        if good:
            self._answer = handle
        if not (named or good):
            self._at.urc(line)

    def _again(self, error):
        """Return True if AT+CCHO may pass now, after a refusal; False for an AID that the SIM
        lacks.

        Modems have no error number of their own for an absent AID (22, 13, 50, 100, … were seen),
        nor for sessions that a crash left open and that occupy all channels. So the method asks
        the SIM for its state, which may be the cause, and closes what may be old sessions.

        Raises CommandError, ModemError.
        """
        if error.code in _NO_SIM:
            raise error
        if error.code in _NOT_FOUND or "6A82" in error.detail:
            return False
        if b"READY" not in self._at.command(b"+CPIN?", b"+CPIN:"):
            raise error
        if not self._tested:
            try:
                self._at.command(b"+CCHO=?")
            except CommandError as e:
                # Some have no test form, but then they refuse it in another way than the AID.
                if e.code == error.code:
                    raise ModemError("no-ccho", e.detail)
            self._tested = True
        freed = False
        for handle in _OURS:
            if not any(s and s[0] == handle for s in self._sessions.values()):
                freed = self._end(handle) or freed
        return freed
