"""The particulars of the SIM7080's connections, and of its indications."""

from expect import raises
from sim7080_script import ERROR, OK, closes, cme, lines, opens, play, timed
from virtual_time import Clock, running

from cellular import CommandError, ModemError, ModemReset, NetworkError


def refused(answer, kind, text, more=(), errno=None):
    def body(modem, clock):
        socket = modem.socket()
        with raises(kind, text=text) as caught:
            socket.connect(("h", 8883))
        assert errno in (None, caught.error.errno), caught.error.errno
        assert socket.free()

    play([(opens()[0], answer)] + list(more), body)


def test_each_result_of_caopen():
    for result, errno, text in (
        (1, 5, "socket error"),
        (2, 12, "no memory, or no data quota left"),
        (3, 24, "too many connections"),
        (4, 22, "parameter invalid"),
        (6, 22, "invalid IP address"),
        (7, 95, "not supported"),
        (12, 98, "cannot bind"),
        (13, 98, "cannot listen"),
        (20, 113, "the name h cannot be resolved"),
        (21, 100, "the data connection is not active"),
        (23, 111, "refused by the server"),
        (24, 71, "the server's certificate expired"),
        (25, 71, "the server's certificate has another name"),
        (26, 71, "the server's certificate expired, and has another name"),
        (27, 113, "the server cannot be reached"),
        (99, 5, "modem's result 99"),
    ):
        refused(
            lines(b"+CAOPEN: 0,%d" % result),
            NetworkError,
            text,
            errno=errno,
        )


def test_no_memory_after_a_long_time_is_a_server_that_does_not_answer():
    clock = Clock(nap=100)
    with running(clock):
        modem = timed(clock, [(opens()[0], [(75_000, lines(b"+CAOPEN: 0,2"))])])
        with raises(NetworkError, text="no answer from the server") as caught:
            modem.socket().connect(("h", 8883))
        assert caught.error.errno == 110


def test_answers_of_caopen_that_are_not_understood():
    for answer in (OK, lines(b"+CAOPEN: 0"), lines(b"+CAOPEN:"), lines(b"+CAOPEN: 0,x")):
        refused(answer, ModemError, "AT+CAOPEN: OK, but no answer")
    # The late result of another connection does not count.
    refused(lines(b"+CAOPEN: 1,0"), ModemError, "AT+CAOPEN: OK, but no answer")
    refused(lines(b"+CAOPEN: 1,0", b"+CAOPEN: 0,27"), NetworkError, "the server cannot be reached")


def test_warnings_while_waiting_for_caopen():
    # Several lines in the middle of it, like in TinyGSM #507.
    warning = b"\r\nOVER-VOLTAGE WARNNING\r\n" * 3

    def body(modem, clock):
        modem.socket().connect(("h", 8883))

    play([opens(before=warning)], body)


def test_caopen_refused_is_tried_once_more_after_a_close():
    def body(modem, clock):
        modem.socket().connect(("h", 8883))

    for first in (ERROR, cme(3)):
        for answer in (OK, ERROR):
            play([(opens()[0], first), closes(answer=answer), opens()], body)
    refused(ERROR, CommandError, "AT+CAOPEN: refused", [closes(), (opens()[0], ERROR)])


def test_host_names():
    def body(modem, clock):
        modem.socket().connect(("mqtt.example-1.com", 1))
        for host in ("h" * 65, 'h"', "h\r\nAT+CPOWD=1", "h\x00", "m\u00fcnchen"):
            with raises(NetworkError, text="at most 64 printable characters"):
                modem.socket().connect((host, 8883))

    play([opens(host=b"mqtt.example-1.com", port=1)], body)


def test_indications_that_make_no_sense_are_survived():
    junk = b""
    for prefix in (
        b"+CADATAIND:",
        b"+CASTATE:",
        b"+CACLOSE:",
        b"+APP PDP:",
        b"+CNTP:",
        b"+CEREG:",
    ):
        for rest in (
            b"",
            b" ",
            b" x",
            b" 99",
            b" -1",
            b" 1,2,3,4",
            b":::",
            b",,,,",
            b" \xff\xfe",
            b' "',
        ):
            junk += b"\r\n" + prefix + rest + b"\r\n"

    def body(modem, clock):
        for _ in range(3):
            modem.at.poll()
        assert modem.signal() == -73

    for start in range(0, len(junk), 97):
        play([(b"", junk[start:] + b"\r\n"), (b"AT+CSQ\r", lines(b"+CSQ: 20,99"))], body)


def test_power_down_lines_mean_a_restart():
    for line in (
        b"RDY",
        b"NORMAL POWER DOWN",
        b"UNDER-VOLTAGE POWER DOWN",
        b"OVER-VOLTAGE POWER DOWN",
        b"PSM POWER DOWN",
        b'+CPSMSTATUS: "ENTER PSM"',
    ):

        def body(modem, clock):
            with raises(ModemReset):
                modem.imsi()

        play([(b"AT+CIMI\r", b"\r\n" + line + b"\r\n")], body)


def test_lines_that_are_no_restart():
    # Late, on a modem that has just started, or only a warning.
    def body(modem, clock):
        assert modem.imsi() == "00101"

    for line in (b"SMS Ready", b"+CFUN: 1", b"+CPIN: READY", b"OVER-VOLTAGE WARNNING"):
        play([(b"AT+CIMI\r", lines(line, b"00101"))], body)
