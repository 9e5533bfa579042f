"""The particulars of the GM02S and the GMS01Q: start, connections, the SIM."""

from effort import some
from expect import equal, raises
from mock_uart import cuts
from modem_script import connected, joined
from sequans_script import (
    ERROR,
    OK,
    SET_UP,
    closes,
    cme,
    lines,
    opens,
    play,
    receives,
    refuses,
    sends,
    states,
)
from sim7080_script import SYNC

import cellular
from cellular import GM02S, GMS01Q, CommandError, ModemReset, NetworkError

RING = b"\r\n+SQNSRING: 1,%d\r\n"
HANG_UP = b"\r\n+SQNSH: 1\r\n"


def test_the_drivers_are_in_the_table():
    assert cellular.driver("gm02s") is GM02S
    assert cellular.driver("gms01q") is GMS01Q


def test_a_start_in_the_middle_means_a_restart():
    for line in (b"+SYSSTART", b"+SHUTDOWN"):

        def body(modem, clock):
            with raises(ModemReset):
                modem.imsi()

        play([(b"AT+CIMI\r", b"\r\n" + line + b"\r\n")], body)


def test_restart_by_command():
    def body(modem, clock):
        modem.restart()
        assert modem.at.lost
        modem.power_up()

    play(joined((b"AT^RESET\r", OK + b"\r\n+SHUTDOWN\r\n"), SYNC, SET_UP), body)


def test_the_number_of_the_sim():
    for line, want in (
        (b'+SQNCCID: "89332401000000000017",""', "89332401000000000017"),
        (b'+SQNCCID: "8933240100000000001F"', "8933240100000000001"),
        (b"+SQNCCID: 8933240100000000001", "8933240100000000001"),
        (b'+SQNCCID: "",""', ""),
        (b'+SQNCCID: "none",""', ""),
        (b"+SQNCCID: \xff\xfe", ""),
        (b"SQNCCID", ""),
    ):

        def body(modem, clock, want=want):
            got = modem.iccid()
            assert got == want, got

        play([(b"AT+SQNCCID\r", lines(line))], body)


# -- connections --------------------------------------------------------------------------------


def test_from_the_first_byte_to_the_last():
    def body(modem, clock):
        socket = connected(modem)
        socket.write(b"hello")
        socket.flush()
        equal(socket.read(100), b"GET / HTTP")
        equal(socket.read(100), b"")
        socket.close()

    play(
        joined(
            opens(),
            sends(b"hello", then=RING % 10),
            receives(b"GET / HTTP", then=HANG_UP),
            refuses(),
            closes(),
        ),
        body,
    )


def test_data_that_looks_like_answers():
    for data in (
        b"\r\nOK\r\n",
        b"\n",
        b"\r",
        b"\r\n+SQNSH: 1\r\n\r\n+SYSSTART\r\n\r\nERROR\r\n",
        b"+SQNSRECV: 1,2\r\nxx",
        bytes(range(256)),
    ):

        def body(modem, clock, data=data):
            socket = connected(modem)
            equal(socket.read(1500), data)
            assert not socket.hung_up and modem.at.resets == 0

        step = receives(data)
        play(opens(answer=OK + RING % len(data)) + [step], body)
        for chunks in some(list(cuts(step[1]))):
            play(opens(answer=OK + RING % len(data)) + [(step[0], list(chunks))], body)


def test_a_full_answer_is_followed_by_another_read():
    data = bytes(1500)

    def body(modem, clock):
        socket = connected(modem)
        equal(socket.read(1500), data)
        equal(socket.read(10), b"rest")
        assert clock.ms < 1_000  # not only when the socket polls

    play(opens(answer=OK + RING % 1504) + [receives(data), receives(b"rest")], body)


def test_lines_between_the_command_and_its_data():
    # A GM02S did this when the server closed at once: walter-arduino #109.
    def body(modem, clock):
        socket = connected(modem)
        equal(socket.read(10), b"last words")
        equal(socket.read(10), b"")
        equal(socket.read(10), b"")

    for before in (HANG_UP, b"\r\n+CEREG: 80\r\n" + HANG_UP):
        play(
            opens(answer=OK + RING % 10) + [receives(b"last words", before=before), refuses()],
            body,
        )


def test_nothing_there_is_no_error():
    # A lost URC: the socket polls, finds no data, and polls again later.
    def body(modem, clock):
        socket = connected(modem)
        equal(socket.read(10), b"late")
        assert 6_000 <= clock.ms < 7_500, clock.ms

    for nothing in (refuses(), refuses(answer=ERROR), receives()):
        play(joined(opens(), nothing, receives(b"late")), body)


def test_a_lost_hang_up_is_found_out():
    def body(modem, clock):
        socket = connected(modem)
        assert socket.read(10) == b""
        assert socket.hung_up

    play(joined(opens(), [refuses()] * 3, [states()] * 2, refuses()), body)
    play(joined(opens(), [refuses()] * 3, [(b"AT+SQNSS\r", OK)] * 2, refuses()), body)
    other = (b"AT+SQNSS\r", lines(b"+SQNSS: 1", b"+SQNSS: 2,2"))
    play(joined(opens(), [refuses()] * 3, [other] * 2, refuses()), body)


def test_refused_by_the_network():
    up = (b"AT+CGPADDR=1\r", lines(b'+CGPADDR: 1,"10.0.0.9"'))
    down = (b"AT+CGPADDR=1\r", lines(b"+CGPADDR: 1"))
    name = b'AT+SQNDNSLKUP="h"\r'
    found = (name, lines(b'+SQNDNSLKUP: "h","10.0.0.1"'))
    for answer, asked, errno, text in (
        (b"\r\nNO CARRIER\r\n", [up, found], 111, "the server cannot be reached"),
        (ERROR, [up, (name, ERROR)], 113, "the name h cannot be resolved"),
        (cme(30), [down], 100, "the data connection is not active"),
    ):

        def body(modem, clock, errno=errno, text=text):
            socket = modem.socket()
            with raises(NetworkError, text=text) as caught:
                socket.connect(("h", 8883))
            assert caught.error.errno == errno
            assert socket.free()
            connected(modem)

        play(opens(answer=answer) + asked + opens(), body)


def test_a_number_in_use_is_freed_once():
    def body(modem, clock):
        connected(modem)

    for answer in (OK, ERROR):
        first = opens(configured=cme(3))[:1]
        play(joined(first, closes(answer=answer), opens()), body)

    def refused(modem, clock):
        with raises(CommandError, text="AT+SQNSCFG"):
            connected(modem)

    play(joined(opens(configured=ERROR)[:1], closes(), opens(configured=ERROR)[:1]), refused)


def test_host_names():
    def body(modem, clock):
        for host in ("h" * 65, 'h"', "h\r\nAT+SQNSSHDN", "m\u00fcnchen"):
            with raises(NetworkError, text="at most 64 printable characters"):
                modem.socket().connect((host, 8883))

    play([], body)


def test_the_address_of_a_name():
    ask = b'AT+SQNDNSLKUP="h.example"\r'

    def body(modem, clock):
        assert modem.resolve("h.example") == "192.0.2.7"
        with raises(NetworkError, text="h.example cannot be resolved") as caught:
            modem.resolve("h.example")
        assert caught.error.errno == 113

    found = (ask, lines(b'+SQNDNSLKUP: "h.example","192.0.2.7"'))
    play([found, (ask, cme(3))], body)


def test_a_full_modem_is_asked_again():
    def body(modem, clock):
        socket = connected(modem)
        socket.write(b"hello")
        socket.flush()
        assert 200 <= clock.ms < 1_000

    full = (b"AT+SQNSSENDEXT=1,5\r", cme(3))
    play(joined(opens(), full, states(1), sends(b"hello")), body)


def test_a_modem_that_stays_full():
    steps = joined(*[[(b"AT+SQNSSENDEXT=1,5\r", ERROR), states(1)] for _ in range(400)])

    def body(modem, clock):
        socket = connected(modem)
        socket.write(b"hello")
        with raises(NetworkError, text="the modem is full") as caught:
            socket.flush()
        assert caught.error.errno == 110
        assert 60_000 <= clock.ms < 70_000, clock.ms
        raise KeyboardInterrupt  # the rest of the script stays unused

    with raises(KeyboardInterrupt):
        play(opens() + steps, body)


def counts(sent):
    """Return the modem's report of the bytes it took."""
    return (b"AT+SQNSI=1\r", lines(b"+SQNSI: 1,%d,0,0,0" % sent))


def test_data_is_not_sent_twice():
    # Refused after the prompt: the modem may have taken it.
    def refused(modem, clock):
        socket = connected(modem)
        socket.write(b"hello")
        with raises(CommandError, text="AT+SQNSSENDEXT"):
            socket.flush()

    def sent(modem, clock):
        socket = connected(modem)
        socket.write(b"hello")
        socket.flush()

    prompt = (b"AT+SQNSSENDEXT=1,5\r", b"\r\n> ")
    for answer in (ERROR, cme(4)):
        start = opens(), prompt, (b"hello", answer), states(1)
        play(joined(*(start + ([counts(5)] * 6,))), refused)
        play(joined(*(start + ([counts(0), counts(4)] * 3,))), refused)
        play(joined(*(start + ([counts(0)] * 2, prompt, (b"hello", OK)))), sent)
    play(
        joined(opens(), prompt, (b"hello", b"\r\nK\r\n"), [(b"AT\r", OK), counts(5), counts(5)]),
        sent,
    )


def test_refused_because_the_server_closed():
    def body(modem, clock):
        socket = connected(modem)
        socket.write(b"hello")
        with raises(NetworkError, text="the server closed the connection") as caught:
            socket.flush()
        assert caught.error.errno == 32

    refused = (b"AT+SQNSSENDEXT=1,5\r", ERROR)
    play(joined(opens(), refused, [states()] * 2), body)
    play(joined(opens(), (refused[0], HANG_UP + ERROR)), body)


def test_six_connections():
    def body(modem, clock):
        sockets = [connected(modem) for _ in range(6)]
        with raises(NetworkError, text="all 6 connections"):
            connected(modem)
        equal(sockets[5].read(9), b"six")
        assert not sockets[0].hung_up and sockets[2].hung_up
        sockets[2].close()
        connected(modem)

    rings = b"\r\n+SQNSRING: 6,3\r\n\r\n+SQNSH: 3\r\n"
    six = joined(*[opens(number) for number in range(1, 6)])
    six += opens(6, answer=OK + rings)
    play(joined(six, receives(b"six", 6), closes(3), opens(3)), body)


def test_what_is_left_of_an_old_connection_is_not_taken_for_the_new():
    def body(modem, clock):
        connected(modem).close()
        socket = connected(modem)
        assert not socket.hung_up and not socket.readable

    old = HANG_UP + RING % 5
    play(joined(opens(), closes(), opens(answer=old + OK)), body)


def test_a_dropped_context_ends_the_connection():
    def body(modem, clock):
        socket = connected(modem)
        modem.at.poll()
        with raises(NetworkError, text="the network dropped the data connection"):
            socket.read(1)

    play(opens(answer=OK + b"\r\n+CGEV: NW PDN DEACT 1\r\n"), body)


def test_indications_that_make_no_sense_are_survived():
    junk = b""
    for prefix in (b"+SQNSRING:", b"+SQNSH:", b"+CGEV:", b"+CEREG:"):
        for rest in (
            b"",
            b" 0",
            b" x",
            b" 7",
            b" 99",
            b" -1",
            b":::",
            b",,,,",
            b" \xff\xfe",
            b'"',
        ):
            junk += b"\r\n" + prefix + rest + b"\r\n"

    def body(modem, clock):
        socket = connected(modem)
        for _ in range(3):
            modem.at.poll()
        assert modem.signal() == -73
        assert not socket.hung_up and not socket.readable

    play(opens(answer=OK + junk) + [(b"AT+CSQ\r", lines(b"+CSQ: 20,99"))], body)


# -- the SIM ------------------------------------------------------------------------------------


def test_how_the_gms01q_prints_the_answer_of_the_sim():
    earlier = b"+CSIM: 4,9000"
    for answer in (
        b"\r\n+CSIM: 10,6f01ab9000\r\n",
        b"\r\n" + earlier + b"\r\n+CSIM: 10,6f01ab9000\r\n",
        b"\r\n" + earlier + b"+CSIM: 10,6f01ab9000\r\n",
    ):

        def body(modem, clock):
            data, sw = modem.sim().transmit(b"\x01\xb0\x00\x00\x00")
            equal(bytes(data), b"\x6f\x01\xab")
            assert sw == 0x9000

        play([(b'AT+CSIM=10,"01B0000000"\r', answer + OK)], body, GMS01Q)


def test_the_gms01q_brings_112_bytes_of_an_answer_in_one_piece():
    def monarch1(modem, clock):
        assert modem.sim().part == modem.sim("csim").part == modem.sim("cgla").part == 112

    play([], monarch1, GMS01Q)

    def monarch2(modem, clock):
        assert not hasattr(modem.sim(), "part")

    play([], monarch2)
