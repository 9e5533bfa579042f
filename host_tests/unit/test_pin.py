"""What all modems have in common: the state of the SIM, and its PIN."""

from expect import raises
from sim7080_script import ERROR, OK, SET_UP, SYNC, at_once, cme, lines, play, started
from virtual_time import Clock, TimedUART, running

from cellular import (
    SIM7080,
    ModemReset,
    ModemTimeout,
    SIMError,
)
from cellular.pin import REFUSED

READY = (b"AT+CPIN?\r", lines(b"+CPIN: READY"))
ASKS = (b"AT+CPIN?\r", lines(b"+CPIN: SIM PIN"))
PIN = b'AT+CPIN="4711"\r'
UNTOLD = (b"AT+SPIC\r", ERROR)  # this firmware does not tell the attempts that are left


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
    play([ASKS, UNTOLD, (PIN, OK), ASKS, ASKS, READY, READY], body)


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

    steps = [ASKS, UNTOLD, (PIN, cme(16))] + [ASKS] * 5
    steps += [(b"AT+CPIN?\r", b"\r\nRDY\r\n")] + SYNC + SET_UP + [ASKS]
    play(steps, body)


def test_every_refusal_of_the_pin_counts():
    for answer in (cme(12), cme(3), cme(100), ERROR):
        play(
            [ASKS, UNTOLD, (PIN, answer), ASKS],
            lambda modem, clock: (
                refused(modem, "4711", "the PIN was refused ("),
                refused(modem, "4711", "refused before"),
            ),
        )


def left(count):
    """Return the question for the attempts that are left, with this answer."""
    return (b"AT+SPIC\r", lines(b"+SPIC: %d,10,3,10" % count))


def test_a_sim_failure_is_no_reason_to_spend_all_attempts():
    # It may have looked at the PIN: two entries at most where the modem does not tell.
    for code in (13, 14):
        tries = [ASKS, UNTOLD, (PIN, cme(code)), ASKS, UNTOLD, (PIN, cme(code))]
        for later in ([READY], [ASKS] * 30):
            clock = Clock()
            with running(clock):
                modem, _ = started(tries + later)
                if later[0] == READY:
                    modem.unlock("4711")
                    continue
                with raises(SIMError, text="not readable"):
                    modem.unlock("4711")
                assert clock.ms < 15_000
                assert modem._pin_entries == 2

    def body(modem, clock):
        modem._pin_entries = 2
        for _ in range(3):
            text = "the PIN is not entered: the last attempt is left to a person"
            refused(modem, "4711", text)

    play([ASKS, UNTOLD] * 3, body)


def test_an_entry_that_cost_no_attempt_does_not_count():
    tries = [ASKS, left(3), (PIN, cme(13)), left(3)]

    clock = Clock(nap=500)
    with running(clock):
        modem, uart = started(tries + tries)
        with raises(AssertionError, text="the script is over"):
            modem.unlock("4711")  # two entries, and then it only looks
        assert modem._pin_entries == 0  # so neither counts where the modem stops telling the rest
        uart.done()
    play([ASKS, left(3), (PIN, cme(14)), left(3), ASKS, left(3), (PIN, OK), READY], _unlocks)
    play([ASKS, left(2), (PIN, OK), READY], _unlocks)


def _unlocks(modem, clock):
    modem.unlock("4711")


def test_the_last_attempt_is_left_to_a_person():
    for count in (1, 0):
        play(
            [ASKS, left(count)],
            lambda modem, clock: refused(modem, "4711", "the last attempt is left to a person"),
        )
    steps = [ASKS, left(2), (PIN, cme(13)), left(1), ASKS, left(1)]
    play(steps, lambda modem, clock: refused(modem, "4711", "left to a person"))


class Memory:
    """A record of the attempts that outlives the modem object."""

    def __init__(self):
        self.calls = []
        self.count = 0

    def __call__(self):
        return self

    def load(self, iccid, pin):
        self.calls.append((iccid, pin))
        return self.count

    def save(self, count, refused=False):
        self.calls.append((count, refused))
        self.count = REFUSED if refused else count

    def clear(self):
        self.calls.append("clear")
        self.count = 0


CARD = (b"AT+CCID\r", lines(b"8988211000000000011"))
LOADED = (b"8988211000000000011", b"4711")


def remembering(memory, steps, body):
    def with_memory(modem, clock):
        modem.pin_record = memory
        body(modem)

    play(steps, with_memory)


def test_a_refused_pin_is_remembered_over_restarts():
    memory = Memory()
    steps = [ASKS, CARD, UNTOLD, (PIN, cme(16))]
    remembering(memory, steps, lambda modem: refused(modem, "4711", "was refused ("))
    assert memory.calls == [LOADED, (1, False), (1, True)]  # the first before the attempt
    for _ in range(3):  # three starts
        again = lambda modem: refused(modem, "4711", "the PIN was refused before")  # noqa: E731
        remembering(memory, [ASKS, CARD], again)
    # Another PIN: the record has one attempt. The second one is entered, a third is not.
    memory.count = 1
    remembering(memory, steps, lambda modem: refused(modem, "4711", "was refused ("))
    memory.count = 2
    kept = lambda modem: refused(modem, "4711", "left to a person")  # noqa: E731
    remembering(memory, [ASKS, CARD, UNTOLD], kept)
    # The modem tells that there are attempts again: somebody entered the right one elsewhere.
    told = [ASKS, CARD, left(3), (PIN, OK), READY]
    remembering(memory, told, lambda modem: modem.unlock("4711"))
    assert memory.calls[-1] == "clear" and memory.count == 0


def test_an_attempt_whose_end_is_not_known_counts_after_a_restart():
    memory = Memory()
    for text in ("restarted", "restarted", "left to a person"):
        lost = [(PIN, b"\r\nRDY\r\n")] if text == "restarted" else []

        def body(modem, text=text):
            with raises(ModemReset, SIMError, text=text):
                modem.unlock("4711")

        remembering(memory, [ASKS, CARD, UNTOLD] + lost, body)
    assert memory.count == 2


def test_without_room_for_the_record_an_attempt_is_made_only_if_the_modem_tells_the_rest():
    class Full(Memory):
        def save(self, count, refused=False):
            raise OSError(28)

    kept = lambda modem: refused(modem, "4711", "left to a person")  # noqa: E731
    remembering(Full(), [ASKS, CARD, UNTOLD], kept)
    wrong = [ASKS, CARD, left(3), (PIN, cme(16))]
    remembering(Full(), wrong, lambda modem: refused(modem, "4711", "was refused ("))
    no_number = (b"AT+CCID\r", cme(11))
    right = [ASKS, no_number, left(3), (PIN, OK), READY]
    remembering(Full(), right, lambda modem: modem.unlock("4711"))


def test_a_pin_whose_answer_is_lost_is_entered_twice_at_most():
    clock = Clock()
    with running(clock):
        again = [(b"AT\r", [(2, OK)]), (ASKS[0], [(2, ASKS[1])])]
        steps = at_once(SYNC + SET_UP + [ASKS, UNTOLD]) + [(PIN, [])]
        steps += again + at_once([UNTOLD]) + [(PIN, [])] + again + at_once([UNTOLD])
        uart = TimedUART(clock, steps)
        modem = SIM7080(uart)
        modem.power_up()
        for _ in range(2):
            with raises(ModemTimeout, text="AT+CPIN: no answer") as caught:
                modem.unlock("4711")
            assert "4711" not in repr(caught.error)
        refused(modem, "4711", "the last attempt is left to a person")
        uart.done()


def test_a_success_forgets_the_attempts():
    def body(modem, clock):
        for _ in range(4):
            modem.unlock("4711")

    play([ASKS, UNTOLD, (PIN, OK), READY] * 4, body)


def test_no_pin_in_the_config():
    for pin in (None, ""):
        play([ASKS], lambda modem, clock, pin=pin: refused(modem, pin, "the SIM asks for a PIN"))


def test_what_cannot_be_a_pin_is_not_sent():
    for pin in ("123", "123456789", "12a4", '1"34', "12\r4", "12 4"):
        play([ASKS], lambda modem, clock, pin=pin: refused(modem, pin, "4 to 8 digits"))


def test_digits_of_another_script_or_bytes_are_no_pin():
    # On CPython str.isdigit() takes these; each entry in vain brings the SIM nearer to its lock.
    def body(modem, clock, pin):
        if isinstance(pin, str):
            refused(modem, pin, "4 to 8 digits")
        else:
            with raises(TypeError, text="pin: str, not "):
                modem.unlock(pin)
        modem.unlock("4711")

    for pin in ("\u0661\u0662\u0663\u0664", "\u00b2" * 4, b"1234", 4711, bytearray(b"1234")):
        steps = [ASKS, ASKS, UNTOLD, (PIN, OK), READY]
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
