"""A connection as a stream: reading, and waiting for data."""

from expect import equal, raises
from sim7080_script import lines, receives, sends
from socket_script import DATA, IN, OUT, POLL, connected, play, settle
from virtual_time import Clock, running

from cellular import ModemGarbled

UP = (b"AT+CASTATE?\r", lines(b"+CASTATE: 0,1"))

# -- reading ------------------------------------------------------------------------------------


def test_what_a_poll_ran_into_is_said_by_the_read_behind_it():
    def body(socket, modem, clock):
        socket.setblocking(False)
        settle(modem)
        assert socket.ioctl(POLL, IN) & 8
        with raises(ModemGarbled, text="AT+CARECV: bytes of the answer lost"):
            socket.readinto(bytearray(9))
        with raises(ModemGarbled, text="bytes from the modem were lost"):
            socket.readinto(bytearray(9))

    torn = (b"AT+CARECV=0,1460\r", b"\r\n+CARECV: 5,hell\r\n\r\nOK\r\n")
    play([(b"", DATA), torn], body)


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
    # The modem sends one URC, not one per segment.
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
    # Polls after 2, 4, 8 s ...: no URC came for the data of the third.
    def body(socket, modem, clock):
        start = clock.ms
        assert socket.read(9) == b"data"
        assert 14_000 <= clock.ms - start < 14_300, clock.ms - start

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

    play([receives()] * 3 + [UP, receives()] * 2 + [UP], body)


def test_after_sending_the_first_look_comes_soon_again():
    def body(socket, modem, clock):
        socket.settimeout(7)
        with raises(OSError):
            socket.read(1)
        start = clock.ms
        socket.write(b"q")
        assert socket.read(1) == b"a"
        assert 2_000 <= clock.ms - start < 2_100

    play([receives()] * 2 + sends(b"q") + [receives(b"a")], body, nap=20)


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

    play([receives()] * 3 + [UP], body)
    clock = Clock()
    with running(clock):
        socket, _, _ = connected([receives()] * 3 + [UP])
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
        assert socket.ioctl(POLL, IN) == IN  # from the driver's buffer
        assert socket.read(9) == b"b"
        assert socket.ioctl(POLL, IN) == 0
        assert socket.ioctl(99, 0) == -22

    play([(b"", [b"\r\n", DATA]), receives(b"ab")], body)
