"""A recorded dialogue as a UART: what it compares, when it answers, which files it refuses."""

from expect import equal, raises
from replay_uart import Difference, ReplayUART, TranscriptError, check
from virtual_time import Clock

RUNTIMES = ("cpython", "micropython")  # the transcripts are not on a board

HEADER = '{"transcript": 1, "modem": "x"}'


def play(*lines, header=HEADER):
    """Return (UART, its clock) of a transcript with these lines."""
    clock = Clock(nap=0)
    return ReplayUART((header,) + lines, clock), clock


def host(t, data):
    return '{"t": %s, "host": %s}' % (t, data)


def modem(t, data):
    return '{"t": %s, "modem": %s}' % (t, data)


def arrived(uart):
    """Return the readable bytes."""
    return uart.read() or b""


def test_answers_come_when_the_host_has_said_what_was_before_them():
    uart, clock = play(
        modem(0.5, '"hi"'), host(1, '"AT"'), host(1, '"\\r"'), modem(1.25, '"OK"'),
        modem(2, '"RING"'), host(9, '"A"'), modem(9, '"B"'),
    )  # fmt: skip
    assert uart.any() == 0 and uart.read() is None and uart.silence() == 500
    clock.sleep(500)
    assert uart.any() == 2
    equal(arrived(uart), b"hi")
    clock.sleep(60_000)  # the host may be slower
    assert uart.write(b"AT") == 2
    clock.sleep(60_000)
    assert uart.any() == 0
    uart.write(b"\r")
    assert uart.silence() == 250
    clock.sleep(250)
    buffer = bytearray(3)
    assert uart.readinto(memoryview(buffer)[:1]) == 1 and uart.readinto(buffer, 5) == 1
    equal(buffer, b"KK\0"[:1] + b"\0\0")
    assert uart.readinto(buffer) is None
    assert uart.silence() == 750
    uart.write(b"A")  # it did not wait for the RING, and gets all of it
    equal(arrived(uart), b"RING")
    equal(arrived(uart), b"B")
    uart.done()


def test_how_the_host_cuts_what_it_sends_does_not_matter():
    lines = (
        host(0, '["AT+CPIN=\\"", {"hidden": "text"}]'), host(0, '[{"hidden": "text"}, "\\"\\r"]'),
        modem(0, '"OK"'), host(0, '["key ", {"hidden": "hex", "size": 4}, {"hex": "00ff"}]'),
        host(0, '[{"hidden": "any", "size": 3}]'), modem(0, '"."'),
    )  # fmt: skip
    said = b'AT+CPIN="4711"\r'
    more = b"key 12aF\x00\xff\r\n\0"
    for step in range(1, 20):
        uart, _ = play(*lines)
        for data, answer in ((said, b"OK"), (more, b".")):
            for at in range(0, len(data), step):
                uart.write(data[at : at + step])
            equal(arrived(uart), answer)
        uart.done()


def test_hidden_words_end_where_words_do():
    for said in (b"AT+CPIN=1,x;", b"AT+CPIN=,x;", b"AT+CPIN=123456789,x;"):
        uart, _ = play(host(0, '["AT+CPIN=", {"hidden": "word"}, ",x;"]'))
        uart.write(said)
        uart.done()


def test_of_what_the_modem_said_zeros_are_left():
    uart, _ = play(
        modem(0, '["+CSIM: 36,\\"", {"hidden": "hex", "size": 32}, "9000\\""]'),
        modem(0, '["AT+CPIN=", {"hidden": "text"}]'),
    )
    equal(arrived(uart), b'+CSIM: 36,"' + b"0" * 32 + b'9000"')
    equal(arrived(uart), b"AT+CPIN=0000")
    uart.done()


def test_differences():
    for lines, said, text in (
        ((host(0, '"AT\\r"'),), b"AT+\r", "line 2: "),
        ((modem(0, '"x"'), host(0, '"AT"'), host(0, '"E0\\r"')), b"ATE1\r", "line 4: "),
        ((host(0, '"AT\\r"'), modem(0, '"OK"')), b"AT\rAT", "line 3: the transcript is over"),
        ((host(0, '[{"hidden": "hex", "size": 4}]'),), b"12x4", "<hex>"),
        ((host(0, '["a", {"hidden": "word"}, ",1"]'),), b"a22,2", "a**,2'"),
        (('{"t": 1, "key": true}',), b"AT\r", "key True"),
        (('{"t": 1, "rate": 9600}',), b"AT\r", "rate 9600"),
    ):
        uart, _ = play(*lines)
        with raises(Difference, text=text) as caught:
            uart.write(said)
        assert "got" in str(caught.error) or "over" in str(caught.error), caught.error


def test_missing_and_unread_bytes_are_reported():
    uart, _ = play(host(0, '"AT\\r"'), modem(0, '"OK"'))
    with raises(Difference, text="line 2: ") as caught:
        uart.done()
    assert "nothing more" in str(caught.error), caught.error
    uart.write(b"AT\r")
    with raises(Difference, text="never read: b'OK'"):
        uart.done()
    equal(arrived(uart), b"OK")
    uart.done()


def test_the_power_key():
    uart, clock = play('{"t": 3, "key": true}', '{"t": 4, "key": false}', modem(6, '"RDY"'))
    uart.power_key(True)
    with raises(Difference, text="key True"):
        uart.power_key(True)
    clock.sleep(1_000)
    uart.power_key(False)
    assert uart.silence() == 2_000
    uart, _ = play(host(0, '"AT\\r"'), '{"t": 3, "key": true}')
    uart.write(b"A")
    with raises(Difference, text="line 2: "):
        uart.power_key(True)


def test_the_rate():
    lines = ('{"t": 1, "rate": 9600}', host(1, '"AT\\r"'), '{"t": 2, "rate": 115200}')
    uart, _ = play(*lines, header='{"transcript": 1, "init": true}')
    uart.init(baudrate=9600)
    uart.write(b"AT\r")
    with raises(Difference, text="rate 57600"):
        uart.init(baudrate=57600)
    uart.init(baudrate=115200)
    uart.done()
    uart, _ = play(*lines)
    assert not hasattr(uart, "init")  # a driver would use it


def test_damaged_files_are_refused_with_line_and_reason():
    good = host(0, '"AT"')
    for lines, text in (
        ((), "line 1: there is no header"),
        (("",), "line 1: it is not JSON"),
        (("[]",), "line 1: it is not a JSON object"),
        (("{}",), "line 1: it is not the header"),
        ((good,), "line 1: it is not the header"),
        (('{"transcript": 2}',), "line 1: version 2"),
        (('{"transcript": true}',), "line 1: version True"),
        (('{"transcript": "1"}',), "line 1: version '1'"),
        ((HEADER, good, "{"), "line 3: it is not JSON"),
        ((HEADER, good, good[:-1]), "line 3: it is not JSON"),
        ((HEADER, good, good + "}"), "line 3: it is not JSON"),
        ((HEADER, "[" * 100_000), "line 2: it is not JSON"),
        ((HEADER, " " * 200_000), "line 2: it is too long"),
        ((HEADER, b"\xff\xfe"), "line 2: it is not JSON"),
        ((HEADER, '{"t": 0}'), "line 2: a record has t and one of"),
        ((HEADER, '{"host": "AT"}'), "line 2: a record has t"),
        ((HEADER, '{"t": 0, "host": "AT", "modem": "OK"}'), "line 2: a record has t"),
        ((HEADER, '{"t": 0, "host": "AT", "more": 1}'), "line 2: a record has t"),
        ((HEADER, host(-1, '"AT"')), "line 2: t is not a time"),
        ((HEADER, host("true", '"AT"')), "line 2: t is not a time"),
        ((HEADER, host('"1"', '"AT"')), "line 2: t is not a time"),
        ((HEADER, host("1e30", '"AT"')), "line 2: t is not a time"),
        ((HEADER, host(2, '"AT"'), good), "line 3: time goes backwards"),
        ((HEADER, '{"t": 0, "end": "full"}', good), "line 3: something follows the end"),
        ((HEADER, host(0, '""')), "line 2: text has one character"),
        ((HEADER, host(0, '"\\u0100"')), "line 2: text has one character"),
        ((HEADER, host(0, "[]")), "line 2: there are no bytes"),
        ((HEADER, host(0, "5")), "line 2: bytes are text, hex or hidden"),
        ((HEADER, host(0, '["a", null]')), "line 2: bytes are text, hex or hidden"),
        ((HEADER, host(0, "[[]]")), "line 2: bytes are text, hex or hidden"),
        ((HEADER, host(0, '{"hex": "0"}')), "line 2: hex is two digits"),
        ((HEADER, host(0, '{"hex": ""}')), "line 2: hex is two digits"),
        ((HEADER, host(0, '{"hex": "0x"}')), "line 2: hex is two digits"),
        ((HEADER, host(0, '{"hex": 12}')), "line 2: bytes are text, hex or hidden"),
        ((HEADER, host(0, '{"hidden": "pin"}')), "line 2: bytes are text, hex or hidden"),
        ((HEADER, host(0, '{"hidden": []}')), "line 2: bytes are text, hex or hidden"),
        ((HEADER, host(0, '{"hidden": "text", "size": 4}')), "line 2: hidden text"),
        ((HEADER, host(0, '{"hidden": "hex"}')), "line 2: hidden text"),
        ((HEADER, host(0, '{"hidden": "hex", "size": 0}')), "line 2: hidden text"),
        ((HEADER, host(0, '{"hidden": "any", "size": true}')), "line 2: hidden text"),
        ((HEADER, host(0, '{"hidden": "any", "size": 100000}')), "line 2: hidden text"),
        ((HEADER, '{"t": 0, "key": 1}'), "line 2: key is true or false"),
        ((HEADER, '{"t": 0, "rate": 5}'), "line 2: rate is a number"),
        ((HEADER, '{"t": 0, "rate": "9600"}'), "line 2: rate is a number"),
    ):
        with raises(TranscriptError, text=text):
            check(lines)
        if lines[:1] == (HEADER,):  # and, during a replay, when that line is needed
            with raises(TranscriptError, text=text):
                uart = ReplayUART(lines, Clock())
                uart.write(b"AT")
    assert check((HEADER, good, '{"t": 7, "end": "it is full"}'))["modem"] == "x"
