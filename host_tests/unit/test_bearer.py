"""The data context that comes with the registration (`cellular.bearer`), through the GM02S."""

from expect import raises
from mock_uart import ScriptedUART
from modem_script import AnsweringUART, attached, joined
from sequans_script import ERROR, OK, SET_UP, cme, lines, play, started
from sim7080_script import KNOWN, RADIO, REGISTERED, SYNC
from virtual_time import Clock, running

from cellular import GM02S, CommandError, ModemReset, NetworkError

ADDRESS = (b"AT+CGPADDR=1\r", lines(b'+CGPADDR: 1,"10.94.36.44"'))
NO_ADDRESS = (b"AT+CGPADDR=1\r", lines(b'+CGPADDR: 1,"0.0.0.0"'))
ACTIVATE = (b"AT+CGACT=1,1\r", OK)
OTHER = (b"AT+CGDCONT?\r", lines(b'+CGDCONT: 1,"IP","old",,,,', b'+CGDCONT: 2,"IP","internet"'))
RADIO_OFF = (b"AT+CFUN=4\r", OK)
DEFINE = (b'AT+CGDCONT=1,"IP","internet"\r', OK)
NO_LOGIN = (b"AT+CGAUTH=1,0\r", OK)
RADIO_ON = (b"AT+CFUN=1\r", OK)


def test_the_radio_is_switched_on_and_drops_are_asked_for():
    for answer in (OK, ERROR, cme(4)):  # a modem without CGEREP works without it
        with running(Clock()):
            uart = ScriptedUART(SYNC + SET_UP[:2] + [(b"AT+CGEREP=1\r", answer)])
            GM02S(uart).power_up()
            uart.done()


def test_a_radio_that_does_not_start():
    off = lines(b"+CFUN: 0")
    with running(Clock()):
        uart = ScriptedUART(
            SYNC + [(b"AT+CMEE=1\r", OK), (RADIO[0], off), (b"AT+CFUN=1\r", cme(13))] + SET_UP
        )
        modem = GM02S(uart)
        with raises(CommandError) as caught:
            modem.power_up()
        assert caught.error.code == 13
        modem.power_up()  # all of it again
        uart.done()


def test_the_apn_is_there():
    play(KNOWN + [ADDRESS], attached)


def test_the_apn_is_asked_for_once():
    def body(modem, clock):
        attached(modem, clock)
        attached(modem, clock)

    play(KNOWN + [ADDRESS, ADDRESS], body)


def test_another_apn_registers_again():
    play(joined(OTHER, RADIO_OFF, DEFINE, NO_LOGIN, RADIO_ON, REGISTERED, ADDRESS), attached)


def test_the_apn_may_be_given_before_the_registration():
    # With a wrong APN stored before, the network may not let the modem in.
    def body(modem, clock):
        modem.prepare("internet")
        modem.prepare("internet")
        modem.register()
        attached(modem, clock)

    play(joined(OTHER, RADIO_OFF, DEFINE, NO_LOGIN, RADIO_ON, REGISTERED, ADDRESS), body)


def test_no_context_yet():
    for answer in (OK, lines(b"+CGDCONT:"), lines(b"+CGDCONT: 1"), lines(b'+CGDCONT: x,"IP",""')):
        start = (b"AT+CGDCONT?\r", answer)
        play(joined(start, RADIO_OFF, DEFINE, NO_LOGIN, RADIO_ON, REGISTERED, ADDRESS), attached)


def test_user_and_password():
    login = (b'AT+CGAUTH=1,2,"me","se cret"\r', OK)

    def body(modem, clock):
        for _ in range(2):
            modem.attach("internet", "me", "se cret")

    anew = joined(RADIO_OFF, DEFINE, login, RADIO_ON, REGISTERED, ADDRESS, ADDRESS)
    play(KNOWN + anew, body)


def test_text_that_would_end_the_command_is_not_sent():
    for arguments in (('in"ternet',), ("internet", 'm"e'), ("internet", "me", "pass\rword")):

        def body(modem, clock, arguments=arguments):
            with raises(NetworkError, text="at most 64 printable characters, and no quotes"):
                modem.attach(*arguments)

        play([], body)


def test_a_refused_apn_leaves_no_modem_without_radio():
    def body(modem, clock):
        with raises(CommandError, text="AT+CGDCONT"):
            modem.attach("internet")
        modem.power_up()
        attached(modem, clock)

    refused = (DEFINE[0], cme(50))
    again = joined(OTHER, RADIO_OFF, DEFINE, NO_LOGIN, RADIO_ON, REGISTERED, ADDRESS)
    play(joined(OTHER, RADIO_OFF, refused, RADIO_ON, again), body)


def test_addresses():
    for answer in (b"+CGPADDR: 1,10.94.36.44", b'+CGPADDR: 1,"10.94.36.44","2001::1"'):
        play(KNOWN + [(ADDRESS[0], lines(answer))], attached)


def test_addresses_that_are_none():
    for line in (b"", b"1", b"1,", b'1,""', b"1,0.0.0.0", b'2,"10.0.0.1"', b"x,y", b'1,"'):
        none = (ADDRESS[0], lines(b"+CGPADDR: " + line))
        play(KNOWN + [none, ACTIVATE, ADDRESS], attached)


def test_a_context_that_was_dropped_is_activated_again():
    def body(modem, clock):
        attached(modem, clock)
        assert clock.ms >= 2_000  # the driver does not repeat refused commands quickly

    for answer in (ERROR, cme(30), OK):
        play(KNOWN + [NO_ADDRESS, (ACTIVATE[0], answer), NO_ADDRESS, ADDRESS], body)


def test_never_granted():
    clock = Clock()
    answers = {ACTIVATE[0]: cme(148), NO_ADDRESS[0]: NO_ADDRESS[1]}
    with running(clock):
        modem, uart = started(KNOWN, uart=lambda steps: AnsweringUART(steps, answers))
        start = clock.ms
        with raises(NetworkError, text="gives no data connection") as caught:
            modem.attach("internet")
        assert caught.error.errno == 100
        assert 120_000 <= clock.ms - start < 127_000
        assert 20 < uart.asked[ACTIVATE[0]] < 70


def test_a_restart_while_waiting_for_the_address():
    def body(modem, clock):
        with raises(ModemReset):
            modem.attach("internet")

    play(KNOWN + [NO_ADDRESS, (ACTIVATE[0], cme(30) + b"\r\n+SYSSTART\r\n")], body)


def test_after_a_restart_the_apn_is_looked_at_again():
    def body(modem, clock):
        attached(modem, clock)
        modem._idle(10)
        modem.power_up()
        attached(modem, clock)

    restart = (b"", b"\r\n+SYSSTART\r\n")
    play(joined(KNOWN, ADDRESS, restart, SYNC, SET_UP, KNOWN, ADDRESS), body)


def test_events_that_end_our_context():
    for event, drops in (
        (b"NW PDN DEACT 1", 1),
        (b"ME PDN DEACT 1,0", 1),
        (b"NW DETACH", 1),
        (b"ME DETACH", 1),
        (b"NW PDN DEACT 2", 0),
        (b"ME PDN ACT 1", 0),
        (b"NW PDN DEACT \xff", 0),
        (b"", 0),
    ):

        def body(modem, clock, event=event, drops=drops):
            modem._idle(10)
            assert modem.pdp_drops == drops, event

        play([(b"", b"\r\n+CGEV: " + event + b"\r\n")], body)
