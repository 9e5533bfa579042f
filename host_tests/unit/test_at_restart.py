"""The AT engine: a modem that restarts, is missing, or sends garbage."""

from at_script import BOOT, OK, SYNC, engine, timed
from expect import raises
from virtual_time import Clock, TimedUART, running

from cellular import ModemGarbled, ModemReset, ModemSilent, ModemTimeout
from cellular.at import AT

# -- the modem restarts -------------------------------------------------------------------------


def restart(steps, call, text="the modem restarted"):
    """Check that `call(at)` raises ModemReset, and that the engine sends nothing until `sync`."""
    clock = Clock()
    with running(clock):
        at, uart = engine(steps)
        with raises(ModemReset, text=text) as caught:
            call(at)
        assert caught.error.errno == 104
        assert (at.generation, at.resets, at.lost) == (1, 1, True)
        sent = len(uart.written)
        for _ in range(2):
            with raises(ModemReset, text="AT+CSQ not sent: the modem restarted"):
                at.command(b"+CSQ")
        assert len(uart.written) == sent
        assert (at.generation, at.resets) == (1, 1)


def test_a_boot_line_in_the_middle_of_a_command():
    for line in (
        b"\r\nRDY\r\n",
        b"\r\n+CSQ: 1\r\nRDY\r\n\r\nOK\r\n",
        b"\r\nNORMAL POWER DOWN\r\n",
    ):
        restart(
            [(b"AT+CSQ\r", line)],
            lambda at: at.command(b"+CSQ", b"+CSQ:"),
            "AT+CSQ: the modem restarted",
        )


def test_a_boot_line_where_a_bare_line_is_expected():
    restart([(b"AT+CIMI\r", b"\r\nRDY\r\n")], lambda at: at.command(b"+CIMI", b""))


def test_a_boot_line_between_two_commands():
    def call(at):
        at.poll()  # finds the UART empty once, before the boot line
        at.command(b"+CSQ")

    restart([(b"", b"\r\nRDY\r\n")], call, "AT+CSQ not sent: the modem restarted")


def test_a_boot_line_in_place_of_the_prompt():
    restart(
        [(b"AT+CASEND=0,5\r", b"\r\nRDY\r\n\r\n+CFUN: 1\r\n")],
        lambda at: at.send(b"+CASEND=0,5", b"hello"),
        "AT+CASEND: the modem restarted",
    )


def test_a_boot_line_after_the_payload():
    restart(
        [(b"AT+CASEND=0,5\r", b"\r\n>"), (b"hello", b"\r\nRDY\r\n")],
        lambda at: at.send(b"+CASEND=0,5", b"hello"),
    )


def test_a_boot_line_before_counted_data():
    restart(
        [(b"AT+CARECV=0,9\r", b"\r\nRDY\r\n")],
        lambda at: at.fetch(b"+CARECV=0,9", b"+CARECV: ", memoryview(bytearray(9))),
    )


def test_an_echo_means_a_restart():
    # With auto-baud the modem prints no boot line: only the echo shows the restart.
    restart(
        [(b"AT+CSQ\r", b"AT+CSQ\r\r\n+CSQ: 1,99\r\n\r\nOK\r\n")],
        lambda at: at.command(b"+CSQ", b"+CSQ:"),
    )
    restart(
        [(b"AT+CASEND=0,5\r", b"AT+CASEND=0,5\r\r\nERROR\r\n")],
        lambda at: at.send(b"+CASEND=0,5", b"hello"),
    )


def test_an_echo_behind_what_a_restart_left_of_a_line():
    for command, prefix in (
        (b"+CSQ", b"+CSQ:"),
        (b"+CARECV=0,9", b"+CARECV: "),
        (b"+CFUN=1", None),
    ):
        target = memoryview(bytearray(9)) if b"CARECV" in command else None
        steps = [
            (b"AT+CMEE=1\r", OK + b"\r\n+CADA"),
            (b"AT" + command + b"\r", b"AT" + command + b"\r\r\n+CSQ: 1,99\r\n" + OK),
        ]

        def call(at, command=command, prefix=prefix, target=target):
            at.command(b"+CMEE=1")
            if target:
                at.fetch(command, prefix, target)
            else:
                at.command(command, prefix)

        restart(steps, call, "the modem restarted")


def test_an_echo_behind_the_beginning_of_a_urc_that_looks_like_the_answer():
    for left in (b"\r\n+CSQ:", b"\r\n+CEREG: "):
        steps = [
            (b"AT+CMEE=1\r", OK + left),
            (b"AT+CSQ\r", b"AT+CSQ\r\r\n+CSQ: 1,99\r\n" + OK),
        ]

        def call(at):
            at.on(b"+CEREG:", lambda line: None)
            at.command(b"+CMEE=1")
            at.command(b"+CSQ", b"+CSQ:")

        restart(steps, call)


def test_a_restart_inside_counted_data():
    # The boot line is read as data, the answer never ends; then the echo of AT shows the restart.
    clock = Clock()
    with running(clock):
        at, uart = timed(
            clock,
            [
                (b"AT+CARECV=0,50\r", [(3, b"\r\n+CARECV: 50,abc"), (900, b"\r\nRDY\r\n")]),
                (b"AT\r", [(3, b"AT\r\r\nOK\r\n")]),
            ],
        )
        with raises(ModemTimeout):
            at.fetch(b"+CARECV=0,50", b"+CARECV: ", memoryview(bytearray(50)))
        with raises(ModemReset):
            at.command(b"+CSQ")
        assert (at.generation, at.lost) == (1, True)
        uart.done()


def test_a_restart_while_the_engine_gets_in_step():
    for when in (100, 600, 1_500):
        clock = Clock()
        with running(clock):
            at, uart = timed(
                clock,
                [
                    (b"AT+CSQ\r", [(5_000 + when, b"\r\nRDY\r\n")]),
                    (b"AT\r", [(when, OK)]),
                    (None, []),
                ],
            )
            with raises(ModemTimeout):
                at.command(b"+CSQ")
            with raises(ModemReset):
                at.command(b"+CSQ")
            assert (at.generation, at.lost) == (1, True)
            assert uart.written.count(b"+CSQ") == 1


def test_urcs_are_not_lost_while_the_engine_gets_in_step():
    clock = Clock()
    seen = []
    with running(clock):
        at, uart = timed(
            clock,
            [
                (b"AT+CSQ\r", [(5_100, b"\r\n+CASTATE: 0,0\r\n")]),
                (
                    b"AT\r",
                    [(3, b"\r\n+CASTATE: 1,0\r\n"), (4, OK), (200, b"\r\n+CASTATE: 2,0\r\n")],
                ),
                (b"AT+CSQ\r", [(3, OK)]),
            ],
        )
        at.on(b"+CASTATE:", lambda line: seen.append(bytes(line[10:])))
        with raises(ModemTimeout):
            at.command(b"+CSQ")
        at.command(b"+CSQ")
        uart.done()
    assert seen == [b"0,0", b"1,0", b"2,0"]


def test_after_sync_the_engine_works_again():
    with running(Clock()):
        steps = [(b"AT+A\r", b"\r\nRDY\r\n")] + SYNC + [(b"AT+B\r", OK)]
        at, uart = engine(steps)
        with raises(ModemReset):
            at.command(b"+A")
        at.sync()
        assert not at.lost and at.generation == 1
        at.command(b"+B")
        uart.done()


def test_a_sync_that_fails_half_way_leaves_the_engine_unsynchronised():
    clock = Clock()
    with running(clock):
        uart = TimedUART(clock, [(b"AT\r", [(3, OK)]), (b"ATE0\r", []), (None, [])])
        at = AT(uart, BOOT)
        with raises(ModemTimeout):
            at.sync()
        assert at.lost
        with raises(ModemReset):
            at.command(b"+CSQ")


# -- a missing modem, or garbage ----------------------------------------------------------------


def no_modem(reply, kind, text, delay=3):
    clock = Clock()
    with running(clock):

        class Line:
            """Answers each write with `reply(data)`."""

            def __init__(self):
                self.waiting = b""
                self.writes = 0

            def any(self):
                return len(self.waiting)

            def readinto(self, buf):
                n = min(len(buf), len(self.waiting))
                buf[:n] = self.waiting[:n]
                self.waiting = self.waiting[n:]
                return n or None

            def write(self, data):
                self.writes += 1
                self.waiting += reply(bytes(data))
                return len(data)

        line = Line()
        at = AT(line, BOOT)
        with raises(kind, text=text):
            at.sync(10_000)
        assert at.lost
        assert 10_000 <= clock.ms < 12_000, clock.ms
        assert 8 <= line.writes <= 12, line.writes


def test_a_silent_modem():
    no_modem(lambda data: b"", ModemSilent, "the modem answers nothing")


def test_garbage():
    for noise in (b"\x00\xf0\xff", b"garbage\r\n", b"\xfe\r\n\x80", b"z" * 900):
        no_modem(lambda data, noise=noise: noise, ModemGarbled, "the modem sends garbage")


def test_only_an_echo():
    for echo in (lambda data: data, lambda data: data + b"\r\n"):
        no_modem(echo, ModemGarbled, "only echoes what is sent")


def test_the_first_calls_are_lost_or_garbled():
    # Auto-baud: the modem needs a few ATs to find the rate.
    clock = Clock()
    with running(clock):
        steps = [
            (b"AT\r", []),
            (b"AT\r", [(3, b"\xff\x80A")]),
            (b"AT\r", [(3, b"\xf0\r\r\nOK\r\n")]),
        ]
        steps += [(b"ATE0\r", [(3, b"ATE0\r" + OK)])]
        uart = TimedUART(clock, steps)
        at = AT(uart, BOOT)
        at.sync()
        assert not at.lost
        uart.done()
