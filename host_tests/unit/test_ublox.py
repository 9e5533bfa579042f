"""The particulars of SARA-R4 and SARA-R5: start, context, connections."""

from effort import some
from expect import raises
from mock_uart import ScriptedUART, cuts
from modem_script import attached, connects_again, echoes, joined, reads_the_end
from sim7080_script import SYNC
from ublox_script import (
    ERROR,
    OK,
    SET_UP,
    SETTINGS,
    closes,
    cme,
    connected,
    controls,
    creates,
    lines,
    opens,
    play,
    receives,
    sends,
)
from virtual_time import Clock, TimedUART, running

import cellular
from cellular import (
    SARAR4,
    SARAR5,
    ModemError,
    ModemGarbled,
    ModemReset,
    ModemTimeout,
    NetworkError,
)

HANG_UP = b"\r\n+UUSOCL: 0\r\n"
UP = controls(4, 10)


def test_the_drivers_are_in_the_table():
    assert cellular.driver("sara-r4") is SARAR4
    assert cellular.driver("sara-r5") is SARAR5


# -- start --------------------------------------------------------------------------------------


def test_the_greeting_is_stored_once():
    asked = (b"AT+CSGT?\r", lines(b'+CSGT: 0,""'))
    stored = (b'AT+CSGT=1,"STARTED"\r', OK)
    with running(Clock()):
        uart = ScriptedUART(SYNC + SETTINGS + [asked, stored])
        SARAR4(uart).power_up()
        uart.done()


def test_busy_in_the_first_seconds():
    busy = [(b"AT+CMEE=1\r", ERROR), (b"AT+CMEE=1\r", OK), (b"AT+CFUN?\r", cme(14))]
    with running(Clock()):
        uart = ScriptedUART(joined(SYNC, busy, SET_UP))
        SARAR4(uart).power_up()
        uart.done()


def test_busy_for_ever():
    clock = Clock(nap=100)
    with running(clock):
        script = [(want, [(2, reply)]) for want, reply in SYNC]
        uart = Refusing(clock, script + [(None, ())])
        with raises(ModemError, text="SIM busy"):
            SARAR4(uart).power_up()
        assert 10_000 <= clock.ms < 13_000  # the engine asks what it is refused, too


class Refusing(TimedUART):
    """Answers SIM busy to everything after the script."""

    def write(self, data):
        count = TimedUART.write(self, data)
        if self._steps and self._steps[0][0] is None:
            self._due.append((self._clock.ms + 2, cme(14)))
        return count


def test_a_greeting_in_the_middle_means_a_restart():
    def body(modem, clock):
        with raises(ModemReset):
            modem.imsi()

    play([(b"AT+CIMI\r", b"\r\nSTARTED\r\n")], body)


def test_restart_by_command():
    for driver, number in ((SARAR4, 15), (SARAR5, 16)):

        def body(modem, clock):
            modem.restart()
            modem.power_up()

        play([(b"AT+CFUN=%d\r" % number, OK), SYNC, SET_UP], body, driver)


def test_the_number_of_the_sim():
    for line, want in (
        (b"+CCID: 8939107800023416395", "8939107800023416395"),
        (b'+CCID: "893910780002341639F"', "893910780002341639"),
        (b"+CCID: none", ""),
        (b"+CCID:", ""),
    ):

        def body(modem, clock, want=want):
            got = modem.iccid()
            assert got == want, got

        play([(b"AT+CCID\r", lines(line))], body)


# -- context ------------------------------------------------------------------------------------

APN = (b"AT+CGDCONT?\r", lines(b'+CGDCONT: 1,"IP","internet","0.0.0.0",0,0'))
ADDRESS = (b"AT+CGPADDR=1\r", lines(b"+CGPADDR: 1,10.94.36.44"))
NO_PROFILE = (b"AT+UPSND=0,0\r", lines(b'+UPSND: 0,0,""'))
PROFILE = (b"AT+UPSND=0,0\r", lines(b'+UPSND: 0,0,"10.94.36.44"'))
MAPPED = [(b"AT+UPSD=0,100,1\r", OK), (b"AT+UPSD=0,0,0\r", OK)]
ACTIVATE = b"AT+UPSDA=0,3\r"
ACTIVE = b'\r\n+UUPSDA: 0,"10.94.36.44"\r\n'


def test_the_r4_uses_the_context_as_it_is():
    play([APN, ADDRESS], attached)


def test_user_and_password_of_the_r4():
    login = [
        APN,
        (b"AT+CFUN=4\r", OK),
        (b'AT+CGDCONT=1,"IP","internet"\r', OK),
        (b'AT+UAUTHREQ=1,2,"me","secret"\r', OK),
        (b"AT+CFUN=1\r", OK),
        (b"AT+CEREG=1\r", OK),
        (b"AT+CEREG?\r", lines(b"+CEREG: 1,5")),
        ADDRESS,
    ]
    play(login, lambda modem, clock: modem.attach("internet", "me", "secret"))


def test_the_profile_of_the_r5():
    for then in ([(ACTIVATE, OK + ACTIVE)], [(ACTIVATE, [OK, ACTIVE])], [(ACTIVATE, ACTIVE + OK)]):
        play([APN, ADDRESS, NO_PROFILE, MAPPED, then, PROFILE], attached, SARAR5)
    play([APN, ADDRESS, PROFILE], attached, SARAR5)
    # It was active, and did not report that.
    play(
        [APN, ADDRESS, (NO_PROFILE[0], ERROR), MAPPED, (ACTIVATE, cme(3)), PROFILE],
        attached,
        SARAR5,
    )


def test_the_indication_of_the_profile_is_lost():
    def body(modem, clock):
        attached(modem, clock)
        assert 10_000 <= clock.ms < 12_000

    play([APN, ADDRESS, NO_PROFILE, MAPPED, (ACTIVATE, OK), PROFILE], body, SARAR5)


def test_the_profile_is_refused_and_then_granted():
    refused = (ACTIVATE, OK + b"\r\n+UUPSDA: 1\r\n")
    again = MAPPED + [(ACTIVATE, OK + ACTIVE)]
    play([APN, ADDRESS, NO_PROFILE, MAPPED, refused, NO_PROFILE, again, PROFILE], attached, SARAR5)


def test_the_profile_is_never_granted():
    def body(modem, clock):
        with raises(NetworkError, text="gives no data connection"):
            modem.attach("internet", timeout=3_000)

    refused = MAPPED + [(ACTIVATE, OK + b"\r\n+UUPSDA: 1\r\n"), NO_PROFILE]
    play([APN, ADDRESS, NO_PROFILE, refused, refused], body, SARAR5)


def test_a_dropped_profile_ends_the_connections():
    def body(modem, clock):
        socket = connected(modem)
        with raises(NetworkError, text="dropped the data connection"):
            for _ in range(3):
                socket.setblocking(False)
                socket.read(1)
        assert modem.pdp_drops == 1

    drop = [(b"", b"\r\n+UUPSDD: 0\r\n")]
    play([opens(), drop], body, SARAR5)


# -- connections --------------------------------------------------------------------------------


def test_data_both_ways_whatever_it_contains():
    tricky = b'\r\nOK\r\n"\r\n+UUSORD: 0,5\r\n@\r\nERROR\r\n+USORD: 0,2,"xx"\r\n'

    answer = receives(tricky)[1]
    for cut in some([list(cut) for cut in cuts(answer)], 9):
        ring = b"\r\n+UUSORD: 0,%d\r\n" % len(tricky)
        play([opens(), sends(tricky, then=ring), (receives()[0], cut), closes()], echoes(tricky))


def test_nothing_there():
    for answer in (b'+USORD: 0,0,""', b'+USORD: 0,""'):

        def body(modem, clock):
            socket = connected(modem)
            modem.at.poll()
            socket.setblocking(False)
            assert socket.read(1) is None
            assert socket.read(1) is None

        ring = b"\r\n+UUSORD: 0,1\r\n"
        play([opens(answer=OK + ring), (receives()[0], lines(answer))], body)


def test_numbers_are_the_modems():
    def body(modem, clock):
        one, two = connected(modem), connected(modem)
        two.write(b"two")
        two.flush()
        modem.at.poll()
        assert (one.readable, two.readable) == (False, True)
        one.close()
        two.close()

    ring = b"\r\n+UUSORD: 2,1\r\n"
    play([opens(5), opens(2), sends(b"two", 2, then=ring), closes(5), closes(2)], body)


def test_the_pause_behind_the_prompt():
    clock = Clock(nap=1)
    steps = joined(SYNC, SET_UP, opens(), sends(b"hi"))
    with running(clock):
        uart = TimedUART(clock, [(want, [(2, reply)]) for want, reply in steps])
        modem = SARAR4(uart)
        modem.power_up()
        socket = connected(modem)
        start = clock.ms
        socket.write(b"hi")
        socket.flush()
        assert clock.ms - start >= 50
        uart.done()


def test_a_part_is_taken_and_then_the_rest():
    def body(modem, clock):
        socket = connected(modem)
        for data in (b"abcdefgh", b"ij", b"kl"):
            socket.write(data)
            socket.flush()

    first = sends(b"abcdefgh", took=3)
    third = [sends(b"kl", took=1), controls(11, 2), sends(b"l")]
    play([opens(), first, controls(3, 2), sends(b"defgh"), sends(b"ij")] + third, body)


def test_a_count_that_lost_a_digit():
    def body(modem, clock):
        socket = connected(modem)
        socket.write(b"x" * 12)
        socket.flush()  # all 12 have left: nothing is sent again
        socket.write(b"y")
        socket.flush()

    play([opens(), sends(b"x" * 12, took=2), [controls(12, 2)] * 3, sends(b"y")], body)


def test_what_was_sent_is_not_known():
    def body(modem, clock):
        socket = connected(modem)
        socket.write(b"hello")
        with raises(ModemGarbled, text="not known"):
            socket.flush()

    write = sends(b"hello")
    without = [write[0], (write[1][0], OK)]
    for answer in (controls(6, 2), controls(0, 2), (controls(0, 2)[0], OK)):
        play([opens(), without, [answer] * 7], body)


def test_refused_behind_the_prompt_is_not_sent_again():
    def body(modem, clock):
        socket = connected(modem)
        socket.write(b"hello")
        with raises(ModemError, text="USOWR"):
            socket.flush()

    write = sends(b"hello")
    play([opens(), [write[0], (write[1][0], cme(3))], [controls(5, 2)] * 6], body)


def test_a_full_modem():
    def body(modem, clock):
        socket = connected(modem)
        socket.write(b"hello")
        socket.flush()

    full = (sends(b"hello")[0][0], cme(3))
    play([opens(), full, UP, full, UP, sends(b"hello")], body)


def test_a_payload_without_an_answer_leaves_the_modem_usable():
    # The prompt is lost: the modem would take the next commands for the payload.
    def body(modem, clock):
        socket = connected(modem)
        socket.write(b"x" * 20)
        with raises(ModemTimeout):
            socket.flush()
        assert modem.imsi() == "00101"

    command = sends(b"x" * 20)[0][0]
    filled = (b"\r" * 20, lines(b"+USOWR: 0,20"))
    play([opens(), (command, b""), filled, (b"AT\r", OK), (b"AT+CIMI\r", lines(b"00101"))], body)


def test_the_peer_closes_and_what_it_said_can_be_read():
    for last in (receives(), (receives()[0], cme(3))):
        opening = OK + b"\r\n+UUSORD: 0,3\r\n" + HANG_UP
        closing = [closes(answer=cme(3)), (b"AT+USOCL=0\r", cme(3))]
        play([opens(answer=opening), receives(b"bye"), last] + closing, reads_the_end)


def test_a_socket_connected_again_is_a_new_connection():
    play([opens(answer=OK + HANG_UP), closes(), opens()], connects_again)


def test_a_number_that_the_modem_gives_again():
    # It freed the number of a connection that the peer closed and the driver has not closed yet.
    def body(modem, clock):
        old = connected(modem)
        modem.at.poll()
        new = connected(modem)
        old.setblocking(False)
        assert old.read(10) is None or old.read(10) == b""
        new.write(b"new")
        new.flush()
        old.close()

    play([opens(answer=OK + HANG_UP), opens(), sends(b"new")], body)


def test_why_a_connection_fails():
    for code, errno, text in (
        (111, 111, "refused by the server"),
        (110, 110, "no answer from the server"),
        (113, 113, "the server cannot be reached"),
        (999, 100, "the data connection is not active"),
    ):

        def body(modem, clock, errno=errno, text=text):
            socket = modem.socket()
            with raises(NetworkError, text="no connection to h port 8883: ") as caught:
                socket.connect(("h", 8883))
            assert text in str(caught.error), caught.error
            assert caught.error.errno == errno
            assert socket.free()

        why = [(b"AT+USOER\r", lines(b"+USOER: %d" % code)), closes()]
        if code == 999:
            why.append((b"AT+CGPADDR=1\r", lines(b"+CGPADDR: 1")))
        play([opens(answer=cme(3)), why], body)


def test_the_address_of_a_name():
    def body(modem, clock):
        assert modem.resolve("mqtt.example") == "10.0.0.1"
        with raises(NetworkError, text="cannot be resolved"):
            modem.resolve("nowhere.example")

    ask = b'AT+UDNSRN=0,"%s"\r'
    good = (ask % b"mqtt.example", lines(b'+UDNSRN: "10.0.0.1"'))
    play([good, (ask % b"nowhere.example", cme(3))], body)


def test_sockets_that_an_earlier_run_left_open():
    def body(modem, clock):
        connected(modem)

    full = (creates()[0], cme(3))
    freed = [closes(number) for number in range(7)]
    play([full, freed, opens(0)], body)


def test_answers_that_are_not_understood():
    for answer in (OK, lines(b"+USOCR:"), lines(b"+USOCR: x")):

        def body(modem, clock):
            with raises(ModemError, text="AT+USOCR: the modem's answer is damaged (socket "):
                connected(modem)

        play([(creates()[0], answer)], body)

    def twice(modem, clock):
        connected(modem)
        with raises(ModemError, text="is damaged (socket 0)"):
            connected(modem)

    play([opens(), creates()], twice)


def test_an_attempt_without_an_answer_is_closed_before_the_next():
    def body(modem, clock):
        with raises(ModemTimeout):
            connected(modem)
        connected(modem)

    attempt = opens()
    lost = [attempt[0], (attempt[1][0], b""), (b"AT\r", OK)]
    play([lost, closes(), opens()], body)


def test_indications_that_make_no_sense_are_survived():
    junk = b""
    for prefix in (b"+UUSORD:", b"+UUSOCL:", b"+UUPSDA:", b"+CEREG:", b"+CGEV:"):
        for rest in (b"", b" ", b" x", b" 99", b" -1", b" 1,2,3", b":::", b",,,", b" \xff\xfe"):
            junk += b"\r\n" + prefix + rest + b"\r\n"

    def body(modem, clock):
        for _ in range(3):
            modem.at.poll()
        assert modem.signal() == -73

    play([(b"", junk), (b"AT+CSQ\r", lines(b"+CSQ: 20,99"))], body, SARAR5)
