"""Bytes of the modem to lines, prompts and counted data."""

from expect import equal
from mock_uart import cuts

from cellular.parser import DATA, LINE, NONE, PROMPT, Parser, number

PREFIX = b"+CARECV: "
TRICKY = b"a\r\nOK\r\n+CADATAIND: 0\r\n> \r\nERROR\r\n+CARECV: 3,xyz\r\nRDY\r\n\x00\xff"


def feed(parser, data):
    """Read `data` like from a UART, and return the events that it makes."""
    events = []
    while data:
        room = parser.free()
        assert len(room) > 0
        n = min(len(room), len(data))
        room[:n] = data[:n]
        parser.fed(n)
        data = data[n:]
        while True:
            event = parser.next()
            if event == NONE:
                break
            events.append((event, bytes(parser.line) if event == LINE else b""))
    return events


def lines(*texts):
    return [(LINE, text) for text in texts]


def split_everywhere(data, prepare, want):
    """Check that `data` gives the events `want`, however it is split."""
    pieces = list(cuts(data))
    pieces.append([data[at : at + 1] for at in range(len(data))])
    pieces.append([data])
    for chunks in pieces:
        parser = Parser()
        check = prepare(parser)
        events = []
        for chunk in chunks:
            events.extend(feed(parser, chunk))
        assert events == want, (chunks, events)
        if check:
            check()


def test_lines_cut_at_every_byte():
    data = b'\r\n+CSQ: 20,99\r\n\r\nOK\r\n\r\r\nAT\r\r\n\n+CPIN: "x"\n'
    want = lines(b"+CSQ: 20,99", b"OK", b"AT", b'+CPIN: "x"')
    split_everywhere(data, lambda parser: None, want)


def test_the_prompt_cut_at_every_byte():
    for prompt in (b"\r\n>", b">"):
        data = b"+CADATAIND: 1\r\n" + prompt
        split_everywhere(
            data,
            lambda parser: parser.expect_prompt(0x3E),
            lines(b"+CADATAIND: 1") + [(PROMPT, b"")],
        )


def test_a_prompt_with_a_space():
    parser = Parser()
    parser.expect_prompt(0x3E)
    assert feed(parser, b"\r\n> \r\nOK\r\n") == [(PROMPT, b"")] + lines(b"OK")


def test_a_prompt_only_counts_where_one_is_expected():
    parser = Parser()
    assert feed(parser, b"> OK\r\n") == lines(b"> OK")
    parser.expect_prompt(0x3E)
    assert feed(parser, b"a > b\r\n") == lines(b"a > b")
    assert feed(parser, b">") == [(PROMPT, b"")]
    # One is enough.
    assert feed(parser, b"> x\r\n") == lines(b"> x")
    parser.expect_prompt(0x3E)
    parser.expect_nothing()
    assert feed(parser, b">\r\n") == lines(b">")


def test_counted_data_cut_at_every_byte():
    data = b"+CADATAIND: 0\r\n\r\n" + PREFIX + b"%d," % len(TRICKY) + TRICKY + b"\r\n\r\nOK\r\n"
    target = bytearray(100)

    def prepare(parser):
        parser.expect_data(PREFIX, memoryview(target))
        for i in range(len(target)):
            target[i] = 0x55

        def check():
            equal(target[: len(TRICKY)], TRICKY)
            equal(target[len(TRICKY) :], b"\x55" * (100 - len(TRICKY)))
            assert parser.count == len(TRICKY)

        return check

    split_everywhere(data, prepare, lines(b"+CADATAIND: 0") + [(DATA, b"")] + lines(b"OK"))


def test_counted_data_behind_a_line_end_or_more():
    marks = ((b"\n", b"\r\n"), (b"\n", b"\n"), (b',"', b',"'), (b",\n", b",17\r\n"))
    for mark, between in marks:
        end = mark[1:] if mark[-1:] == b'"' else b""
        data = b"+QIRD: %d" % len(TRICKY) + between + TRICKY + end + b"\r\nOK\r\n"
        for cut in range(len(data)):
            target = bytearray(100)
            parser = Parser()
            parser.expect_data(b"+QIRD: ", memoryview(target), mark)
            events = feed(parser, data[:cut]) + feed(parser, data[cut:])
            assert events == [(DATA, b"")] + lines(b"OK")
            assert parser.count == len(TRICKY)
            equal(target[: len(TRICKY)], TRICKY)
    parser = Parser()
    parser.expect_data(b"+QIRD: ", memoryview(bytearray(9)), b"\n")
    assert feed(parser, b"+QIRD: 5,2,3\r\n") == lines(b"+QIRD: 5,2,3")
    assert feed(parser, b"+QIRD: 0\r\n\r\nOK\r\n") == lines(b"+QIRD: 0", b"OK")
    assert parser.count == 0


def counted(parser, data):
    """Return `count` after `data`, an answer with 5 bytes and its result."""
    parser.expect_nothing()
    parser.expect_data(PREFIX, memoryview(bytearray(9)))
    assert feed(parser, data)[0][0] == DATA
    return parser.count


def test_two_bytes_lost_show_where_an_empty_line_is_missing():
    whole = PREFIX + b"5,hello\r\n\r\nOK\r\n"
    torn = PREFIX + b"5,hlo\r\n\r\nOK\r\n"
    urc = PREFIX + b"5,hello\r\n\r\n+CADATAIND: 0\r\n\r\nOK\r\n"
    parser = Parser()
    # Not every modem may have that line: an intact answer shows that this one does.
    assert counted(parser, torn) == 5
    assert counted(parser, urc) == 5
    assert counted(parser, torn) == 5
    assert counted(parser, whole) == 5
    assert counted(parser, torn) == -1
    assert counted(parser, whole) == counted(parser, urc) == 5
    for lost in (1, 3, 4):
        assert counted(Parser(), PREFIX + b"5,hello"[: 7 - lost] + b"\r\n\r\nOK\r\n") == -1


def test_counted_data_in_quotes_ends_with_one():
    for lost in range(4):
        parser = Parser()
        parser.expect_data(PREFIX, memoryview(bytearray(9)), b',"')
        feed(parser, PREFIX + b'5,"' + b"hello"[lost:] + b'"\r\n\r\nOK\r\n')
        assert parser.count == (-1 if lost else 5)


def test_counted_data_that_fills_the_target_and_exceeds_the_line_buffer():
    payload = bytes(range(256)) * 5 + b"\r\nOK\r\n" * 30  # 1460 bytes
    assert len(payload) == 1460
    target = bytearray(1460)
    parser = Parser()
    parser.expect_data(PREFIX, memoryview(target))
    events = feed(parser, PREFIX + b"1460," + payload + b"\r\nOK\r\n")
    assert events == [(DATA, b"")] + lines(b"OK")
    equal(target, payload)


def test_counted_data_is_read_straight_into_its_place():
    target = bytearray(8)
    parser = Parser()
    parser.expect_data(PREFIX, memoryview(target))
    assert feed(parser, PREFIX + b"8,ab") == []
    room = parser.free()
    assert len(room) == 6
    room[:6] = b"cdefgh"
    parser.fed(6)
    equal(target, b"abcdefgh")
    assert parser.next() == DATA


def test_no_counted_data():
    target = memoryview(bytearray(8))
    for answer in (
        b"+CARECV: 0",
        b"+CARECV:",
        b"+CARECV: ,abc",
        b"+CARECV: x,abc",
        b"+CARECV: -1,a",
    ):
        parser = Parser()
        parser.expect_data(PREFIX, target)
        assert feed(parser, answer + b"\r\n\r\nOK\r\n") == lines(answer, b"OK"), answer
        assert parser.count == 0
    parser = Parser()
    parser.expect_data(PREFIX, target)
    assert feed(parser, b"+CARECV: 0,\r\nOK\r\n") == lines(b"+CARECV: 0,", b"OK")


def test_counted_data_once_and_only_when_expected():
    target = memoryview(bytearray(8))
    parser = Parser()
    assert feed(parser, b"+CARECV: 2,ab\r\n") == lines(b"+CARECV: 2,ab")
    parser.expect_data(PREFIX, target)
    assert feed(parser, b"x +CARECV: 2,ab\r\n") == lines(b"x +CARECV: 2,ab")
    assert feed(parser, b"+CARECV: 2,ab\r\n+CARECV: 2,cd\r\n") == [(DATA, b"")] + lines(
        b"+CARECV: 2,cd"
    )
    equal(target[:2], b"ab")
    parser.expect_data(PREFIX, target)
    feed(parser, b"+CARECV: 8,xy")
    parser.expect_nothing()
    assert feed(parser, b"z\r\n") == lines(b"z")


def test_a_length_larger_than_the_target_is_seen():
    for length in (b"9", b"10", b"1460", b"99999", b"123456789012345678901234567890"):
        target = bytearray(8)
        parser = Parser()
        parser.expect_data(PREFIX, memoryview(target))
        events = feed(parser, PREFIX + length + b",abcdefghijkl\r\n+CARECV: 2,ab\r\nOK\r\n")
        assert parser.count == -1
        # The parser takes nothing of it, neither what fits nor what comes after it.
        assert [event for event, _ in events] == [LINE] * 3
        equal(target, bytes(8))
        parser.expect_nothing()
        assert parser.count == 0


def test_a_length_longer_than_what_was_sent():
    target = bytearray(20)
    parser = Parser()
    parser.expect_data(PREFIX, memoryview(target))
    assert feed(parser, PREFIX + b"20,abc\r\nOK\r\n") == []
    parser.expect_nothing()
    assert feed(parser, b"\r\nOK\r\n") == lines(b"OK")


def test_the_longest_line_that_is_needed():
    line = b'+CSIM: 516,"' + b"A5" * 258 + b'"'
    assert feed(Parser(), line + b"\r\nOK\r\n") == lines(line, b"OK")
    echo = b'AT+CSIM=522,"' + b"00" * 261 + b'"'
    assert feed(Parser(), echo + b"\r\r\nOK\r\n") == lines(echo, b"OK")


def test_lines_that_are_too_long_are_dropped_up_to_their_end():
    for size in (640, 641, 1279, 1280, 1281, 5000):
        parser = Parser()
        parser.expect_prompt(0x3E)
        parser.expect_data(PREFIX, memoryview(bytearray(9)))
        events = feed(parser, b"RDY\r\n" + b"x" * size + b">+CARECV: 1,a\r\nOK\r\n")
        assert events == lines(b"RDY", b"OK"), (size, events)
        assert parser.overruns == 1, parser.overruns


def test_a_full_buffer_with_lines_in_it_loses_nothing():
    parser = Parser()
    want = [b"+CSQ: %d" % i for i in range(400)]
    assert feed(parser, b"\r\n".join(want) + b"\r\n") == lines(*want)
    assert parser.overruns == 0


def test_reset_forgets():
    parser = Parser()
    feed(parser, b"+CSQ: 1")
    assert parser.partial() == b"+CSQ: 1"
    parser.reset()
    assert parser.partial() == b""
    assert feed(parser, b"OK\r\n") == lines(b"OK")
    feed(parser, b"y" * 700)
    parser.reset()
    assert feed(parser, b"OK\r\n") == lines(b"OK")


def test_any_bytes_at_all():
    # No bytes may raise, and memory is bounded: the buffer stays the one made at first.
    seed = 1
    parser = Parser()
    for _ in range(60):
        junk = bytearray()
        for _ in range(97):
            seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
            junk.append(b"\r\n>+CARECV: 0123456789,OK\x00\xff"[(seed >> 16) % 27])
        parser.expect_prompt(0x3E if seed & 1 else 0)
        parser.expect_data(PREFIX, memoryview(bytearray(seed >> 8 & 0x3F)))
        feed(parser, bytes(junk))
        assert len(parser.partial()) <= 640
        parser.expect_nothing()
    feed(parser, b"\r\n")
    assert feed(parser, b"OK\r\n")[-1:] == lines(b"OK")


def test_data_on_the_next_line_and_in_quotes():
    # Quectel, Sequans and Cinterion; SIM7000's CIP stack; u-blox.
    for prefix, head, mark, tail in (
        (b"+QIRD: ", b"%d\r\n", b"\n", b"\r\n\r\nOK\r\n"),
        (b"^SISR: 0,", b"%d\r\n", b"\n", b"\r\nOK\r\n"),
        (b"+CIPRXGET: 2,0,", b"%d,77\r\n", b",\n", b"\r\nOK\r\n"),
        (b"+USORD: 3,", b'%d,"', b',"', b'"\r\n\r\nOK\r\n'),
    ):
        for body in (b"\n", b'"\r\n', TRICKY):
            target = bytearray(100)

            def prepare(parser, prefix=prefix, target=target, mark=mark, body=body):
                parser.expect_data(prefix, memoryview(target), mark)

                def check():
                    assert parser.count == len(body)
                    equal(target[: len(body)], body)

                return check

            whole = b"\r\n" + prefix + head % len(body) + body + tail
            split_everywhere(whole, prepare, [(DATA, b"")] + lines(b"OK"))
        parser = Parser()
        parser.expect_data(prefix, memoryview(bytearray(9)), mark)
        none = prefix + (b'0,""' if mark == b',"' else b"0")
        assert feed(parser, none + b"\r\n\r\nOK\r\n") == lines(none, b"OK")
        assert parser.count == 0


def test_data_that_is_shorter_or_longer_than_announced():
    for body in (b"abcd", b"abcdef"):
        parser = Parser()
        parser.expect_data(PREFIX, memoryview(bytearray(9)))
        events = feed(parser, PREFIX + b"5," + body + b"\r\n\r\nOK\r\n")
        assert events == [(DATA, b"")] + lines(b"OK"), events
        assert parser.count == -1


def test_another_prompt():
    parser = Parser()
    parser.expect_prompt(0x40)
    assert feed(parser, b"\r\n@") == [(PROMPT, b"")]
    parser.expect_prompt(0x40)
    assert feed(parser, b"\r\n> x\r\n") == lines(b"> x")


def test_numbers_in_a_line():
    for line, want in (
        (b"+CASTATE: 12,0", (12, 0, None)),
        (b"+CASTATE:3 , 4,5", (3, 4, 5)),
        (b'+CEREG: 5,"1A2B",7', (5, None, 7)),
        (b"+X: ,1", (None, 1, None)),
        (b"+X: -1,1x,0007", (None, None, 7)),
        (b"+X:", (None, None, None)),
        (b"1,2,3", (None, None, None)),
        (b"+X: 1,2:3", (1, None, None)),
    ):
        got = tuple([number(memoryview(line), i) for i in range(3)])
        assert got == want, (line, got)
    assert 1_000_000 < number(memoryview(b"+X: " + b"9" * 500)) < 1 << 30
