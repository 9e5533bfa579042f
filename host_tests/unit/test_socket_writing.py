"""A connection as a stream: writes in few commands, and closing."""

from expect import equal, raises
from mock_uart import ScriptedUART
from sim7080_script import ERROR, OK, closes, cme, lines, receives, sends
from socket_script import CLOSE, DATA, HANG_UP, IN, OUT, POLL, connected, play, settle
from virtual_time import Clock, running

from cellular import (
    CommandError,
    ModemGarbled,
    NetworkError,
)

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
        assert socket.ioctl(POLL, IN | OUT) == OUT  # now a read waits for an answer

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
        with raises(NetworkError, text="the network accepts no data: the modem is full") as caught:
            socket.flush()
        assert caught.error.errno == 110
        assert 60_000 <= clock.ms - start < 62_000
        assert Full.asked <= 301  # it does not repeat quickly
        socket.write(b"more")
        with raises(ModemGarbled, text="an earlier send failed") as caught:
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
        clock.sleep(200)  # only then it asks again
        assert socket.ioctl(POLL, OUT) == 0
        clock.sleep(200)
        assert socket.ioctl(POLL, IN | OUT) == OUT
        assert socket.write(memoryview(data)[1460:]) == 2540
        start = clock.ms
        socket.flush()  # this waits all the same: otherwise a TLS record would not leave
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
        with raises(ModemGarbled, text="an earlier send failed") as caught:
            socket.flush()
        assert caught.error.errno == 32
        settle(modem)
        socket.setblocking(False)
        assert socket.read(9) == b"what the "  # the other direction is intact

    up = lines(b"+CASTATE: 0,1")
    steps = [(b"AT+CASEND=0,4\r", b"\r\n>"), (b"once", ERROR), (b"AT+CASTATE?\r", up + DATA)]
    # The modem reports that it took the bytes, or a part, or another count each time, or nothing.
    for said in ([4], [2], [0, 4], [None], [0, None]):
        asked = [counts(said[i % len(said)]) for i in range(6)]
        play(steps + asked + [receives(b"what the peer says")], body)


def counts(taken, cid=0):
    """Return CAACK; `taken` None: an answer that has lost a byte."""
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
    hello = (b"AT\r", OK)  # synchronised again
    # The payload lost a byte, and the modem gave it up: the driver sends all of it again.
    refused = prompt + [(b"once", cme(3)), up, counts(0), counts(0)]
    play(
        sends(b"once") + prompt + [(b"once", cme(3)), up, counts(4), counts(4)] + sends(b"once"),
        body,
    )
    play(refused + refused + sends(b"once") * 2, body)
    # One digit of the count is lost: the driver does not trust it.
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
            with raises(ModemGarbled, text="bytes from the modem were lost") as caught:
                modem.at.command(b"")
                socket.readable = True
                socket.read(9)
            assert caught.error.errno == 104
        socket.write(b"x")
        socket.flush()

    torn = (b"AT+CARECV=0,1460\r", b"\r\n+CARECV: 5,hell\r\n\r\nOK\r\n")
    steps = [(b"", DATA), torn, (b"AT\r", OK), (b"AT\r", OK), (b"AT\r", OK)]
    play(steps + sends(b"x"), body)


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
    full = [(b"AT+CASEND=0,1\r", ERROR)] + [(b"AT+CASTATE?\r", OK)] * 2 + [closes()]
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
