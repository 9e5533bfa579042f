"""The particulars of the TX62: start, context, internet services."""

import modem_script
from effort import some
from expect import equal, raises
from mock_uart import cuts
from modem_script import connected, connects_again, echoes, joined, reads_the_end
from sim7080_script import ERROR, KNOWN, OK, RADIO, cme, lines

import cellular
from cellular import TX62, ModemError, ModemGarbled, ModemReset, ModemTimeout, NetworkError

SET_UP = [
    (b"AT+CMEE=1\r", OK),
    RADIO,
    (b"AT+CGEREP=1\r", OK),
    (b"AT+CTZU=1\r", OK),
]
ROOM = b"\r\n^SISW: 0,1\r\n"
DATA = b"\r\n^SISR: 0,1\r\n"
END = b"\r\n^SISR: 0,2\r\n"
CLOSED = b'\r\n^SIS: 0,0,48,"Remote peer has closed the connection"\r\n'
CLOSES = (b"AT^SISC=0\r", OK)


def opens(then=ROOM, cid=0, answer=OK, host=b"h"):
    """Return the four commands of a connection; `then` follows the OK."""
    return [
        (b'AT^SISS=%d,"srvType","Socket"\r' % cid, OK),
        (b'AT^SISS=%d,"conId","1"\r' % cid, OK),
        (b'AT^SISS=%d,"address","socktcp://%s:8883"\r' % (cid, host), OK),
        (b"AT^SISO=%d\r" % cid, answer + then),
    ]


def sends(data, took=None, then=b"", before=b""):
    """Return SISW of `data`, of which the modem accepts `took` bytes."""
    took = len(data) if took is None else took
    head = (b"AT^SISW=0,%d\r" % len(data), before + b"\r\n^SISW: 0,%d,0\r\n" % took)
    if not took:
        return [(head[0], head[1] + OK + then)]
    return [head, (data[:took], OK + then)]


def receives(data, before=b"", then=b""):
    """Return SISR that gets `data`."""
    head = b"\r\n^SISR: 0,%d\r\n" % len(data)
    return (b"AT^SISR=0,1500\r", before + head + data + b"\r\n" + OK + then)


def looks(count, before=b""):
    """Return SISR of 0 bytes: the number of readable bytes."""
    return (b"AT^SISR=0,0\r", before + lines(b"^SISR: 0,%d" % count))


def state(number):
    """Return SISI."""
    return (b"AT^SISI=0\r", lines(b"^SISI: 0,%d,0,0,0,0" % number))


def play(steps, body):
    """Like `modem_script.play`, with this family's set-up."""
    modem_script.play(TX62, [SET_UP] + steps, body)


def test_the_driver_is_in_the_table():
    assert cellular.driver("tx62") is TX62


def test_a_start_in_the_middle_means_a_restart():
    for line in (b"^SYSSTART", b"^SYSSTART AIRPLANE MODE", b"^SHUTDOWN"):

        def body(modem, clock):
            with raises(ModemReset):
                connected(modem)

        boot = b"\r\n" + line + b'\r\n\r\n+CIEV: prov,0,"fallb3gpp"\r\n'
        play([opens()[:2], (opens()[2][0], boot)], body)


def test_the_context_is_handed_over_once():
    address = (b"AT+CGPADDR=1\r", lines(b"+CGPADDR: 1,10.94.36.44"))

    def body(modem, clock):
        assert modem.attach("internet") == "10.94.36.44"
        assert modem.attach("internet") == "10.94.36.44"

    over = (b"AT^SICA=1,1\r", OK)
    asked = [(b"AT^SICA?\r", lines(b"^SICA: 1,%d" % n)) for n in (0, 1)]
    play(KNOWN + [address, asked[0], over, address, asked[1]], body)

    def refused(modem, clock):
        with raises(NetworkError, text="the network gives no data connection"):
            modem.attach("internet")

    play(KNOWN + [address, asked[0], (over[0], cme(30))], refused)


# -- connections --------------------------------------------------------------------------------


def test_connected_by_whatever_it_says():
    def body(modem, clock):
        connected(modem)
        assert clock.ms < 1_000

    up = b"\r\n^SIS: 0,5,0\r\n"
    for then in (ROOM, up, up + ROOM, ROOM + up):
        play([opens(then)], body)
        play([opens()[:3], (opens()[3][0], then + OK)], body)
        play([opens()[:3], (opens()[3][0], [OK, then])], body)


def test_the_indication_of_a_connection_is_lost():
    def body(modem, clock):
        connected(modem)
        assert 10_000 <= clock.ms < 12_000

    play([opens(b""), state(3), state(4)], body)


def test_why_a_connection_fails():
    down = [(b"AT+CGPADDR=1\r", lines(b"+CGPADDR: 1"))]
    for then, more, after, errno, text in (
        (b'\r\n^SIS: 0,0,20,"Connection refused by peer"\r\n', [], [], 111, "refused by the"),
        (b'\r\n^SIS: 0,0,21,"Connection timed out"\r\n', [], [], 110, "no answer"),
        (b'\r\n^SIS: 0,0,22,"Host is unreachable"\r\n', [], [], 113, "cannot be reached"),
        (b'\r\n^SIS: 0,0,23,"Host not found"\r\n', [], [], 113, "the name h cannot"),
        (b"\r\n^SIS: 0,0,5\r\n", [], [], 100, "port 8883: 5"),
        (b"\r\n^SIS: 0,0\r\n", [], down, 100, "not active"),
        (b"", [state(3), state(6)], down, 100, "not active"),
        (b"", [state(2)], down, 100, "not active"),
    ):

        def body(modem, clock, errno=errno, text=text):
            socket = modem.socket()
            with raises(NetworkError, text=text) as caught:
                socket.connect(("h", 8883))
            assert caught.error.errno == errno
            assert socket.free()

        play([opens(then), more, CLOSES, after], body)

    def never(modem, clock):
        with raises(NetworkError, text="no answer from the server"):
            connected(modem)
        assert 90_000 <= clock.ms < 96_000

    up = (b"AT+CGPADDR=1\r", lines(b'+CGPADDR: 1,"10.0.0.9"'))
    name = (b'AT^SISX="HostByName",1,"h"\r', lines(b'^SISX: "HostByName","10.0.0.1"'))
    play([opens(b""), [state(3)] * 17, CLOSES, up, name], never)


def test_what_is_no_failure():
    # Only a note, a line of another connection, or of none.
    for line in (b'0,0,2200,"info"', b'1,0,20,"x"', b"0", b"", b"x,0,1", b"0,1,2", b"0,x"):

        def body(modem, clock):
            socket = connected(modem)
            assert not socket.hung_up

        play([opens(b"\r\n^SIS: " + line + b"\r\n" + ROOM)], body)


def test_a_service_that_an_earlier_run_left_open():
    def body(modem, clock):
        connected(modem)

    for answer in (cme(3), ERROR):
        play([(opens()[0][0], answer), CLOSES, opens()], body)


def test_data_both_ways_whatever_it_contains():
    tricky = b"\r\nOK\r\n^SISR: 0,5\r\n\r\n^SISW: 0,3,0\r\n@>\r\nERROR\r\n^SYSSTART\r\n"

    answer = receives(tricky)[1]
    for cut in some([list(cut) for cut in cuts(answer)], 9):
        read = (receives(b"")[0], cut)
        play([opens(), sends(tricky, then=ROOM + DATA), read, CLOSES], echoes(tricky))


def test_an_indication_of_room_is_no_order_to_send():
    def body(modem, clock):
        socket = connected(modem)
        socket.write(b"xy")
        socket.flush()

    play([opens(), sends(b"xy", before=ROOM + b"\r\n^SISW: 1,1,0\r\n")], body)


def test_an_order_to_send_more_than_there_is():
    def body(modem, clock):
        socket = connected(modem)
        socket.write(b"hello")
        with raises(ModemTimeout):
            socket.flush()

    order = b"\r\n^SISW: 0,6,0\r\n"
    play([opens(), (sends(b"hello")[0][0], order), (b"\r" * 5, b"")], body)


def test_a_part_is_taken_and_then_the_rest():
    def body(modem, clock):
        socket = connected(modem)
        socket.write(b"abcdefgh")
        socket.flush()

    parts = [sends(b"abcdefgh", 3, then=ROOM), sends(b"defgh", 0, then=ROOM), sends(b"defgh")]
    play([opens()] + parts, body)
    # Without the URC, the driver tries again.
    parts = [sends(b"abcdefgh", 0), sends(b"abcdefgh")]
    play([opens()] + parts, body)


def test_a_modem_that_stays_full():
    def body(modem, clock):
        socket = connected(modem)
        socket.setblocking(False)
        socket.write(b"hi")
        assert socket.read(1) is None  # this pushes, and the modem takes no bytes

    play([opens(), sends(b"hi", 0)], body)

    def after_a_part(modem, clock):
        socket = connected(modem)
        socket.settimeout(1)
        socket.write(b"hi")
        with raises(NetworkError, text="accepts no data") as caught:
            socket.flush()
        assert caught.error.errno == 110
        assert 1_000 <= clock.ms < 1_500

    play([opens(), sends(b"hi", 1), joined(*[sends(b"i", 0) for _ in range(4)])], after_a_part)


def test_the_address_of_a_name():
    def body(modem, clock):
        assert modem.resolve("mqtt.example") == "10.0.0.1"
        with raises(NetworkError, text="cannot be resolved"):
            modem.resolve("nowhere.example")

    ask = b'AT^SISX="HostByName",1,"%s"\r'
    good = (ask % b"mqtt.example", lines(b'^SISX: "HostByName","10.0.0.1"'))
    play([good, (ask % b"nowhere.example", cme(3))], body)


def test_a_payload_without_an_answer_leaves_the_modem_usable():
    # The prompt is lost: the modem would take the next commands for the payload.
    def body(modem, clock):
        socket = connected(modem)
        socket.write(b"x" * 20)
        with raises(ModemTimeout):
            socket.flush()
        assert modem.imsi() == "00101"

    lost = [(sends(b"x" * 20)[0][0], b""), (b"\r" * 20, OK), (b"AT\r", OK)]
    play([opens(), lost, (b"AT+CIMI\r", lines(b"00101"))], body)


def test_a_look_before_a_read_that_nobody_indicated():
    # The URC looks like the head of one byte of data: it must not come into a read.
    def body(modem, clock):
        socket = connected(modem)
        socket.settimeout(5)
        assert socket.read(100) == b"data"
        assert clock.ms >= 2_000

    for before in (b"", DATA):
        play([opens(), looks(4, before), receives(b"data")], body)
    play([opens(), looks(0), looks(1), receives(b"data")], _later)


def _later(modem, clock):
    socket = connected(modem)
    socket.settimeout(20)
    assert socket.read(100) == b"data"


def test_after_a_full_read_it_looks_first():
    full = b"\r\n" * 750

    def body(modem, clock):
        socket = connected(modem)
        modem.at.poll()
        got = b""
        while len(got) < 1502:
            got += socket.read(2000)
        equal(got, full + b"ab")

    play([opens(ROOM + DATA), receives(full), looks(2), receives(b"ab")], body)


def test_what_a_look_found_is_read_without_another():
    full = b"\r\n" * 750

    def body(modem, clock):
        socket = connected(modem)
        modem.at.poll()
        got = b""
        while len(got) < 4507:
            got += socket.read(2000)
        equal(got, full * 3 + b"ab" + b"later")

    found = [looks(3002), receives(full), receives(full), receives(b"ab", then=DATA)]
    play([opens(ROOM + DATA), receives(full)] + found + [receives(b"later")], body)


def test_an_indication_in_the_middle_of_a_read_is_noticed():
    # It breaks all rules; but the driver must not take other bytes for data.
    for urc in (DATA, END):

        def body(modem, clock):
            socket = connected(modem)
            modem.at.poll()
            with raises(ModemGarbled):
                socket.read(10)

        play([opens(ROOM + DATA), receives(b"hello", before=urc)], body)


def test_the_peer_closes_and_what_it_said_can_be_read():
    for end in (lines(b"^SISR: 0,-2"), lines(b"^SISR: 0,-1"), cme(3)):
        ended = (b"AT^SISR=0,0\r", end)
        play([opens(ROOM + DATA + CLOSED), receives(b"bye"), ended, CLOSES], reads_the_end)


def test_a_socket_connected_again_is_a_new_connection():
    play([opens(ROOM + CLOSED), CLOSES, opens()], connects_again)


def test_the_end_without_a_word_of_closing():
    def body(modem, clock):
        socket = connected(modem)
        modem.at.poll()
        assert socket.read(10) == b""

    play([opens(ROOM + END), (receives(b"")[0], lines(b"^SISR: 0,-2"))], body)


def test_refused_commands_say_what_became_of_the_connection():
    def body(modem, clock):
        socket = connected(modem)
        socket.write(b"x")
        with raises(NetworkError, text="the server closed the connection"):
            socket.flush()

    write = sends(b"x")[0][0]
    play([opens(), (write, cme(3)), [state(6)] * 2], body)
    play([opens(), (write, cme(3)), [(b"AT^SISI=0\r", ERROR)] * 2], body)

    def damaged(modem, clock):
        socket = connected(modem)
        socket.setblocking(False)
        socket.write(b"x")
        assert socket.read(1) is None
        assert not socket.hung_up

    play([opens(), (write, cme(3)), (b"AT^SISI=0\r", cme(100))], damaged)

    def refused(modem, clock):
        socket = connected(modem)
        socket.write(b"x")
        with raises(ModemError, text="SISW"):
            socket.flush()

    taken = (b"AT^SISI=0\r", lines(b"^SISI: 0,4,0,1,1,0"))
    play([opens(), sends(b"x")[:1], (b"x", cme(3)), [taken] * 6], refused)


def test_indications_that_make_no_sense_are_survived():
    junk = b""
    for prefix in (b"^SIS:", b"^SISR:", b"^SISW:", b"+CEREG:"):
        for rest in (b"", b" ", b" x", b" 99", b" -1", b" 1,2,3", b":::", b",,,", b" \xff\xfe"):
            junk += b"\r\n" + prefix + rest + b"\r\n"

    def body(modem, clock):
        for _ in range(3):
            modem.at.poll()
        assert modem.signal() == -73

    play([(b"", junk), (b"AT+CSQ\r", lines(b"+CSQ: 20,99"))], body)
