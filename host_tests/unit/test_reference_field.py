"""The modem reference, sections 9 and 11: the SIM behind a modem, and observations from the
field."""

from binascii import unhexlify

from data import modem_reference as reference
from expect import equal, raises
from reference_modems import ERROR, OK, ask, cme, lines, opens, play
from sim7080_script import RADIO, SET_UP, SYNC
from virtual_time import Clock, TimedUART, running

from cellular import SIM7080, CommandError, ModemError, ModemReset, NetworkError
from cellular.cgla import CGLA
from cellular.csim import CSIM
from iotsafe.apdu import APDU
from iotsafe.errors import CardProtocolError

RUNTIMES = ("cpython", "micropython")  # too many dialogues for a board, and nothing new there


def line(text):
    return b"\r\n" + text + b"\r\n"


# -- 9: the SIM ---------------------------------------------------------------------------------


def test_9_answers_of_the_sim():
    for apdu, printed, data, word in reference.SIM_ANSWERS:
        steps = [ask(b'+CSIM=%d,"%s"' % (len(apdu), apdu.encode()), *printed)]

        def body(modem, apdu=apdu):
            got, status = CSIM(modem.at).transmit(unhexlify(apdu))
            return bytes(got), status

        got, status = play("sim7080", steps, body)
        equal(got, unhexlify(data))
        assert status == word, (apdu, printed, status)


def test_9_a_cut_answer_is_no_answer():
    """8, 11: 256 bytes of it come, or fewer than it announces."""
    for announced, digits in ((516, 500), (516, 514), (6, 4), (4, 6), (6, 5), (2, 2), (0, 0)):
        printed = b'+CSIM: %d,"%s"' % (announced, b"9" * digits)

        def body(modem):
            with raises(ModemError, text="damaged"):
                CSIM(modem.at).transmit(unhexlify("01CB000000"))

        play("gms01q", [ask(b'+CSIM=10,"01CB000000"', printed)], body)


def test_9_a_key_takes_half_a_minute():
    answer = lines(b'+CSIM: 4,"9000"')
    took = patient(
        [(b'AT+CSIM=10,"01B9000000"\r', [(30_000, answer)])],
        lambda modem: CSIM(modem.at).transmit(unhexlify("01B9000000"))[1] == 0x9000 or 1 / 0,
    )
    assert 30_000 <= took < 35_000, took


def test_2_9_a_peer_that_does_not_answer():
    """After 75 s the modem reports 2, no memory: that is a time-out."""
    steps = [(b'AT+CAOPEN=0,0,"TCP","h",8883\r', [(75_000, lines(b"+CAOPEN: 0,2"))])]

    def body(modem):
        with raises(NetworkError, text="no answer") as caught:
            modem.socket().connect(("h", 8883))
        assert caught.error.errno == 110

    assert 75_000 <= patient(steps, body) < 80_000


def patient(steps, body):
    """Run `body(modem)` with a SIM7080 whose answers take the times in `steps`; return its ms."""
    clock = Clock()
    with running(clock):
        set_up = [(command, [(0, answer)]) for command, answer in SYNC + SET_UP]
        uart = TimedUART(clock, set_up + steps)
        modem = SIM7080(uart)
        modem.power_up()
        begun = clock.ms
        body(modem)
        uart.done()
    return clock.ms - begun


def test_9_refusals_are_no_status_words():
    for code in reference.SIM_REFUSALS:

        def body(modem, code=code):
            with raises(CommandError) as caught:
                CSIM(modem.at).transmit(unhexlify("0184000010"))
            assert caught.error.code == code, caught.error.code

        play("sim7080", [(b'AT+CSIM=10,"0184000010"\r', cme(code))], body)


SELECT = "01A4040007A0000005590010"
OPEN = b'AT+CCHO="A0000005590010"\r'


def test_9_sessions():
    for printed, handle in reference.HANDLES:
        steps = [
            (OPEN, lines(printed)),
            ask(b'+CGLA=%s,10,"0084000010"' % handle, b'+CGLA: 4,"6D00"'),
            ask(b"+CCHC=" + handle, b"+CCHC"),  # some print it
        ]

        def body(modem):
            channel = CGLA(modem.at)
            channel.transmit(unhexlify("0070000001"))
            assert channel.transmit(unhexlify(SELECT))[1] == 0x9000
            assert channel.transmit(unhexlify("0184000010"))[1] == 0x6D00
            assert channel.transmit(unhexlify("0070800100"))[1] == 0x9000

        play("bg95", steps, body)


def test_9_the_test_form_may_be_refused_where_the_command_works():
    """EM7590. If the card lacks an application, the result is 6A82, whatever the modem reports
    (11)."""
    ready = ask(b"+CPIN?", b"+CPIN: READY")
    old = [(b"AT+CCHC=%d\r" % number, ERROR) for number in (1, 2, 3)]  # EM9191 has no +CCHC
    steps = [(OPEN, cme(13)), ready, (b"AT+CCHO=?\r", ERROR)] + old

    def body(modem):
        channel = CGLA(modem.at)
        channel.transmit(unhexlify("0070000001"))
        assert channel.transmit(unhexlify(SELECT))[1] == 0x6A82

    play("bg95", steps, body)


def test_9_3_where_csim_opens_and_passes_nothing_on():
    """EG95: SELECT ends in +CME ERROR: 0. EG25: the first command of the application fails."""
    opened = ask(b'+CSIM=10,"0070000001"', b'+CSIM: 6,"019000"')
    select = b'AT+CSIM=24,"' + SELECT.encode() + b'"\r'
    over = [(b"AT+CCHO=?\r", OK), (b'AT+CSIM=10,"0070800100"\r', OK)]

    def body(modem):
        channel = modem.sim()
        channel.transmit(unhexlify("0070000001"))
        assert channel.transmit(unhexlify(SELECT))[1] == 0x9000
        return channel.name

    over.append((OPEN, lines(b"+CCHO: 1")))
    assert play("bg95", [opened, (select, cme(0))] + over, body) == "cgla"
    first = b'AT+CSIM=10,"0184000010"\r'
    select = (select, lines(b'+CSIM: 4,"9000"'))
    over[-1] = ask(b'+CGLA=1,10,"0084000010"', b'+CGLA: 4,"6D00"')

    def later(modem):
        channel = modem.sim()
        channel.transmit(unhexlify("0070000001"))
        channel.transmit(unhexlify(SELECT))
        assert channel.transmit(unhexlify("0184000010"))[1] == 0x6881  # to be selected again
        return channel.name

    assert play("bg95", [opened, select, (first, cme(13))] + over[:2], later) == "cgla"


# -- 11: observations ---------------------------------------------------------------------------


def test_11_garbage_then_an_answer():
    def body(modem):
        modem.at.restarted()
        modem.power_up()

    name = "sim7000"
    set_up = [(b"AT+CMEE=1\r", OK), RADIO, (b"AT+IFC=0,0\r", OK), ask(b"+CLTS?", b"+CLTS: 1")]
    set_up.append(ask(b"+IPR?", b"+IPR: 115200"))
    garbage = [(b"AT\r", b"\xc1\x81\x00\xff\x8d"), (b"AT\r", b"\r\r\nOK\r\n")]
    play(name, garbage + SYNC[1:] + set_up, body)


def test_11_the_answer_of_a_connect_comes_after_the_time_out():
    """The answer of CAOPEN comes during CASTATE?, that of CIPSTART during another command."""
    name = "sim7080"
    steps = opens(name, b"") + [
        (b"AT\r", [line(b"+CAOPEN: 0,2") + OK, OK]),
        ask(b"+CSQ", b"+CSQ: 20,99"),
    ]

    def body(modem):
        socket = modem.socket()
        with raises(ModemError, text="no answer"):
            socket.connect(("h", 8883))
        assert modem.signal() == -73

    play(name, steps, body)
    steps = [(b"AT+CSQ\r", line(b"0, CONNECT FAIL") + lines(b"+CSQ: 20,99"))]
    play("sim7000", steps, lambda modem: modem.signal() == -73 or 1 / 0)


def test_11_a_shift_by_one_answer_does_not_last():
    steps = [
        (b"AT+CGMI\r", b""),  # its answer comes late
        (b"AT\r", [lines(b"u-blox"), OK]),
        ask(b"+CPIN?", b"+CPIN: READY"),
    ]

    def body(modem):
        with raises(ModemError, text="no answer"):
            modem.at.command(b"+CGMI", b"")
        modem.unlock()

    play("sara-r4", steps, body)


def test_11_a_reset_while_idle():
    """SIM808: the boot lines come as the answer to the next command, then its own result. The echo
    shows that settings are lost."""
    printed = line(b"Call Ready") + line(b"SMS Ready") + b"AT+CSQ\r" + lines(b"+CSQ: 20,99")

    def body(modem):
        with raises(ModemReset):
            modem.signal()

    play("sim7000", [(b"AT+CSQ\r", printed)], body)


def test_11_a_restart_by_command():
    """BG96: OK, POWERED DOWN, pdpdeact, RDY seconds later, echo on again."""
    said = [OK + line(b"POWERED DOWN"), line(b'+QIURC: "pdpdeact",1'), line(b"RDY")]

    def body(modem):
        modem.restart()
        modem.power_up()
        return modem.signal()

    steps = [
        (b"AT+CFUN=1,1\r", said[0]),
        (b"AT\r", [said[1], said[2], b"AT\r\r\nOK\r\n"]),
        (b"ATE0\r", b"ATE0\r" + OK),
        (b"AT+CMEE=1\r", OK),
        RADIO,
        (b'AT+QURCCFG="urcport","uart1"\r', OK),
        ask(b"+CTZU?", b"+CTZU: 3"),
        ask(b"+CSQ", b"+CSQ: 20,99"),
    ]
    assert play("bg95", steps, body) == -73


def test_11_a_sim_that_is_busy_after_the_start():
    """SARA-R422S refuses even commands that do not involve the SIM."""
    rest = [
        RADIO,
        (b"AT+CGEREP=1\r", OK),
        (b"AT+UPSV=0\r", OK),
        (b"AT+CTZU=1\r", OK),
        ask(b"+CSGT?", b'+CSGT: 1,"STARTED"'),
    ]

    def body(modem):
        modem.at.restarted()
        modem.power_up()

    for refusal in (cme(14), line(b"+CME ERROR: SIM busy")):
        steps = SYNC + [(b"AT+CMEE=1\r", refusal)] * 3 + [(b"AT+CMEE=1\r", OK)] + rest
        play("sara-r4", steps, body)


def test_11_get_response_without_an_end():
    """EC800G: 6100 for ever. The client of the applet gives up."""
    fetch = ask(b'+CSIM=10,"00C0000000"', b'+CSIM: 4,"6100"')

    def body(modem):
        apdu = APDU(CSIM(modem.at))
        apdu.number = 0
        with raises(CardProtocolError, text="does not end"):
            apdu.command(0xB0, 0, 0, b"\x83\x01\x02", 0)

    first = ask(b'+CSIM=18,"00B000000383010200"', b'+CSIM: 4,"6100"')
    play("sim7080", [first] + [fetch] * 200, body, whole=False)
