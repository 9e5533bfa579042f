"""What the tests of AT+CCHO, AT+CGLA and AT+CCHC share: commands with answers, and a channel."""

from binascii import unhexlify

from mock_uart import ScriptedUART
from sim7080_script import OK, SYNC, lines
from virtual_time import Clock, running

from cellular.at import AT
from cellular.cgla import CGLA

AID = "A0000005590010"
FIRST = lines(b"+CCHO: 1")


def opens(aid=AID, answer=FIRST):
    return (b'AT+CCHO="%s"\r' % aid.encode(), answer)


def closes(handle=b"1", answer=OK):
    return (b"AT+CCHC=%s\r" % handle, answer)


def sends(apdu, answer, handle=b"1"):
    """Return AT+CGLA with `apdu` (hex); `answer`: hex, or the modem's output."""
    if isinstance(answer, str):
        answer = lines(b'+CGLA: %d,"%s"' % (len(answer), answer.encode()))
    return (b'AT+CGLA=%s,%d,"%s"\r' % (handle, len(apdu), apdu.encode()), answer)


def play(steps, body):
    """Run `body(channel)` with a modem that follows all `steps`; return its result."""
    with running(Clock()):
        uart = ScriptedUART(SYNC + list(steps))
        at = AT(uart, (b"RDY",))
        at.sync()
        found = body(CGLA(at))
        at.poll()
        uart.done()
        return found


def answers(channel, *apdus):
    """Return the last of the answers to `apdus` (hex): (data, status word)."""
    found = None
    for apdu in apdus:
        data, sw = channel.transmit(memoryview(unhexlify(apdu)))
        found = (bytes(data), sw)
    return found


def ask(steps, *apdus):
    return play(steps, lambda channel: answers(channel, *apdus))


def selecting(aid=AID, first="01"):
    return "%sA40400%02X%s" % (first, len(aid) // 2, aid)
