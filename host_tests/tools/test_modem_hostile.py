"""Whatever bytes a host sends: nothing is raised, nothing hangs, nothing grows."""

from hypothesis import given, settings
from hypothesis import strategies as st

from iotsafe_tools.modem import Modem
from iotsafe_tools.modem.interpreter import RX_LIMIT, TX_LIMIT, URC_LIMIT
from iotsafe_tools.modem.testing import Bench, StubCard

COMMANDS = sorted(Bench().modem.table.handlers)
PIECES = ("AT", "=", "=?", "?", ";", ",", '"', "0", "1", "2", "-1", "13", "1460", "99999999999")
PIECES += ("TCP", "127.0.0.1", "00A40000", "\r", "\n", "\x08", "\x00", "\xff")
WORD = st.sampled_from([*COMMANDS, *PIECES])
TEXT = st.lists(WORD, max_size=30).map(lambda words: "".join(words).encode("latin-1"))
LINE = st.tuples(st.sampled_from(COMMANDS), st.sampled_from(["", "=", "?", "=?"]), TEXT).map(
    lambda parts: b"AT" + parts[0].encode() + parts[1].encode() + parts[2] + b"\r"
)
CHUNK = st.one_of(st.binary(max_size=60), TEXT, LINE)


def check_bounds(modem: Modem) -> None:
    uart = modem.uart
    assert len(uart._rx) <= RX_LIMIT
    assert uart.waiting <= TX_LIMIT
    assert len(uart._line) <= 559 + 64
    assert len(uart._urcs) <= URC_LIMIT
    assert len(uart._payload) <= 1460
    assert len(modem.sockets.sockets) <= 13
    assert len(modem.timers._heap) < 600
    assert len(modem.nvm.get("contexts", {})) <= 15


@settings(max_examples=3000, deadline=None)
@given(st.lists(st.tuples(CHUNK, st.sampled_from([0.0, 0.001, 0.5, 20.0])), max_size=12))
def test_any_bytes_from_the_host(steps):
    bench = Bench(StubCard({"0070000001": "019000"}, seconds=0.01))
    fed = 7 - 2  # ATE0 CR
    for data, seconds in steps:
        bench.modem.feed(data)
        fed += len(data)
        bench.run(seconds)
        check_bounds(bench.modem)
    counters = bench.modem.counters
    assert counters["handler_errors"] == 0, bench.kinds("error")
    assert fed == sum(counters[f"uart_up.{name}"] for name in ("sim", "socket", "control"))
    assert min(counters.values()) >= 0
    bench.modem.close()


def test_a_flood_is_bounded_and_ends():
    bench = Bench(StubCard(seconds=5.0))
    bench.ask('AT+CSIM=10,"0070000001"')
    for _ in range(200):
        bench.modem.feed(b"AT+CREBOOT\r" * 100)
    check_bounds(bench.modem)
    assert bench.modem.counters["uart_lost"] > 200_000
    bench.run(60.0)
    assert bench.ask("AT").endswith(b"\r\nOK\r\n")


def test_urcs_that_nobody_can_see_are_bounded():
    bench = Bench()
    bench.ask("AT+C", b"")
    for _ in range(1000):
        bench.modem.urc("SMS Ready")
    check_bounds(bench.modem)
