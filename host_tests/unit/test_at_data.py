"""The AT engine: prompts, payloads and counted data, and their damage."""

from at_script import OK, dialogue, timed
from effort import some
from expect import equal, raises
from mock_uart import cuts, single_bytes
from virtual_time import Clock, running

import ticks
from cellular import CommandError, ModemError, ModemGarbled, ModemTimeout
from cellular.counters import counters

# -- prompt and counted data --------------------------------------------------------------------


def test_payload_after_the_prompt_to_the_byte():
    payload = b"\x10\x00\r\nOK\r\n>\x1a"

    def body(at):
        at.send(b"+CASEND=0,%d" % len(payload), memoryview(payload))

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
                at.send(b"+CASEND=0,2", b"hi")

        dialogue([(b"AT+CASEND=0,2\r", answer)], body)


def test_a_final_result_that_lost_a_byte_is_not_waited_for():
    def body(at):
        start = ticks.now()
        for command, done in ((b"+CSQ", b"OK"), (b"+QISEND=0,2", b"SEND OK")):
            for _ in range(3):
                with raises(ModemGarbled, text="bytes of the answer lost"):
                    at.command(command, b"+CSQ:", done=done)
        assert ticks.diff(ticks.now(), start) < 8_000  # the engine did not wait for a time-out
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


def test_data_that_is_whole_counts_without_the_result_behind_it():
    def body(at):
        target = bytearray(9)
        view = memoryview(target)
        assert at.fetch(b"+CARECV=0,9", b"+CARECV: ", view) == 5
        assert at.said == [] and target[:5] == b"hello"
        assert at.command(b"+CSQ", b"+CSQ:") == [b"20,99"]  # the late result is another's

    damaged = (b"AT+CARECV=0,9\r", b"\r\n+CARECV: 5,hello\r\n\r\nK\r\n")
    steps = [damaged, (b"AT\r", OK), (b"AT+CSQ\r", b"\r\n+CSQ: 20,99\r\n" + OK)]
    dialogue(steps, body)


def test_lines_that_only_look_like_a_damaged_result():
    urcs = (b"OKAY", b"", b"X", b"ERR", b"ERRORS", b"RING", b"BUS", b"NO CARIERS", b"+CM ERRO: 1")
    noise = b"".join([b"\r\n%s\r\n" % urc for urc in urcs if urc != b"BUS"])

    def body(at):
        assert at.command(b"+CSQ", b"+CSQ:") == [b"20,99"]

    dialogue([(b"AT+CSQ\r", noise + b"\r\n+CSQ: 20,99\r\n" + OK)], body)


def test_a_line_that_lacks_a_byte_ends_no_wait_for_data():
    def body(at):
        target = bytearray(9)
        assert at.fetch(b"+CARECV=0,9", b"+CARECV: ", memoryview(target)) == 5
        assert target[:5] == b"hello"

    answer = b"\r\nK\r\n\r\n+CARECV: 5,hello\r\n\r\nOK\r\n"
    dialogue([(b"AT+CARECV=0,9\r", answer)], body)


def test_the_result_has_all_its_time_behind_the_payload():
    clock = Clock()
    with running(clock):
        steps = [(b"AT+CASEND=0,2\r", [(4_000, b"\r\n> ")]), (b"hi", [(4_000, OK)])]
        at, uart = timed(clock, steps)
        assert at.send(b"+CASEND=0,2", b"hi") == []
        uart.done()


def test_an_answer_that_is_whole_shortens_the_wait():
    clock = Clock()
    with running(clock):
        steps = [(b"AT+CSQ\r", [(5, b"\r\n+CSQ: 20,99\r\n")])]
        at, _ = timed(clock, steps)
        start = clock.ms
        with raises(ModemTimeout):
            at.command(b"+CSQ", b"+CSQ:", lambda line: at.due_in(700))
        assert 700 <= clock.ms - start < 800


def test_refusal_after_the_payload():
    def body(at):
        with raises(CommandError):
            at.send(b"+CASEND=0,2", b"hi")
        at.command(b"")

    dialogue([(b"AT+CASEND=0,2\r", b"\r\n>"), (b"hi", b"\r\nERROR\r\n"), (b"AT\r", OK)], body)


def test_a_payload_that_is_still_waited_for_is_filled_up():
    def body(at):
        with raises(ModemTimeout):
            at.send(b"+CASEND=0,20", b"x" * 20)
        at.fill(20)
        at.command(b"+CSQ")
        at.restarted()
        at.fill(20)  # not to a modem that needs a new set-up

    filled = (b"\r" * 20, b"\r\n+CASEND: 20\r\n" + OK)
    steps = [(b"AT+CASEND=0,20\r", b""), filled, (b"AT\r", OK), (b"AT+CSQ\r", OK)]
    dialogue(steps, body)


def test_a_final_result_of_the_vendor():
    def body(at):
        at.send(b"+QISEND=0,2", b"hi", done=b"SEND OK")
        with raises(CommandError, text="SEND FAIL"):
            at.send(b"+QISEND=0,2", b"hi", done=b"SEND OK")
        at.command(b"+CSQ")

    def send(reply):
        return [(b"AT+QISEND=0,2\r", b"\r\n> "), (b"hi", reply)]

    good = send([b"\r\nOK\r\n", b"\r\nSEND OK\r\n"])  # an OK of anything else is not its result
    bad = send(b"\r\nSEND FAIL\r\n")
    dialogue(good + bad + [(b"AT+CSQ\r", OK)], body)


def test_counted_data_whatever_it_contains():
    data = b"\r\nOK\r\n\r\n+CADATAIND: 0\r\n>\r\nERROR\r\n\r\nRDY\r\nAT\r\n+CARECV: 2,xx\r\n"
    answer = b"\r\n+CARECV: %d," % len(data) + data + b"\r\n\r\nOK\r\n"
    for chunks in some([list(cut) for cut in cuts(answer)], 7) + [single_bytes(answer)]:
        target = memoryview(bytearray(100))

        def body(at, target=target):
            at.fetch(b"+CARECV=0,100", b"+CARECV: ", target)
            assert at.parser.count == len(data)
            equal(target[: len(data)], data)
            assert at.generation == 0

        dialogue([(b"AT+CARECV=0,100\r", chunks)], body)


def test_a_urc_around_counted_data():
    seen = []

    def body(at):
        at.on(b"+CADATAIND:", lambda line: seen.append(bytes(line)))
        at.fetch(b"+CARECV=0,9", b"+CARECV: ", memoryview(bytearray(9)))
        assert at.parser.count == 2

    answer = b"\r\n+CADATAIND: 1\r\n\r\n+CARECV: 2,ab\r\n+CADATAIND: 0\r\n\r\nOK\r\n"
    dialogue([(b"AT+CARECV=0,9\r", answer)], body)
    assert seen == [b"+CADATAIND: 1", b"+CADATAIND: 0"]


def test_more_counted_data_than_was_asked_for():
    # The announced bytes are drained, an "OK" in them is not an answer, and the engine
    # synchronises.
    lie = b"\r\n+CARECV: 20,abc\r\nOK\r\n+X: 2\r\n789012345\r\n\r\nOK\r\n"
    target = memoryview(bytearray(4))

    def body(at):
        with raises(ModemGarbled, text="AT+CARECV: bytes of the answer lost, or more"):
            at.fetch(b"+CARECV=0,4", b"+CARECV: ", target)
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
            at.fetch(b"+CARECV=0,50", b"+CARECV: ", memoryview(bytearray(50)))
        assert at.command(b"+X?", b"+X:") == [b"1"]
        uart.done()


def test_bytes_of_counted_data_that_were_lost_or_doubled():
    for data in (b"hell", b"helloo"):
        target = memoryview(bytearray(9))

        def body(at, target=target):
            with raises(ModemGarbled, text="AT+CARECV: bytes of the answer lost, or more"):
                at.fetch(b"+CARECV=0,9", b"+CARECV: ", target)
            assert at.garbled == 1
            assert at.command(b"+X?", b"+X:") == [b"1"]

        steps = [
            (b"AT+CARECV=0,9\r", b"\r\n+CARECV: 5," + data + b"\r\n\r\nOK\r\n"),
            (b"AT\r", OK),
            (b"AT+X?\r", b"\r\n+X: 1\r\n\r\nOK\r\n"),
        ]
        dialogue(steps, body)


def test_an_announcement_that_is_damaged():
    # "OK" in the data does not count as the result of a command without data.
    heads = (b"CARECV: 6,", b"+CARECV: 6", b"+CARECV 6,")
    finals = (b"OK", b"ERROR", b"+CME ERROR: 3")
    for head, final in [(head, final) for head in heads for final in finals] + [(b"", b"OK")]:

        def body(at):
            with raises(ModemGarbled, text="AT+CARECV: bytes of the answer lost"):
                at.fetch(b"+CARECV=0,9", b"+CARECV: ", memoryview(bytearray(9)))
            assert at.command(b"+X?", b"+X:") == [b"1"]

        answer = b"\r\n" + head + b"\r\n" + final + b"\r\n\r\n\r\nOK\r\n"
        steps = [(b"AT+CARECV=0,9\r", answer), (b"AT\r", OK)]
        dialogue(steps + [(b"AT+X?\r", b"\r\n+X: 1\r\n\r\nOK\r\n")], body)


def test_data_that_looks_like_an_answer_behind_a_damaged_announcement():
    data = b"\r\n+CARECV: 5,hello\r\nOK\r\n"
    for head in (b"CARECV: 23,", b"+CRECV: 23,", b"+CARECV:23,", b"+CARECVV: 23,", b"+CARECV: 23"):

        def body(at):
            with raises(ModemGarbled, text="AT+CARECV: bytes of the answer lost"):
                at.fetch(b"+CARECV=0,99", b"+CARECV: ", memoryview(bytearray(99)))
            assert at.command(b"+X?", b"+X:") == [b"1"]

        answer = b"\r\n" + head + data + b"\r\n\r\nOK\r\n"
        steps = [(b"AT+CARECV=0,99\r", answer), (b"AT\r", OK)]
        dialogue(steps + [(b"AT+X?\r", b"\r\n+X: 1\r\n\r\nOK\r\n")], body)


def test_lines_that_nobody_knows_before_counted_data():
    target = memoryview(bytearray(9))

    def body(at):
        at.fetch(b"+CARECV=0,9", b"+CARECV: ", target)
        equal(target[: at.parser.count], b"hello")

    answer = b"\r\nRING\r\n\r\n+CGEV: ME PDN ACT 2\r\n\r\n+CARECV: 5,hello\r\n\r\nOK\r\n"
    dialogue([(b"AT+CARECV=0,9\r", answer)], body)


# -- particulars of modem families --------------------------------------------------------------


def test_other_prompts_and_results():
    def ublox(at):
        at.prompt, at.prompt_pause = 0x40, 50
        start = ticks.now()
        assert at.send(b"+USOWR=3,2", b"@>", b"+USOWR:") == [b"3,2"]
        assert ticks.diff(ticks.now(), start) >= 50

    steps = [(b"AT+USOWR=3,2\r", b"\r\n@"), (b"@>", b"\r\n+USOWR: 3,2\r\n" + OK)]
    dialogue(steps, ublox)


def test_a_line_in_place_of_the_prompt():
    # Cinterion reports how many bytes it takes.
    def body(at):
        data = b"more than it takes"

        def on_line(line):
            at.write(memoryview(data)[: int(bytes(line)[9:].split(b",")[0])])

        at.command(b"^SISW=0,18", b"^SISW: 0,", on_line)

    steps = [(b"AT^SISW=0,18\r", b"\r\n^SISW: 0,9,0\r\n"), (b"more than", OK)]
    dialogue(steps, body)


def test_data_on_the_line_that_follows():
    target = memoryview(bytearray(9))

    def body(at):
        at.fetch(b"+QIRD=0,9", b"+QIRD: ", target, b"\n")
        assert at.parser.count == 6
        equal(target[:6], b"\r\nOK\r\n")

    dialogue([(b"AT+QIRD=0,9\r", b"\r\n+QIRD: 6\r\n\r\nOK\r\n\r\n\r\nOK\r\n")], body)


def test_a_line_too_long_for_the_modem_is_not_sent():
    def body(at):
        sent = at.commands
        with raises(ModemError, text="AT+CSIM: longer than the modem's limit, 559 characters"):
            at.command(b'+CSIM=999,"' + b"4" * 548 + b'"')
        assert at.commands == sent
        at.command(b"+X=" + b"4" * 556)

    dialogue([(b"AT+X=" + b"4" * 556 + b"\r", OK)], body)


def test_results_of_calls():
    for line in (b"BUSY", b"NO ANSWER", b"NO DIALTONE", b"NO CARRIER", b"ABORTED"):

        def body(at, line=line):
            with raises(CommandError, text=line.decode()):
                at.command(b"D*99#")

        dialogue([(b"ATD*99#\r", b"\r\n" + line + b"\r\n")], body)


def test_what_is_counted():
    def body(at):
        at.on(b"+CADATAIND:", lambda line: None)
        with raises(CommandError):
            at.command(b"+X")
        counted = counters(at)
        want = {"commands": 1, "urcs": 3, "unknown": 1, "echoes": 2, "overruns": 1}
        assert {name: n for name, n in counted.items() if n} == want, counted

    answer = b"\r\n+CADATAIND: 0\r\n\r\nDST: 0\r\n" + b"x" * 700 + b"\r\nERROR\r\n"
    dialogue([(b"AT+X\r", answer)], body)
