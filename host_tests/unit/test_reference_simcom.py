"""The modem reference, sections 2 and 3: the drivers read each quoted line of SIMCom as defined
there."""

from data import modem_reference as reference
from expect import equal, raises
from reference_modems import ERROR, OK, ask, cme, lines, opens, play
from sim7080_script import KNOWN, SET_UP, SYNC, defines

from cellular import CommandError, ModemReset, NetworkError

RUNTIMES = ("cpython", "micropython")  # too many dialogues for a board, and nothing new there

NAME = "sim7080"
ADDRESS = "10.94.36.44"
ACTIVE = ask(b"+CNACT?", *reference.CONTEXTS)
INACTIVE = ask(b"+CNACT?", b'+CNACT: 0,0,"0.0.0.0"', b'+CNACT: 1,1,"10.0.0.1"')
APN = (b'AT+CNCFG=0,1,"internet"\r', OK)
ACTIVATE = b"AT+CNACT=0,1\r"
UP = b"\r\n+APP PDP: 0,ACTIVE\r\n"
DOWN = b"\r\n+APP PDP: 0,DEACTIVE\r\n"


def line(text):
    return b"\r\n" + text + b"\r\n"


def attach(modem):
    return modem.attach("internet")


# -- 2.1, 2.2: start ----------------------------------------------------------------------------


def test_2_1_a_farewell_is_a_restart():
    def body(modem):
        with raises(ModemReset):
            modem.at.command(b"+CPOWD=1")

    play(NAME, [(b"AT+CPOWD=1\r", line(b"NORMAL POWER DOWN"))], body)


def test_2_2_auto_baud_is_left_and_then_the_start_is_printed():
    def body(modem):
        modem.restart()
        modem.power_up()

    auto = SET_UP[:-2] + [ask(b"+IPR?", b"+IPR: 0"), (b"AT+IPR=115200\r", OK)] + SET_UP[-1:]
    boot = [line(b"RDY"), line(b"+CFUN: 1"), line(b"+CPIN: READY"), line(b"SMS Ready")]
    for first in (b"", b"\xc1\x81\r\n"):  # lost, or answered with garbage
        hello = [(b"AT\r", first), (b"AT\r", boot + [SYNC[0][1]])]
        play(NAME, [(b"AT+CFUN=1,1\r", OK)] + hello + SYNC[1:] + auto, body)


# -- 2.3, 2.4: identity, cell -------------------------------------------------------------------


def test_2_3_identity():
    model, firmware, imei = reference.IDENTITY
    steps = [ask(b"+CGMM", model), ask(b"+CGMR", firmware), ask(b"+CGSN", imei)]
    got = play(NAME, steps, lambda modem: modem.extras().identity())
    assert got == tuple([text.decode() for text in reference.IDENTITY]), got


def test_2_4_cell():
    keys = ("system", "operator", "tac", "cell", "band", "earfcn", "rsrq", "rsrp", "rssi", "snr")
    for answer, want in reference.CELLS:
        for gap in (b"", b"\r\n"):  # 3: two line ends in GSM mode
            steps = [(b"AT+CPSI?\r", line(answer) + gap + OK)]
            cell = play(NAME, steps, lambda modem: modem.extras().cell())
            got = cell and tuple([cell[key] for key in keys])
            assert got == want, (answer, got)


def test_2_4_network_mode_and_bands():
    steps = [
        ask(b"+CNMP?", b"+CNMP: 2"),
        (b"AT+CNMP=38\r", OK),
        ask(b"+CMNB?", b"+CMNB: 3"),
        (b"AT+CMNB=1\r", OK),
        ask(b"+CBANDCFG?", b'+CBANDCFG: "CAT-M",1,2,3', b'+CBANDCFG: "NB-IOT",8'),
        (b'AT+CBANDCFG="CAT-M",3,20\r', OK),
    ]
    play(NAME, steps, lambda modem: modem.extras().network("lte-m", (20, 3)))


def test_2_4_a_wrong_access_point_is_replaced_with_the_radio_off():
    steps = [
        ask(b"+CGDCONT?", b'+CGDCONT: 1,"IP","wrong","0.0.0.0",0,0,0,0'),
    ] + defines()
    play(NAME, steps, lambda modem: modem.prepare("internet"))


# -- 2.5, 2.6: data context, time ---------------------------------------------------------------


def test_2_5_the_data_context():
    start = [INACTIVE, APN]
    for steps in (
        [ACTIVE],
        start + [(ACTIVATE, OK + UP), ACTIVE],
        start + [(ACTIVATE, [OK, UP]), ACTIVE],
        start + [(ACTIVATE, UP + OK), ACTIVE],  # before the OK
        start + [(ACTIVATE, [OK, DOWN]), INACTIVE, INACTIVE, (ACTIVATE, OK + UP), ACTIVE],
        start + [(ACTIVATE, OK), INACTIVE, ACTIVE],  # no URC
        start + [(ACTIVATE, ERROR), ACTIVE],  # active already
        start
        + [(ACTIVATE, line(b"DST: 0") * 2 + line(b'*PSUTTZ: 24","+32",0') + OK + UP), ACTIVE],
    ):
        got = play(NAME, KNOWN + steps, attach)
        assert got == ADDRESS, got


def test_2_5_it_stays_down():
    def body(modem):
        with raises(NetworkError, text="no data connection"):
            modem.attach("internet", timeout=1_000)

    steps = KNOWN + [INACTIVE, APN, (ACTIVATE, [OK, DOWN]), INACTIVE, INACTIVE]
    play(NAME, steps, body)


def test_2_5_addresses_of_names():
    for name, command, answer, address in reference.NAMES:
        host = b"h.example"
        command = b"AT" + command.replace(b"%s", host) + b"\r"
        answer = line(answer.replace(b"%s", host))
        for printed in ([OK, answer], OK + answer, answer + OK):

            def body(modem, address=address):
                if address:
                    return modem.resolve("h.example") == address or 1 / 0
                with raises(NetworkError, text="cannot be resolved"):
                    modem.resolve("h.example")

            play(name, [(command, printed)], body)


def test_2_6_a_time_server():
    for result, good in reference.TIME_RESULTS:
        report = line(b'+CNTP: 1,"26/11/24,13:18:09"' if good else b"+CNTP: %d" % result)
        steps = [
            ask(b"+CCLK?", b'+CCLK: "80/01/06,00:00:05+00"'),
            (b"AT+CNTPCID=0\r", OK),
            (b'AT+CNTP="pool.ntp.org",0,0,2\r', OK),
            (b"AT+CNTP\r", [OK, report]),
        ]
        if good:
            steps.append(ask(b"+CCLK?", b'+CCLK: "26/11/24,13:18:09+00"'))
        else:
            steps.append(INACTIVE)
        got = play(NAME, steps, lambda modem: modem.clock())
        assert got == ((2026, 11, 24, 13, 18, 9) if good else None), (result, got)


# -- 2.7, 2.8: power saving, position -----------------------------------------------------------


def test_2_7_edrx():
    for answer, seconds in reference.EDRX:
        steps = [ask(b"+CEDRXRDP", answer)]
        got = play(NAME, steps, lambda modem: modem.extras().granted_edrx())
        assert got == seconds, (answer, got)


def test_2_7_psm():
    steps = [(b"AT+CPSMSTATUS=1\r", OK), (b'AT+CPSMS=1,,,"00100110","00001111"\r', OK)]
    play(NAME, steps, lambda modem: modem.extras().power_saving(6 * 3_600, 30))

    def asleep(modem):
        with raises(ModemReset):
            modem.signal()

    play(NAME, [(b"AT+CSQ\r", line(b'+CPSMSTATUS: "ENTER PSM"'))], asleep)


def test_2_8_position():
    answer, want = reference.FIX
    steps = [
        (b"AT+CGNSPWR=1\r", OK),
        ask(b"+CGNSINF", reference.NO_FIX),
        ask(b"+CGNSINF", answer),
        (b"AT+CGNSPWR=0\r", OK),
    ]
    got = play(NAME, steps, lambda modem: modem.extras().position())
    assert got[0] == want[0] and len(got) == len(want), got
    for value, wanted in zip(got[1:], want[1:]):
        assert abs(value - wanted) < 1e-4, got


# -- 2.9: connections ---------------------------------------------------------------------------


def test_2_9_why_no_connection_is_made():
    for result, text, errno in reference.OPEN_RESULTS:

        def body(modem, text=text, errno=errno):
            with raises(NetworkError, text=text) as caught:
                modem.socket().connect(("h", 8883))
            assert caught.error.errno == errno, (text, caught.error.errno)

        play(NAME, opens(NAME, lines(b"+CAOPEN: 0,%d" % result)), body)


def test_2_9_the_example():
    """From the context to its end, with the lines of the example."""
    steps = KNOWN + [
        ask(b"+CNACT?", b'+CNACT: 0,0,"0.0.0.0"'),
        APN,
        (ACTIVATE, [OK, UP]),
        ACTIVE,
    ]
    steps += opens(NAME)
    steps += [
        (b"AT+CASEND=0,5\r", b"\r\n>"),
        (b"hello", [OK, line(b"+CADATAIND: 0")]),
        (b"AT+CARECV=0,1460\r", b"\r\n+CARECV: 10,GET / HTTP\r\n" + OK),
        (b"AT+CARECV=0,1460\r", [b"\r\n+CARECV: 0\r\n" + OK, line(b"+CASTATE: 0,0")]),
        (b"AT+CARECV=0,1460\r", b"\r\n+CARECV: 0\r\n" + OK),
        (b"AT+CACLOSE=0\r", OK),
    ]

    def body(modem):
        assert modem.attach("internet") == ADDRESS
        socket = modem.socket()
        socket.connect(("h", 8883))
        socket.write(b"hello")
        equal(socket.read(100), b"GET / HTTP")
        equal(socket.read(100), b"")
        socket.close()

    play(NAME, steps, body)


def test_2_9_payload_is_what_is_counted():
    for payload in reference.PAYLOADS:
        answer = b"\r\n+CARECV: %d,%s\r\n" % (len(payload), payload)
        for printed in (
            answer + OK,
            line(b"+CADATAIND: 0") + answer + OK,  # a URC right before, or before the OK
            answer + line(b"DST: 0") + OK,
        ):
            steps = [
                (b"AT+CASEND=0,%d\r" % len(payload), b"\r\n>"),
                (payload, OK + line(b"+CADATAIND: 0")),
                (b"AT+CARECV=0,1460\r", printed),
            ]

            def body(modem, socket, payload=payload):
                socket.write(payload)
                equal(socket.read(100), payload)

            play(NAME, steps, body, True)


def test_2_9_states():
    """No line: never opened. 0: closed by the peer. The driver repeats a refused send while it is
    up."""
    refused = (b"AT+CASEND=0,1\r", ERROR)
    for states, up in (
        ((), False),
        ((b"+CASTATE: 0,0",), False),
        ((b"+CASTATE: 1,1",), False),
        ((b"+CASTATE: 0,2",), False),
        ((b"+CASTATE: 0,1",), True),
        ((b"+CASTATE: 1,0", b"+CASTATE: 0,1"), True),
    ):
        again = [(b"AT+CASEND=0,1\r", b"\r\n>"), (b"x", OK)] if up else []

        def body(modem, socket, up=up):
            socket.write(b"x")
            if up:
                socket.flush()
                return
            with raises(NetworkError, text="closed") as caught:
                socket.flush()
            assert caught.error.errno == 32

        report = b"+CASTATE: 0,0" in states
        asked = [ask(b"+CASTATE?", *states)] * (1 if up or report else 2)
        play(NAME, [refused] + asked + again, body, True)


def test_2_9_close_frees_the_number_also_after_the_peer_did():
    for answer in (OK, ERROR):
        steps = [(b"AT+CSQ\r", line(b"+CASTATE: 0,0") + lines(b"+CSQ: 1,1"))]
        steps += [(b"AT+CACLOSE=0\r", answer)] + opens(NAME)

        def body(modem, socket):
            modem.signal()
            socket.close()
            modem.socket().connect(("h", 8883))

        play(NAME, steps, body, True)


def test_2_9_a_number_in_use():
    first, again = opens(NAME, ERROR), opens(NAME)
    steps = first + [(b"AT+CACLOSE=0\r", OK)] + again
    play(NAME, steps, lambda modem: modem.socket().connect(("h", 8883)))


def test_2_9_options_of_connections():
    for key, values, text in (
        ("KEEPALIVE", (1, 120, 30, 4), b'+CACFG="KEEPALIVE",1,120,30,4'),
        ("TRANSPKTSIZE", (1460,), b'+CACFG="TRANSPKTSIZE",1460'),
    ):

        def body(modem, key=key, values=values):
            modem.extras().socket_option(key, *values)

        play(NAME, [(b"AT" + text + b"\r", OK)], body)


def test_11_lines_while_a_connection_is_made():
    warnings = line(b"OVER-VOLTAGE WARNNING") * 3 + line(b"SMS Ready")
    steps = opens(NAME, warnings + lines(b"+CAOPEN: 0,0"))
    play(NAME, steps, lambda modem: modem.socket().connect(("h", 8883)))


# -- 3: SIM7000 ---------------------------------------------------------------------------------

STACK = [
    (b"AT+CIPSHUT\r", line(b"SHUT OK")),
    (b"AT+CIPMUX=1\r", OK),
    (b"AT+CIPQSEND=1\r", OK),
    (b"AT+CIPRXGET=1\r", OK),
    (b'AT+CSTT="internet","",""\r', OK),
    (b"AT+CIICR\r", line(b"DST: 0") + line(b'*PSUTTZ: 24/04/11,03:19:19","+32",0') + OK),
    (b"AT+CIFSR;E0\r", line(b"10.94.36.44") + OK),  # without OK of its own
]


def test_3_the_stack():
    assert play("sim7000", KNOWN + STACK, attach) == ADDRESS


def test_3_results_of_a_connection():
    for text, errno in reference.CONNECTS:
        steps = opens("sim7000", [OK, line(text)])
        if b"ALREADY" in text:
            steps = steps + [(b"AT+CIPCLOSE=0\r", line(b"0, CLOSE OK"))] + steps

        def body(modem, errno=errno):
            try:
                modem.socket().connect(("h", 8883))
            except NetworkError as e:
                # With nothing attached the driver asks no further.
                wanted = 100 if e.reason == "connect-no-data" else errno
                assert e.errno == wanted, (errno, e.errno)
            else:
                assert not errno

        play("sim7000", steps, body)


def test_3_payload_both_ways():
    for payload in reference.PAYLOADS:
        count = len(payload)
        head = b"\r\n+CIPRXGET: 2,0,%d,0\r\n" % count
        steps = [
            (b"AT+CIPSEND=0,%d\r" % count, b"\r\n> "),
            (payload, [line(b"DATA ACCEPT:0,%d" % count), line(b"+CIPRXGET: 1,0")]),
            (b"AT+CIPRXGET=2,0,1460\r", line(b"+CIPRXGET: 1,0") + head + payload + b"\r\n" + OK),
            (b"AT+CIPRXGET=2,0,1460\r", [lines(b"+CIPRXGET: 2,0,0,0"), line(b"0, CLOSED")]),
            (b"AT+CIPRXGET=2,0,1460\r", ERROR),
            (b"AT+CIPCLOSE=0\r", line(b"0, CLOSE OK")),
        ]

        def body(modem, socket, payload=payload):
            socket.write(payload)
            equal(socket.read(100), payload)
            equal(socket.read(100), b"")
            socket.close()

        play("sim7000", steps, body, True)


def test_2_12_refusals_of_the_sim():
    for code in (3, 10, 13, 14, 15, 767):

        def body(modem, code=code):
            with raises(CommandError) as caught:
                modem.sim("csim").transmit(b"\x00\x70\x00\x00\x01")
            assert caught.error.code == code

        play(NAME, [(b'AT+CSIM=10,"0070000001"\r', cme(code))], body)
