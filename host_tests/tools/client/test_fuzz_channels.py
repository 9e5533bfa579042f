"""Both channels to the SIM against a modem that may print anything."""

import os

from hypothesis import given, settings
from hypothesis import strategies as st

from cellular import CSIM, ModemError
from cellular.at import AT
from cellular.cgla import CGLA, replace_csim

CASES = int(os.environ.get("FUZZ_CASES", "400"))

OPEN = bytes.fromhex("0070000001")
SELECT = bytes.fromhex("01A4040007A0000005590010")
RANDOM = bytes.fromhex("0184000010")
CLOSE = bytes.fromhex("0070800100")

OK = b"\r\nOK\r\n"
PIECES = [b"+CSIM:", b"+CGLA:", b"+CCHO:", b"+CPIN: READY", b"+CME ERROR: ", b"ERROR", b"OK"]
PIECES += [
    b"\r\n",
    b" ",
    b",",
    b'"',
    b"4",
    b"516",
    b"9000",
    b"6A82",
    b"1",
    b"-1",
    b"+CCHO: 1\rAT+CFUN=0",
]
JUNK = st.one_of(
    st.binary(max_size=40),
    st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join),
    st.binary(max_size=700).map(bytes.hex).map(str.encode),
)


def joined(*parts):
    """Return one of each of `parts`, joined."""
    return st.tuples(*parts).map(b"".join)


# Nearly valid: only the part in the middle is wrong.
HANDLES = joined(
    st.sampled_from([b"+CCHO: ", b"+CCHO:", b""]),
    st.one_of(
        st.sampled_from([b"1", b"385a7cf", b'"2"', b"1\rAT+CFUN=0", b'1,"', b"6A82", b"f" * 33]),
        st.binary(max_size=6),
    ),
)
RESPONSES = joined(
    st.sampled_from([b"+CSIM: ", b"+CGLA: ", b"+CGLA:"]),
    st.sampled_from([b"0", b"2", b"4", b"6", b"-4", b"1e1", b"", b"9" * 30]),
    st.sampled_from([b",", b', "', b""]),
    st.sampled_from([b"", b"90", b"9000", b"019000", b"G000", b"00\xff0", b'9000"']),
)
ANSWERS = st.one_of(HANDLES, RESPONSES, JUNK)


class UART:
    """Answers each command with the next of `answers`, then with OK; has the methods of
    machine.UART."""

    def __init__(self, answers) -> None:
        self._answers = list(answers)
        self._pending = bytearray()
        self.written = []

    def any(self) -> int:
        return bool(self._pending)  # the engine does not wait for more

    def readinto(self, buffer) -> int | None:
        size = min(len(buffer), len(self._pending))
        buffer[:size] = self._pending[:size]
        del self._pending[:size]
        return size or None

    def write(self, data) -> int:
        self.written.append(bytes(data))
        self._pending += b"\r\n" + (self._answers.pop(0) if self._answers else b"") + OK
        return len(data)


def engine(uart: UART) -> AT:
    """Return an engine that has found its modem already."""
    at = AT(uart)
    at.lost = False
    return at


@settings(max_examples=CASES)
@given(
    answers=st.lists(ANSWERS, max_size=10),
    which=st.sampled_from(["csim", "cgla", "auto"]),
    apdus=st.lists(st.sampled_from([SELECT, RANDOM, RANDOM, OPEN, CLOSE]), max_size=5),
)
def test_only_modem_errors_come_out(answers, which, apdus):
    uart = UART(answers)
    at = engine(uart)
    channel = CGLA(at) if which == "cgla" else CSIM(at, None if which == "csim" else replace_csim)
    for apdu in [SELECT, RANDOM, *apdus]:
        before = len(uart.written)
        try:
            data, sw = channel.transmit(memoryview(apdu))
        except ModemError as error:
            assert str(error).isprintable()
        else:
            assert len(data) <= 320 and 0 <= sw <= 0xFFFF
        # After any refusal, a bounded number of commands follows, and none hides another one.
        assert len(uart.written) - before <= 12
    assert all(
        line.startswith(b"AT") and line.find(b"\r") == len(line) - 1 for line in uart.written
    )
    assert b"AT+CFUN" not in b"".join(uart.written)


def hex_of(data: bytes, lower: bool, quoted: bool) -> bytes:
    digits = data.hex() if lower else data.hex().upper()
    return (f'"{digits}"' if quoted else digits).encode()


@settings(max_examples=CASES)
@given(
    data=st.binary(max_size=256),
    sw=st.integers(0, 0xFFFF),
    handle=st.text("0123456789abcdefABCDEF", min_size=1, max_size=32).filter(
        lambda text: (
            not (len(text) == 4 and text.upper().startswith("6A"))
            and text not in ("2", "3")  # says that sessions of an earlier start are open
        )
    ),
    named=st.sampled_from([b"", b"+CCHO:", b"+CCHO: "]),
    space=st.sampled_from([b"", b" "]),
    comma=st.sampled_from([b",", b", "]),
    lower=st.booleans(),
    quoted=st.booleans(),
)
def test_every_good_answer_is_read(data, sw, handle, named, space, comma, lower, quoted):
    answer = data + sw.to_bytes(2, "big")
    shown = hex_of(answer, lower, quoted)
    opened = named + (f'"{handle}"' if quoted and named else handle).encode()
    response = b"%s%d%s%s" % (space, 2 * len(answer), comma, shown)
    uart = UART([opened, b"+CGLA:" + response])
    channel = CGLA(engine(uart))
    assert channel.transmit(SELECT)[1] == 0x9000
    got, word = channel.transmit(RANDOM)
    assert (bytes(got), word) == (data, sw)
    assert uart.written[1] == b'AT+CGLA=%s,10,"0084000010"\r' % handle.encode()
    got, word = CSIM(engine(UART([b"+CSIM:" + response]))).transmit(RANDOM)
    assert (bytes(got), word) == (data, sw)
