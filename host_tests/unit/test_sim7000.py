"""The particulars of the SIM7000: the connections of AT+CIP…, and how they come up."""

import modem_script
from expect import raises
from modem_script import AnsweringUART
from sim7080_script import ERROR, KNOWN, OK, REGISTERED, SIMCOM, SYNC, cme, defines, lines
from virtual_time import Clock, TimedUART, running

import cellular
from cellular import SIM7000, CommandError, ModemGarbled, ModemReset, NetworkError

CIFSR = b"AT+CIFSR;E0\r"
ADDRESS = (CIFSR, b"\r\n10.94.36.44\r\n" + OK)
SHUT = (b"AT+CIPSHUT\r", b"\r\nSHUT OK\r\n")
STACK = [SHUT] + [(b"AT+%s=1\r" % name, OK) for name in (b"CIPMUX", b"CIPQSEND", b"CIPRXGET")]
LOGIN = (b'AT+CSTT="internet","",""\r', OK)
CIICR = b"AT+CIICR\r"
UP = STACK + [LOGIN, (CIICR, OK), ADDRESS]


def play(steps, body, attached=False):
    """Like `modem_script.play`, with this family's set-up; `attached`: to the network, too."""

    def begin(modem, clock):
        if attached:
            modem.attach("internet")
        body(modem, clock)

    modem_script.play(SIM7000, [SIMCOM, KNOWN + UP if attached else []] + steps, begin)


def starts(answer=b"\r\n0, CONNECT OK\r\n", cid=0):
    """Return CIPSTART; `answer` follows its OK."""
    return (b'AT+CIPSTART=%d,"TCP","h",8883\r' % cid, [OK, answer])


def closes(cid=0, answer=b"\r\n%d, CLOSE OK\r\n"):
    """Return CIPCLOSE."""
    return (b"AT+CIPCLOSE=%d\r" % cid, answer % cid if b"%" in answer else answer)


def sends(data, cid=0, accepted=None):
    """Return CIPSEND of `data`, of which the modem takes `accepted` bytes (None: all)."""
    taken = len(data) if accepted is None else accepted
    answer = b"\r\nDATA ACCEPT:%d,%d\r\n" % (cid, taken)
    return [(b"AT+CIPSEND=%d,%d\r" % (cid, len(data)), b"\r\n> "), (data, answer)]


def receives(data=b"", cid=0, rest=0, then=b""):
    """Return CIPRXGET that gets `data`, and leaves `rest` bytes."""
    answer = b"\r\n+CIPRXGET: 2,%d,%d,%d\r\n" % (cid, len(data), rest)
    return (b"AT+CIPRXGET=2,%d,1460\r" % cid, answer + data + OK + then)


def status(state=b"CONNECTED", cid=0):
    """Return CIPSTATUS."""
    answer = b'+CIPSTATUS: %d,0,"TCP","10.0.0.1","8883","%s"' % (cid, state)
    return (b"AT+CIPSTATUS=%d\r" % cid, lines(answer))


def connected(modem):
    socket = modem.socket()
    socket.connect(("h", 8883))
    return socket


def test_the_driver_is_in_the_table():
    assert cellular.driver("sim7000") is SIM7000


# -- data context -------------------------------------------------------------------------------


def test_attach():
    def body(modem, clock):
        for _ in range(2):  # the second time it exists already
            assert modem.attach("internet") == "10.94.36.44"

    play(KNOWN + UP + [ADDRESS], body)
    login = (b'AT+CSTT="internet","me","se cret"\r', OK)
    steps = KNOWN + defines(b'AT+CGAUTH=1,3,"se cret","me"\r') + REGISTERED
    steps += STACK + [login, (CIICR, b"\r\nDST: 0\r\n" + OK), ADDRESS]
    play(steps, lambda modem, clock: modem.attach("internet", "me", "se cret"))


def test_refused_and_then_granted():
    def body(modem, clock):
        assert modem.attach("internet") == "10.94.36.44"
        assert clock.ms >= 2_000  # not at once

    play(KNOWN + STACK + [LOGIN, (CIICR, ERROR), (CIFSR, ERROR)] + UP, body)
    play(KNOWN + [(SHUT[0], ERROR)] + UP, body)
    for answer in (ERROR, cme(3), OK, lines(b"0.0"), lines(b"10.1.2.3x")):
        play(KNOWN + UP[:-1] + [(CIFSR, answer)] * 2 + UP, body)


def test_never_granted():
    clock = Clock()
    with running(clock):
        uart = AnsweringUART(SYNC + SIMCOM + KNOWN, {SHUT[0]: SHUT[1], CIICR: ERROR})
        modem = SIM7000(uart)
        modem.power_up()
        with raises(NetworkError, text="gives no data connection"):
            modem.attach("internet")
        assert 120_000 <= clock.ms < 127_000
        assert 10 < uart.asked[CIICR] < 70


def test_text_that_would_end_the_command_is_not_sent():
    def body(modem, clock):
        for arguments in (('in"t',), ("a\rb",), ("a", 'm"e'), ("a", "me", "x\n")):
            with raises(NetworkError, text="printable characters, and no quotes"):
                modem.attach(*arguments)
        with raises(NetworkError, text="printable characters, and no quotes"):
            modem.socket().connect(('h"', 1))

    play([], body)


def test_after_a_restart_the_stack_is_started_anew():
    def body(modem, clock):
        with raises(ModemReset):
            modem.imsi()
        modem.power_up()
        modem.attach("internet")

    play([(b"AT+CIMI\r", b"\r\nRDY\r\n")] + SYNC + SIMCOM + KNOWN + UP, body, attached=True)


def test_the_time_of_a_server():
    steps = [
        (b"AT+CCLK?\r", lines(b'+CCLK: "80/01/06,00:00:09+00"')),
        (b'AT+SAPBR=3,1,"APN","internet"\r', OK),
        (b"AT+SAPBR=1,1\r", ERROR),
        (b"AT+CNTPCID=1\r", OK),
        (b'AT+CNTP="pool.ntp.org",0\r', OK),
        (b"AT+CNTP\r", OK + b"\r\n+CNTP: 1\r\n"),
        (b"AT+CCLK?\r", lines(b'+CCLK: "26/11/24,13:18:17+04"')),
    ]

    def body(modem, clock):
        assert modem.clock() == (2026, 11, 24, 12, 18, 17)

    play(steps, body, attached=True)


# -- connections --------------------------------------------------------------------------------


def test_there_and_back():
    tricky = b"\r\nOK\r\n0, CLOSED\r\n+CIPRXGET: 2,0,5,0\r\n> "

    def body(modem, clock):
        socket = connected(modem)
        socket.write(tricky)
        assert socket.read(100) == tricky
        socket.close()

    steps = [starts()] + sends(tricky) + [(b"", b"\r\n+CIPRXGET: 1,0\r\n")]
    play(steps + [receives(tricky), closes()], body)


def test_connections_that_fail():
    fail = starts(b"\r\n0, CONNECT FAIL\r\n")
    refused = (starts()[0], ERROR)
    already = (refused[0], b"\r\nERROR\r\n\r\n0, ALREADY CONNECT\r\n")
    late = starts(b"\r\n0, ALREADY CONNECT\r\n")
    name = b'AT+CDNSGIP="h"\r'
    found = (name, OK + b'\r\n+CDNSGIP: 1,"h","10.0.0.1"\r\n')
    nobody = (name, OK + b"\r\n+CDNSGIP: 0,8\r\n")
    down = (CIFSR, ERROR)
    for steps, errno, text in (
        ([fail, ADDRESS, found], 111, "the server cannot be reached"),
        ([fail, ADDRESS, (name, ERROR)], 113, "the name h cannot be resolved"),
        ([fail, ADDRESS, nobody], 113, "the name h cannot be resolved"),
        ([fail, down], 100, "the data connection is not active"),
        ([starts(b"\r\n0, CONNECT \xff\r\n")], 5, "modem's result b'CONNECT \\xff'"),
        ([refused, closes(), refused, down], 100, "the data connection is not active"),
        ([already, closes(), fail, ADDRESS, found], 111, "the server cannot be reached"),
        ([late, closes(answer=ERROR), late], 5, "the modem has its number in use"),
        ([starts(b""), closes(answer=ERROR)], 110, "no answer from the server"),
    ):

        def body(modem, clock, errno=errno, text=text):
            socket = modem.socket()
            with raises(NetworkError, text=text) as caught:
                socket.connect(("h", 8883))
            assert caught.error.errno == errno, caught.error.errno
            assert socket.free()

        play(steps, body, attached=True)


def test_a_number_left_in_use_is_freed():
    for first in ((starts()[0], ERROR), starts(b"\r\n0, ALREADY CONNECT\r\n")):
        play([first, closes(), starts()], lambda modem, clock: connected(modem))


def test_what_others_say_while_connecting_is_not_ours():
    noise = b"\r\n1, CONNECT OK\r\n\r\n0, CLOSED\r\n\r\n0, HELLO\r\n\r\nOVER-VOLTAGE WARNNING\r\n"

    def body(modem, clock):
        socket = connected(modem)
        assert not socket.hung_up  # that was an earlier one

    play([starts(noise + b"\r\n0, CONNECT OK\r\n")], body)


def test_the_result_of_another_connection_is_not_ours():
    def body(modem, clock):
        connected(modem)
        with raises(NetworkError, text="no answer from the server"):
            connected(modem)

    play([starts(), starts(b"\r\n0, CONNECT OK\r\n", 1), closes(1)], body)


def test_dropped_or_restarted_while_connecting():
    def dropped(modem, clock):
        with raises(NetworkError, text="the network dropped the data connection"):
            connected(modem)

    play([starts(b"\r\n+PDP: DEACT\r\n")], dropped)

    def restarted(modem, clock):
        with raises(ModemReset):
            connected(modem)
        assert clock.ms < 5_000

    play([starts(b"\r\nRDY\r\n")], restarted)


def test_a_dropped_context_ends_the_connection_and_is_brought_up_anew():
    def body(modem, clock):
        socket = connected(modem)
        modem.at.poll()
        with raises(NetworkError, text="dropped the data connection"):
            socket.read(1)
        socket.close()
        assert modem.attach("internet") == "10.94.36.44"

    drop = (b"", b"\r\n+PDP: DEACT\r\n")
    steps = [starts(), drop, closes(answer=ERROR), (CIFSR, ERROR)] + UP
    play(steps, body, attached=True)


def counts(taken):
    """Return CIPACK."""
    return (b"AT+CIPACK=0\r", lines(b"+CIPACK: %d,0,%d" % (taken, taken)))


def test_what_is_not_accepted_is_sent_again():
    def body(modem, clock):
        socket = connected(modem)
        socket.write(b"abcdef")
        socket.flush()

    hello = (b"AT\r", OK)  # after a result of another kind the engine synchronises
    part = sends(b"abcdef", accepted=2) + [hello, counts(2)] + sends(b"cdef")
    play([starts()] + part, body)
    none = sends(b"abcdef", accepted=0) + [hello, status(), counts(0)] + sends(b"abcdef")
    play([starts()] + none, body)
    refused = [(b"AT+CIPSEND=0,6\r", ERROR), status()] + sends(b"abcdef")
    play([starts()] + refused, body)
    # The driver does not trust a result that the modem's own count does not confirm.
    for accepted in (600, 1, 0):
        asked = [hello] + [status()] * (not accepted) + [counts(6)] * 3
        play([starts()] + sends(b"abcdef", accepted=accepted) + asked, body)


def test_a_modem_that_takes_nothing():
    full = ([(b"AT+CIPSEND=0,1\r", [(2, ERROR)]), (status()[0], [(2, status()[1])])]) * 301

    class Patient(TimedUART):
        def done(self):
            return None

    clock = Clock(nap=1)
    with running(clock):
        steps = [(want, [(2, reply)]) for want, reply in SYNC + SIMCOM]
        steps += [(starts()[0], [(1, OK), (9, starts()[1][1])])] + full
        modem = SIM7000(Patient(clock, steps))
        modem.power_up()
        socket = connected(modem)
        socket.write(b"x")
        with raises(NetworkError, text="the network accepts no data"):
            socket.flush()
        assert clock.ms > 60_000


def test_the_rest_of_what_was_taken_in_part_is_not_waited_for_for_ever():
    hello = [(b"AT\r", [(2, OK)]), (counts(1)[0], [(2, counts(1)[1])])]
    full = [(b"AT+CIPSEND=0,1\r", [(2, ERROR)]), (status()[0], [(2, status()[1])])]
    clock = Clock(nap=1)
    with running(clock):
        steps = [(want, [(2, reply)]) for want, reply in SYNC + SIMCOM]
        steps += [(starts()[0], [(1, OK), (9, starts()[1][1])])]
        steps += [(want, [(2, reply)]) for want, reply in sends(b"xy", accepted=1)]
        modem = SIM7000(TimedUART(clock, steps + hello + full * 299))
        modem.power_up()
        socket = connected(modem)
        socket.write(b"xy")
        with raises(NetworkError, text="the modem is full") as caught:
            socket.flush()
        assert caught.error.errno == 110
        assert 50_000 < clock.ms < 80_000
        with raises(ModemGarbled, text="an earlier send failed"):
            socket.write(b"z")
            socket.flush()


def test_sending_on_a_connection_that_is_gone():
    def body(modem, clock):
        socket = connected(modem)
        socket.write(b"x")
        with raises(NetworkError, text="the server closed the connection"):
            socket.flush()

    gone = (b"AT+CIPSEND=0,1\r", ERROR)
    for state in (b"CLOSED", b"REMOTE CLOSING", b"INITIAL"):
        play([starts(), gone, [status(state)] * 2], body)
    play([starts(), gone, [(status()[0], OK)] * 2], body)


def test_the_peer_closes():
    def body(modem, clock):
        socket = connected(modem)
        modem.at.poll()
        assert socket.read(9) == b"bye"
        assert socket.read(9) == b""
        socket.close()

    for last in (receives(), (receives()[0], ERROR)):
        closed = (b"", b"\r\n+CIPRXGET: 1,0\r\n\r\n0, CLOSED\r\n")
        play([starts(), closed, receives(b"bye"), last, closes(answer=ERROR)], body)


def test_reading_that_is_refused():
    def gone(modem, clock):
        assert connected(modem).read(1) == b""

    def up(modem, clock):
        with raises(CommandError):
            connected(modem).read(1)

    refused = (receives()[0], ERROR)
    play([starts(), refused, [status(b"CLOSED")] * 2], gone)
    play([starts(), refused, status()], up)


def test_two_at_once():
    def body(modem, clock):
        first, second = connected(modem), connected(modem)
        assert (first.cid, second.cid) == (0, 1)
        modem.at.poll()
        assert second.readable and not first.readable
        assert second.read(3) == b"two"

    there = (b"", b"\r\n+CIPRXGET: 1,1\r\n")
    play([starts(), starts(b"\r\n1, CONNECT OK\r\n", 1), there, receives(b"two", 1)], body)


def test_indications_that_make_no_sense_are_survived():
    junk = b""
    for prefix in (
        b"+CIPRXGET: 1,",
        b"0, ",
        b"7, ",
        b"9, ",
        b"0,",
        b"DATA ACCEPT:",
        b"+CIPSTATUS:",
    ):
        for rest in (b"", b"x", b"99", b"-1", b"CLOSED,", b"\xff", b"CONNECT OK"):
            junk += b"\r\n" + prefix + rest + b"\r\n"

    def body(modem, clock):
        for _ in range(9):
            modem.at.poll()
        assert modem.signal() == -73

    play([(b"", junk), (b"AT+CSQ\r", lines(b"+CSQ: 20,99"))], body)
