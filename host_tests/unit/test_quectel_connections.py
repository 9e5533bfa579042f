"""The particulars of the Quectel family's connections: opening, data, and their end."""

from effort import some
from expect import equal, raises
from mock_uart import ScriptedUART
from quectel_script import CLOSE, OPEN, SET_UP, STATE, play, receives, sends, state, talk, urc
from sim7080_script import ERROR, OK, SYNC, lines
from virtual_time import Clock, running

import cellular
from cellular import CommandError, ModemError, ModemGarbled, ModemReset, NetworkError

# -- connecting ---------------------------------------------------------------------------------


def connects(modem, clock):
    modem.socket().connect(("h", 8883))


def test_the_result_of_opening_whenever_it_comes():
    opened = urc(b"+QIOPEN: 0,0")
    for answer in (OK + opened, [OK, opened], opened + OK):
        play([(OPEN, answer)], connects)
    # The late result of another connection does not count.
    play([(OPEN, [urc(b"+QIOPEN: 1,566") + OK, urc(b"+QIOPEN: 1,0") + opened])], connects)


def test_each_error_of_opening():
    for error, text in (
        (551, "blocked"),
        (552, "invalid parameters"),
        (553, "no memory"),
        (564, "DNS busy"),
        (565, "the name h cannot be resolved"),
        (566, "the server cannot be reached"),
        (567, "closed"),
        (569, "no answer from the server"),
        (570, "the data connection is not active"),
        (573, "no APN is configured"),
        (599, "modem's error 599"),
    ):

        def body(modem, clock, text=text):
            socket = modem.socket()
            with raises(NetworkError, text=text):
                socket.connect(("h", 8883))
            assert socket.free()

        # A number that failed is in use until it is closed.
        play([(OPEN, OK + urc(b"+QIOPEN: 0,%d" % error)), CLOSE], body)
        asked = (b"AT+QIGETERROR\r", lines(b"+QIGETERROR: %d,whatever" % error))
        play([(OPEN, ERROR), asked, CLOSE], body)


def test_a_number_that_an_earlier_run_left_in_use_is_freed_once():
    in_use = OK + urc(b"+QIOPEN: 0,563")
    for answer in (OK, ERROR):
        close = (CLOSE[0], answer)
        play([(OPEN, in_use), close, (OPEN, OK + urc(b"+QIOPEN: 0,0"))], connects)

    def body(modem, clock):
        with raises(NetworkError, text="the connection is in use"):
            modem.socket().connect(("h", 8883))

    play([(OPEN, in_use), CLOSE, (OPEN, in_use), CLOSE], body)


def test_opening_refused_without_a_reason():
    def body(modem, clock):
        with raises(CommandError, text="AT+QIOPEN: refused"):
            modem.socket().connect(("h", 8883))

    for answer in (OK, lines(b"+QIGETERROR: 0,operate successfully"), lines(b"+QIGETERROR: x")):
        play([(OPEN, ERROR), (b"AT+QIGETERROR\r", answer)], body)


def test_the_result_of_opening_is_lost():
    def up(modem, clock):
        connects(modem, clock)
        assert 10_000 <= clock.ms < 12_000

    for number in (2, 3):  # some report "listening" for a connection that is up
        opened = [(OPEN, OK), (STATE, state(number))]
        # What is up may be of an earlier run, and the lost result "in use": it is closed, once.
        play(opened + [CLOSE] + opened, up)

    def down(modem, clock):
        with raises(NetworkError, text="the server cannot be reached"):
            modem.socket().connect(("h", 8883))

    play([(OPEN, OK), (STATE, state(1)), (STATE, state(4)), CLOSE], down)

    def again(modem, clock):
        for _ in range(2):
            socket = modem.socket()
            socket.connect(("h", 8883))
            socket.close()

    # The modem has freed the number since, so the connection can only be the new one.
    opened = [(OPEN, OK), (STATE, state(1)), (STATE, state(2)), CLOSE]
    play([(OPEN, OK + urc(b"+QIOPEN: 0,0")), CLOSE] + opened, again)

    def still_open(modem, clock):
        with raises(NetworkError, text="the connection is in use"):
            modem.socket().connect(("h", 8883))

    refused = [(OPEN, OK), (STATE, state(2)), (CLOSE[0], ERROR)]
    play(refused * 2, still_open)

    def left(modem, clock):
        socket = modem.socket()
        socket.connect(("h", 8883))
        socket.close()  # has no answer
        connects(modem, clock)

    # A connection of our own whose close had no answer is not taken for the next one.
    opened = OK + urc(b"+QIOPEN: 0,0")
    lost = [(OPEN, OK), (STATE, state(2)), CLOSE, (OPEN, opened)]
    play([(OPEN, opened), (CLOSE[0], b""), (b"AT\r", OK)] + lost, left)

    def never(modem, clock):
        with raises(NetworkError, text="no answer from the server"):
            modem.socket().connect(("h", 8883))
        assert 150_000 <= clock.ms < 160_000

    for answer in (OK, state(0), state(2, cid=1), lines(b"+QISTATE: 0"), state(1)):
        play([(OPEN, OK)] + [(STATE, answer)] * 30 + [CLOSE], never)


# -- data ---------------------------------------------------------------------------------------

TRICKY = b'\r\nOK\r\n+QIURC: "closed",0\r\n> SEND FAIL\r\n+QIRD: 3\r\nRDY\r\n\x00\xff\x1a'


def test_data_both_ways_whatever_it_is():
    def body(socket, modem, clock):
        assert socket.write(TRICKY) == len(TRICKY)
        equal(socket.read(100), TRICKY)
        socket.setblocking(False)
        assert socket.read(100) is None
        assert not socket.hung_up

    for before in (b"", urc(b'+QIURC: "recv",1'), urc(b"+CSQ: 1")):
        talk(sends(TRICKY) + [receives(TRICKY, before=before)], body)
    # A URC during the command refers to data after it.
    reported = receives(TRICKY, before=urc(b'+QIURC: "recv",0'))
    talk(sends(TRICKY) + [reported, receives()], body)


def test_data_that_fills_the_buffer_is_read_on():
    data = bytes(i & 0xFF for i in range(1460))

    def body(socket, modem, clock):
        equal(socket.read(2000), data)
        equal(socket.read(2000), b"more")

    talk([(b"", urc(b'+QIURC: "recv",0')), receives(data), receives(b"more")], body)


def test_full():
    def body(socket, modem, clock):
        socket.write(b"hello")
        socket.flush()
        assert clock.ms >= 400

    left = b"AT+QISEND=0,0\r"
    counts = [(left, lines(b"+QISEND: 9000,%d,%d" % (9000 - n, n))) for n in (8000, 4001, 4000)]
    up = (STATE, state(2))
    talk(sends(b"hello", b"SEND FAIL") + [up] + counts + sends(b"hello"), body)


def test_full_for_ever():
    class Full(ScriptedUART):
        """After the script the modem never acknowledges data."""

        def write(self, data):
            if self._unwritten:
                return ScriptedUART.write(self, data)
            equal(bytes(data), b"AT+QISEND=0,0\r")
            self._chunks.append(lines(b"+QISEND: 9000,1000,8000"))
            return len(data)

    clock = Clock(nap=100)
    with running(clock):
        opened = (OPEN, OK + urc(b"+QIOPEN: 0,0"))
        refused = [opened] + sends(b"hello", b"SEND FAIL") + [(STATE, state(2))]
        modem = cellular.BG95(Full(SYNC + SET_UP + refused))
        modem.power_up()
        socket = modem.socket()
        socket.connect(("h", 8883))
        socket.write(b"hello")
        start = clock.ms
        with raises(NetworkError, text="the network accepts no data: the modem is full"):
            socket.flush()
        assert 60_000 <= clock.ms - start < 61_500


def test_sending_on_a_connection_that_is_gone():
    def body(socket, modem, clock):
        socket.write(b"hello")
        with raises(NetworkError, text="the server closed the connection"):
            socket.flush()

    for answer in (state(4), OK, state(2, cid=3)):
        talk([(b"AT+QISEND=0,5\r", ERROR)] + [(STATE, answer)] * 2, body)


def test_the_peer_closes_and_what_it_said_is_read():
    def body(socket, modem, clock):
        modem.at.poll()
        modem.at.poll()
        equal(socket.read(100), b"bye")
        assert socket.read(100) == b""

    closed = (b"", urc(b'+QIURC: "recv",0') + urc(b'+QIURC: "closed",0'))
    talk([closed, receives(b"bye"), receives()], body)


def test_the_indication_of_the_end_is_lost():
    def body(socket, modem, clock):
        assert socket.read(100) == b""
        assert 30_000 <= clock.ms < 31_000

    for answer in (state(4), OK):  # some forget a closed connection
        talk([receives()] * 3 + [(STATE, answer)] * 2 + [receives()], body)


def test_reading_from_a_connection_that_the_modem_forgot():
    def body(socket, modem, clock):
        assert socket.read(100) == b""
        assert socket.read(100) == b""

    talk([(b"AT+QIRD=0,1460\r", ERROR)] + [(STATE, OK)] * 2, body)

    def odd(socket, modem, clock):
        with raises(CommandError):
            socket.read(100)

    talk([(b"AT+QIRD=0,1460\r", ERROR), (STATE, state(2))], odd)


def test_counts_that_are_damaged():
    def body(socket, modem, clock):
        with raises(ModemGarbled):
            socket.read(100)
        assert modem.signal() == -73

    for answer in (b"+QIRD: x", b"+QIRD: 5,5,0", b"+QIRD: ", b"+QIRD: 1461"):
        quiet = [(b"AT\r", OK)] if answer[7:8].isdigit() else []  # the data may still come
        csq = (b"AT+CSQ\r", lines(b"+CSQ: 20,99"))
        talk([(b"AT+QIRD=0,1460\r", lines(answer))] + quiet + [csq], body)


def test_a_dropped_data_context():
    def body(socket, modem, clock):
        modem.at.poll()
        with raises(NetworkError, text="the network dropped the data connection"):
            socket.read(100)

    talk([(b"", urc(b'+QIURC: "pdpdeact",1'))], body)

    def other(socket, modem, clock):
        modem.at.poll()
        equal(socket.read(100), b"hi")

    talk([(b"", urc(b'+QIURC: "pdpdeact",2') + urc(b'+QIURC: "recv",0')), receives(b"hi")], other)


def test_indications_that_make_no_sense_are_survived():
    junk = b""
    for prefix in (b"+QIURC:", b"+QIOPEN:", b"+QNTP:"):
        for rest in (b"", b" ", b" x", b' "recv"', b' "recv",99', b' "closed",-1', b' "pdpdeact"'):
            junk += urc(prefix + rest)
        for rest in (b" 1,2,3", b":::", b",,,,", b" \xff\xfe", b' "', b" x,0", b" 99,0"):
            junk += urc(prefix + rest)

    def body(modem, clock):
        for _ in range(3):
            modem.at.poll()
        assert modem.signal() == -73

    for start in some(range(0, len(junk), 97)):
        play([(b"", junk[start:] + b"\r\n"), (b"AT+CSQ\r", lines(b"+CSQ: 20,99"))], body)


def test_lines_that_mean_a_restart_and_lines_that_do_not():
    def restarts(modem, clock):
        with raises(ModemReset):
            modem.imsi()

    for line in (b"RDY", b"POWERED DOWN", b"NORMAL POWER DOWN"):
        play([(b"AT+CIMI\r", urc(line))], restarts)

    def goes_on(modem, clock):
        assert modem.imsi() == "00101"

    for line in (b"APP RDY", b"+CFUN: 1", b"+QUSIM: 1", b"+QIND: SMS DONE", b"+QIND: PB DONE"):
        play([(b"AT+CIMI\r", lines(line, b"00101"))], goes_on)


def test_a_restart_while_connecting_and_while_sending():
    def body(modem, clock):
        with raises(ModemReset):
            connects(modem, clock)
        assert clock.ms < 6_000

    play([(OPEN, [OK, urc(b"RDY")])], body)

    def sending(socket, modem, clock):
        socket.write(b"hello")
        with raises(ModemError):
            socket.flush()

    talk([(b"AT+QISEND=0,5\r", b"\r\n> "), (b"hello", urc(b"RDY"))], sending)
