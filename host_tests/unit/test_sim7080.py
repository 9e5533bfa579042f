"""The particulars of the SIM7080: set-up, rate of the UART, data context, time."""

import modem_script
from expect import raises
from mock_uart import ScriptedUART, proof
from modem_script import AnsweringUART, attached, clock_is
from sim7080_script import (
    ADDRESS,
    ERROR,
    KNOWN,
    NO_ADDRESS,
    OK,
    RADIO,
    REGISTERED,
    SET_UP,
    SYNC,
    cme,
    defines,
    lines,
    started,
    timed,
)
from virtual_time import Clock, running

import cellular
from cellular import SIM7080, ModemReset, ModemSilent, NetworkError

APN = (b'AT+CNCFG=0,1,"internet"\r', OK)
ACTIVATE = b"AT+CNACT=0,1\r"
ACTIVE = b"\r\n+APP PDP: 0,ACTIVE\r\n"
DEACTIVE = b"\r\n+APP PDP: 0,DEACTIVE\r\n"


def play(steps, body):
    """Like `modem_script.play`, with this family's set-up."""
    modem_script.play(SIM7080, [SET_UP] + steps, body)


def test_the_driver_is_in_the_table():
    assert "sim7080" in cellular.names()
    assert cellular.driver("sim7080") is SIM7080 is cellular.SIM7080
    assert cellular.SIM7070 is cellular.SIM7090 is SIM7080
    with raises(ValueError, text="sim800"):
        cellular.driver("sim800")
    with raises(AttributeError):
        cellular.SIM800  # noqa: B018 - reading it is the test


def test_network_time_is_switched_on_once():
    steps = [
        (b"AT+CMEE=1\r", OK),
        RADIO,
        (b"AT+IFC=0,0\r", OK),
        (b"AT+CLTS?\r", lines(b"+CLTS: 0")),
        (b"AT+CLTS=1\r", OK),
    ] + SET_UP[4:]
    with running(Clock()):
        uart = ScriptedUART(SYNC + steps)
        SIM7080(uart).power_up()
        uart.done()


# -- rate of the UART ---------------------------------------------------------------------------


def test_auto_baud_is_left_once():
    # The modem keeps the rate: at the next start nothing has to be set.
    with running(Clock()):
        steps = (
            SYNC
            + SET_UP[:4]
            + [(SET_UP[4][0], lines(b"+IPR: 0")), (b"AT+IPR=115200\r", OK)]
            + SET_UP[5:]
        )
        uart = ScriptedUART(steps)
        SIM7080(uart).power_up()
        uart.done()


class Rated:
    """A UART, and a modem at the fixed rate `theirs` behind it; no byte passes between different
    rates. `confirms`: the modem answers AT+IPR at the new rate."""

    def __init__(self, theirs, confirms=False, noise=b""):
        self.ours = 115200
        self.theirs = theirs
        self.confirms = confirms
        self.out = noise
        self.answers = dict([(b"AT\r", OK)] + SYNC[1:] + SET_UP)

    def init(self, baudrate):
        self.ours = baudrate
        self.out = b""

    def any(self):
        return len(self.out)

    def readinto(self, buf):
        n = min(len(buf), len(self.out))
        buf[:n] = self.out[:n]
        self.out = self.out[n:]
        return n or None

    def write(self, data):
        if self.ours == self.theirs:
            if bytes(data) == b"AT+IPR=115200\r":
                self.theirs = 115200
                if not self.confirms:
                    self.out += OK
            else:
                self.out += proof(bytes(data)) or self.answers[bytes(data)]
        return len(data)


def ms_to_find(uart, key=None):
    clock = Clock(nap=50)
    with running(clock):
        modem = SIM7080(uart, key)
        modem.power_up()
        assert uart.ours == uart.theirs == 115200
        assert not modem.at.lost
        return clock.ms


def test_a_modem_at_another_rate_is_found_before_the_key_is_pressed():
    pressed = []
    for rate in SIM7080.rates:
        assert ms_to_find(Rated(rate), pressed.append) < 12_000
        ms_to_find(Rated(rate, confirms=True), pressed.append)
    ms_to_find(Rated(9_600))
    assert not pressed


def test_what_it_says_at_another_rate_is_garbage():
    ms_to_find(Rated(57_600, noise=b"\xf8\x00\xff\r\n"))


def test_a_modem_at_no_rate():
    pressed = []
    uart = Rated(0)
    with running(Clock()), raises(ModemSilent):
        SIM7080(uart, pressed.append).power_up()
    assert uart.ours == 115200
    assert pressed == [True, False]


def test_only_at_first_contact_it_is_looked_for():
    uart = Rated(115200)
    with running(Clock()):
        modem = SIM7080(uart)
        modem.power_up()
        uart.theirs = 0
        modem.at.restarted()
        uart.init = None
        with raises(ModemSilent):
            modem.power_up()


# -- data context -------------------------------------------------------------------------------


def test_active_already():
    play(KNOWN + [ADDRESS], attached)


def test_the_urc_after_the_ok():
    play(KNOWN + [NO_ADDRESS, APN, (ACTIVATE, [OK, ACTIVE]), ADDRESS], attached)


def test_the_urc_before_the_ok():
    def body(modem, clock):
        attached(modem, clock)
        assert clock.ms < 200

    play(KNOWN + [NO_ADDRESS, APN, (ACTIVATE, ACTIVE + OK), ADDRESS], body)


def test_the_urc_some_seconds_later():
    clock = Clock()
    with running(clock):
        modem = timed(
            clock, KNOWN + [NO_ADDRESS, APN, (ACTIVATE, [(2, OK), (4_000, ACTIVE)]), ADDRESS]
        )
        start = clock.ms
        attached(modem, clock)
        assert 4_000 <= clock.ms - start < 4_100


def test_the_urc_is_lost():
    def body(modem, clock):
        attached(modem, clock)
        assert clock.ms < 6_000

    play(KNOWN + [NO_ADDRESS, APN, (ACTIVATE, OK), ADDRESS], body)


def test_refused_and_then_granted():
    def body(modem, clock):
        attached(modem, clock)
        assert 2_000 <= clock.ms < 3_000  # not at once

    for urc in (DEACTIVE, b"\r\n+APP PDP: DEACTIVE\r\n"):
        again = [NO_ADDRESS, NO_ADDRESS, (ACTIVATE, ACTIVE + OK), ADDRESS]
        play(KNOWN + [NO_ADDRESS, APN, (ACTIVATE, OK + urc)] + again, body)


def test_already_active_is_an_error_to_the_modem_only():
    for answer in (ERROR, cme(3), cme(605)):
        play(KNOWN + [NO_ADDRESS, APN, (ACTIVATE, answer), ADDRESS], attached)


def test_an_activation_that_the_modem_forgot_is_asked_for_again():
    # Some modems answer OK and stay deactivated, without a report.
    def body(modem, clock):
        attached(modem, clock)
        assert 20_000 <= clock.ms < 24_000

    looks = [NO_ADDRESS] * 5
    play(
        KNOWN + [NO_ADDRESS, APN, (ACTIVATE, OK)] + looks + [(ACTIVATE, OK + ACTIVE), ADDRESS],
        body,
    )


def test_active_is_said_but_there_is_no_address():
    # The driver neither repeats quickly nor trusts the OK.
    def body(modem, clock):
        attached(modem, clock)
        assert clock.ms >= 2_000

    steps = KNOWN + [NO_ADDRESS, APN, (ACTIVATE, OK + ACTIVE), NO_ADDRESS, ADDRESS]
    play(steps, body)


def test_never_granted():
    clock = Clock()
    answers = {ACTIVATE: OK + DEACTIVE, NO_ADDRESS[0]: NO_ADDRESS[1]}
    with running(clock):
        modem, uart = started(
            KNOWN + [NO_ADDRESS, APN], lambda steps: AnsweringUART(steps, answers)
        )
        start = clock.ms
        with raises(NetworkError, text="gives no data connection") as caught:
            modem.attach("internet")
        assert caught.error.errno == 100
        assert 120_000 <= clock.ms - start < 127_000
        assert 20 < uart.asked[ACTIVATE] < 70


def test_user_and_password():
    configured = (b'AT+CNCFG=0,1,"internet","me","se cret",3\r', OK)
    anew = defines(b'AT+CGAUTH=1,3,"se cret","me"\r') + REGISTERED
    play(
        KNOWN + anew + [NO_ADDRESS, configured, (ACTIVATE, OK + ACTIVE), ADDRESS],
        lambda modem, clock: modem.attach("internet", "me", "se cret"),
    )


def test_text_that_would_end_the_command_is_not_sent():
    for arguments in (
        ('in"ternet',),
        ("inter\rnet",),
        ("inter\nnet",),
        ("gr\u00fcn",),
        ("internet", 'm"e'),
        ("internet", "me", "pass\rword"),
        ("i" * 65,),
    ):

        def body(modem, clock, arguments=arguments):
            with raises(NetworkError, text="at most 64 printable characters, and no quotes"):
                modem.attach(*arguments)

        play([], body)


def test_addresses_that_make_no_sense():
    for answer in (OK, lines(b"+CNACT: 0,1"), lines(b"+CNACT:"), lines(b'+CNACT: 0,2,"1.2.3.4"')):

        def body(modem, clock):
            attached(modem, clock)

        play(KNOWN + [(b"AT+CNACT?\r", answer), APN, (ACTIVATE, OK + ACTIVE), ADDRESS], body)


def test_a_restart_while_waiting_for_the_address():
    def body(modem, clock):
        with raises(ModemReset):
            modem.attach("internet")
        assert clock.ms < 6_000

    play(KNOWN + [NO_ADDRESS, APN, (ACTIVATE, OK + b"\r\nRDY\r\n")], body)


# -- time ---------------------------------------------------------------------------------------

UNSET = (b"AT+CCLK?\r", lines(b'+CCLK: "80/01/06,00:00:09+00"'))
SET = (b"AT+CCLK?\r", lines(b'+CCLK: "26/11/24,13:18:17+04"'))
NTP = [(b"AT+CNTPCID=0\r", OK), (b'AT+CNTP="pool.ntp.org",0,0,2\r', OK)]


def test_the_time_of_the_network():
    play([SET], clock_is((2026, 11, 24, 12, 18, 17)))


def test_the_time_of_a_server():
    for urc in (b"+CNTP: 1", b'+CNTP: 1,"26/11/24,13:18:17"'):
        ask = (b"AT+CNTP\r", OK + b"\r\n" + urc + b"\r\n")
        play([UNSET] + NTP + [ask, SET], clock_is((2026, 11, 24, 12, 18, 17)))


def test_no_time_from_a_server():
    for answer in (OK + b"\r\n+CNTP: 61\r\n", OK, OK + b"\r\n+CNTP: \xff\r\n", ERROR, cme(3)):
        play([UNSET] + NTP + [(b"AT+CNTP\r", answer), NO_ADDRESS], clock_is(None))
    play([UNSET, (NTP[0][0], ERROR), NO_ADDRESS], clock_is(None))


# -- one call -----------------------------------------------------------------------------------


def test_connect_is_the_whole_way_and_does_nothing_twice():
    found = [
        (b"AT+CPIN?\r", lines(b"+CPIN: READY")),
        (b"AT+CEREG=1\r", OK),
        (b"AT+CEREG?\r", lines(b"+CEREG: 1,5")),
        ADDRESS,
        SET,
    ]

    def body(modem, clock):
        for _ in range(2):
            assert modem.connect("internet") == "10.94.36.44"
        modem.at.restarted()
        assert modem.connect("internet") == "10.94.36.44"

    first = found[:1] + KNOWN + found[1:]
    play(first + found + SYNC + SET_UP + first, body)


def test_connect_waits_for_the_clock_but_not_for_ever():
    way = [(b"AT+CPIN?\r", lines(b"+CPIN: READY"))] + KNOWN + REGISTERED + [ADDRESS]
    no_server = (b"AT+CNTPCID=0\r", ERROR)

    def body(modem, clock):
        assert modem.connect("internet") == "10.94.36.44"
        assert clock.ms < 15_000

    play(way + [UNSET, no_server, NO_ADDRESS] * 2 + [SET], body)
    play(way + [UNSET, no_server, NO_ADDRESS] * 9, body)
