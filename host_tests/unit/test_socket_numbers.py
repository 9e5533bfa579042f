"""Connections one after the other and at once: the driver reuses numbers and buffers."""

from expect import raises
from sim7080_script import ERROR, OK, closes, opens, receives, sends, started
from socket_script import DATA, HANG_UP, connected, play, settle
from virtual_time import Clock, running

from cellular import (
    ModemTimeout,
    NetworkError,
)


def test_two_connections_at_once():
    steps = [
        opens(1),
        (b"", b"\r\n+CADATAIND: 1\r\n"),
        receives(b"one", 1),
        closes(1),
        opens(1),
        closes(0),
        opens(0),
    ]

    def body(first, modem, clock):
        second = modem.socket()
        second.connect(("h", 8883))
        assert (first.cid, second.cid) == (0, 1)
        settle(modem)
        first.setblocking(False)
        assert first.read(5) is None
        assert second.read(5) == b"one"
        second.close()
        third, fourth = modem.socket(), modem.socket()
        third.connect(("h", 8883))
        first.close()
        fourth.connect(("h", 8883))
        assert (third.cid, fourth.cid) == (1, 0)

    play(steps, body)


def test_an_old_socket_has_no_part_in_the_connection_that_follows():
    steps = [
        (b"", DATA),
        receives(b"secret of the first"),
        closes(),
        opens(0),
        (b"", DATA),
        receives(b"of the second"),
        closes(),
    ]

    def body(old, modem, clock):
        settle(modem)
        assert old.read(6) == b"secret"
        old.close()
        new = modem.socket()
        new.connect(("h", 8883))
        assert new.cid == 0
        new.setblocking(False)
        assert new.read(50) is None
        old.close()  # like a finaliser, late
        with raises(OSError, text="not connected"):
            old.read(9)
        with raises(OSError, text="not connected"):
            old.write(b"x")
        settle(modem)
        assert new.read(50) == b"of the second"
        new.close()

    play(steps, body)


def test_indications_of_the_connection_before_are_not_ours():
    # They come late: after the close, and even while the number is opened again.
    late = HANG_UP + DATA
    for steps in (
        [closes(answer=OK + late), opens(0)],
        [closes(), opens(0, before=late)],
        [closes(), (b"", late), opens(0)],
    ):

        def body(old, modem, clock):
            old.close()
            modem.at.poll()
            new = modem.socket()
            new.connect(("h", 8883))
            new.setblocking(False)
            assert new.read(9) is None
            assert not new.hung_up and not new.readable

        play(steps, body)


def test_what_was_collected_for_one_connection_is_not_sent_on_the_next():
    def body(old, modem, clock):
        settle(modem)
        old.write(b"for the first only")
        old.close()
        new = modem.socket()
        new.connect(("h", 8883))
        new.write(b"2")
        new.flush()

    play([(b"", HANG_UP), closes(), opens(0)] + sends(b"2"), body)


def test_a_connect_that_fails_frees_the_number():
    clock = Clock()
    with running(clock):
        modem, uart = started([opens(0, 27), opens(0, 27), opens(0), opens(1)])
        first, second = modem.socket(), modem.socket()
        for _ in range(2):
            with raises(NetworkError, text="no connection to h port 8883: the server cannot"):
                first.connect(("h", 8883))
            assert first.free()
        second.connect(("h", 8883))
        first.connect(("h", 8883))
        assert (first.cid, second.cid) == (1, 0)
        uart.done()


def test_connect_twice():
    def body(socket, modem, clock):
        with raises(OSError, text="connected already") as caught:
            socket.connect(("h", 8883))
        assert caught.error.errno == 106
        socket.setblocking(False)
        assert socket.read(1) is None

    play([], body)


def test_the_modem_has_thirteen_connections():
    with running(Clock()):
        modem, _ = started([opens(cid) for cid in range(13)])
        for _ in range(13):
            modem.socket().connect(("h", 8883))
        with raises(NetworkError, text="all 13 connections of the modem are in use"):
            modem.socket().connect(("h", 8883))


def test_a_number_left_open_by_an_earlier_run_is_freed():
    # The URC about the end of the old connection comes with that, and is not the new one's.
    with running(Clock()):
        steps = [(opens(0)[0], ERROR), closes(answer=OK + HANG_UP), opens(0)]
        modem, uart = started(steps)
        socket = modem.socket()
        socket.connect(("h", 8883))
        uart.done()
        assert not socket.hung_up


def test_a_reconnect_takes_the_buffers_of_the_one_before():
    def body(socket, modem, clock):
        buffers = socket.buffers
        for _ in range(3):
            socket.close()
            socket = modem.socket()
            socket.connect(("h", 8883))
            assert socket.buffers is buffers

    play([closes(), opens(0)] * 3, body)


def test_a_send_that_times_out():
    clock = Clock()
    with running(clock):
        steps = [(b"AT+CASEND=0,2\r", b"\r\n>"), (b"xy", b""), (b"\r\r", b"")]
        socket, _, _ = connected(steps)
        socket.write(b"xy")
        with raises(ModemTimeout, text="AT+CASEND: no answer") as caught:
            socket.flush()
        assert caught.error.errno == 110
        assert 15_000 <= clock.ms < 16_000
