"""Power key, supply, boot URCs and auto-baud in virtual time (SIM7080)."""

import pytest
from modem_bench import Bench

OK = b"\r\nOK\r\n"
FIXED = {"+IPR": (115200,)}


def press(bench, seconds):
    """Press the key for `seconds`; return what the modem prints in that time."""
    bench.modem.power_key(True)
    printed = bench.run(seconds)
    bench.modem.power_key(False)
    return printed + bench.modem.take()


def off_bench(**options):
    bench = Bench(auto_power=False, delays=1.0, **options)
    bench.run(5.0)
    return bench


def test_an_off_modem_says_nothing():
    bench = off_bench()
    assert bench.ask("AT") == b""
    assert bench.modem.counters["uart_lost"] == 3


def test_pulse_switches_on_after_one_second_and_is_ready_after_two_and_a_half():
    bench = off_bench()
    press(bench, 0.95)
    bench.run(5.0)
    assert bench.ask("AT") == b""
    press(bench, 1.05)
    bench.run(1.40)
    assert bench.ask("AT") == b""  # 2.45 s after the start of the pulse
    bench.run(0.10)
    assert bench.ask("AT") == b"AT\r" + OK


def test_boot_lines_at_a_fixed_rate():
    bench = off_bench(nvm=FIXED)
    assert press(bench, 1.5) == b""
    assert bench.run(1.1) == b"\r\nRDY\r\n"
    assert bench.run(0.3) == b"\r\n+CFUN: 1\r\n"
    assert bench.run(0.3) == b"\r\n+CPIN: READY\r\n"
    assert bench.run(4.8) == b""
    assert bench.run(0.2) == b"\r\nSMS Ready\r\n"


def test_auto_baud_prints_nothing_until_at_is_heard():
    bench = off_bench()
    press(bench, 1.5)
    assert bench.run(2.0) == b""
    assert bench.ask("AT") == b"AT\r" + OK
    assert bench.run(5.0) == b"\r\nSMS Ready\r\n"


def test_auto_baud_may_lose_or_spoil_the_first_commands():
    bench = Bench(echo=True, first_at="lost", first_at_count=2)
    assert [bench.ask("AT") for _ in range(3)] == [b"", b"", b"AT\r" + OK]
    bench = Bench(echo=True, first_at="garbled")
    spoilt = bench.ask("AT")
    assert len(spoilt) == 3
    assert b"AT" not in spoilt
    assert bench.ask("AT") == b"AT\r" + OK
    bench = Bench(echo=True, first_at="lost", nvm=FIXED)
    assert bench.ask("AT") == b"AT\r" + OK  # no auto-baud, nothing lost


def test_the_same_pulse_switches_a_running_modem_off():
    bench = Bench(delays=0.0)
    assert press(bench, 1.15) == b""
    assert bench.ask("AT") == OK  # 1.2 s not reached
    assert press(bench, 1.25) == b"\r\nNORMAL POWER DOWN\r\n"
    bench.run(1.0)
    assert bench.ask("AT") == b""
    assert bench.modem.power_state.state == "off"
    assert bench.modem.counters["power_downs"] == 1


def test_the_key_is_not_seen_for_two_seconds_after_off():
    bench = Bench(delays=0.0)
    press(bench, 2.0)  # off since 1.8 s
    press(bench, 1.2)
    assert bench.modem.power_state.state == "off"
    press(bench, 2.0)  # counts from 3.8 s on
    assert bench.modem.power_state.state in ("boot", "on")


def test_a_pulse_that_switched_on_does_not_switch_off():
    bench = off_bench()
    press(bench, 8.0)
    assert bench.ask("AT") == b"AT\r" + OK


def test_a_held_key_resets():
    bench = Bench(delays=0.0)
    boots = bench.modem.counters["boots"]
    press(bench, 12.1)
    assert bench.modem.counters["boots"] == boots + 1
    assert bench.modem.power_state.state == "on"


def test_power_down_commands():
    bench = Bench(delays=1.0)
    bench.run(3.0)
    bench.ask("ATE0")
    assert bench.ask("AT+CPOWD=1") == b"\r\nNORMAL POWER DOWN\r\n"  # and no OK
    bench.run(1.1)
    assert bench.modem.power_state.state == "off"
    bench = Bench()
    assert bench.ask("AT+CPOWD=0") == b""
    assert bench.modem.power_state.state == "off"


@pytest.mark.parametrize("command", ["AT+CREBOOT", "AT+CFUN=1,1"])
def test_software_reset(command):
    bench = Bench(delays=1.0, nvm=FIXED)
    bench.run(10.0)
    bench.ask("ATE0;+CMEE=2;+CEREG=2")
    assert bench.ask(command) == OK
    assert bench.ask("AT") == b""
    assert bench.run(9.0) == b"\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n\r\nSMS Ready\r\n"
    assert bench.ask("AT+CMEE?") == b"AT+CMEE?\r\r\n+CMEE: 0\r\n" + OK  # echo on, CMEE lost


def test_supply():
    bench = Bench(nvm=FIXED)
    bench.modem.power(False)
    assert bench.ask("AT") == b""
    bench.modem.power_key(True)
    bench.run(20)
    assert bench.modem.power_state.state == "off"  # no supply
    bench.modem.power(True)
    assert bench.run(1.0).startswith(b"\r\nRDY\r\n")
    waiting = Bench(auto_power=False)
    waiting.modem.power(False)
    waiting.modem.power(True)
    waiting.run(10)
    assert waiting.modem.power_state.state == "off"


def test_wrong_options_name_the_choices():
    for wrong in ({"first_at": "x"}, {"registration": "x"}, {"pdp": "x"}, {"personality": "x"}):
        with pytest.raises(ValueError, match=r"there are|choose one of"):
            Bench(**wrong)
    with pytest.raises(TypeError, match="colour"):
        Bench(colour="red")
