"""The AT engine: dialogues to the byte, URCs anywhere, restarts, and modems that misbehave."""

from effort import some
from expect import equal, raises
from mock_uart import ScriptedUART, cuts, single_bytes
from virtual_time import Clock, Flood, TimedUART, running

import cellular
import ticks
from cellular import CommandError, ModemError, ModemGarbled, ModemReset, ModemSilent, ModemTimeout
from cellular.at import AT
from cellular.counters import counters

OK = b"\r\nOK\r\n"
SYNC = [(b"AT\r", b"AT\r\r\nOK\r\n"), (b"ATE0\r", b"ATE0\r" + OK), (b"AT\r", OK)]
BOOT = (b"RDY", b"NORMAL POWER DOWN")


def engine(steps, clock=None, boot_lines=BOOT):
    """An engine after `sync`, with the script `steps` to come."""
    uart = ScriptedUART(SYNC + steps)
    at = AT(uart, boot_lines)
    at.sync()
    return at, uart


def timed(clock, steps):
    uart = TimedUART(clock, [(want, [(0, reply)]) for want, reply in SYNC] + steps)
    at = AT(uart, BOOT)
    at.sync()
    return at, uart


def dialogue(steps, body, boot_lines=BOOT):
    """Run `body(at)` on an engine that was synchronised; the script must be used up."""
    clock = Clock(nap=1)  # the script cannot tell that something happens
    with running(clock):
        at, uart = engine(steps, boot_lines=boot_lines)
        result = body(at)
        at.poll()
        uart.done()
    return result


# -- commands -----------------------------------------------------------------------------------


def test_a_command_to_the_byte():
    def body(at):
        assert at.command(b"+CSQ", b"+CSQ:") == [b"20,99"]
        assert at.command(b"+CMEE=1") == []
        assert at.commands == 4

    dialogue([(b"AT+CSQ\r", b"\r\n+CSQ: 20,99\r\n\r\nOK\r\n"), (b"AT+CMEE=1\r", OK)], body)


def test_an_answer_cut_at_every_byte():
    answer = b'\r\n+CNACT: 0,1,"10.0.0.1"\r\n+CNACT: 1,0,"0.0.0.0"\r\n\r\nOK\r\n'
    for chunks in some([list(cut) for cut in cuts(answer)], 7) + [single_bytes(answer)]:
        got = dialogue([(b"AT+CNACT?\r", chunks)], lambda at: at.command(b"+CNACT?", b"+CNACT:"))
        assert got == [b'0,1,"10.0.0.1"', b'1,0,"0.0.0.0"'], (chunks, got)


def test_an_echo_is_no_answer():
    # Echo on for good, as of a modem that ignores ATE0.
    steps = [
        (b"AT\r", b"AT\r\r\nOK\r\n"),
        (b"ATE0\r", b"ATE0\r\r\nOK\r\n"),
        (b"AT\r", b"AT\r\r\nOK\r\n"),
        (b"AT+CIMI\r", b"AT+CIMI\r\r\n001010123456789\r\n\r\nOK\r\n"),
        (b"AT+CASEND=0,2\r", b"AT+CASEND=0,2\r\r\n>"),
        (b"hi", OK),
    ]
    with running(Clock()):
        uart = ScriptedUART(steps)
        at = AT(uart, BOOT)
        at.sync()
        assert at.command(b"+CIMI", b"") == [b"001010123456789"]
        at.command(b"+CASEND=0,2", payload=b"hi")
        assert at.generation == 0
        uart.done()


def test_refusals_in_all_three_forms():
    forms = (
        (b"ERROR", -1, "AT+CPIN: refused by the modem (ERROR)"),
        (b"+CME ERROR: 10", 10, "AT+CPIN: +CME ERROR: 10 (SIM not inserted: insert it"),
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
            at.command(b"")  # the engine is in step

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

    def on_line(line):
        seen.append(bytes(line))
        return b"mine" in bytes(line)

    def body(at):
        urcs = []
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
        at.poll()  # finds the pause before it
        assert at.command(b"+CEREG?", b"+CEREG:") == [b"1,5"]

    steps = [(b"", b"\r\n+CEREG: 2\r\n"), (b"AT+CEREG?\r", b"\r\n+CEREG: 1,5\r\n\r\nOK\r\n")]
    dialogue(steps, body)
    assert seen == [b"+CEREG: 2"]


def test_a_urc_that_somebody_handles_is_no_bare_line():
    def body(at):
        at.on(b"+CADATAIND:", lambda line: None)
        assert at.command(b"+CCID", b"") == [b"8988"]
        assert (at.urcs, at.unknown) == (3, 0)  # the others are echoes, before E0 was accepted

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
        at.command(b"+CARECV=0,4", b"+CARECV: ", target=target)
        assert at.parser.count == 0
        at.poll()
        equal(target, bytes(4))

    dialogue([(b"AT+CARECV=0,4\r", b"\r\n+CARECV: 0\r\n\r\nOK\r\n\r\n+CARECV: 4,late\r\n")], body)


# -- prompt and counted data --------------------------------------------------------------------


def test_payload_after_the_prompt_to_the_byte():
    payload = b"\x10\x00\r\nOK\r\n>\x1a"

    def body(at):
        at.command(b"+CASEND=0,%d" % len(payload), payload=memoryview(payload))

    for prompt in (b"\r\n>", b">", b"\r\n> ", [b"\r", b"\n", b">"], b"\r\n+CADATAIND: 0\r\n>"):
        dialogue([(b"AT+CASEND=0,10\r", prompt), (payload, OK)], body)


def test_payload_is_not_sent_without_the_prompt():
    for answer, text in (
        (b"\r\nERROR\r\n", "AT+CASEND: refused"),
        (b"\r\n+CME ERROR: 3\r\n", "operation not allowed"),
        (b"\r\nOK\r\n", "AT+CASEND: OK"),
    ):

        def body(at, text=text):
            with raises(CommandError, text=text):
                at.command(b"+CASEND=0,2", payload=b"hi")

        dialogue([(b"AT+CASEND=0,2\r", answer)], body)


def test_a_final_result_that_lost_a_byte_is_not_waited_for():
    def body(at):
        start = ticks.now()
        for command, done in ((b"+CSQ", b"OK"), (b"+QISEND=0,2", b"SEND OK")):
            for _ in range(3):
                with raises(ModemGarbled, text="bytes of the answer lost"):
                    at.command(command, b"+CSQ:", done=done)
        assert ticks.diff(ticks.now(), start) < 8_000  # no time-out was waited for
        assert at.garbled == 6
        assert at.command(b"+CSQ", b"+CSQ:") == [b"20,99"]

    steps = []
    for command, results in (
        (b"AT+CSQ\r", (b"K", b"O", b"+CM ERROR: 10")),
        (b"AT+QISEND=0,2\r", (b"SENDOK", b"END OK", b"SEND FAI")),
    ):
        for result in results:
            steps += [(command, b"\r\n%s\r\n" % result), (b"AT\r", OK)]
    dialogue(steps + [(b"AT+CSQ\r", b"\r\n+CSQ: 20,99\r\n" + OK)], body)


def test_lines_that_only_look_like_a_damaged_result():
    urcs = (b"OKAY", b"", b"X", b"ERR", b"ERRORS", b"RING", b"BUS", b"NO CARIERS", b"+CM ERRO: 1")
    noise = b"".join([b"\r\n%s\r\n" % urc for urc in urcs if urc != b"BUS"])

    def body(at):
        assert at.command(b"+CSQ", b"+CSQ:") == [b"20,99"]

    dialogue([(b"AT+CSQ\r", noise + b"\r\n+CSQ: 20,99\r\n" + OK)], body)


def test_an_answer_that_is_whole_shortens_the_wait():
    clock = Clock()
    with running(clock):
        steps = [(b"AT+CSQ\r", [(5, b"\r\n+CSQ: 20,99\r\n")])]
        at, _ = timed(clock, steps)
        start = clock.ms
        with raises(ModemTimeout):
            at.command(b"+CSQ", b"+CSQ:", lambda line: 700)
        assert 700 <= clock.ms - start < 800


def test_refusal_after_the_payload():
    def body(at):
        with raises(CommandError):
            at.command(b"+CASEND=0,2", payload=b"hi")
        at.command(b"")

    dialogue([(b"AT+CASEND=0,2\r", b"\r\n>"), (b"hi", b"\r\nERROR\r\n"), (b"AT\r", OK)], body)


def test_a_payload_that_is_still_waited_for_is_filled_up():
    def body(at):
        with raises(ModemTimeout):
            at.command(b"+CASEND=0,20", payload=b"x" * 20)
        at.fill(20)
        at.command(b"+CSQ")
        at.restarted()
        at.fill(20)  # not to a modem that has to be set up first

    filled = (b"\r" * 20, b"\r\n+CASEND: 20\r\n" + OK)
    steps = [(b"AT+CASEND=0,20\r", b""), filled, (b"AT\r", OK), (b"AT+CSQ\r", OK)]
    dialogue(steps, body)


def test_a_final_result_of_the_vendor():
    def body(at):
        at.command(b"+QISEND=0,2", payload=b"hi", done=b"SEND OK")
        with raises(CommandError, text="SEND FAIL"):
            at.command(b"+QISEND=0,2", payload=b"hi", done=b"SEND OK")
        at.command(b"+CSQ")

    def send(reply):
        return [(b"AT+QISEND=0,2\r", b"\r\n> "), (b"hi", reply)]

    good = send([b"\r\nOK\r\n", b"\r\nSEND OK\r\n"])  # an OK of whatever is not its result
    bad = send(b"\r\nSEND FAIL\r\n")
    dialogue(good + bad + [(b"AT+CSQ\r", OK)], body)


def test_counted_data_whatever_it_contains():
    data = b"\r\nOK\r\n\r\n+CADATAIND: 0\r\n>\r\nERROR\r\n\r\nRDY\r\nAT\r\n+CARECV: 2,xx\r\n"
    answer = b"\r\n+CARECV: %d," % len(data) + data + b"\r\n\r\nOK\r\n"
    for chunks in some([list(cut) for cut in cuts(answer)], 7) + [single_bytes(answer)]:
        target = memoryview(bytearray(100))

        def body(at, target=target):
            at.command(b"+CARECV=0,100", b"+CARECV: ", target=target)
            assert at.parser.count == len(data)
            equal(target[: len(data)], data)
            assert at.generation == 0

        dialogue([(b"AT+CARECV=0,100\r", chunks)], body)


def test_a_urc_around_counted_data():
    seen = []

    def body(at):
        at.on(b"+CADATAIND:", lambda line: seen.append(bytes(line)))
        at.command(b"+CARECV=0,9", b"+CARECV: ", target=memoryview(bytearray(9)))
        assert at.parser.count == 2

    answer = b"\r\n+CADATAIND: 1\r\n\r\n+CARECV: 2,ab\r\n+CADATAIND: 0\r\n\r\nOK\r\n"
    dialogue([(b"AT+CARECV=0,9\r", answer)], body)
    assert seen == [b"+CADATAIND: 1", b"+CADATAIND: 0"]


def test_more_counted_data_than_was_asked_for():
    # What was announced is drained, an "OK" in it is no answer, and the engine gets in step.
    lie = b"\r\n+CARECV: 20,abc\r\nOK\r\n+X: 2\r\n789012345\r\n\r\nOK\r\n"
    target = memoryview(bytearray(4))

    def body(at):
        with raises(ModemGarbled, text="AT+CARECV: bytes of the answer lost, or more"):
            at.command(b"+CARECV=0,4", b"+CARECV: ", target=target)
        assert at.command(b"+X?", b"+X:") == [b"1"]

    steps = [(b"AT+CARECV=0,4\r", lie), (b"AT\r", OK), (b"AT+X?\r", b"\r\n+X: 1\r\n\r\nOK\r\n")]
    dialogue(steps, body)


def test_less_counted_data_than_announced():
    clock = Clock()
    with running(clock):
        at, uart = timed(
            clock,
            [
                (b"AT+CARECV=0,50\r", [(5, b"\r\n+CARECV: 50,short\r\n\r\nOK\r\n")]),
                (b"AT\r", [(5, OK)]),
                (b"AT+X?\r", [(5, b"\r\n+X: 1\r\n\r\nOK\r\n")]),
            ],
        )
        with raises(ModemTimeout, text="AT+CARECV: no answer"):
            at.command(b"+CARECV=0,50", b"+CARECV: ", target=memoryview(bytearray(50)))
        assert at.command(b"+X?", b"+X:") == [b"1"]
        uart.done()


def test_bytes_of_counted_data_that_were_lost_or_doubled():
    for data in (b"hell", b"helloo"):
        target = memoryview(bytearray(9))

        def body(at, target=target):
            with raises(ModemGarbled, text="AT+CARECV: bytes of the answer lost, or more"):
                at.command(b"+CARECV=0,9", b"+CARECV: ", target=target)
            assert at.garbled == 1
            assert at.command(b"+X?", b"+X:") == [b"1"]

        steps = [
            (b"AT+CARECV=0,9\r", b"\r\n+CARECV: 5," + data + b"\r\n\r\nOK\r\n"),
            (b"AT\r", OK),
            (b"AT+X?\r", b"\r\n+X: 1\r\n\r\nOK\r\n"),
        ]
        dialogue(steps, body)


def test_an_announcement_that_is_damaged():
    # "OK" in the data is not taken for the result of a command without data.
    heads = (b"CARECV: 6,", b"+CARECV: 6", b"+CARECV 6,")
    finals = (b"OK", b"ERROR", b"+CME ERROR: 3")
    for head, final in [(head, final) for head in heads for final in finals] + [(b"", b"OK")]:

        def body(at):
            with raises(ModemGarbled, text="AT+CARECV: bytes of the answer lost"):
                at.command(b"+CARECV=0,9", b"+CARECV: ", target=memoryview(bytearray(9)))
            assert at.command(b"+X?", b"+X:") == [b"1"]

        answer = b"\r\n" + head + b"\r\n" + final + b"\r\n\r\n\r\nOK\r\n"
        steps = [(b"AT+CARECV=0,9\r", answer), (b"AT\r", OK)]
        dialogue(steps + [(b"AT+X?\r", b"\r\n+X: 1\r\n\r\nOK\r\n")], body)


def test_data_that_looks_like_an_answer_behind_a_damaged_announcement():
    data = b"\r\n+CARECV: 5,hello\r\nOK\r\n"
    for head in (b"CARECV: 23,", b"+CRECV: 23,", b"+CARECV:23,", b"+CARECVV: 23,", b"+CARECV: 23"):

        def body(at):
            with raises(ModemGarbled, text="AT+CARECV: bytes of the answer lost"):
                at.command(b"+CARECV=0,99", b"+CARECV: ", target=memoryview(bytearray(99)))
            assert at.command(b"+X?", b"+X:") == [b"1"]

        answer = b"\r\n" + head + data + b"\r\n\r\nOK\r\n"
        steps = [(b"AT+CARECV=0,99\r", answer), (b"AT\r", OK)]
        dialogue(steps + [(b"AT+X?\r", b"\r\n+X: 1\r\n\r\nOK\r\n")], body)


def test_lines_that_nobody_knows_before_counted_data():
    target = memoryview(bytearray(9))

    def body(at):
        at.command(b"+CARECV=0,9", b"+CARECV: ", target=target)
        equal(target[: at.parser.count], b"hello")

    answer = b"\r\nRING\r\n\r\n+CGEV: ME PDN ACT 2\r\n\r\n+CARECV: 5,hello\r\n\r\nOK\r\n"
    dialogue([(b"AT+CARECV=0,9\r", answer)], body)


# -- what families of modems have in their own way -----------------------------------------------


def test_other_prompts_and_results():
    def ublox(at):
        at.prompt, at.prompt_pause = 0x40, 50
        start = ticks.now()
        assert at.command(b"+USOWR=3,2", b"+USOWR:", payload=b"@>") == [b"3,2"]
        assert ticks.diff(ticks.now(), start) >= 50

    steps = [(b"AT+USOWR=3,2\r", b"\r\n@"), (b"@>", b"\r\n+USOWR: 3,2\r\n" + OK)]
    dialogue(steps, ublox)


def test_a_line_in_place_of_the_prompt():
    # Cinterion says how many bytes it takes.
    def body(at):
        data = b"more than it takes"

        def on_line(line):
            return memoryview(data)[: int(bytes(line)[9:].split(b",")[0])]

        at.command(b"^SISW=0,18", b"^SISW: 0,", on_line)

    steps = [(b"AT^SISW=0,18\r", b"\r\n^SISW: 0,9,0\r\n"), (b"more than", OK)]
    dialogue(steps, body)


def test_data_on_the_line_that_follows():
    target = memoryview(bytearray(9))

    def body(at):
        at.command(b"+QIRD=0,9", b"+QIRD: ", target=target, mark=b"\n")
        assert at.parser.count == 6
        equal(target[:6], b"\r\nOK\r\n")

    dialogue([(b"AT+QIRD=0,9\r", b"\r\n+QIRD: 6\r\n\r\nOK\r\n\r\n\r\nOK\r\n")], body)


def test_a_line_too_long_for_the_modem_is_not_sent():
    def body(at):
        sent = at.commands
        with raises(ModemError, text="AT+CSIM: longer than the modem takes, 559 characters"):
            at.command(b'+CSIM=999,"' + b"4" * 548 + b'"')
        assert at.commands == sent
        at.command(b"+X=" + b"4" * 556)

    dialogue([(b"AT+X=" + b"4" * 556 + b"\r", OK)], body)


def test_results_of_calls():
    for line in (b"BUSY", b"NO ANSWER", b"NO DIALTONE", b"NO CARRIER", b"ABORTED"):

        def body(at, line=line):
            with raises(CommandError, text=line.decode()):
                at.command(b"+X")

        dialogue([(b"AT+X\r", b"\r\n" + line + b"\r\n")], body)


def test_what_is_counted():
    def body(at):
        at.on(b"+CADATAIND:", lambda line: None)
        with raises(CommandError):
            at.command(b"+X")
        counted = counters(at)
        want = {"commands": 3, "urcs": 3, "unknown": 1, "echoes": 2, "overruns": 1}
        assert {name: n for name, n in counted.items() if n} == want, counted

    answer = b"\r\n+CADATAIND: 0\r\n\r\nDST: 0\r\n" + b"x" * 700 + b"\r\nERROR\r\n"
    dialogue([(b"AT+X\r", answer)], body)


# -- answers that come late or never ------------------------------------------------------------


def late(delay, reply, command=b"+CAOPEN=0,0", steps=()):
    """`command` times out, its reply comes `delay` ms after it; then +X? is asked."""
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
    # It comes between our AT and the answer to that: both are waited for.
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
    # At the first sync the modem is busy: it answers three ATs only then, 100 ms apart.
    clock = Clock()
    with running(clock):
        uart = TimedUART(
            clock,
            [
                (b"AT\r", [(2_500, OK)]),
                (b"AT\r", [(1_600, OK)]),
                (b"AT\r", [(700, OK)]),
                (b"ATE0\r", [(3, OK)]),
                (b"AT\r", [(3, OK)]),
                (b"AT+CIMI\r", [(3, b"\r\n00101\r\n\r\nOK\r\n")]),
            ],
        )
        at = AT(uart)
        at.sync()
        assert at.command(b"+CIMI", b"") == [b"00101"]
        uart.done()


def test_an_interrupted_command_is_waited_for():
    # Whatever ends the wait, here the user, the answer belongs to nobody else.
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
        assert len(uart.written) == sent  # nothing is sent before sync
        assert clock.ms < 12_000, clock.ms


def test_each_command_has_its_time_out():
    for command, limit in (
        (b"+CSIM=2", 35_000),
        (b"+CSQ", 5_000),
        (b"", 1_000),
        (b"+COPS?", 120_000),
        (b"^SLOW=1", 9_000),  # as the driver says
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
    # The line is never found empty, and still every wait ends.
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


# -- the modem restarts -------------------------------------------------------------------------


def restart(steps, call, text="the modem restarted"):
    """`call(at)` must raise ModemReset, and the engine must send nothing until `sync`."""
    clock = Clock()
    with running(clock):
        at, uart = engine(steps)
        with raises(ModemReset, text=text) as caught:
            call(at)
        assert caught.error.errno == 104
        assert (at.generation, at.resets, at.lost) == (1, 1, True)
        sent = len(uart.written)
        for _ in range(2):
            with raises(ModemReset, text="set up again"):
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
        at.poll()  # finds the pause before it
        at.command(b"+CSQ")

    restart([(b"", b"\r\nRDY\r\n")], call, "set up again")


def test_a_boot_line_in_place_of_the_prompt():
    restart(
        [(b"AT+CASEND=0,5\r", b"\r\nRDY\r\n\r\n+CFUN: 1\r\n")],
        lambda at: at.command(b"+CASEND=0,5", payload=b"hello"),
        "AT+CASEND: the modem restarted",
    )


def test_a_boot_line_after_the_payload():
    restart(
        [(b"AT+CASEND=0,5\r", b"\r\n>"), (b"hello", b"\r\nRDY\r\n")],
        lambda at: at.command(b"+CASEND=0,5", payload=b"hello"),
    )


def test_a_boot_line_before_counted_data():
    restart(
        [(b"AT+CARECV=0,9\r", b"\r\nRDY\r\n")],
        lambda at: at.command(b"+CARECV=0,9", b"+CARECV: ", target=memoryview(bytearray(9))),
    )


def test_an_echo_means_a_restart():
    # With auto-baud no boot line is printed: only the echo tells.
    restart(
        [(b"AT+CSQ\r", b"AT+CSQ\r\r\n+CSQ: 1,99\r\n\r\nOK\r\n")],
        lambda at: at.command(b"+CSQ", b"+CSQ:"),
    )
    restart(
        [(b"AT+CASEND=0,5\r", b"AT+CASEND=0,5\r\r\nERROR\r\n")],
        lambda at: at.command(b"+CASEND=0,5", payload=b"hello"),
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
            at.command(command, prefix, target=target)

        restart(steps, call, "the modem restarted")


def test_a_restart_inside_counted_data():
    # The boot line is swallowed as data, the answer never ends; the echo of AT then tells.
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
            at.command(b"+CARECV=0,50", b"+CARECV: ", target=memoryview(bytearray(50)))
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


# -- no modem, or none that makes sense ---------------------------------------------------------


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
    no_modem(lambda data: b"", ModemSilent, "check its power, the power key, TX and RX")


def test_garbage():
    for noise in (b"\x00\xf0\xff", b"garbage\r\n", b"\xfe\r\n\x80", b"z" * 900):
        no_modem(lambda data, noise=noise: noise, ModemGarbled, "wrong baud rate")


def test_only_an_echo():
    for echo in (lambda data: data, lambda data: data + b"\r\n"):
        no_modem(echo, ModemGarbled, "only echoes what is sent: TX and RX are shorted")


def test_the_first_calls_are_lost_or_garbled():
    # Auto-baud: the modem needs a few ATs to find the rate.
    clock = Clock()
    with running(clock):
        steps = [
            (b"AT\r", []),
            (b"AT\r", [(3, b"\xff\x80A")]),
            (b"AT\r", [(3, b"\xf0\r\r\nOK\r\n")]),
        ]
        steps += [(b"ATE0\r", [(3, b"ATE0\r" + OK)]), (b"AT\r", [(3, OK)])]
        uart = TimedUART(clock, steps)
        at = AT(uart, BOOT)
        at.sync()
        assert not at.lost
        uart.done()


# -- the UART -----------------------------------------------------------------------------------


def test_a_uart_that_takes_few_bytes_at_a_time():
    for limit in (1, 2, 7):
        with running(Clock()):
            steps = SYNC + [(b"AT+CASEND=0,9\r", b"\r\n>"), (b"123456789", OK)]
            uart = ScriptedUART(steps, limit=limit)
            at = AT(uart, BOOT)
            at.sync()
            at.command(b"+CASEND=0,9", payload=memoryview(b"123456789"))
            uart.done()


class Stuck(ScriptedUART):
    """Takes `room` bytes, and then none; `nothing` is what it says then."""

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
            with raises(ModemError, text="the UART takes no bytes: is flow control on?"):
                at.command(b"+CSQ")
            assert 5_000 <= clock.ms - start < 5_100


def test_half_a_command_is_not_continued_by_the_next():
    # The modem has "AT+CS" in its buffer: the next AT completes that to something it refuses.
    clock = Clock()
    with running(clock):
        steps = SYNC + [(b"AT+CSAT\r", b"\r\nERROR\r\n"), (b"AT\r", OK), (b"AT+CSQ\r", OK)]
        uart = Stuck(steps)
        at = AT(uart, BOOT)
        at.sync()
        uart.room = 5
        with raises(ModemError, text="takes no bytes"):
            at.command(b"+CSQ")
        uart.room = 1_000_000
        at.command(b"+CSQ")
        uart.done()
