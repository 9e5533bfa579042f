"""A connection as a stream: how it ends."""

from expect import raises
from sim7080_script import ERROR, OK, closes, cme, lines, receives, started
from socket_script import DATA, ERR, HANG_UP, HUP, IN, OUT, POLL, connected, play, settle
from virtual_time import Clock, running

from cellular import (
    ModemError,
    ModemReset,
    NetworkError,
)


def test_the_peer_closes_with_data_buffered_in_the_modem():
    def body(socket, modem, clock):
        settle(modem)
        start = clock.ms
        assert socket.read(3) == b"las"
        assert socket.ioctl(POLL, IN) == IN
        assert socket.read(3) == b"t"
        assert socket.read(3) == b" words"[:3]
        assert socket.read(9) == b"rds"
        before = modem.at.commands
        assert socket.read(3) == b""
        assert socket.ioctl(POLL, IN) == IN
        assert modem.at.commands == before + 1
        for _ in range(3):
            assert socket.read(3) == b""
        assert modem.at.commands == before + 1
        assert clock.ms - start < 100

    steps = [(b"", DATA + HANG_UP), receives(b"last"), receives(b" words"), receives()]
    play(steps, body)


def test_the_peer_closes_while_somebody_waits():
    def body(socket, modem, clock):
        assert socket.read(3) == b""
        assert clock.ms < 200

    for urc in (HANG_UP, b"\r\n+CACLOSE: 0\r\n"):
        play([(b"", [b"\r\n"] * 9 + [urc]), receives()], body)


def test_other_states_are_no_hang_up():
    def body(socket, modem, clock):
        settle(modem)
        assert not socket.hung_up

    for urc in (
        b"+CASTATE: 0,1",
        b"+CASTATE: 0,2",
        b"+CASTATE: 1,0",
        b"+CASTATE: x,0",
        b"+CASTATE:",
    ):
        play([(b"", b"\r\n" + urc + b"\r\n")], body)


def test_writing_after_the_peer_closed():
    def body(socket, modem, clock):
        settle(modem)
        socket.write(b"anybody?")
        with raises(NetworkError, text="the server closed the connection") as caught:
            socket.flush()
        assert caught.error.errno == 32

    play([(b"", HANG_UP)], body)


def test_what_the_peer_said_before_it_closed_is_read_all_the_same():
    # A server refuses the client with an alert and closes during a write: the client needs the
    # alert.
    def body(socket, modem, clock):
        settle(modem)
        socket.write(b"more")
        assert socket.read(10) == b"alert"
        assert socket.read(10) == b""

    play([(b"", HANG_UP), receives(b"alert"), receives()], body)
    # The same, but the URC was lost and CASEND is the first to notice.
    steps = [
        (b"AT+CASEND=0,4\r", ERROR),
        (b"AT+CASTATE?\r", lines(b"+CASTATE: 0,0")),
        receives(b"alert"),
        receives(),
    ]
    play(steps, body)


def test_casend_refused_on_a_connection_that_is_gone():
    def body(socket, modem, clock):
        socket.write(b"more")
        assert socket.read(10) == b"last"  # data still in the modem
        assert socket.read(10) == b""
        for _ in range(2):
            socket.write(b"more")
            with raises(NetworkError, text="the server closed the connection") as caught:
                socket.flush()
            assert caught.error.errno == 32

    state = (b"AT+CASTATE?\r", OK)
    play([(b"AT+CASEND=0,4\r", cme(3)), state, state, receives(b"last"), receives()], body)


def test_carecv_refused():
    def gone(socket, modem, clock):
        settle(modem)
        assert socket.read(10) == b""

    def up(socket, modem, clock):
        settle(modem)
        with raises(ModemError, text="AT+CARECV: refused"):
            socket.read(10)

    refused = (b"AT+CARECV=0,1460\r", ERROR)
    play([(b"", DATA), refused, (b"AT+CASTATE?\r", lines(b"+CASTATE: 0,0")), refused], gone)
    play([(b"", DATA), refused, (b"AT+CASTATE?\r", lines(b"+CASTATE: 0,1"))], up)


def test_the_modem_restarts():
    def body(socket, modem, clock):
        settle(modem)
        for call in (lambda: socket.read(1), lambda: socket.write(b"x"), lambda: socket.read(1)):
            with raises(ModemReset, text="the modem restarted: the connection is gone"):
                call()
        assert socket.ioctl(POLL, IN | OUT) == ERR | IN | OUT
        socket.close()
        socket.close()
        assert socket.ioctl(POLL, IN) == HUP

    play([(b"", b"\r\nRDY\r\n")], body)


def test_the_modem_restarts_during_a_read():
    clock = Clock()
    with running(clock):
        socket, modem, _ = connected([(b"", DATA), (b"AT+CARECV=0,1460\r", b"\r\nRDY\r\n")])
        settle(modem)
        with raises(ModemReset, text="AT+CARECV: the modem restarted"):
            socket.read(1)
        with raises(ModemReset):
            socket.read(1)


def test_what_was_received_before_the_network_dropped_can_be_read():
    def body(socket, modem, clock):
        settle(modem)
        assert socket.read(1) == b"a"
        settle(modem)
        assert socket.read(1) == b"b"
        for call in (lambda: socket.read(1), lambda: socket.write(b"x")):
            with raises(NetworkError, text="the network dropped the data connection"):
                call()
        assert socket.ioctl(POLL, IN) == ERR | IN
        socket.close()

    for urc in (b"+APP PDP: 0,DEACTIVE", b"+APP PDP: DEACTIVE", b"+PDP: DEACT"):
        gone = b"\r\n" + urc + b"\r\n"
        play([(b"", DATA), receives(b"ab", then=gone), closes()], body)


def test_a_network_that_drops_while_we_wait_is_no_end_by_the_server():
    def body(socket, modem, clock):
        with raises(NetworkError, text="the network dropped the data connection"):
            socket.read(1)
        socket.close()

    gone = b"\r\n+APP PDP: 0,DEACTIVE\r\n"
    for both in (gone + HANG_UP, HANG_UP + gone):
        play([(b"", both), receives(), closes()], body)


def test_another_data_context_is_not_ours():
    def body(socket, modem, clock):
        settle(modem)
        socket.setblocking(False)
        assert socket.read(1) is None

    play([(b"", b"\r\n+APP PDP: 1,DEACTIVE\r\n\r\n+APP PDP: 0,ACTIVE\r\n")], body)


def test_not_connected():
    with running(Clock()):
        modem, _ = started([])
        socket = modem.socket()
        for call in (lambda: socket.read(1), lambda: socket.write(b"x")):
            with raises(OSError, text="not connected") as caught:
                call()
            assert caught.error.errno == 107
        assert socket.ioctl(POLL, IN | OUT) == HUP
        socket.flush()
        socket.close()
