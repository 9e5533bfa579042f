from expect import raises
from mock_uart import ScriptedUART, cuts, single_bytes


def test_a_dialogue():
    uart = ScriptedUART([(b"AT\r", b"\r\nOK\r\n"), (b"ATE0\r", [b"ATE0\r", b"\r\nOK\r\n"])])
    assert uart.any() == 0 and uart.read() is None
    assert uart.write(b"A") == 1
    assert uart.read() is None
    assert uart.write(b"T\r") == 2
    assert uart.any() == 6
    assert uart.read(2) == b"\r\n"
    assert uart.read() == b"OK\r\n"
    assert uart.read() is None
    uart.write(b"ATE0\r")
    assert uart.read(100) == b"ATE0\r"
    assert uart.read(100) is None  # the gap between two chunks
    buffer = bytearray(4)
    assert uart.readinto(buffer) == 4 and buffer == b"\r\nOK"
    assert uart.readinto(buffer) == 2 and buffer[:2] == b"\r\n"
    assert uart.readinto(buffer) is None
    uart.done()
    assert uart.written == b"AT\rATE0\r"


def test_any_sees_the_gap_too():
    uart = ScriptedUART([(b"", [b"ab", b"c"])])
    assert uart.any() == 2 and uart.any() == 2
    assert uart.read() == b"ab"
    assert uart.any() == 0
    assert uart.any() == 1
    assert uart.read() == b"c"


def test_readinto_takes_a_size_and_a_memoryview():
    uart = ScriptedUART([(b"", b"abcdef")])
    buffer = bytearray(b"------")
    assert uart.readinto(buffer, 2) == 2
    assert uart.readinto(memoryview(buffer)[4:]) == 2
    assert buffer == b"ab--cd"


def test_reading_nothing_takes_nothing():
    uart = ScriptedUART([(b"", b"ab")])
    assert uart.read(0) is None
    assert uart.readinto(bytearray(0)) is None
    assert uart.read() == b"ab"


def test_unsolicited_bytes_come_before_and_after():
    uart = ScriptedUART([(b"", b"RDY\r\n"), (b"AT\r", b"OK\r\n"), (b"", b"+CPIN: READY\r\n")])
    assert uart.read() == b"RDY\r\n"
    uart.write(b"AT\r")
    assert uart.read() == b"OK\r\n"
    assert uart.read() is None
    assert uart.read() == b"+CPIN: READY\r\n"
    uart.done()


def test_one_write_may_span_two_steps():
    uart = ScriptedUART([(b"ab", b"1"), (b"cd", b"2")])
    uart.write(b"abcd")
    assert uart.read() == b"1"
    assert uart.read() is None
    assert uart.read() == b"2"
    uart.done()


def test_a_wrong_byte_shows_both():
    uart = ScriptedUART([(b"AT\r", b""), (b"AT+CSQ\r", b"")])
    uart.write(b"AT\rAT+C")
    with raises(AssertionError, text="first difference at byte 4") as caught:
        uart.write(b"REG?\r")
    text = str(caught.error)
    assert "step 1" in text and "AT+CSQ" in text and "AT+CREG?" in text


def test_a_write_after_the_script_fails():
    uart = ScriptedUART([(b"AT\r", b"")])
    uart.write(b"AT\r")
    with raises(AssertionError, text="script is over"):
        uart.write(b"A")


def test_done_names_what_is_missing():
    uart = ScriptedUART([(b"AT\r", b"OK")])
    uart.write(b"A")
    with raises(AssertionError, text="step 0: never written"):
        uart.done()
    uart.write(b"T\r")
    with raises(AssertionError, text="never read"):
        uart.done()


def test_short_writes():
    uart = ScriptedUART([(b"abcde", b"!")], limit=2)
    assert uart.write(b"abcde") == 2
    assert uart.write(memoryview(b"cde")) == 2
    assert uart.write(b"e") == 1
    assert uart.read() == b"!"


def test_an_empty_script_takes_nothing():
    uart = ScriptedUART([])
    assert uart.read() is None
    assert uart.write(b"") == 0
    uart.done()
    with raises(AssertionError):
        uart.write(b"x")


def test_cuts_and_single_bytes():
    assert list(cuts(b"abc")) == [(b"a", b"bc"), (b"ab", b"c")]
    assert single_bytes(b"abc") == [b"a", b"b", b"c"]
