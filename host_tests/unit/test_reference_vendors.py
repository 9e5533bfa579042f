"""The modem reference, sections 5 to 8: the drivers read each quoted line of Quectel, u-blox,
Cinterion and Sequans as defined there."""

from data import modem_reference as reference
from expect import equal, raises
from reference_modems import ERROR, OK, ask, cme, lines, opens, play
from sim7080_script import STORED

from cellular import CommandError, ModemReset, NetworkError

RUNTIMES = ("cpython", "micropython")  # too many dialogues for a board, and nothing new there

ADDRESS = "10.94.36.44"


def line(text):
    return b"\r\n" + text + b"\r\n"


def attach(modem):
    return modem.attach("internet")


def sends_or_is_closed(name, steps, up):
    """The modem refuses a send at first; the driver repeats it while the connection is up."""

    def body(modem, socket):
        socket.write(b"x")
        if up:
            socket.flush()
            return
        with raises(NetworkError, text="closed"):
            socket.flush()

    play(name, steps, body, True)


def exchange(name, payload, steps):
    """`payload` goes up and comes down, and the peer closes."""

    def body(modem, socket):
        socket.write(payload)
        equal(socket.read(100), payload)
        equal(socket.read(100), b"")
        socket.close()

    play(name, steps, body, True)


def refused(name, answer, text, before=()):
    """A connection attempt ends in `answer`; NetworkError contains `text`."""

    def body(modem):
        with raises(NetworkError, text=text) as caught:
            modem.socket().connect(("h", 8883))
        return caught.error.errno

    return play(name, opens(name, answer) + list(before), body)


# -- 5: Quectel ---------------------------------------------------------------------------------


def test_5_signal_and_time():
    for answer, dbm in reference.QUECTEL_SIGNALS:
        steps = [ask(b"+CSQ", b"+CSQ: 99,99"), ask(b"+QCSQ", answer)]
        assert play("bg95", steps, lambda modem: modem.signal()) == dbm, answer
    answer, utc = reference.QUECTEL_TIME
    steps = [ask(b"+CCLK?", b'+CCLK: "80/01/06,00:00:05+00"'), ask(b"+QLTS=2", answer)]
    assert play("bg95", steps, lambda modem: modem.clock()) == utc


def test_5_the_data_context():
    line_, address = reference.QUECTEL_CONTEXT
    apn = (b'AT+QICSGP=1,1,"internet","","",0\r', OK)
    up = ask(b"+QIACT?", line_)
    steps = [ask(b"+QIACT?"), apn, (b"AT+QIACT=1\r", OK), up]
    known = [STORED, ask(b"+QICSGP=1", b'+QICSGP: 1,"","","",0')]
    assert play("bg95", known + steps, attach) == address
    dropped = [ask(b"+QIACT?"), apn, (b"AT+QIACT=1\r", ERROR), (b"AT+QIDEACT=1\r", OK)]
    dropped += [ask(b"+QIACT?"), ask(b"+QIACT?"), (b"AT+QIACT=1\r", OK), up]
    assert play("bg95", known + dropped, attach) == address


def test_5_why_no_connection_is_made():
    for code, text in reference.QUECTEL_ERRORS:
        close = [(b"AT+QICLOSE=0\r", OK)]
        refused("bg95", [OK, line(b"+QIOPEN: 0,%d" % code)], text, close)
        asked = [ask(b"+QIGETERROR", b"+QIGETERROR: %d,text" % code)] + close
        refused("bg95", ERROR, text, asked)


def test_5_an_id_in_use_is_freed():
    first = opens("bg95", [OK, line(b"+QIOPEN: 0,563")])
    steps = first + [(b"AT+QICLOSE=0\r", OK)] + opens("bg95")
    play("bg95", steps, lambda modem: modem.socket().connect(("h", 8883)))


def test_5_payload_both_ways():
    for payload in reference.PAYLOADS:
        count = len(payload)
        steps = [
            (b"AT+QISEND=0,%d\r" % count, b"\r\n> "),
            (payload, [line(b"SEND OK"), line(b'+QIURC: "recv",0'), line(b'+QIURC: "closed",0')]),
            (b"AT+QIRD=0,1460\r", b"\r\n+QIRD: %d\r\n%s\r\n" % (count, payload) + OK),
            (b"AT+QIRD=0,1460\r", lines(b"+QIRD: 0")),
            (b"AT+QICLOSE=0\r", OK),
        ]
        exchange("bg95", payload, steps)


def test_5_states():
    for state, up in reference.QUECTEL_STATES:
        report = b'+QISTATE: 0,"TCP","10.0.0.1",8883,22742,%d,1,0,0,"uart1"' % state
        steps = [(b"AT+QISEND=0,1\r", line(b"SEND FAIL")), ask(b"+QISTATE=1,0", report)]
        steps += [] if up else steps[1:]
        if up:
            steps += [
                ask(b"+QISEND=0,0", b"+QISEND: 20,10,10"),
                ask(b"+QISEND=0,0", b"+QISEND: 20,20,0"),
            ]
            steps += [(b"AT+QISEND=0,1\r", b"\r\n> "), (b"x", line(b"SEND OK"))]
        sends_or_is_closed("bg95", steps, up)


def test_5_11_a_closed_connection_has_no_state_and_no_data():
    steps = [(b"AT+QIRD=0,1460\r", ERROR)] + [ask(b"+QISTATE=1,0")] * 2

    def body(modem, socket):
        modem.signal()
        assert socket.read(1) == b""

    announced = (b"AT+CSQ\r", line(b'+QIURC: "recv",0') + lines(b"+CSQ: 1,1"))
    play("bg95", [announced] + steps, body, True)


def test_5_a_farewell_is_a_restart():
    def body(modem):
        modem.at.command(b"+QPOWD=1")
        modem.at.poll()
        modem.at.poll()
        with raises(ModemReset):
            modem.signal()

    play("bg95", [(b"AT+QPOWD=1\r", [OK, line(b"POWERED DOWN")])], body)


# -- 6: u-blox ----------------------------------------------------------------------------------


def test_6_the_profile_of_the_r5():
    report, urc, address = reference.UBLOX_PROFILE
    stored = ask(b"+CGDCONT?", b'+CGDCONT: 1,"IP","internet","0.0.0.0",0,0')
    steps = [
        stored,
        ask(b"+CGPADDR=1", b'+CGPADDR: 1,"10.94.36.44"'),
        (b"AT+UPSND=0,0\r", ERROR),
        (b"AT+UPSD=0,100,1\r", OK),
        (b"AT+UPSD=0,0,0\r", OK),
        (b"AT+UPSDA=0,3\r", [OK, line(urc)]),
        ask(b"+UPSND=0,0", report),
    ]
    assert play("sara-r5", steps, attach) == address
    assert play("sara-r4", steps[:2], attach) == address  # it does not know these commands


def test_6_why_no_connection_is_made():
    for code, text in ((111, "refused"), (110, "no answer"), (113, "reached")):
        before = [ask(b"+USOER", b"+USOER: %d" % code), (b"AT+USOCL=0,1\r", OK)]
        for answer in (ERROR, cme(3)):
            refused("sara-r4", answer, text, before)


def test_6_payload_both_ways():
    for payload in reference.PAYLOADS:
        count = len(payload)
        steps = [
            (b"AT+USOWR=0,%d\r" % count, b"\r\n@"),
            (payload, lines(b"+USOWR: 0,%d" % count) + line(b"+UUSORD: 0,%d" % count)),
            (b"AT+USORD=0,1024\r", b'\r\n+USORD: 0,%d,"%s"\r\n' % (count, payload) + OK),
        ]
        ended = [line(b"+UUSOCL: 0")]
        steps[2] = (steps[2][0], [steps[2][1]] + ended)
        steps += [(b"AT+USORD=0,1024\r", cme(3)), (b"AT+USOCL=0,1\r", OK)]
        exchange("sara-r4", payload, steps)


def test_6_states():
    for state, up in reference.UBLOX_STATES:
        steps = [(b"AT+USOWR=0,1\r", cme(3)), ask(b"+USOCTL=0,10", b"+USOCTL: 0,10,%d" % state)]
        steps += [] if up else steps[1:]
        if up:
            steps += [(b"AT+USOWR=0,1\r", b"\r\n@"), (b"x", lines(b"+USOWR: 0,1"))]
        sends_or_is_closed("sara-r4", steps, up)


def test_6_closing_where_the_modem_cannot_do_it_at_once():
    steps = [(b"AT+USOCL=0,1\r", ERROR), (b"AT+USOCL=0\r", OK)]
    play("sara-r4", steps, lambda modem, socket: socket.close(), True)


# -- 7: Cinterion -------------------------------------------------------------------------------


def test_7_connected_by_either_indication():
    for report in (b"^SISW: 0,1", b'^SIS: 0,5,0,"connected"'):
        steps = opens("tx62", [OK, line(report)])
        play("tx62", steps, lambda modem: modem.socket().connect(("h", 8883)))


def test_7_the_trace():
    """32 bytes, as in the trace of the EMS31."""
    question = bytes(range(32))
    steps = [
        (b"AT^SISW=0,32\r", line(b"^SISW: 0,32,0")),
        (question, [OK + line(b"^SISW: 0,1"), line(b"^SISR: 0,1")]),
        (b"AT^SISR=0,1500\r", b"\r\n^SISR: 0,5\r\nhello\r\n" + OK),
    ]

    def body(modem, socket):
        socket.write(question)
        equal(socket.read(512), b"hello")

    play("tx62", steps, body, True)


def test_7_payload_both_ways():
    for payload in reference.PAYLOADS:
        count = len(payload)
        for end in (b"^SISR: 0,-1", b"^SISR: 0,-2"):
            steps = [
                (b"AT^SISW=0,%d\r" % count, line(b"^SISW: 0,%d,0" % count)),
                (payload, [OK + line(b"^SISW: 0,1"), line(b"^SISR: 0,1")]),
                (b"AT^SISR=0,1500\r", b"\r\n^SISR: 0,%d\r\n%s\r\n" % (count, payload) + OK),
            ]
            steps[2] = (steps[2][0], [steps[2][1], line(b"^SISR: 0,2")])
            steps += [(b"AT^SISR=0,1500\r", lines(end)), (b"AT^SISC=0\r", OK)]
            exchange("tx62", payload, steps)


def test_7_states_and_ends():
    for state, up in reference.CINTERION_STATES:
        steps = [(b"AT^SISW=0,1\r", ERROR), ask(b"^SISI=0", b"^SISI: 0,%d,0,0,0,0" % state)]
        steps += [] if up else steps[1:]
        if up:
            steps += [(b"AT^SISW=0,1\r", line(b"^SISW: 0,1,0")), (b"x", OK)]
        sends_or_is_closed("tx62", steps, up)
    for reason in (b'48,"Remote peer has closed the connection"', b"20"):
        report = (b"AT+CSQ\r", line(b"^SIS: 0,0," + reason) + lines(b"+CSQ: 1,1"))
        steps = [report, (b"AT^SISR=0,0\r", lines(b"^SISR: 0,-2"))]

        def body(modem, socket):
            modem.signal()
            equal(socket.read(1), b"")

        play("tx62", steps, body, True)


def test_7_a_refused_context_of_the_service():
    steps = opens("tx62")[:1] + [(b'AT^SISS=0,"conId","1"\r', cme(50))]

    def body(modem):
        with raises(CommandError) as caught:
            modem.socket().connect(("h", 8883))
        assert caught.error.code == 50

    play("tx62", steps, body)


def test_7_a_start_in_the_middle_of_a_connection():
    """ArduinoCore-mbed 970: the driver there hung."""
    steps = opens("tx62", OK + line(b"^SYSSTART") + line(b'+CIEV: prov,0,"fallb3gpp"'))

    def body(modem):
        with raises(ModemReset):
            modem.socket().connect(("h", 8883))

    play("tx62", steps, body)


# -- 8: Sequans ---------------------------------------------------------------------------------


def test_8_why_no_connection_is_made():
    down = ask(b"+CGPADDR=1", b"+CGPADDR: 1")
    for answer in (line(b"NO CARRIER"), cme(4)):
        assert refused("gm02s", answer, "not active", [down]) == 100


def test_8_payload_both_ways():
    for payload in reference.PAYLOADS:
        count = len(payload)
        for ring in (b"+SQNSRING: 1", b"+SQNSRING: 1,%d" % count):
            steps = [
                (b"AT+SQNSSENDEXT=1,%d\r" % count, b"\r\n> "),
                (payload, [OK, line(ring)]),
                (
                    b"AT+SQNSRECV=1,1500\r",
                    b"\r\n+SQNSRECV: 1,%d\r\n%s\r\n" % (count, payload) + OK,
                ),
            ]
            steps[2] = (steps[2][0], [steps[2][1], line(b"+SQNSH: 1")])
            steps += [(b"AT+SQNSRECV=1,1500\r", cme(3)), (b"AT+SQNSH=1\r", OK)]
            exchange("gm02s", payload, steps)


def test_8_states():
    for state, up in reference.SEQUANS_STATES:
        report = b'+SQNSS: 1,%d,"10.0.0.1",1024,"10.0.0.2",8883' % state
        steps = [(b"AT+SQNSSENDEXT=1,1\r", ERROR), ask(b"+SQNSS", report, b"+SQNSS: 2,0")]
        steps += [] if up else steps[1:]
        if up:
            steps += [(b"AT+SQNSSENDEXT=1,1\r", b"\r\n> "), (b"x", OK)]
        sends_or_is_closed("gm02s", steps, up)


def test_8_a_restart_by_command():
    def body(modem):
        modem.restart()
        modem.power_up()

    said = [OK, line(b"+SHUTDOWN"), line(b"+SYSSTART")]
    steps = [
        (b"AT^RESET\r", said[0]),
        (b"AT\r", [said[1], said[2], b"AT\r\r\nOK\r\n"]),
        (b"ATE0\r", b"ATE0\r" + OK),
        (b"AT+CMEE=1\r", OK),
        ask(b"+CFUN?", b"+CFUN: 0"),
        (b"AT+CFUN=1\r", OK),  # the radio, and the SIM with it, is off after a start
        (b"AT+CGEREP=1\r", OK),
    ]
    play("gm02s", steps, body)


def test_8_no_lf_behind_a_command():
    """The GM02S would take it for the first byte of the payload, the GMS01Q refuses it."""
    for name in ("gm02s", "gms01q"):
        steps = [(b"AT+SQNSSENDEXT=1,1\r", b"\r\n> "), (b"\n", OK)]

        def body(modem, socket):
            socket.write(b"\n")
            socket.flush()

        play(name, steps, body, True)


def test_8_long_answers_are_asked_for_in_parts():
    """An incomplete answer came to a command without Le: the channel tells how many bytes to
    request."""
    assert play("gms01q", [], lambda modem: modem.sim().part) == 112
    assert play("gm02s", [], lambda modem: getattr(modem.sim(), "part", 0)) == 0
