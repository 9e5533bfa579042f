"""The AT engine: answers that come late or never."""

from at_script import OK, dialogue, timed
from expect import raises
from virtual_time import Clock, Flood, TimedUART, running

import cellular
from cellular import ModemError, ModemReset, ModemSilent, ModemTimeout
from cellular.at import AT


def late(delay, reply, command=b"+CAOPEN=0,0", steps=()):
    """`command` times out, its reply comes `delay` ms after it; then the test sends +X?."""
    clock = Clock(nap=100)
    with running(clock):
        script = [(b"AT" + command + b"\r", [(delay, reply)])]
        script.extend(steps)
        script.append((b"AT+X?\r", [(3, b"\r\n+X: 1\r\n\r\nOK\r\n")]))
        at, uart = timed(clock, script)
        at.limits = cellular.SIM7080.limits
        with raises(ModemTimeout, text="AT+CAOPEN: no answer from the modem in time") as caught:
            at.command(command, b"+CAOPEN:")
        assert caught.error.errno == 110
        assert clock.ms >= 90_000
        assert at.timeouts == 1
        assert at.command(b"+X?", b"+X:") == [b"1"]
        assert not at.lost
        uart.done()
        return at


def test_a_late_result_is_not_the_answer_of_the_next_command():
    # T-SIM7080G #179: the result of a timed-out CAOPEN arrived during the next command.
    for delay in (90_100, 90_250):
        late(delay, b"\r\n+CAOPEN: 0,2\r\n\r\nOK\r\n", steps=[(b"AT\r", [(3, OK)])])


def test_a_late_result_while_the_engine_calls():
    # It comes between the engine's AT and its answer: the engine waits for both.
    late(90_310, b"\r\n+CAOPEN: 0,2\r\n\r\nOK\r\n", steps=[(b"AT\r", [(200, OK)])])


def test_the_shift_by_one_answer_does_not_persist():
    # TinyGSM #296: +CPIN? was answered OK, the next one "u-blox", and so on.
    clock = Clock()
    with running(clock):
        at, uart = timed(
            clock,
            [
                (b"AT+CGMI\r", [(5_400, b"\r\nu-blox\r\n\r\nOK\r\n")]),
                (b"AT\r", [(2, OK)]),
                (b"AT+CPIN?\r", [(2, b"\r\n+CPIN: READY\r\n\r\nOK\r\n")]),
                (b"AT+CIMI\r", [(2, b"\r\n00101\r\n\r\nOK\r\n")]),
            ],
        )
        with raises(ModemTimeout):
            at.command(b"+CGMI", b"")
        assert at.command(b"+CPIN?", b"+CPIN:") == [b"READY"]
        assert at.command(b"+CIMI", b"") == [b"00101"]
        uart.done()


def test_several_calls_answered_at_once_are_all_waited_for():
    # At the first sync the modem is busy: it answers three ATs only after that, 100 ms apart.
    clock = Clock()
    with running(clock):
        uart = TimedUART(
            clock,
            [
                (b"AT\r", [(2_500, OK)]),
                (b"AT\r", [(1_600, OK)]),
                (b"AT\r", [(700, OK)]),
                (b"ATE0\r", [(3, OK)]),
                (b"AT+CIMI\r", [(3, b"\r\n00101\r\n\r\nOK\r\n")]),
            ],
        )
        at = AT(uart)
        at.sync()
        assert at.command(b"+CIMI", b"") == [b"00101"]
        uart.done()


def test_an_interrupted_command_is_waited_for():
    # Whatever ends the wait, here the user, no other command gets the answer.
    class Interrupted(Clock):
        def sleep(self, ms):
            Clock.sleep(self, ms)
            if 1_000 <= self.ms < 1_010:
                self.ms = 1_010
                raise KeyboardInterrupt

    clock = Interrupted(nap=5)
    with running(clock):
        at, uart = timed(
            clock,
            [
                (b"AT+CSIM=4\r", [(1_200, b"\r\n+CSIM: 4,9000\r\n\r\nOK\r\n")]),
                (b"AT\r", [(3, OK)]),
                (b"AT+CSIM=6\r", [(3, b"\r\n+CSIM: 4,6A82\r\n\r\nOK\r\n")]),
            ],
        )
        with raises(KeyboardInterrupt):
            at.command(b"+CSIM=4", b"+CSIM:")
        assert at.command(b"+CSIM=6", b"+CSIM:") == [b"4,6A82"]
        uart.done()


def test_an_error_of_the_caller_leaves_no_answer_behind():
    def on_line(line):
        raise ValueError("no")

    def body(at):
        with raises(ValueError):
            at.command(b"+X?", b"+X:", on_line)
        assert at.command(b"+Y?", b"+Y:") == [b"2"]

    steps = [
        (b"AT+X?\r", b"\r\n+X: 1\r\n\r\nOK\r\n"),
        (b"AT\r", OK),
        (b"AT+Y?\r", b"\r\n+Y: 2\r\n\r\nOK\r\n"),
    ]
    dialogue(steps, body)


def test_silence_after_a_time_out_means_the_modem_is_lost():
    clock = Clock()
    with running(clock):
        at, uart = timed(clock, [(b"AT+CSQ\r", []), (None, [])])
        with raises(ModemTimeout):
            at.command(b"+CSQ", b"+CSQ:")
        generation = at.generation
        with raises(ModemSilent):
            at.command(b"+CSQ", b"+CSQ:")
        assert at.lost and at.generation == generation + 1
        sent = len(uart.written)
        with raises(ModemReset):
            at.command(b"+CSQ", b"+CSQ:")
        assert len(uart.written) == sent  # the engine sends nothing before sync
        assert clock.ms < 12_000, clock.ms


def test_each_command_has_its_time_out():
    for command, limit in (
        (b"+CSIM=2", 35_000),
        (b"+CSQ", 5_000),
        (b"", 1_000),
        (b"+COPS?", 120_000),
        (b"^SLOW=1", 9_000),  # as in the driver
        (b"^SLOWER", 5_000),
    ):
        clock = Clock(nap=100)
        with running(clock):
            at, _ = timed(clock, [(b"AT" + command + b"\r", [])])
            at.limits = ((b"^SLOW", 9_000),)
            start = clock.ms
            with raises(ModemTimeout):
                at.command(command)
            assert limit <= clock.ms - start <= limit + 100, (command, clock.ms - start)
    clock = Clock()
    with running(clock):
        at, _ = timed(clock, [(b"AT+CSQ\r", [])])
        start = clock.ms
        with raises(ModemTimeout):
            at.command(b"+CSQ", timeout=70)
        assert clock.ms - start < 80


def test_a_modem_that_never_stops_talking():
    # The line never becomes empty, and still every wait ends.
    for noise in (b"+CADATAIND: 0\r\n", b"\xff\x00garbage", b"x", b"\r\n"):
        clock = Clock(step=50)
        with running(clock):
            at = AT(Flood(noise))
            at.lost = False
            at.poll()
            with raises(ModemTimeout):
                at.command(b"+CSQ", b"+CSQ:")
            with raises(ModemError):
                at.command(b"+CSQ", b"+CSQ:")
            assert at.lost
            assert clock.ms < 60_000, (noise, clock.ms)


class SlowModem:
    """Answers its commands one after the other, each `busy` ms after it began with it. Before the
    first comes what was asked by another program, whose answers `left` (bytes) are still due."""

    _ANSWERS = {
        b"+CSQ": b"\r\n+CSQ: 20,99\r\n" + OK,
        b"+CIMI": b"\r\n001010123456789\r\n" + OK,
        b'+CSIM=10,"0070000001"': b'\r\n+CSIM: 6,"019000"\r\n' + OK,
    }

    def __init__(self, clock, busy, left=()):
        self._clock = clock
        self._busy = busy
        self._due = []
        self.refuses = 0  # how many more questions of the engine
        self._free = 0  # ms at which it begins with the next command
        for answer in left:
            self._later(answer)

    def _later(self, answer):
        self._free = max(self._free, self._clock.ms) + self._busy
        self._due.append((self._free, answer))

    def write(self, data):
        self._clock.happens()
        for line in bytes(data).split(b"\r"):
            if line[:2] != b"AT":
                continue
            if line[2:8] == b"+CMEE=" and self.refuses:
                self.refuses -= 1
                self._later(b"\r\nERROR\r\n")
            elif line[2:8] == b"+CMEE=":
                self._later(b"\r\n+CMEE: " + line[8:9] + b"\r\n" + OK)
            else:
                self._later(self._ANSWERS.get(line[2:], OK))
        return len(data)

    def any(self):
        return len(self._due[0][1]) if self._due and self._due[0][0] <= self._clock.ms else 0

    def readinto(self, buf):
        if not self.any():
            return None
        _, answer = self._due.pop(0)
        buf[: len(answer)] = answer
        return len(answer)


def asks(at):
    """What is asked after `sync` gets its own answers."""
    assert at.command(b"+CSQ", b"+CSQ:") == [b"20,99"]
    assert at.command(b"+CIMI", b"") == [b"001010123456789"]
    assert at.command(b'+CSIM=10,"0070000001"', b"+CSIM:") == [b'6,"019000"']


# What another program had asked, before the board was reset.
_LEFT = (
    b"\r\n+CSIM: 4,6A82\r\n" + OK,
    b"\r\n+CMEE: 0\r\n" + OK,  # it was at its start, too
    b"\r\n+CSQ: 1,99\r\n" + OK,
    b"\r\nERROR\r\n",
    b"\r\n+CME ERROR: 14\r\n",
)


def test_nothing_from_before_sync_is_credited_to_what_is_asked_after():
    for busy in (0, 290, 310, 700, 990, 2_900, 4_700):
        for left in ((), _LEFT[:1], _LEFT):
            clock = Clock(nap=10 + busy // 50, part=5)
            with running(clock):
                at = AT(SlowModem(clock, busy, left))
                at.sync()
                assert not at.lost
                asks(at)


def test_a_modem_whose_answers_take_more_than_a_second_is_set_up():
    for busy in (1_100, 2_900, 4_700):
        clock = Clock(nap=10 + busy // 50, part=5)
        with running(clock):
            modem = cellular.SIM7080(SlowModem(clock, busy))
            modem.power_up()
            asks(modem.at)


def test_after_a_time_out_a_slow_modem_is_in_step_again():
    for busy in (310, 990, 2_900):
        clock = Clock(nap=10 + busy // 50, part=5)
        with running(clock):
            at = AT(SlowModem(clock, busy))
            at.sync()
            with raises(ModemTimeout):
                at.command(b"+CIMI", b"", timeout=200)
            asks(at)


def test_a_modem_that_refuses_the_question_is_in_step_once_it_was_quiet():
    for refusals, most in ((1, 1_000), (9, 3_000)):
        clock = Clock(nap=10)
        with running(clock):
            uart = SlowModem(clock, 5)
            uart.refuses = refusals
            at = AT(uart)
            at.sync()
            assert clock.ms < most, clock.ms
            asks(at)
