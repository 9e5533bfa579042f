"""The particulars of the Quectel family: set-up, data context, time, connections."""

import modem_script
from effort import some
from expect import equal, raises
from mock_uart import ScriptedUART
from modem_script import AnsweringUART
from sim7080_script import ERROR, OK, RADIO, REGISTERED, STORED, SYNC, cme, defines, lines
from virtual_time import Clock, running

import cellular
from cellular import CommandError, ModemError, ModemGarbled, ModemReset, NetworkError

CMEE = (b"AT+CMEE=1\r", OK)
PORT = b'AT+QURCCFG="urcport","uart1"\r'
SET_UP = [CMEE, RADIO, (PORT, OK), (b"AT+CTZU?\r", lines(b"+CTZU: 3"))]

ACTIVE = (b"AT+QIACT?\r", lines(b'+QIACT: 1,1,1,"10.94.36.44"'))
INACTIVE = (b"AT+QIACT?\r", OK)
APN = (b'AT+QICSGP=1,1,"internet","","",0\r', OK)
KNOWN = [STORED, (b"AT+QICSGP=1\r", lines(b'+QICSGP: 1,"internet","","",0'))]
ACTIVATE = b"AT+QIACT=1\r"
CLEAR = (b"AT+QIDEACT=1\r", OK)

OPEN = b'AT+QIOPEN=1,0,"TCP","h",8883,0,0\r'
CLOSE = (b"AT+QICLOSE=0\r", OK)
STATE = b"AT+QISTATE=1,0\r"


def urc(text):
    """Return a URC."""
    return b"\r\n" + text + b"\r\n"


def state(number, cid=0):
    """Return an answer to QISTATE."""
    line = b'+QISTATE: %d,"TCP","104.155.82.190",1883,22742,%d,1,0,0,"uart1"' % (cid, number)
    return lines(line)


def sends(data, result=b"SEND OK"):
    """Return QISEND of `data`."""
    return [(b"AT+QISEND=0,%d\r" % len(data), b"\r\n> "), (data, urc(result))]


def receives(data=b"", before=b"", then=b""):
    """Return QIRD that gets `data`; b"": no data."""
    answer = b"%d\r\n%s" % (len(data), data) if data else b"0"
    return (b"AT+QIRD=0,1460\r", before + urc(b"+QIRD: " + answer) + OK + then)


def play(steps, body, set_up=SET_UP):
    """Like `modem_script.play`, with this family's set-up."""
    modem_script.play(cellular.BG95, [set_up] + steps, body)


def talk(steps, body):
    """Run `body(socket, modem, clock)` with a connected socket."""

    def connected(modem, clock):
        socket = modem.socket()
        socket.connect(("h", 8883))
        body(socket, modem, clock)

    play([(OPEN, [OK, urc(b"+QIOPEN: 0,0")])] + steps, connected)


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


def attached(modem, clock):
    address = modem.attach("internet")
    assert address == "10.94.36.44", address


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


def clock_is(want):
    def body(modem, clock):
        got = modem.clock()
        assert got == want, got
        assert clock.ms < 31_000

    return body


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
