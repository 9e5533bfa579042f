"""APDUs in AT+CSIM: the dialogue of the specification (16.20), and the answers of modems."""

from binascii import unhexlify

from data.worked_examples import AT_DIALOGUE, EXAMPLES
from effort import some
from expect import equal, raises
from mock_uart import ScriptedUART, cuts
from sim7080_script import OK, SYNC, cme, lines
from virtual_time import Clock, TimedUART, running

from cellular import CSIM, CommandError, ModemError, ModemGarbled, ModemReset, ModemTimeout
from cellular.at import AT

ENOUGH = b"0070000001"


def exchange(answer, apdu=ENOUGH, steps=()):
    """Return the result of `transmit(apdu)` when the modem answers `answer`: (data, status
    word)."""
    with running(Clock()):
        step = (b'AT+CSIM=%d,"%s"\r' % (len(apdu), apdu), answer)
        uart = ScriptedUART(SYNC + [step] + list(steps))
        at = AT(uart, (b"RDY",))
        at.sync()
        data, sw = CSIM(at).transmit(unhexlify(apdu))
        uart.done()
        return bytes(data), sw


def test_the_dialogue_of_the_specification():
    with running(Clock()):
        steps = [
            (
                command.encode() + b"\r",
                b"".join([b"\r\n%s\r\n" % line.encode() for line in answer]),
            )
            for command, answer in AT_DIALOGUE
        ]
        uart = ScriptedUART(SYNC + steps)
        at = AT(uart)
        at.sync()
        channel = CSIM(at)
        for command, answer in AT_DIALOGUE:
            data, sw = channel.transmit(memoryview(unhexlify(command.split('"')[1])))
            want = unhexlify(answer[0].split('"')[1])
            equal(data, want[:-2])
            assert sw == want[-2] << 8 | want[-1]
        uart.done()


def test_the_longest_apdu_both_ways():
    apdu = b"01DB8000FF" + b"A5" * 255 + b"00"
    answer = b"5A" * 256 + b"9000"
    data, sw = exchange(lines(b'+CSIM: 516,"%s"' % answer), apdu)
    equal(data, b"\x5a" * 256)
    assert sw == 0x9000


def test_an_answer_cut_at_every_byte():
    for first, second in cuts(lines(b'+CSIM: 8,"01029000"')):
        assert exchange([first, second]) == (b"\x01\x02", 0x9000)


def test_variants_of_the_answer():
    for answer in (
        b'+CSIM: 6,"019000"',
        b"+CSIM: 6,019000",  # unquoted
        b'+CSIM:6,"019000"',
        b'+CSIM: 6, "019000"',
        b'+CSIM: 6 ,"019000" ',
    ):
        assert exchange(lines(answer)) == (b"\x01", 0x9000), answer
    assert exchange(lines(b'+CSIM: 8,"abcd6a82"')) == (b"\xab\xcd", 0x6A82)
    assert exchange(lines(b'+CSIM: 8,"aBCd6A82"')) == (b"\xab\xcd", 0x6A82)


def test_the_last_of_several_answers_counts():
    # Joined in one line, like on the GMS01Q, or one line each.
    assert exchange(lines(b'+CSIM: 4,"6A82"+CSIM: 6,"019000"')) == (b"\x01", 0x9000)
    assert exchange(lines(b"+CSIM: 4,6A82+CSIM: 6,019000")) == (b"\x01", 0x9000)
    assert exchange(lines(b'+CSIM: 4,"6A82"', b'+CSIM: 6,"019000"')) == (b"\x01", 0x9000)
    assert exchange(lines(b'+CSIM: 9,"6A82"', b'+CSIM: 6,"019000"')) == (b"\x01", 0x9000)


def test_other_lines_in_front():
    # The first line is not +CSIM: on the SARA-R410M.
    assert exchange(lines(b"SMS Ready", b'*PSUTTZ: 24/0"', b'+CSIM: 4,"9000"')) == (b"", 0x9000)


def test_status_words_are_no_errors():
    for sw in (0x6100, 0x6C10, 0x6A82, 0x6F00, 0x9000, 0x0000):
        assert exchange(lines(b'+CSIM: 4,"%04X"' % sw)) == (b"", sw)


def damaged(answer, text):
    with raises(ModemError, text=text) as caught:
        exchange(answer)
    assert str(caught.error).startswith("AT+CSIM: "), str(caught.error)


def test_damaged_answers():
    for answer, text in (
        (b'+CSIM: 6,"0190"', "4 digits announced as  6"),  # truncated
        (b'+CSIM: 516,"%s"' % (b"00" * 127), "254 digits announced as  516"),
        (b'+CSIM: 4,"019000"', "6 digits announced as  4"),  # a wrong length
        (b'+CSIM: 5,"01900"', "damaged"),  # an odd number of digits
        (b'+CSIM: 6,"01900g"', "damaged"),
        (b'+CSIM: 6,"01 000"', "damaged"),
        (b'+CSIM: 2,"90"', "2 digits announced as  2"),  # no status word
        (b'+CSIM: 0,""', "damaged"),
        (b"+CSIM: ", "damaged"),
        (b"+CSIM:", "damaged"),
        (b'+CSIM: "9000"', "damaged"),
        (b'+CSIM: -4,"9000"', "damaged"),
        (b'+CSIM: x\xff,"9000"', "damaged"),
        (b'+CSIM: 4,"\xff\xfe\x00\x01"', "damaged"),
        # The last counts, so a damaged one is not hidden by a good one.
        (b'+CSIM: 4,"9000"+CSIM: 6,"0190"', "damaged"),
    ):
        damaged(lines(answer), text)
    damaged(lines(b'+CSIM: 4,"9000"', b"+CSIM: 4,90"), "damaged")


def test_ok_without_an_answer():
    damaged(OK, "OK, but no answer")
    damaged(lines(b"+CRSM: 144,0"), "OK, but no answer")


def test_refused_by_the_modem():
    for code, text in ((13, "SIM failure"), (10, "SIM not inserted"), (3, "not allowed")):
        with raises(CommandError, text="AT+CSIM: +CME ERROR: %d (" % code) as caught:
            exchange(cme(code))
        assert caught.error.code == code
        assert text in str(caught.error)
        assert str(caught.error).endswith(": the modem did not pass it on")


def test_no_answer_and_restart():
    with raises(ModemTimeout, text="AT+CSIM: no answer"):
        exchange(b"")
    with raises(ModemReset, text="AT+CSIM: the modem restarted"):
        exchange(b"\r\nRDY\r\n")


def test_the_result_behind_a_whole_answer_may_be_lost():
    whole = b'\r\n+CSIM: 8,"01029000"\r\n'
    for rest in (b"", b"\r\nO\r\n", b"\r\nK\r\n", b"\r\nRDX\r\n", b"\r\nERRO\r\n"):
        assert exchange(whole + rest) == (b"\x01\x02", 0x9000), rest
    # Not behind one that is not whole; nor is a refusal one that was lost.
    for answer in (b"\r\n+CIM: 4,9000\r\n\r\nO\r\n", b'\r\n+CSIM: 8,"0102900"\r\n\r\nK\r\n'):
        with raises(ModemGarbled, text="AT+CSIM: bytes of the answer lost") as caught:
            exchange(answer)
        assert caught.error.again
    with raises(CommandError):
        exchange(whole + b"\r\nERROR\r\n")


def test_a_lost_result_is_waited_for_shortly_and_not_taken_for_the_next_one():
    clock = Clock()
    with running(clock):
        first = (b'AT+CSIM=10,"0070000001"\r', [(5, b'\r\n+CSIM: 6,"019000"\r\n'), (1_200, OK)])
        steps = [(want, [(0, reply)]) for want, reply in SYNC] + [first, (b"AT\r", [(5, OK)])]
        steps.append((b'AT+CSIM=10,"0084000002"\r', [(9_000, lines(b'+CSIM: 8,"ABCD9000"'))]))
        uart = TimedUART(clock, steps)
        at = AT(uart)
        at.sync()
        channel = CSIM(at)
        start = clock.ms
        assert channel.transmit(unhexlify(b"0070000001"))[1] == 0x9000
        assert clock.ms - start < 1_200
        data, sw = channel.transmit(unhexlify(b"0084000002"))
        assert (bytes(data), sw) == (b"\xab\xcd", 0x9000)


def test_how_long_an_answer_is_waited_for():
    for apdu, limit in ((b"00B900000402840101", 35_000), (b"0084000002", 10_000)):
        clock = Clock(nap=100)
        with running(clock):
            steps = [(want, [(0, reply)]) for want, reply in SYNC]
            # The modem gives the answer up for lost: a SIM may need longer than that.
            steps.append((b'AT+CSIM=%d,"%s"\r' % (len(apdu), apdu), []))
            steps += [(b"AT\r", [])] * 20 + [(b"AT\r", [(5, OK)]), (b"AT+CSQ\r", [(5, OK)])]
            uart = TimedUART(clock, steps)
            at = AT(uart)
            at.sync()
            start = clock.ms
            with raises(ModemTimeout):
                CSIM(at).transmit(unhexlify(apdu))
            assert limit <= clock.ms - start <= limit + 200
            if limit == 10_000:
                at.command(b"+CSQ")


def test_what_may_pass_when_it_is_sent_again():
    for code in (3, 50, 100):
        with raises(CommandError) as caught:
            exchange(cme(code))
        assert caught.error.again
    for code in (10, 13, 14, 0):
        with raises(CommandError) as caught:
            exchange(cme(code))
        assert not caught.error.again, code


def test_an_earlier_answer_is_not_taken_for_one_that_was_damaged():
    earlier = b"\r\n+CSIM: 4,9000\r\n"
    damaged = earlier + lines(b"+CIM: 6,019000")
    torn = earlier + b"\r\nO\r\n"
    others = earlier + lines(b"RING", b"+CREG: 1", b"+CSIM: 6,019000")
    for mixed, answers in ((True, (damaged, torn)), (True, (others,)), (False, (torn,))):
        for answer in answers:
            with running(Clock()):
                uart = ScriptedUART(SYNC + [(b'AT+CSIM=10,"0070000001"\r', answer)])
                at = AT(uart)
                at.sync()
                channel = CSIM(at)
                channel.mixed = mixed
                if len(answers) == 2:
                    with raises(ModemGarbled, text="AT+CSIM: bytes of the answer lost"):
                        channel.transmit(unhexlify(ENOUGH))
                else:
                    assert channel.transmit(unhexlify(ENOUGH))[1] == 0x9000


def test_lines_of_others_do_not_damage_an_answer():
    storm = lines(b"RING", b'+CMTI: "SM",1', b"+CSIM: 4,9000", b"SMS Ready")
    with running(Clock()):
        uart = ScriptedUART(SYNC + [(b'AT+CSIM=10,"0070000001"\r', storm)])
        at = AT(uart)
        at.sync()
        channel = CSIM(at)
        channel.mixed = True
        assert channel.transmit(unhexlify(ENOUGH))[1] == 0x9000


def test_the_generation_is_that_of_the_engine():
    with running(Clock()):
        uart = ScriptedUART(SYNC + [(b'AT+CSIM=4,"0070"\r', b"\r\nRDY\r\n")])
        at = AT(uart, (b"RDY",))
        at.sync()
        channel = CSIM(at)
        before = channel.generation
        with raises(ModemReset):
            channel.transmit(b"\x00\x70")
        assert channel.generation != before


def test_what_the_card_examples_use_fits():
    # Every exchange of the worked examples passes through unchanged.
    count = 0
    for name in some(sorted(EXAMPLES), 2):
        for apdu, answer in EXAMPLES[name]:
            if len(answer) < 4 or len(answer) > 516:
                continue
            text = lines(b'+CSIM: %d,"%s"' % (len(answer), answer.encode()))
            data, sw = exchange(text, apdu.encode())
            equal(data, unhexlify(answer)[:-2])
            assert sw == int(answer[-4:], 16)
            count += 1
    assert count > 20, count
