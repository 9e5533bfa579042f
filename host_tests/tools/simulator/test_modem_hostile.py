"""Whatever bytes a host sends, the simulator raises nothing, never hangs, and never grows."""

import os

from hypothesis import given, settings
from hypothesis import strategies as st
from modem_bench import Bench, StubCard

from iotsafe_tools.simulator.modem import Modem
from iotsafe_tools.simulator.modem.interpreter import RX_LIMIT, TX_LIMIT, URC_LIMIT
from iotsafe_tools.simulator.modem.messages import CAPACITY, SENT_LIMIT
from iotsafe_tools.simulator.modem.personalities import PERSONALITIES
from iotsafe_tools.simulator.modem.sim_access import SESSION_LIMIT

CASES = int(os.environ.get("FUZZ_CASES", "3000"))

COMMANDS = sorted({name for one in PERSONALITIES.values() for name in one.table.handlers})
PIECES = ("AT", "=", "=?", "?", ";", ",", '"', "0", "1", "2", "-1", "13", "1460", "99999999999")
PIECES += (
    "TCP",
    "127.0.0.1",
    "00A40000",
    "A000000559",
    ',10,"0084000004"',
    "\r",
    "\n",
    "\x1a",
    "\x08",
    "\x00",
    "\xff",
)
WORD = st.sampled_from([*COMMANDS, *PIECES])
TEXT = st.lists(WORD, max_size=30).map(lambda words: "".join(words).encode("latin-1"))
LINE = st.tuples(st.sampled_from(COMMANDS), st.sampled_from(["", "=", "?", "=?"]), TEXT).map(
    lambda parts: b"AT" + parts[0].encode() + parts[1].encode() + parts[2] + b"\r"
)
CARD = {"0070000001": "019000", "01A4040005A000000559": "9000", "0184000004": "010203049000"}
CHUNK = st.one_of(st.binary(max_size=60), TEXT, LINE)


def check_bounds(modem: Modem) -> None:
    uart = modem.uart
    assert len(uart._rx) <= RX_LIMIT
    assert uart.waiting <= TX_LIMIT
    assert len(uart._line) <= modem.personality.line_limit + 64
    assert len(uart._urcs) <= URC_LIMIT
    assert len(uart._payload) <= 1501
    assert len(modem.sockets.sockets) <= 13
    assert len(modem.timers._heap) < 600
    assert len(modem.sim.sessions) <= SESSION_LIMIT
    assert len(modem.nvm.get("contexts", {})) <= 16
    assert len(modem.preferred) <= 16
    assert len(modem.messages.sent) <= SENT_LIMIT
    assert all(len(store) <= CAPACITY for store in modem.messages.stores.values())


@settings(max_examples=CASES, deadline=None)
@given(
    st.sampled_from(sorted(PERSONALITIES)),
    st.lists(st.tuples(CHUNK, st.sampled_from([0.0, 0.001, 0.5, 20.0])), max_size=12),
)
def test_any_bytes_from_the_host(personality, steps):
    quirks = {"cgla", "cgla_fetches"}
    bench = Bench(StubCard(CARD, seconds=0.01), personality=personality, quirks=quirks)
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


def test_sessions_are_bounded_even_if_the_card_gives_channels_for_ever():
    bench = Bench(StubCard(CARD), quirks={"cgla"})
    answers = [bench.ask("AT+CMEE=1;+CCHO=A000000559") for _ in range(400)]
    assert sum(b"+CCHO: " in answer for answer in answers) == SESSION_LIMIT
    assert answers[-1] == b"\r\n+CME ERROR: 20\r\n"
    assert bench.modem.counters["handler_errors"] == 0
    check_bounds(bench.modem)


def test_urcs_that_nobody_can_see_are_bounded():
    bench = Bench()
    bench.ask("AT+C", b"")
    for _ in range(1000):
        bench.modem.urc("SMS Ready")
    check_bounds(bench.modem)
