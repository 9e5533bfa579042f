"""The AT interpreter, byte by byte: echo, framing, errors, URCs, order, counters."""

import pytest
from modem_bench import Bench, StubCard

OK = b"\r\nOK\r\n"
ERROR = b"\r\nERROR\r\n"


def test_echo_as_the_real_module_does_it():
    bench = Bench(echo=True)
    assert bench.ask("AT", b"\r\n") == b"AT\r\r\nOK\r\n"
    assert bench.ask("ATE0") == b"ATE0\r\r\nOK\r\n"
    assert bench.ask("AT", b"\r\n") == OK
    assert bench.ask("ATE1") == OK
    assert bench.ask("AT+CGMM") == b"AT+CGMM\r\r\nSIMCOM_SIM7080\r\n\r\nOK\r\n"


def test_echo_comes_as_it_is_typed():
    bench = Bench(echo=True)
    assert bench.ask("A", b"") == b"A"
    assert bench.ask("T", b"") == b"T"
    assert bench.ask("", b"\r") == b"\r\r\nOK\r\n"


def test_echo_off_is_kept_only_by_and_w():
    bench = Bench()
    bench.ask("AT+CFUN=1,1")
    assert bench.ask("AT") == b"AT\r" + OK
    bench.ask("ATE0&W")
    bench.ask("AT+CFUN=1,1")
    assert bench.ask("AT") == OK


def test_editing():
    bench = Bench()
    assert bench.ask("AT+CGMX\x08M") == b"\r\nSIMCOM_SIM7080\r\n" + OK
    assert bench.ask("\x08\x08\x7fAT") == OK
    assert bench.ask("") == b""
    assert bench.ask("hello") == b""
    assert bench.ask("\xff\x00AT") == OK
    assert bench.ask("\nat") == OK


def test_a_lf_alone_ends_a_line_on_sequans_only():
    bench = Bench()
    assert bench.ask("AT+CG", b"\n") == b""
    assert bench.ask("MM") == b"\r\nSIMCOM_SIM7080\r\n" + OK
    sequans = Bench(personality="gm02s")
    assert sequans.ask("AT", b"\n") == OK
    assert sequans.ask("AT\nAT+CGMM\n\nAT", b"\r\n") == OK + b"\r\nGM02S\r\n" + OK + OK
    assert sequans.ask("", b"\n\r\n\n\r") == b""
    echoing = Bench(personality="gm02s", echo=True)
    assert echoing.ask("AT", b"\n") == b"AT\r" + OK


def test_concatenation_stops_at_an_error():
    bench = Bench()
    assert bench.ask("AT+CMEE=2;+CGMM;+CMEE?") == (
        b"\r\nSIMCOM_SIM7080\r\n\r\n+CMEE: 2\r\n\r\nOK\r\n"
    )
    assert bench.ask("AT+CGMM;+CMEE=9;+CMEE=0").endswith(
        b"\r\n+CME ERROR: invalid input value\r\n"
    )
    assert bench.ask("AT+CMEE?") == b"\r\n+CMEE: 2\r\n" + OK


@pytest.mark.parametrize(
    ("mode", "answer"),
    [(0, b"ERROR"), (1, b"+CME ERROR: 100"), (2, b"+CME ERROR: unknown")],
)
def test_unknown_command(mode, answer):
    bench = Bench()
    bench.ask(f"AT+CMEE={mode}")
    assert bench.ask("AT+NOSUCH=1") == b"\r\n" + answer + b"\r\n"
    assert bench.ask("AT+CGMM=1") == b"\r\n" + answer + b"\r\n"


def test_line_limit_is_559_characters_after_at():
    bench = Bench()
    fits = "+CGMM" + " " * 554
    assert bench.ask("AT" + fits) == b"\r\nSIMCOM_SIM7080\r\n" + OK
    assert bench.ask("AT" + fits + " ") == ERROR
    assert bench.ask("AT+CGMM" + ";" * 5000) == ERROR
    bench.ask("AT+CMEE=1")
    assert bench.ask("AT" + "x" * 600) == ERROR
    assert bench.ask("AT") == OK


def test_numeric_and_silent_results():
    bench = Bench()
    assert bench.ask("ATV0") == b"0\r"
    assert bench.ask("AT+NOSUCH") == b"4\r"
    assert bench.ask("AT+CGMM") == b"SIMCOM_SIM7080\r\n0\r"
    assert bench.ask("ATV1") == OK
    assert bench.ask("ATQ1") == b""
    assert bench.ask("ATQ0") == OK


def test_settings_have_three_forms():
    bench = Bench()
    assert bench.ask("AT+CNMP?") == b"\r\n+CNMP: 38\r\n" + OK
    assert bench.ask("AT+CNMP=?") == b"\r\n+CNMP: (2,13,38,51)\r\n" + OK
    assert bench.ask("AT+CNMP=2") == OK
    assert bench.ask("AT+CNMP=3") == ERROR
    assert bench.ask("AT+CNMP=") == ERROR
    assert bench.ask("AT+IFC=2,2") == OK
    assert bench.ask("AT+CFUN=1,1") == OK
    bench.ask("ATE0")
    assert bench.ask("AT+CNMP?;+IFC?") == b"\r\n+CNMP: 2\r\n\r\n+IFC: 0,0\r\n" + OK  # AUTO_SAVE


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("+CGMR", b"Revision:1951B17SIM7080"),
        ("+GSN", b"867730050000017"),
        ("+CGSN", b"867730050000017"),
        ("+CCID", b"89000000000000000000"),
        ("+CIMI", b"001010000000000"),
        ("I", b"SIM7080 R1951.17"),
        ('+CPSMS=1,,,"00000001","00000001"', None),
        ('+CEDRXS=1,4,"0101"', None),
        ("+CMNB=1", None),
        ('+CBANDCFG="CAT-M",3,20', None),
    ],
)
def test_simple_commands(command, answer):
    text = b"\r\n" + answer + b"\r\n" if answer else b""
    assert Bench().ask("AT" + command) == text + OK


def test_input_waits_while_a_command_runs():
    bench = Bench(StubCard({"0070000001": "019000"}, seconds=0.06))
    assert bench.ask('AT+CSIM=10,"0070000001"\rAT+CGMM') == b""
    assert bench.run(0.05) == b""
    assert bench.run(0.02) == (
        b'\r\n+CSIM: 6,"019000"\r\n\r\nOK\r\n\r\nSIMCOM_SIM7080\r\n\r\nOK\r\n'
    )


def test_urc_between_a_command_and_its_reply():
    bench = Bench(StubCard({"0070000001": "019000"}, seconds=0.06))
    bench.ask('AT+CSIM=10,"0070000001"')
    bench.modem.urc("SMS Ready")
    assert bench.modem.take() == b"\r\nSMS Ready\r\n"
    assert bench.run(0.1) == b'\r\n+CSIM: 6,"019000"\r\n\r\nOK\r\n'


def test_urc_waits_for_a_half_typed_line():
    bench = Bench()
    bench.ask("AT+CG", b"")
    bench.modem.urc("SMS Ready")
    assert bench.modem.take() == b""
    assert bench.ask("MM") == b"\r\nSIMCOM_SIM7080\r\n\r\nOK\r\n\r\nSMS Ready\r\n"
    bench.ask("AT+CG", b"")
    bench.modem.urc("SMS Ready")
    assert bench.run(1.5) == b"\r\nSMS Ready\r\n"  # but not for ever


def test_a_broken_handler_ends_in_error_and_is_counted():
    bench = Bench()
    table = bench.modem.table
    bench.modem.table = table.extended()
    bench.modem.table.add("+CGMM", "exec", lambda modem, args: 1 / 0)
    assert bench.ask("AT+CGMM") == ERROR
    assert bench.modem.counters["handler_errors"] == 1
    event = bench.kinds("error")[0]
    assert "ZeroDivisionError" in event["error"]
    assert event["where"].startswith("test_modem_dialogue.py:")
    assert bench.ask("AT") == OK


def uart(bench, direction):
    return sum(
        bench.modem.counters[f"uart_{direction}.{name}"] for name in ("sim", "socket", "control")
    )


def test_every_byte_is_counted_once_and_by_purpose():
    bench = Bench(StubCard({"0070000001": "019000"}), echo=True)
    counters = bench.modem.counters
    sent = [b'AT+CSIM=10,"0070000001"\r\n', b"AT+CGMM\r", b"junk\r\n", b"AT+C", b"GMM\rA"]
    got = b"".join(bench.ask(line, b"") for line in sent)
    assert uart(bench, "up") == sum(map(len, sent))
    assert uart(bench, "down") == len(got)
    assert counters["uart_up.sim"] == len(sent[0])
    assert counters["uart_down.sim"] == len(sent[0]) - 1 + len(b'\r\n+CSIM: 6,"019000"\r\n') + 6
    assert counters["uart_up.socket"] == counters["uart_down.socket"] == 0
    assert counters["at_commands"] == 3
    assert counters["apdu_exchanges"] == 1
    bench.ask("", b"\r")
    before = counters["uart_up.control"]
    for _ in range(2):
        bench.ask(sent[0], b"")
    assert counters["uart_up.sim"] == 3 * len(sent[0])
    assert counters["uart_up.control"] == before


def test_a_broken_timer_is_counted_and_harmless():
    bench = Bench()
    bench.modem.timers.at(bench.time, lambda: 1 / 0)
    assert bench.ask("AT") == OK
    assert bench.modem.counters["handler_errors"] == 1


def test_output_that_nobody_takes_is_bounded():
    bench = Bench(echo=True)
    for _ in range(300):
        bench.modem.feed(b"x" * 1000)
    assert len(bench.modem.take()) <= 65536
    assert bench.modem.counters["uart_lost"] > 0
