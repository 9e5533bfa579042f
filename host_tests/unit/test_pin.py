"""What all modems have in common: the state of the SIM, and its PIN."""

from expect import raises
from sim7080_script import ERROR, OK, SET_UP, SYNC, cme, lines, started
from virtual_time import Clock, TimedUART, running

from cellular import (
    SIM7080,
    ModemReset,
    ModemTimeout,
    SIMError,
)

READY = (b"AT+CPIN?\r", lines(b"+CPIN: READY"))
ASKS = (b"AT+CPIN?\r", lines(b"+CPIN: SIM PIN"))
PIN = b'AT+CPIN="4711"\r'


def play(steps, body):
    """Run `body(modem, clock)` on a modem after power-up; it must use up `steps`."""
    clock = Clock()
    with running(clock):
        modem, uart = started(steps)
        body(modem, clock)
        modem.at.poll()
        uart.done()


def at_once(steps):
    return [(want, [(2, reply)]) for want, reply in steps]


def test_a_sim_without_pin():
    play([READY, READY], lambda modem, clock: (modem.unlock(), modem.unlock("4711")))


def test_a_sim_that_is_still_starting():
    steps = [(b"AT+CPIN?\r", answer) for answer in (cme(13), cme(14), cme(10), OK)]
    steps.append((b"AT+CPIN?\r", lines(b"+CPIN: NOT READY")))
    play(steps + [READY], lambda modem, clock: modem.unlock())


def test_a_sim_that_does_not_start():
    for answer, text in (
        (cme(10), "SIM not inserted"),
        (cme(13), "the SIM is not readable: +CME ERROR: 13 (SIM failure)"),
        (cme(14), "SIM busy"),
        (ERROR, "refused by the modem (ERROR)"),
        (lines(b"+CPIN: NOT INSERTED"), "the SIM is not readable: NOT INSERTED"),
        (OK, "the SIM is not readable"),
    ):
        clock = Clock()
        with running(clock):
            modem, _ = started([(b"AT+CPIN?\r", answer)] * 30)
            start = clock.ms
            with raises(SIMError, text=text):
                modem.unlock()
            assert 10_000 <= clock.ms - start < 11_000


def test_a_pin_is_entered_once():
    def body(modem, clock):
        modem.unlock("4711")
        modem.unlock("4711")

    # After OK the SIM still requests the PIN for a while.
    play([ASKS, (PIN, OK), ASKS, ASKS, READY, READY], body)


def refused(modem, pin, text):
    with raises(SIMError, text=text) as caught:
        modem.unlock(pin)
    for part in (str(caught.error), repr(caught.error), str(caught.error.args)):
        assert "4711" not in part, part


def test_a_wrong_pin_is_never_entered_again():
    # The third attempt would lock the SIM, and the application never gives up.
    def body(modem, clock):
        refused(
            modem,
            "4711",
            "the PIN was refused (+CME ERROR: 16 (incorrect password))",
        )
        for _ in range(5):
            refused(modem, "4711", "the PIN was refused before")
        with raises(ModemReset):
            modem.unlock("4711")
        modem.power_up()
        refused(modem, "4711", "the PIN was refused before")

    steps = [ASKS, (PIN, cme(16))] + [ASKS] * 5
    steps += [(b"AT+CPIN?\r", b"\r\nRDY\r\n")] + SYNC + SET_UP + [ASKS]
    play(steps, body)


def test_every_refusal_of_the_pin_counts():
    for answer in (cme(12), cme(3), cme(100), ERROR):
        play(
            [ASKS, (PIN, answer), ASKS],
            lambda modem, clock: (
                refused(modem, "4711", "the PIN was refused ("),
                refused(modem, "4711", "refused before"),
            ),
        )


def test_a_pin_that_the_sim_has_not_looked_at_is_entered_again():
    steps = [
        ASKS,
        (PIN, cme(14)),
        ASKS,
        (PIN, cme(13)),
        ASKS,
        (PIN, cme(14)),
        ASKS,
        (PIN, OK),
        READY,
    ]
    play(steps, lambda modem, clock: modem.unlock("4711"))


def test_a_pin_whose_answer_is_lost_is_entered_twice_at_most():
    clock = Clock()
    with running(clock):
        again = [(b"AT\r", [(2, OK)]), (ASKS[0], [(2, ASKS[1])])]
        steps = at_once(SYNC + SET_UP + [ASKS]) + [(PIN, [])]
        steps += again + [(PIN, [])] + again
        uart = TimedUART(clock, steps)
        modem = SIM7080(uart)
        modem.power_up()
        for _ in range(2):
            with raises(ModemTimeout, text="AT+CPIN: no answer") as caught:
                modem.unlock("4711")
            assert "4711" not in repr(caught.error)
        refused(modem, "4711", "refused before")
        uart.done()


def test_a_success_forgets_the_attempts():
    def body(modem, clock):
        for _ in range(4):
            modem.unlock("4711")

    play([ASKS, (PIN, OK), READY] * 4, body)


def test_no_pin_in_the_config():
    for pin in (None, ""):
        play([ASKS], lambda modem, clock, pin=pin: refused(modem, pin, "the SIM asks for a PIN"))


def test_what_cannot_be_a_pin_is_not_sent():
    for pin in ("123", "123456789", "12a4", '1"34', "12\r4", "12 4"):
        play([ASKS], lambda modem, clock, pin=pin: refused(modem, pin, "4 to 8 digits"))


def test_digits_of_another_script_or_bytes_are_no_pin():
    # On CPython str.isdigit() takes these; each entry in vain brings the SIM nearer to its lock.
    def body(modem, clock, pin):
        refused(modem, pin, "4 to 8 digits")
        modem.unlock("4711")

    for pin in ("\u0661\u0662\u0663\u0664", "\u00b2" * 4, b"1234", 4711, bytearray(b"1234")):
        steps = [ASKS, ASKS, (PIN, OK), READY]
        play(steps, lambda modem, clock, pin=pin: body(modem, clock, pin))


def test_a_locked_sim():
    for state in (b"PH_SIM PIN", b"PH-NET PIN", b"SIM PIN2", b"SIM \xff\x00"):
        text = "the SIM is locked: " + "".join(chr(c) if c < 127 and c else "?" for c in state)
        play(
            [(b"AT+CPIN?\r", lines(b"+CPIN: " + state))],
            lambda modem, clock, text=text: refused(modem, "4711", text),
        )
    play(
        [(b"AT+CPIN?\r", lines(b"+CPIN: SIM PUK"))],
        lambda modem, clock: refused(modem, "4711", "the SIM asks for its PUK"),
    )
    for code, text in (
        (12, "the SIM asks for its PUK: the PIN was wrong three times"),
        (11, "the SIM asks for a PIN"),
    ):
        play(
            [(b"AT+CPIN?\r", cme(code))],
            lambda modem, clock, text=text: refused(modem, "4711", text),
        )


def test_a_word_that_lost_a_byte_is_no_lock():
    asked = [(b"AT+CPIN?\r", lines(b"+CPIN: " + word)) for word in (b"READ", b"EADY", b"READY")]
    play(asked, lambda modem, clock: modem.unlock())


def test_the_urc_form_of_the_sim_state():
    play(
        [(b"AT+CPIN?\r", b"\r\n+CPIN: READY\r\n\r\n+CFUN: 1\r\n" + OK)],
        lambda modem, clock: modem.unlock(),
    )
