"""The AT engine: commands to the byte, URCs anywhere, the UART."""

from at_script import BOOT, OK, SYNC, dialogue
from effort import some
from expect import equal, raises
from mock_uart import ScriptedUART, cuts, single_bytes
from virtual_time import Clock, running

from cellular import CommandError, ModemError
from cellular.at import AT

# -- commands -----------------------------------------------------------------------------------

_QUESTION = b"AT+CMEE=%d;+CMEE?;+CMEE=1\r"


def test_a_command_to_the_byte():
    def body(at):
        assert at.command(b"+CSQ", b"+CSQ:") == [b"20,99"]
        assert at.command(b"+CMEE=1") == []
        assert at.commands == 2

    dialogue([(b"AT+CSQ\r", b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n"), (b"AT+CMEE=1\r", OK)], body)


def test_an_answer_cut_at_every_byte():
    answer = b'\r\n+CNACT: 0,1,"10.0.0.1"\r\n+CNACT: 1,0,"0.0.0.0"\r\n\r\nOK\r\n'
    for chunks in some([list(cut) for cut in cuts(answer)], 7) + [single_bytes(answer)]:
        got = dialogue([(b"AT+CNACT?\r", chunks)], lambda at: at.command(b"+CNACT?", b"+CNACT:"))
        assert got == [b'0,1,"10.0.0.1"', b'1,0,"0.0.0.0"'], (chunks, got)


def test_an_echo_is_no_answer():
    # Echo stays on, like with a modem that ignores ATE0.
    steps = [
        (b"AT\r", b"AT\r\r\nOK\r\n"),
        (b"ATE0\r", b"ATE0\r\r\nOK\r\n"),
        (_QUESTION % 1, _QUESTION % 1 + b"\r\n+CMEE: 1\r\n" + OK),
        (_QUESTION % 2, _QUESTION % 2 + b"\r\n+CMEE: 2\r\n" + OK),
        (b"AT+CIMI\r", b"AT+CIMI\r\r\n001010123456789\r\n\r\nOK\r\n"),
        (b"AT+CASEND=0,2\r", b"AT+CASEND=0,2\r\r\n>"),
        (b"hi", OK),
    ]
    with running(Clock()):
        uart = ScriptedUART(steps)
        at = AT(uart, BOOT)
        at.sync()
        assert at.command(b"+CIMI", b"") == [b"001010123456789"]
        at.send(b"+CASEND=0,2", b"hi")
        assert at.generation == 0
        uart.done()


def test_refusals_in_all_three_forms():
    forms = (
        (b"ERROR", -1, "AT+CPIN: refused by the modem (ERROR)"),
        (b"+CME ERROR: 10", 10, "AT+CPIN: +CME ERROR: 10 (SIM not inserted)"),
        (b"+CME ERROR:14", 14, "SIM busy"),
        (b"+CME ERROR: 604", 604, "AT+CPIN: +CME ERROR: 604"),
        (b"+CME ERROR: SIM failure", 13, "AT+CPIN: +CME ERROR: SIM failure"),
        (b"+CME ERROR: SIM BUSY", 14, "AT+CPIN: +CME ERROR: SIM BUSY"),
        (b"+CME ERROR: incorrect password", 16, "AT+CPIN: +CME ERROR: incorrect password"),
        (b"+CME ERROR: who knows", -1, "AT+CPIN: +CME ERROR: who knows"),
        (b"+CME ERROR:", -1, "AT+CPIN: +CME ERROR:"),
        (b"+CMS ERROR: 310", -1, "AT+CPIN: +CMS ERROR: 310"),
        (b"+CME ERROR: \xff\x00x", -1, "AT+CPIN: +CME ERROR: ??x"),
    )
    for line, code, text in forms:

        def body(at, code=code, text=text):
            with raises(CommandError, text=text) as caught:
                at.command(b'+CPIN="4711"', b"+CPIN:")
            assert caught.error.code == code
            assert "4711" not in str(caught.error) + repr(caught.error)
            at.command(b"")  # the engine is synchronised

        dialogue([(b'AT+CPIN="4711"\r', b"\r\n" + line + b"\r\n"), (b"AT\r", OK)], body)


def test_lines_that_only_look_final():
    def body(at):
        assert at.command(b"+X", b"") == [b"OKAY", b"NOT OK", b"ERR", b"+CME", b"ERRORS"]

    dialogue([(b"AT+X\r", b"\r\nOKAY\r\nNOT OK\r\nERR\r\n+CME\r\nERRORS\r\nOK\r\n")], body)


def test_no_more_lines_are_kept_than_needed():
    def body(at):
        assert len(at.command(b"+X", b"+X:")) == 32

    dialogue([(b"AT+X\r", b"\r\n+X: 1" * 500 + b"\r\nOK\r\n")], body)


def test_the_caller_may_decline_a_line():
    seen = []

    def body(at):
        urcs = []

        def on_line(line):
            seen.append(bytes(line))
            if b"mine" not in bytes(line):
                at.urc(line)

        at.on(b"+X:", lambda line: urcs.append(bytes(line)))
        assert at.command(b"+X?", b"+X:", on_line) == []
        assert urcs == [b"+X: 1"]

    dialogue([(b"AT+X?\r", b"\r\n+X: 1\r\n+X: mine\r\nOK\r\n")], body)
    assert seen == [b"+X: 1", b"+X: mine"]


# -- URCs ---------------------------------------------------------------------------------------


def test_urcs_before_inside_and_after_an_answer():
    urc = b"\r\n+CADATAIND: 0\r\n"
    answer = b"\r\n+CSQ: 20,99\r\n", OK
    for parts in (
        (urc, answer[0], answer[1]),
        (answer[0], urc, answer[1]),
        (answer[0], answer[1], urc),
        (urc, urc + answer[0] + urc, answer[1] + urc),
    ):
        seen = []

        def body(at, seen=seen):
            at.on(b"+CADATAIND:", lambda line: seen.append(bytes(line)))
            assert at.command(b"+CSQ", b"+CSQ:") == [b"20,99"]
            at.poll()
            at.poll()

        dialogue([(b"AT+CSQ\r", list(parts))], body)
        assert seen == [b"+CADATAIND: 0"] * b"".join(parts).count(b"IND"), parts


def test_a_urc_before_the_command_is_not_its_answer():
    seen = []

    def body(at):
        at.on(b"+CEREG:", lambda line: seen.append(bytes(line)))
        at.poll()  # finds the UART empty once, before the URC
        assert at.command(b"+CEREG?", b"+CEREG:") == [b"1,5"]

    steps = [(b"", b"\r\n+CEREG: 2\r\n"), (b"AT+CEREG?\r", b"\r\n+CEREG: 1,5\r\n\r\nOK\r\n")]
    dialogue(steps, body)
    assert seen == [b"+CEREG: 2"]


def test_a_urc_with_a_handler_is_no_bare_line():
    def body(at):
        at.on(b"+CADATAIND:", lambda line: None)
        assert at.command(b"+CCID", b"") == [b"8988"]
        assert (at.urcs, at.unknown) == (3, 0)  # the others are echoes, before E0

    dialogue([(b"AT+CCID\r", b"\r\n+CADATAIND: 0\r\n8988\r\n\r\nOK\r\n")], body)


def test_unknown_urcs_with_unbalanced_quotes():
    def body(at):
        assert at.command(b"+CSQ", b"+CSQ:") == [b"1,99"]
        assert at.unknown == 2

    text = b'\r\n*PSUTTZ: 24/04/11,03:19:19","+32",0\r\n\r\nDST: 0\r\n\r\n+CSQ: 1,99\r\n\r\nOK\r\n'
    dialogue([(b"AT+CSQ\r", text)], body)


def test_nothing_is_taken_for_counted_data_after_the_command():
    target = memoryview(bytearray(4))

    def body(at):
        at.fetch(b"+CARECV=0,4", b"+CARECV: ", target)
        assert at.parser.count == 0
        at.poll()
        equal(target, bytes(4))

    dialogue([(b"AT+CARECV=0,4\r", b"\r\n+CARECV: 0\r\n\r\nOK\r\n\r\n+CARECV: 4,late\r\n")], body)


# -- the UART -----------------------------------------------------------------------------------


def test_a_uart_that_takes_few_bytes_at_a_time():
    for limit in (1, 2, 7):
        with running(Clock()):
            steps = SYNC + [(b"AT+CASEND=0,9\r", b"\r\n>"), (b"123456789", OK)]
            uart = ScriptedUART(steps, limit=limit)
            at = AT(uart, BOOT)
            at.sync()
            at.send(b"+CASEND=0,9", memoryview(b"123456789"))
            uart.done()


class Stuck(ScriptedUART):
    """Accepts `room` bytes, and then none; `nothing` is its return value then."""

    room = 1_000_000
    nothing = None

    def write(self, data):
        taken = min(self.room, len(data))
        if not taken:
            return self.nothing
        self.room -= taken
        return ScriptedUART.write(self, bytes(data)[:taken])


def test_a_uart_that_takes_no_bytes():
    for nothing in (None, 0):
        clock = Clock(nap=100)
        with running(clock):
            uart = Stuck(SYNC)
            uart.nothing = nothing
            at = AT(uart, BOOT)
            at.sync()
            uart.room = 0
            start = clock.ms
            with raises(ModemError, text="the UART accepts no bytes"):
                at.command(b"+CSQ")
            assert 5_000 <= clock.ms - start < 5_100


def test_half_a_command_is_not_continued_by_the_next():
    # The modem has "AT+CS" in its buffer: the next AT completes that to a command that it refuses.
    clock = Clock()
    with running(clock):
        steps = SYNC + [(b"AT+CSAT\r", b"\r\nERROR\r\n"), (b"AT\r", OK), (b"AT+CSQ\r", OK)]
        uart = Stuck(steps)
        at = AT(uart, BOOT)
        at.sync()
        uart.room = 5
        with raises(ModemError, text="accepts no bytes"):
            at.command(b"+CSQ")
        uart.room = 1_000_000
        at.command(b"+CSQ")
        uart.done()
