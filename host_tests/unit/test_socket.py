"""A connection of the modem as a stream: how many commands it costs, and what can go wrong."""

from expect import equal, raises
from mock_uart import ScriptedUART
from sim7080_script import ERROR, OK, closes, cme, lines, opens, receives, sends, started
from virtual_time import Clock, running

from cellular import (
    CommandError,
    ModemError,
    ModemGarbled,
    ModemReset,
    ModemTimeout,
    NetworkError,
)

POLL, CLOSE = 3, 4
IN, OUT, ERR, HUP = 1, 4, 8, 16
DATA = b"\r\n+CADATAIND: 0\r\n"
HANG_UP = b"\r\n+CASTATE: 0,0\r\n"


def connected(steps, uart=ScriptedUART):
    """(socket, modem, UART) after connect; `steps` comes after that."""
    modem, line = started([opens()] + steps, uart)
    socket = modem.socket()
    socket.connect(("h", 8883))
    return socket, modem, line


def play(steps, body, nap=100):
    """Run `body(socket, modem, clock)` over `steps`, which must be used up."""
    clock = Clock(nap=nap)
    with running(clock):
        socket, modem, uart = connected(steps)
        body(socket, modem, clock)
        uart.done()


def settle(modem):
    """Take in what has come; the scripted UART is found empty once after each chunk."""
    modem.at.poll()
    modem.at.poll()


# -- writing ------------------------------------------------------------------------------------


def test_a_flight_of_five_writes_is_one_command():
    def body(socket, modem, clock):
        before = modem.at.commands
        for size in (5, 300, 5, 200, 90):
            assert socket.write(b"r" * size) == size
        assert modem.at.commands == before
        socket.setblocking(False)
        buffer = bytearray(5)
        assert socket.readinto(buffer) is None
        assert modem.at.commands == before + 1

    play(sends(b"r" * 600), body)


def test_more_than_one_command_takes():
    data = bytes(i & 0xFF for i in range(4000))

    def body(socket, modem, clock):
        assert socket.write(memoryview(data)) == 4000
        socket.flush()
        socket.flush()

    play(sends(data[:1460]) + sends(data[1460:2920]) + sends(data[2920:]), body)


def test_exactly_one_command_full():
    def body(socket, modem, clock):
        before = modem.at.commands
        socket.write(b"x" * 1460)
        assert modem.at.commands == before  # more may follow, or a read
        socket.write(b"y")
        assert modem.at.commands == before + 1
        socket.flush()

    play(sends(b"x" * 1460) + sends(b"y"), body)


def test_poll_for_output_sends_nothing():
    def body(socket, modem, clock):
        socket.write(b"half a record")
        assert socket.ioctl(POLL, OUT) == OUT
        assert socket.ioctl(POLL, IN | OUT) == OUT  # now somebody waits for an answer

    play(sends(b"half a record"), body)


def test_the_send_buffer_is_full_and_then_has_room():
    steps = [
        (b"AT+CASEND=0,500\r", ERROR),
        (b"AT+CASTATE?\r", lines(b"+CASTATE: 0,1", b"+CASTATE: 1,1")),
    ] * 3 + sends(b"d" * 500)

    def body(socket, modem, clock):
        socket.write(b"d" * 500)
        start = clock.ms
        socket.flush()
        assert 600 <= clock.ms - start < 700, clock.ms - start

    play(steps, body, nap=10)


def test_the_send_buffer_stays_full():
    class Full(ScriptedUART):
        """Refuses each CASEND, for ever."""

        asked = 0

        def write(self, data):
            if bytes(data) == b"AT+CASEND=0,3\r":
                Full.asked += 1
                self._chunks.append(ERROR)
            elif bytes(data) == b"AT+CASTATE?\r":
                self._chunks.append(lines(b"+CASTATE: 0,1"))
            else:
                return ScriptedUART.write(self, data)
            return len(data)

    clock = Clock()
    with running(clock):
        socket, _, _ = connected([], Full)
        socket.write(b"abc")
        start = clock.ms
        with raises(NetworkError, text="the network takes no data: the modem is full") as caught:
            socket.flush()
        assert caught.error.errno == 110
        assert 60_000 <= clock.ms - start < 62_000
        assert Full.asked <= 301  # it is not hammered
        socket.write(b"more")
        with raises(ModemGarbled, text="a send failed before") as caught:
            socket.flush()
        assert caught.error.errno == 32
        assert Full.asked <= 301


def test_no_room_and_nobody_waits():
    full = [(b"AT+CASEND=0,1460\r", ERROR), (b"AT+CASTATE?\r", lines(b"+CASTATE: 0,1"))]
    data = bytes(i & 0xFF for i in range(4000))

    def body(socket, modem, clock):
        socket.setblocking(False)
        start = clock.ms
        assert socket.write(data) == 1460  # the modem has no room for a second part
        assert socket.write(data) is None
        assert socket.ioctl(POLL, OUT) == 0
        assert socket.read(1) is None
        assert clock.ms - start < 200
        clock.sleep(200)  # only then it is asked again
        assert socket.ioctl(POLL, OUT) == 0
        clock.sleep(200)
        assert socket.ioctl(POLL, IN | OUT) == OUT
        assert socket.write(memoryview(data)[1460:]) == 2540
        start = clock.ms
        socket.flush()  # this waits all the same: it is how a TLS record gets out
        assert clock.ms - start >= 200

    steps = full * 2 + sends(data[:1460]) + sends(data[1460:2920])
    steps += [(b"AT+CASEND=0,1080\r", ERROR)] + full[1:] + sends(data[2920:])
    play(steps, body, nap=1)


def test_a_blocking_write_waits_for_room():
    full = [(b"AT+CASEND=0,1460\r", ERROR), (b"AT+CASTATE?\r", lines(b"+CASTATE: 0,1"))]

    def body(socket, modem, clock):
        assert socket.write(b"x" * 1461) == 1461
        socket.flush()

    play(full * 2 + sends(b"x" * 1460) + sends(b"x"), body)


def test_the_modem_takes_a_part():
    def body(socket, modem, clock):
        took = bytearray()
        parts = [1000, 0, 7, 453, 1000]

        def send(cid, data):
            n = min(parts.pop(0), len(data))
            took.extend(data[:n])
            return n

        modem._send = send
        data = bytes(i & 0xFF for i in range(2100))
        socket.setblocking(False)
        assert socket.write(data) == 2100  # after a part of the buffer there is room in it
        assert bytes(took) == data[:1000]
        assert socket.ioctl(POLL, OUT) == OUT
        socket.flush()
        equal(bytes(took), data)
        assert not parts

    play([], body)


def test_what_the_modem_may_have_taken_is_not_sent_again():
    def body(socket, modem, clock):
        socket.write(b"once")
        with raises(CommandError, text="AT+CASEND: refused"):
            socket.flush()
        socket.write(b"more")
        with raises(ModemGarbled, text="a send failed before: close the connection") as caught:
            socket.flush()
        assert caught.error.errno == 32
        settle(modem)
        socket.setblocking(False)
        assert socket.read(9) == b"what the "  # the other direction is whole

    up = lines(b"+CASTATE: 0,1")
    steps = [(b"AT+CASEND=0,4\r", b"\r\n>"), (b"once", ERROR), (b"AT+CASTATE?\r", up + DATA)]
    # It says that it took them, or a part, or something else each time, or nothing.
    for said in ([4], [2], [0, 4], [None], [0, None]):
        asked = [counts(said[i % len(said)]) for i in range(6)]
        play(steps + asked + [receives(b"what the peer says")], body)


def counts(taken, cid=0):
    """CAACK; `taken` None: an answer that has lost a byte."""
    answer = b"\r\n+CAAK: 4,0\r\n" + OK if taken is None else lines(b"+CAACK: %d,0" % taken)
    return (b"AT+CAACK=%d\r" % cid, answer)


def test_a_send_that_was_damaged_is_resumed():
    def body(socket, modem, clock):
        for _ in range(2):
            socket.write(b"once")
            socket.flush()
        assert socket.sent == 8

    prompt = [(b"AT+CASEND=0,4\r", b"\r\n>")]
    up = (b"AT+CASTATE?\r", lines(b"+CASTATE: 0,1"))
    hello = (b"AT\r", OK)  # in step again
    # The payload lost a byte, and the modem gave it up: all of it again.
    refused = prompt + [(b"once", cme(3)), up, counts(0), counts(0)]
    play(
        sends(b"once") + prompt + [(b"once", cme(3)), up, counts(4), counts(4)] + sends(b"once"),
        body,
    )
    play(refused + refused + sends(b"once") * 2, body)
    # One digit of the count is lost: it is not believed.
    play(refused[:-1] + [counts(None), counts(0), counts(0)] + sends(b"once") * 2, body)
    # The result lost a byte: the modem has taken it, at once or a little later.
    for result in (b"O", b"K"):
        damaged = prompt + [(b"once", b"\r\n%s\r\n" % result), hello]
        play(damaged + [counts(4)] * 2 + sends(b"once"), body)
        play(damaged + [counts(0), counts(4), counts(4)] + sends(b"once"), body)


def test_bytes_lost_on_the_way_to_us_are_not_skipped():
    def body(socket, modem, clock):
        settle(modem)
        with raises(ModemGarbled, text="AT+CARECV: bytes of the answer lost, or more"):
            socket.read(9)
        for _ in range(2):
            with raises(ModemGarbled, text="bytes were lost between modem and us") as caught:
                modem.at.command(b"")
                socket.readable = True
                socket.read(9)
            assert caught.error.errno == 104
        socket.write(b"x")
        socket.flush()

    torn = (b"AT+CARECV=0,1460\r", b"\r\n+CARECV: 5,hell\r\n\r\nOK\r\n")
    steps = [(b"", DATA), torn, (b"AT\r", OK), (b"AT\r", OK), (b"AT\r", OK)]
    play(steps + sends(b"x"), body)


# -- reading ------------------------------------------------------------------------------------


def test_small_reads_are_served_from_one_large_one():
    payload = bytes(i * 7 & 0xFF for i in range(1460))

    def body(socket, modem, clock):
        settle(modem)
        before = modem.at.commands
        got = bytearray()
        for _ in range(292):
            got.extend(socket.read(5))
        equal(got, payload)
        assert modem.at.commands == before + 1

    play([(b"", DATA), receives(payload)], body)


def test_a_full_read_is_followed_by_another_without_indication():
    # The modem indicates once, not once per segment.
    def body(socket, modem, clock):
        settle(modem)
        start = clock.ms
        buffer = bytearray(4000)
        total = 0
        while total < 2 * 1460 + 10:
            total += socket.readinto(memoryview(buffer)[total:])
        assert bytes(buffer[total - 10 : total]) == b"c" * 10
        assert clock.ms - start < 50

    steps = [(b"", DATA), receives(b"a" * 1460), receives(b"b" * 1460), receives(b"c" * 10)]
    play(steps, body)


def test_an_indication_during_the_read_counts_for_what_comes_after():
    def body(socket, modem, clock):
        settle(modem)
        assert socket.read(10) == b"one"
        assert socket.read(10) == b"two"
        assert clock.ms < 100

    for first in (receives(b"one", before=DATA), receives(b"one", then=DATA)):
        play([(b"", DATA), first, receives(b"two")], body)


def test_payload_that_looks_like_the_modem_talking():
    data = b"\r\nOK\r\n\r\n+CASTATE: 0,0\r\n\r\nRDY\r\n>\r\n+CARECV: 3,abc\r\nERROR\r\n"

    def body(socket, modem, clock):
        settle(modem)
        equal(socket.read(100), data)
        assert not socket.hung_up and not modem.at.lost

    play([(b"", DATA), receives(data)], body)


def test_what_was_written_leaves_before_a_read_waits():
    def body(socket, modem, clock):
        socket.write(b"question")
        assert socket.read(20) == b"answer"

    play(sends(b"question", then=DATA) + [receives(b"answer")], body)


def test_a_lost_indication_is_noticed_by_looking():
    # Looks after 2, 4, 8 s ...: the data of the third was never indicated.
    def body(socket, modem, clock):
        start = clock.ms
        assert socket.read(9) == b"data"
        assert 14_000 <= clock.ms - start < 14_100, clock.ms - start

    play([receives(), receives(), receives(b"data")], body, nap=20)


def test_an_idle_connection_is_looked_at_ever_more_seldom():
    looks = (2, 4, 8, 16, 32, 64, 64, 64)

    def body(socket, modem, clock):
        socket.setblocking(False)
        start = clock.ms
        expected = 0
        before = modem.at.commands
        for count, pause in enumerate(looks, 1):
            expected += pause * 1000
            while clock.ms - start < expected - 10:
                assert socket.read(1) is None
                clock.sleep(max(5, (expected - 10 - clock.ms + start) // 2))
            assert modem.at.commands == before + count - 1, (count, clock.ms - start)
            while clock.ms - start < expected + 100:
                assert socket.read(1) is None
                clock.sleep(5)
            assert modem.at.commands == before + count

    play([receives()] * len(looks), body)


def test_after_sending_the_first_look_comes_soon_again():
    def body(socket, modem, clock):
        socket.settimeout(7)
        with raises(OSError):
            socket.read(1)
        start = clock.ms
        socket.write(b"q")
        assert socket.read(1) == b"a"
        assert 2_000 <= clock.ms - start < 2_100

    play([receives(), receives()] + sends(b"q") + [receives(b"a")], body, nap=20)


# -- waiting ------------------------------------------------------------------------------------


def test_non_blocking():
    def body(socket, modem, clock):
        start = clock.ms
        for limit in (lambda: socket.setblocking(False), lambda: socket.settimeout(0)):
            limit()
            assert socket.read(4) is None
            assert socket.readinto(bytearray(4)) is None
        assert clock.ms - start < 20

    play([], body)


def test_time_outs():
    def body(socket, modem, clock):
        for seconds, ms in ((1.5, 1_500), (None, 60_000)):
            socket.settimeout(seconds)
            start = clock.ms
            with raises(OSError, text="no data from the server in time") as caught:
                socket.read(1)
            assert caught.error.errno == 110
            assert ms <= clock.ms - start < ms + 50

    play([receives()] * 4, body)
    clock = Clock()
    with running(clock):
        socket, _, _ = connected([receives()] * 4)
        socket.settimeout(1)
        socket.setblocking(True)
        start = clock.ms
        with raises(OSError):
            socket.readinto(bytearray(1))
        assert clock.ms - start >= 60_000


def test_poll():
    def body(socket, modem, clock):
        assert socket.ioctl(POLL, IN) == 0
        assert socket.ioctl(POLL, IN | OUT) == OUT
        settle(modem)
        assert socket.ioctl(POLL, IN) == IN
        assert socket.ioctl(POLL, IN | OUT) == IN | OUT
        assert socket.read(1) == b"a"
        assert socket.ioctl(POLL, IN) == IN  # from our buffer
        assert socket.read(9) == b"b"
        assert socket.ioctl(POLL, IN) == 0
        assert socket.ioctl(99, 0) == -22

    play([(b"", [b"\r\n", DATA]), receives(b"ab")], body)


# -- the end ------------------------------------------------------------------------------------


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
    # A server refuses us with an alert and closes while we still write: we want the alert.
    def body(socket, modem, clock):
        settle(modem)
        socket.write(b"more")
        assert socket.read(10) == b"alert"
        assert socket.read(10) == b""

    play([(b"", HANG_UP), receives(b"alert"), receives()], body)
    # The same where the indication was lost and CASEND is the first to notice.
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
        with raises(NetworkError, text="the server closed the connection") as caught:
            socket.read(10)
        assert caught.error.errno == 32

    play([(b"AT+CASEND=0,4\r", cme(3)), (b"AT+CASTATE?\r", OK)], body)


def test_carecv_refused():
    def gone(socket, modem, clock):
        settle(modem)
        with raises(NetworkError, text="the server closed the connection") as caught:
            socket.read(10)
        assert caught.error.errno == 104

    def up(socket, modem, clock):
        settle(modem)
        with raises(ModemError, text="AT+CARECV: refused"):
            socket.read(10)

    refused = (b"AT+CARECV=0,1460\r", ERROR)
    play([(b"", DATA), refused, (b"AT+CASTATE?\r", lines(b"+CASTATE: 0,0"))], gone)
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


# -- closing ------------------------------------------------------------------------------------


def test_close_sends_what_was_collected():
    def body(socket, modem, clock):
        socket.write(b"bye")
        assert socket.ioctl(CLOSE, 0) == 0
        socket.close()

    play(sends(b"bye") + [closes()], body)


def test_close_never_raises():
    for steps in (
        [closes(answer=ERROR)],
        [closes(answer=cme(3))],
        [closes(answer=b"\r\nRDY\r\n")],
        [closes(answer=b"")],
        [(b"", HANG_UP), closes()],
    ):

        def body(socket, modem, clock):
            settle(modem)
            socket.close()
            assert socket.free()
            assert clock.ms < 40_000

        play(steps, body)


def test_close_with_data_that_cannot_be_sent():
    full = [(b"AT+CASEND=0,1\r", ERROR), (b"AT+CASTATE?\r", OK), closes()]
    silent = [(b"AT+CASEND=0,1\r", b""), (b"\r", b"")]
    for steps in (full, [(b"", HANG_UP), closes()], [(b"", b"\r\n+PDP: DEACT\r\n"), closes()]):

        def body(socket, modem, clock):
            socket.write(b"x")
            settle(modem)
            socket.close()

        play(steps, body)

    class Quiet(ScriptedUART):
        def write(self, data):
            if bytes(data) == b"AT\r" and not self._unwritten:
                return len(data)
            return ScriptedUART.write(self, data)

    clock = Clock()
    with running(clock):
        socket, modem, _ = connected(silent, Quiet)
        socket.write(b"x")
        socket.close()  # CASEND is not answered, nor is any AT after that
        assert clock.ms < 20_000
        assert modem.at.lost


def test_close_survives_a_uart_that_fails():
    class Broken(ScriptedUART):
        broken = False

        def any(self):
            if self.broken:
                raise OSError(5, "gone")
            return ScriptedUART.any(self)

    with running(Clock()):
        socket, _, uart = connected([], Broken)
        socket.write(b"x")
        uart.broken = True
        socket.close()
        assert socket.free()


# -- several connections, one after the other and at once ---------------------------------------


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
        old.close()  # as a finaliser would, late
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
            with raises(NetworkError, text="no connection to h port 8883: connect failed"):
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
    # The indication that the old one is closed comes with that, and is not ours.
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
