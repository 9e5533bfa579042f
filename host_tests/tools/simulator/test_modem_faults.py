"""Each fault strikes where and as often as its text says (the faults that clients must
survive)."""

import pytest
from fault_bench import FIXED, OK, OPEN, bench_with
from modem_bench import Peer


def test_silent_modem_answers_again_when_cleared():
    bench = bench_with()
    bench.modem.faults.add("silent")
    assert bench.ask("AT") == bench.ask("AT+CSIM=?") == b""
    bench.modem.faults.clear()
    assert bench.ask("AT") == OK


def test_garbage():
    bench = bench_with()
    bench.modem.faults.add("garbage")
    spoilt = bench.ask("AT")
    assert len(spoilt) == len(OK)
    assert spoilt != OK


def test_echo_that_cannot_be_switched_off():
    bench = bench_with(echo=True)
    bench.modem.faults.add("echo")
    assert bench.ask("ATE0") == b"ATE0\r" + OK
    assert bench.ask("AT") == b"AT\r" + OK


def test_cme_error_for_some_commands():
    bench = bench_with()
    bench.ask("AT+CMEE=1")
    bench.modem.faults.add("cme", prefix="+CSIM", code=14, times=2)
    assert bench.ask("AT+CSIM=?") == b"\r\n+CME ERROR: 14\r\n"
    assert bench.ask("AT+CGMM").startswith(b"\r\nSIMCOM")
    assert bench.ask(OPEN) == b"\r\n+CME ERROR: 14\r\n"
    assert bench.ask(OPEN).endswith(OK)
    assert bench.modem.faults.struck == {"cme": 2}
    assert bench.modem.faults.armed == []


def test_command_without_an_answer():
    bench = bench_with()
    bench.modem.faults.parse("no_answer:prefix=+CGMM,times=1")
    assert bench.ask("AT+CGMM") == b""
    assert bench.ask("AT+CGMM").endswith(OK)


def test_lost_urc():
    bench = bench_with()
    bench.modem.faults.add("lost_urc", prefix="+APP PDP", times=1)
    assert bench.ask("AT+CNACT=0,1") == OK
    assert bench.ask("AT+CNACT=1,1") == OK + b"\r\n+APP PDP: 1,ACTIVE\r\n"


def test_reset_when_an_instruction_is_about_to_reach_the_card():
    bench = bench_with(delays=1.0, nvm=FIXED)
    bench.run(10.0)
    bench.ask("ATE0")
    bench.modem.faults.add("reset", at="apdu:70", nth=2)
    before = len(bench.card.log)
    assert bench.ask(OPEN).endswith(OK)
    assert bench.ask(OPEN) == b""
    assert bench.card.log[before:] == ["0070000001"]
    assert bench.ask("AT") == b""
    assert bench.run(3.5).startswith(b"\r\nRDY\r\n")
    assert bench.ask("AT") == b"AT\r" + OK
    assert bench.modem.counters["boots"] == 2


@pytest.mark.parametrize(("at", "answer"), [("at:+CGMM", b""), ("done:+CGMM", b"SIMCOM_SIM7080")])
def test_reset_before_and_after_a_command(at, answer):
    bench = bench_with(delays=1.0)
    bench.run(10.0)
    bench.ask("ATE0")
    bench.modem.faults.add("reset", at=at)
    assert bench.ask("AT+CGMM").strip() == answer
    assert bench.modem.power_state.state == "boot"


def test_reset_in_the_middle_of_sending():
    with Peer() as peer:
        bench = bench_with()
        bench.ask("AT+CNACT=0,1")
        bench.modem.feed(f'AT+CAOPEN=0,0,"TCP","127.0.0.1",{peer.port}\r'.encode())
        bench.until(OK)
        peer.accept()
        bench.modem.faults.add("reset", at="done:+CASEND", nth=2)
        for answer in (OK, b""):
            bench.ask("AT+CASEND=0,3")
            assert bench.run(0.01) == b"\r\n>"
            assert bench.ask(b"abc", b"") == answer
        bench.ask("ATE0")
        assert bench.ask("AT+CASTATE?") == OK


def test_peer_closes_at_an_event():
    with Peer() as peer:
        bench = bench_with()
        bench.ask("AT+CNACT=0,1")
        bench.modem.feed(f'AT+CAOPEN=2,0,"TCP","127.0.0.1",{peer.port}\r'.encode())
        bench.until(OK)
        peer.accept()
        bench.modem.faults.add("close", at="apdu:70", cid=2)
        printed = bench.ask(OPEN)
        assert printed == b'\r\n+CASTATE: 2,0\r\n\r\n+CSIM: 6,"019000"\r\n' + OK
        assert peer.socket.recv(1) == b""


def test_an_observer_that_fails_is_counted_and_harmless():
    bench = bench_with()

    def broken(event):
        raise OSError("disk full")

    bench.modem.on_event = broken
    assert bench.ask("AT") == OK
    assert bench.modem.counters["handler_errors"] == 1


WRONG = (
    "nosuch",
    "cme:colour=red",
    "reset:nth",
    # What would keep the modem busy for hours, and the control port silent.
    "noise:size=99999999",
    "urc_storm:count=1000000000",
    "late:delay=99999999999",
    "random:seed=7,seconds=999999999999",
    "5 silent:seconds=1" + "0" * 400,
)


@pytest.mark.parametrize("text", WRONG)
def test_wrong_faults_name_the_choices(text):
    with pytest.raises(ValueError, match="fault"):
        bench_with().modem.faults.parse(text)
