"""What modems answer to AT+CCHO and AT+CGLA: all forms of it, and damage."""

import random

from cgla_script import FIRST, answers, ask, closes, opens, selecting, sends
from effort import cases
from expect import raises
from mock_uart import cuts
from sim7080_script import OK, lines
from virtual_time import Clock, running

from cellular import ModemError
from cellular.at import AT
from cellular.cgla import CGLA


def test_variants_of_the_handle():
    for answer, handle in (
        (b"+CCHO: 1", b"1"),
        (b"+CCHO:1", b"1"),
        (b'+CCHO: "1"', b"1"),
        (b"+CCHO: 000000000385A7cf ", b"000000000385A7cf"),
        (b"+CCHO: 0", b"0"),
        (b"1", b"1"),  # the FM350; and the form of 27.007
        (b"000000000385a7cf", b"000000000385a7cf"),
    ):
        steps = [opens(answer=lines(answer)), sends("0084000001", "059000", handle)]
        assert ask(steps, selecting(), "0184000001") == (b"\5", 0x9000), answer


def test_other_lines_around_the_handle():
    for answer in (
        lines(b"SMS Ready", b"+CCHO: 12"),
        lines(b"+CCHO: 12", b"SMS Ready"),
        lines(b"12", b"DST: 0"),
        lines(b'*PSUTTZ: 24/04/11,03:19:19","+32",0', b"12"),
        lines(b"4711", b"+CCHO: 12"),  # the name counts more
        lines(b"+CCHO: 12", b"4711"),
        lines(b"+CCHO: 11", b"+CCHO: 12"),
    ):
        steps = [opens(answer=answer), closes(b"12")]
        assert ask(steps, selecting(), "0070800100") == (b"", 0x9000), answer


def test_an_answer_cut_at_every_byte():
    for pieces in cuts(lines(b"+CCHO: 7")):
        steps = [opens(answer=list(pieces)), closes(b"7")]
        assert ask(steps, selecting(), "0070800100") == (b"", 0x9000)
    for pieces in cuts(lines(b'+CGLA: 8,"01029000"')):
        steps = [opens(), sends("0084000002", list(pieces))]
        assert ask(steps, selecting(), "0184000002") == (b"\x01\x02", 0x9000)


def test_damaged_handles():
    for answer, message in (
        (OK, "AT+CCHO: OK, but no answer"),
        (lines(b"SMS Ready"), "AT+CCHO: OK, but no answer"),
        (lines(b"+CCHO:"), "AT+CCHO: the modem's answer is damaged (session )"),
        (lines(b"+CCHO: -1"), "damaged (session -1)"),
        (lines(b"+CCHO: 1,2"), "damaged (session 1,2)"),
        (lines(b"+CCHO: 1\r\x00"), "damaged (session 1??)"),
        (lines(b'+CCHO: 1,"AT+CFUN=0'), "damaged"),
        (lines(b"+CCHO: \xff\xfe"), "damaged (session ??)"),
        (lines(b"+CCHO: " + b"1" * 33), "damaged"),
        (lines(b"+CCHO: 1", b"+CCHO: x"), "damaged"),  # the last counts
    ):
        with raises(ModemError, text=message):
            ask([opens(answer=answer)], selecting())


def test_variants_of_the_response():
    for answer in (
        b'+CGLA: 6,"019000"',
        b'+CGLA:6,"019000"',
        b"+CGLA: 6,019000",
        b'+CGLA: 6, "019000"',
        b'+CGLA: 4,"6A82"+CGLA: 6,"019000"',
    ):
        steps = [opens(), sends("0084000001", lines(answer))]
        assert ask(steps, selecting(), "0184000001") == (b"\x01", 0x9000), answer
    steps = [opens(), sends("0084000001", lines(b'+CGLA: 8,"abcd6a82"'))]
    assert ask(steps, selecting(), "0184000001") == (b"\xab\xcd", 0x6A82)


def test_damaged_responses():
    for answer, message in (
        (OK, "AT+CGLA: OK, but no answer"),
        (lines(b'+CSIM: 4,"9000"'), "AT+CGLA: OK, but no answer"),
        (lines(b'+CGLA: 6,"0190"'), "AT+CGLA: the modem's answer is damaged (4 digits announced"),
        (lines(b'+CGLA: 5,"01900"'), "damaged"),
        (lines(b'+CGLA: 4,"90G0"'), "damaged"),
        (lines(b'+CGLA: 0,""'), "damaged"),
        (lines(b"+CGLA:"), "damaged"),
        (lines(b'+CGLA: x\xff,"9000"'), "damaged"),
        (lines(b'+CGLA: 4,"9000"', b"+CGLA: 4,90"), "damaged"),
    ):
        with raises(ModemError, text=message):
            ask([opens(), sends("0084000001", answer)], selecting(), "0184000001")


class Babble:
    """A UART whose modem answers AT with OK, `known` as given, and everything else with `junk`."""

    def __init__(self, junk, known):
        self._junk = junk
        self._known = known
        self._pending = b""

    def any(self):
        return len(self._pending)

    def readinto(self, buffer):
        size = min(len(buffer), len(self._pending))
        buffer[:size] = self._pending[:size]
        self._pending = self._pending[size:]
        return size or None

    def write(self, data):
        self._pending += self._known.get(bytes(data), self._junk)
        return len(data)


_PIECES = (
    b"+CCHO: ",
    b"+CCHO:",
    b"+CGLA: ",
    b"+CGLA:4,",
    b'"',
    b"9000",
    b"6A82",
    b"1",
    b",",
    b"\r\n",
    b"-",
    b"\xff\x00",
    b"ABCDEF" * 8,
    b"OK",
    b"\r\n+CME ERROR: 22\r\n",
    b"\r\n+CME ERROR: \xfe\r\n",
    b"\r\nERROR\r\n",
    b"AT+CCHC=1\r\n",
)


def test_whatever_comes_nothing_but_a_modem_error_comes_out():
    random.seed(7)
    seen = {}
    known = {b"AT\r": OK, b"ATE0\r": OK}
    opened = dict(known)
    opened[opens()[0]] = FIRST
    for number in range(cases(4000)):
        junk = b"".join([_PIECES[random.getrandbits(8) % len(_PIECES)] for _ in range(number % 8)])
        with running(Clock()):
            at = AT(Babble(b"\r\n%s\r\n%s" % (junk, OK), known if number & 8 else opened))
            at.sync()
            channel = CGLA(at)
            for apdu in (selecting(), "0184000001"):
                try:
                    data, sw = answers(channel, apdu)
                    assert len(data) <= 256 and 0 <= sw <= 0xFFFF, (junk, data)
                    kind = "%04X" % sw
                except ModemError as e:
                    kind = type(e).__name__
                seen[kind] = seen.get(kind, 0) + 1
    # Among them are good answers, damaged ones and refusals.
    for kind in ("9000", "6881", "ModemError"):
        assert seen.get(kind), seen
