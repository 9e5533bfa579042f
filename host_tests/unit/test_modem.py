"""What all modems have in common: start, registration, clock. `test_pin` has the SIM."""

from effort import some
from expect import raises
from mock_uart import ScriptedUART
from modem_script import AnsweringUART
from sim7080_script import ERROR, OK, SET_UP, SYNC, at_once, cme, lines, play, started
from virtual_time import Clock, TimedUART, running

from cellular import (
    SIM7080,
    CommandError,
    ModemGarbled,
    ModemReset,
    ModemSilent,
    NetworkError,
)
from cellular.clock import to_utc

# -- power --------------------------------------------------------------------------------------


class Key:
    """A power key that records when it was pressed and released."""

    def __init__(self, clock):
        self.clock = clock
        self.moves = []

    def __call__(self, pressed):
        self.moves.append((pressed, self.clock.ms))


def test_a_running_modem_is_not_touched_by_the_power_key():
    clock = Clock()
    with running(clock):
        key = Key(clock)
        uart = TimedUART(clock, at_once(SYNC + SET_UP))
        modem = SIM7080(uart, key)
        modem.power_up()
        modem.power_up()  # nothing is left to do
        uart.done()
        assert key.moves == []


def test_the_power_key_is_pressed_only_after_silence():
    clock = Clock(nap=30)
    with running(clock):
        key = Key(clock)
        asleep = [(b"AT\r", [])] * 3
        booting = [(b"AT\r", [])] * 2
        uart = TimedUART(clock, asleep + booting + at_once(SYNC + SET_UP))
        modem = SIM7080(uart, key)
        modem.power_up()
        uart.done()
        (down, pressed), (up, released) = key.moves
        assert (down, up) == (True, False)
        assert 3_000 <= pressed <= 3_100, pressed
        assert 1_000 <= released - pressed < 12_000  # data sheet: 1 s, and 12 s is a reset
        assert not modem.at.lost


def test_garbage_is_no_silence():
    clock = Clock()
    with running(clock):
        key = Key(clock)
        uart = TimedUART(clock, [(b"AT\r", [(1, b"\xf8\x00\r\n")])] * 3)
        with raises(ModemGarbled):
            SIM7080(uart, key).power_up()
        assert key.moves == []


def test_without_a_power_key_there_is_just_more_time():
    clock = Clock()
    with running(clock):
        with raises(ModemSilent):
            SIM7080(TimedUART(clock, [(None, [])])).power_up()
        assert 15_000 <= clock.ms < 16_100


def test_the_key_does_not_wake_it():
    clock = Clock()
    with running(clock):
        key = Key(clock)
        with raises(ModemSilent):
            SIM7080(TimedUART(clock, [(None, [])]), key).power_up()
        assert len(key.moves) == 2
        assert clock.ms < 22_000


def test_a_modem_that_starts_by_itself_is_waited_for():
    # Its boot line comes before it hears AT: it is neither silent nor garbage.
    for reply in ([(900, b"\r\nRDY\r\n")], [(900, b"\r\n+CEREG: 2\r\n")]):
        clock = Clock(nap=30)
        with running(clock):
            key = Key(clock)
            late = [(b"AT\r", [])] * 2 + [(b"AT\r", reply), (b"AT\r", [])]
            uart = TimedUART(clock, late + at_once(SYNC + SET_UP))
            SIM7080(uart, key).power_up()
            uart.done()
            assert key.moves == []


def test_a_modem_that_hangs_is_reset_with_the_key():
    clock = Clock(nap=30)
    with running(clock):
        key = Key(clock)
        modem = SIM7080(TimedUART(clock, [(None, [])]), key)
        for _ in range(4):
            with raises(ModemSilent):
                modem.power_up()
        lengths = [up[1] - down[1] for down, up in zip(key.moves[::2], key.moves[1::2])]
        # On: 1 s, off: 1.2 s, reset: 12 s or 15 s; the data sheet has both.
        assert [1_000 <= ms < 1_200 or ms > 15_000 for ms in lengths] == [True] * 4, lengths
        assert [ms > 15_000 for ms in lengths] == [False, True, False, True], lengths


def test_the_key_is_released_whatever_happens():
    class Interrupted(Clock):
        def sleep(self, ms):
            if ms > 1_000:
                raise KeyboardInterrupt
            Clock.sleep(self, ms)

    clock = Interrupted()
    with running(clock):
        key = Key(clock)
        with raises(KeyboardInterrupt):
            SIM7080(TimedUART(clock, [(None, [])]), key).power_up()
        assert [pressed for pressed, _ in key.moves] == [True, False]


def test_a_modem_that_restarts_is_given_time_before_the_key_is_pressed():
    # It boots for 8 s: a pulse in that time would switch it off.
    clock = Clock()
    with running(clock):
        key = Key(clock)
        steps = at_once(SYNC + SET_UP) + [(b"AT+CPIN?\r", [(2, b"\r\nRDY\r\n")])]
        uart = TimedUART(clock, steps + [(b"AT\r", [])] * 8 + at_once(SYNC + SET_UP))
        modem = SIM7080(uart, key)
        modem.power_up()
        with raises(ModemReset):
            modem.unlock()
        modem.power_up()
        uart.done()
        assert key.moves == []


def test_settings_that_failed_are_made_up_for():
    # Modems that are still starting answer "SIM busy" even to other commands.
    clock = Clock()
    with running(clock):
        uart = ScriptedUART(SYNC + SET_UP[:1] + [(SET_UP[1][0], cme(14))] + SET_UP)
        modem = SIM7080(uart)
        with raises(CommandError, text="SIM busy"):
            modem.power_up()
        modem.power_up()
        modem.power_up()
        uart.done()


def test_after_a_restart_everything_is_set_again():
    def body(modem, clock):
        with raises(ModemReset):
            modem.imsi()
        modem.power_up()

    play([(b"AT+CIMI\r", b"\r\nRDY\r\n")] + SYNC + SET_UP, body)


def test_restart_by_command():
    for answer in (OK, ERROR, b"\r\nRDY\r\n", b""):

        def body(modem, clock):
            modem.restart()
            assert modem.at.lost and modem.at.generation == 1
            with raises(ModemReset):
                modem.imsi()

        play([(b"AT+CFUN=1,1\r", answer)], body)


# -- registration -------------------------------------------------------------------------------


def registration(answer, urcs=b""):
    return [
        (b"AT+CEREG=1\r", OK),
        (b"AT+CEREG?\r", b"\r\n+CEREG: " + answer + b"\r\n" + OK + urcs),
    ]


def test_registered_already():
    for answer, stat in (
        (b"1,1", 1),
        (b"1,5", 5),
        (b"0,1", 1),
        (b'2,5,"5B57","195071B",7', 5),
        (b'4,1,"5B57","195071B",9,,,"00000000","01100000"', 1),
        (b" 1 , 1 ", 1),
    ):
        play(
            registration(answer),
            lambda modem, clock, stat=stat: _is(modem.register(), stat),
        )


def _is(got, want):
    assert got == want, (got, want)


def test_registered_by_a_urc():
    for urc, stat in (
        (b"+CEREG: 1", 1),
        (b'+CEREG: 5,"5B57","195071B",7', 5),
        (b'+CEREG: 1,"5B57","195071B",9,,,"00000000","01100000"', 1),
        (b"+CEREG: 5,,,9", 5),
    ):

        def body(modem, clock, stat=stat):
            _is(modem.register(), stat)
            assert clock.ms < 1_000

        play(registration(b"1,2", b"\r\n" + urc + b"\r\n"), body)


def test_the_two_forms_are_not_mixed_up():
    # <n> is 1 in the read form: "1,2" is searching, not "registered at home".
    clock = Clock()
    with running(clock):
        modem, _ = started(registration(b"1,2") + [(b"AT+CEREG?\r", lines(b"+CEREG: 1,2"))] * 3)
        with raises(NetworkError, text="no network: searching"):
            modem.register(12_000)
    # A URC between the read command and its answer, and one after it.
    text = b"\r\n+CEREG: 1\r\n\r\n+CEREG: 1,2\r\n" + OK
    clock = Clock()
    with running(clock):
        modem, _ = started([(b"AT+CEREG=1\r", OK), (b"AT+CEREG?\r", text)])
        with raises(NetworkError, text="searching"):
            modem.register(4_000)
    # A late answer that arrives as if it were a URC is still the read form.
    clock = Clock()
    with running(clock):
        late = registration(b"1,2", b"\r\n+CEREG: 5,0\r\n\r\n+CEREG: 5,3\r\n")
        modem, _ = started(late + [(b"AT+CEREG=3\r", ERROR)])
        with raises(NetworkError, text="no network: denied"):
            modem.register(4_000)


def test_not_registered_in_time():
    answers = [
        (b"1,0", "not searching"),
        (b"1,2", "searching"),
        (b"1,3", "denied"),
        (b"1,4", "unknown: no coverage"),
        (b"1,8", "emergency calls only"),
        (b"1,80", "out of reach for the moment"),
        (b"1,81", "status unknown"),
        (b"x,y", "status unknown"),
        (b"", "status unknown"),
        (b",", "status unknown"),
        (b"1," + b"9" * 400, "status unknown"),
    ]
    for answer, text in some(answers, 3):
        clock = Clock(nap=450)
        with running(clock):
            ask = (b"AT+CEREG?\r", b"\r\n+CEREG: " + answer + b"\r\n" + OK)
            replies = {ask[0]: ask[1], b"AT+CEREG=3\r": ERROR}
            modem, _ = started([], lambda steps: AnsweringUART(steps, replies))  # noqa: B023
            start = clock.ms
            with raises(NetworkError, text="no network: " + text) as caught:
                modem.register()
            assert caught.error.errno == 100
            assert 180_000 <= clock.ms - start < 182_000


def test_denied_first_and_accepted_later():
    steps = registration(b"1,3") + [(b"AT+CEREG?\r", lines(b"+CEREG: 1,3"))]
    steps.append((b"AT+CEREG?\r", lines(b"+CEREG: 1,1")))

    def body(modem, clock):
        _is(modem.register(), 1)
        assert 10_000 <= clock.ms < 12_000

    play(steps, body)


def test_registration_is_refused_by_the_modem():
    def body(modem, clock):
        with raises(CommandError, text="AT+CEREG: +CME ERROR: 30 (no network service)"):
            modem.register()

    play([(b"AT+CEREG=1\r", cme(30))], body)


def test_a_restart_while_waiting_for_the_network():
    def body(modem, clock):
        with raises(ModemReset):
            modem.register()
        assert clock.ms < 6_000

    play(registration(b"1,2", b"\r\nRDY\r\n"), body)


# -- other functions ----------------------------------------------------------------------------


def test_signal():
    for answer, dbm in ((b"20,99", -73), (b"0,99", -113), (b"31,0", -51), (b"99,99", None)):
        play(
            [(b"AT+CSQ\r", lines(b"+CSQ: " + answer))],
            lambda modem, clock, dbm=dbm: _is(modem.signal(), dbm),
        )
    for answer in (OK, lines(b"+CSQ:"), lines(b"+CSQ: \xff"), lines(b"+CSQ: -1,2")):
        play([(b"AT+CSQ\r", answer)], lambda modem, clock: _is(modem.signal(), None))


def test_numbers_that_come_bare():
    # Any line may come in between: only a number counts.
    noise = (b"SMS Ready", b'*PSUTTZ: 24/04/11,03:19:19","+32",0', b"DST: 0")
    number = (b"001010123456789",)
    for text in (number, noise + number, number + noise):
        play(
            [(b"AT+CIMI\r", lines(*text))],
            lambda modem, clock: _is(modem.imsi(), "001010123456789"),
        )
    play(
        [(b"AT+CCID\r", lines(b"SMS Ready", b"8931080019073497795F"))],
        lambda modem, clock: _is(modem.iccid(), "8931080019073497795F"),
    )
    for answer in (OK, lines(b"\xff\xfe"), lines(b"SMS Ready")):
        play([(b"AT+CIMI\r", answer)], lambda modem, clock: _is(modem.imsi(), ""))


def test_the_clock():
    for text, utc in (
        (b"26/11/24,13:18:17+00", (2026, 11, 24, 13, 18, 17)),
        (b"26/11/24,13:18:17+04", (2026, 11, 24, 12, 18, 17)),
        (b"26/11/24,13:18:17-20", (2026, 11, 24, 18, 18, 17)),
        (b"26/11/24,13:18:17+22", (2026, 11, 24, 7, 48, 17)),  # India: 5:30
        (b"26/01/01,00:30:00+04", (2025, 12, 31, 23, 30, 0)),
        (b"25/12/31,23:30:00-04", (2026, 1, 1, 0, 30, 0)),
        (b"28/03/01,01:00:00+08", (2028, 2, 29, 23, 0, 0)),
        (b"27/03/01,01:00:00+08", (2027, 2, 28, 23, 0, 0)),
        (b"28/02/29,23:00:00-08", (2028, 3, 1, 1, 0, 0)),
        (b"28/02/28,23:00:00-08", (2028, 2, 29, 1, 0, 0)),
        (b"27/02/28,23:00:00-08", (2027, 3, 1, 1, 0, 0)),
        (b"26/05/01,00:00:00+56", (2026, 4, 30, 10, 0, 0)),
        (b"26/04/30,23:59:59-48", (2026, 5, 1, 11, 59, 59)),
        (b"26/11/24,13:18:17", (2026, 11, 24, 13, 18, 17)),
    ):
        play(
            [(b"AT+CCLK?\r", lines(b'+CCLK: "%s"' % text))],
            lambda modem, clock, utc=utc: _is(modem._told(), utc),
        )


def test_a_clock_that_is_not_set_or_makes_no_sense():
    for text in (
        b'"80/01/06,00:01:02+00"',
        b'"00/01/01,00:00:00+00"',
        b'"04/01/01,00:00:00+00"',
        b'"70/01/01,00:00:00+00"',
        b'"26/13/01,00:00:00+00"',
        b'"26/00/01,00:00:00+00"',
        b'"26/02/29,00:00:00+00"',
        b'"26/04/31,00:00:00+00"',
        b'"26/04/00,00:00:00+00"',
        b'"26/04/01,24:00:00+00"',
        b'"26/04/01,00:60:00+00"',
        b'"26/04/01,00:00:60+00"',
        b'"26/04/01,-1:00:00+00"',
        b'"26/04/01,00:00:00+99"',
        b'"26/04/01,00:00:00-9999999"',
        b'"26/04/01,00:00:00x"',
        b'"26/04,00:00:00"',
        b'"26/04/01"',
        b'""',
        b"",
        b"\xff\xff",
        b'"aa/bb/cc,dd:ee:ff+gg"',
    ):
        play(
            [(b"AT+CCLK?\r", lines(b"+CCLK: " + text))],
            lambda modem, clock: _is(modem._told(), None),
        )
    play([(b"AT+CCLK?\r", OK)], lambda modem, clock: _is(modem._told(), None))


def test_utc_against_a_calendar_of_its_own():
    # Every local midnight of four years, with the widest offsets, counted day by day.
    days = 0
    names = []
    for year in range(2024, 2028):
        for month in range(1, 13):
            length = 31 if month in (1, 3, 5, 7, 8, 10, 12) else 30
            if month == 2:
                length = 29 if year % 4 == 0 else 28
            names.extend([(year, month, day) for day in range(1, length + 1)])
    for days in some(range(1, len(names) - 1), 7):
        year, month, day = names[days]
        assert to_utc(year, month, day, 0, 0, 0, 56) == names[days - 1] + (10, 0, 0)
        assert to_utc(year, month, day, 23, 59, 1, -56) == names[days + 1] + (13, 59, 1)
        assert to_utc(year, month, day, 12, 0, 0, 0) == names[days] + (12, 0, 0)
