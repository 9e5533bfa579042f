"""The particulars of the Quectel family: set-up, data context, time, names."""

from expect import raises
from modem_script import AnsweringUART, attached, clock_is
from quectel_script import CMEE, INACTIVE, PORT, SET_UP, play, urc
from sim7080_script import ERROR, OK, RADIO, REGISTERED, STORED, SYNC, cme, defines, lines
from virtual_time import Clock, running

import cellular
from cellular import NetworkError

ACTIVE = (b"AT+QIACT?\r", lines(b'+QIACT: 1,1,1,"10.94.36.44"'))
APN = (b'AT+QICSGP=1,1,"internet","","",0\r', OK)
KNOWN = [STORED, (b"AT+QICSGP=1\r", lines(b'+QICSGP: 1,"internet","","",0'))]
ACTIVATE = b"AT+QIACT=1\r"
CLEAR = (b"AT+QIDEACT=1\r", OK)


def test_each_module_has_its_name_in_the_table():
    for name in ("bg77", "bg95", "bg96", "eg91", "eg95"):
        assert name in cellular.names()
        assert cellular.driver(name) is getattr(cellular, name.upper())
    with raises(AttributeError, text="cellular.Quectel is now cellular.BG77, BG95"):
        cellular.Quectel  # noqa: B018


def test_set_up():
    clock = [(b"AT+CTZU?\r", lines(b"+CTZU: 1")), (b"AT+CTZU=3\r", OK)]
    for answer in (OK, ERROR, cme(50)):  # not all have a choice of ports
        play([], lambda modem, clock: None, [CMEE, RADIO, (PORT, answer)] + clock)


def test_number_of_the_sim_and_signal():
    def body(modem, clock):
        assert modem.iccid() == "8944501234567890123"
        assert modem.iccid() == "89445012345678901234"
        assert modem.signal() == -73
        assert modem.signal() == -99
        for _ in range(3):
            assert modem.signal() is None

    unknown = (b"AT+CSQ\r", lines(b"+CSQ: 99,99"))
    steps = [
        (b"AT+QCCID\r", lines(b"+QCCID: 8944501234567890123F")),
        (b"AT+QCCID\r", lines(b"+QCCID: 89445012345678901234")),
        (b"AT+CSQ\r", lines(b"+CSQ: 20,99")),
        (unknown),
        (b"AT+QCSQ\r", lines(b'+QCSQ: "eMTC",-99,-110,125,-11')),
    ]
    for answer in (lines(b'+QCSQ: "NOSERVICE"'), lines(b'+QCSQ: "eMTC",x'), ERROR):
        steps += [unknown, (b"AT+QCSQ\r", answer)]
    play(steps, body)


# -- data context -------------------------------------------------------------------------------


def test_the_data_context():
    play(KNOWN + [ACTIVE], attached)
    play(KNOWN + [INACTIVE, APN, (ACTIVATE, OK), ACTIVE], attached)
    login = (b'AT+QICSGP=1,1,"internet","me","se cret",3\r', OK)
    play(
        KNOWN + defines(login[0]) + REGISTERED + [INACTIVE, login, (ACTIVATE, OK), ACTIVE],
        lambda modem, clock: modem.attach("internet", "me", "se cret"),
    )


def test_refused_or_dropped_is_cleared_and_tried_again():
    def body(modem, clock):
        attached(modem, clock)
        assert 2_000 <= clock.ms < 3_500  # not at once

    for refusal in (ERROR, cme(30)):
        for cleared in (OK, ERROR):
            again = [(CLEAR[0], cleared), INACTIVE, INACTIVE, (ACTIVATE, OK), ACTIVE]
            play(KNOWN + [INACTIVE, APN, (ACTIVATE, refusal)] + again, body)


def test_answers_about_addresses_that_make_no_sense():
    for answer in (
        lines(b"+QIACT:"),
        lines(b"+QIACT: 1,1,1"),
        lines(b'+QIACT: 1,0,1,"10.1.1.1"'),
        lines(b'+QIACT: 2,1,1,"10.1.1.1"'),
    ):
        play(KNOWN + [(b"AT+QIACT?\r", answer), APN, (ACTIVATE, OK), ACTIVE], attached)


def test_never_granted():
    clock = Clock()
    with running(clock):
        uart = AnsweringUART(SYNC + SET_UP + KNOWN + [INACTIVE, APN], {ACTIVATE: ERROR})
        modem = cellular.BG95(uart)
        modem.power_up()
        start = clock.ms
        with raises(NetworkError, text="gives no data connection"):
            modem.attach("internet")
        assert 120_000 <= clock.ms - start < 127_000
        assert 20 < uart.asked[ACTIVATE] < 70


def test_text_that_would_end_the_command_is_not_sent():
    def body(modem, clock):
        for arguments in (('in"ternet',), ("inter\rnet",), ("internet", 'm"e'), ("i" * 65,)):
            with raises(NetworkError, text="at most 64 printable characters, and no quotes"):
                modem.attach(*arguments)
        for host in ('h"', "h\r\nAT+QPOWD=1"):
            with raises(NetworkError, text="at most 64 printable characters"):
                modem.socket().connect((host, 8883))

    play([], body)


# -- time ---------------------------------------------------------------------------------------

UNSET = (b"AT+CCLK?\r", lines(b'+CCLK: "80/01/06,00:00:09+00"'))
SET = (b"AT+CCLK?\r", lines(b'+CCLK: "26/11/24,13:18:17+04"'))
NOT_TOLD = (b"AT+QLTS=2\r", lines(b'+QLTS: ""'))
NTP = b'AT+QNTP=1,"pool.ntp.org"\r'


def test_time():
    noon = clock_is((2026, 11, 24, 12, 18, 17))
    play([SET], noon)
    reported = (b"AT+QLTS=2\r", lines(b'+QLTS: "2026/11/24,13:18:17+04,0"'))
    play([UNSET, reported], noon)
    for reported in (NOT_TOLD, (NOT_TOLD[0], ERROR), (NOT_TOLD[0], lines(b"+QLTS: x"))):
        answer = OK + urc(b'+QNTP: 0,"26/11/24,12:18:17+00"')
        play([UNSET, reported, (NTP, answer), SET], noon)
    for answer in (ERROR, OK + urc(b"+QNTP: 565"), OK + urc(b"+QNTP:"), OK):
        play([UNSET, NOT_TOLD, (NTP, answer), INACTIVE], clock_is(None))


# -- names --------------------------------------------------------------------------------------


def test_the_address_of_a_name():
    ask = b'AT+QIDNSGIP=1,"%s"\r'
    first, second = urc(b'+QIURC: "dnsgip","192.0.2.7"'), urc(b'+QIURC: "dnsgip","192.0.2.8"')
    reported = urc(b'+QIURC: "dnsgip",0,2,600') + first + second
    steps = [
        (ask % b"mqtt.example", [OK, urc(b'+QIURC: "recv",0'), reported]),
        (ask % b"nowhere.example", [OK, urc(b'+QIURC: "dnsgip",565')]),
        (ask % b"mqtt.example", ERROR),  # no context
        (ask % b"mqtt.example", [OK, first]),
    ]

    def body(modem, clock):
        assert modem.resolve("mqtt.example") == "192.0.2.7"
        for name in ("nowhere.example", "mqtt.example"):
            with raises(NetworkError, text="the name %s cannot be resolved" % name) as caught:
                modem.resolve(name)
            assert caught.error.errno == 113
        assert modem.resolve("mqtt.example") == "192.0.2.7"  # a late line is not an answer

    play(steps, body)
