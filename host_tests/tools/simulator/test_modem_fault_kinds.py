"""What each kind of fault does to the line, to answers, and to the world behind the modem."""

import pytest
from fault_bench import FIXED, OK, OPEN, bench_with
from modem_bench import Bench, Peer, StubCard

from iotsafe_tools.simulator.modem import Network
from iotsafe_tools.simulator.modem.control import Control
from iotsafe_tools.simulator.modem.fault_kinds import KINDS, STORM
from iotsafe_tools.simulator.modem.fault_schedule import MENU, random_schedule

SELECT = 'AT+CSIM=26,"01A4040007A000000559001000"'
ANSWER = b'\r\n+CSIM: 6,"019000"\r\n'


def connected(bench, peer):
    bench.ask("AT+CMEE=1")
    bench.ask("AT+CNACT=0,1")
    bench.modem.feed(f'AT+CAOPEN=0,0,"TCP","127.0.0.1",{peer.port}\r'.encode())
    bench.until(OK)
    return peer.accept()


def slow():
    """Return a registered modem with its own delays."""
    bench = bench_with(delays=1.0, nvm=FIXED)
    bench.run(20.0)
    bench.ask("ATE0")
    bench.ask("AT+CMEE=1")
    bench.ask("AT+CEREG=1")
    return bench


# -- the line ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "change"), [("lost_bytes", -1), ("doubled_bytes", 1)])
def test_bytes_that_are_lost_or_doubled_at_a_rate(kind, change):
    bench = bench_with()
    bench.modem.faults.add(kind, rate=10, way="down", seed=5)
    size = sum(len(bench.ask("AT")) for _ in range(5000))
    struck = bench.modem.faults.struck[kind]
    assert size == 5000 * len(OK) + change * struck
    assert 200 < struck < 400, "a hundredth of 30,000 bytes"


def test_bytes_lost_on_the_way_to_the_modem():
    bench = bench_with()
    bench.modem.faults.add("lost_bytes", rate=1000, way="up")
    assert bench.ask("AT") == b""
    bench.modem.faults.clear()
    bench.modem.faults.add("doubled_bytes", rate=1000, way="up")
    assert bench.ask("AT") == b"\r\nERROR\r\n", "AATT is no command"
    bench.modem.faults.clear()
    assert bench.ask("AT") == OK


def test_the_same_seed_strikes_the_same_bytes():
    def printed(seed):
        bench = bench_with()
        bench.modem.faults.parse(f"lost_bytes:rate=100,way=both,seed={seed}")
        return [bench.ask("AT") for _ in range(200)]

    assert printed(7) == printed(7) != printed(8)


def test_noise_between_two_answers():
    bench = bench_with()
    bench.modem.faults.add("noise", size=40, seed=3)
    assert len(bench.modem.take()) == 40
    assert bench.ask("AT") == OK


def test_a_storm_of_urcs():
    bench = bench_with()
    bench.modem.faults.add("urc_storm", count=40, seconds=2)
    lines = bench.run(1.0).split()
    rest = bench.run(1.0).split()
    assert len(lines) > 15 < len(rest)
    assert b"RING" in lines
    assert bench.modem.counters["urcs"] == 40 >= 5 * len(STORM)


def test_a_fault_of_the_line_ends_by_itself():
    bench = bench_with()
    bench.modem.faults.add("silent", seconds=5)
    assert bench.ask("AT") == b""
    bench.run(5.0)
    assert bench.ask("AT") == OK


# -- answers -------------------------------------------------------------------------------------


def test_a_late_answer_comes_after_its_time():
    bench = bench_with()
    bench.modem.faults.add("late", prefix="+CGMM", delay=6)
    assert bench.ask("AT+CGMM") == bench.run(5.9) == b""
    assert bench.run(0.2).endswith(b"SIMCOM_SIM7080\r\n" + OK)
    assert bench.ask("AT+CGMM").endswith(OK)


def test_a_late_command_that_takes_its_own_time():
    bench = Bench(StubCard({"0070000001": "019000"}, seconds=1.0))
    bench.modem.faults.add("late", delay=6)
    assert bench.ask(OPEN) == bench.run(6.5) == b""
    assert bench.run(1.0) == ANSWER + OK


def test_sim_busy_and_a_select_that_is_refused():
    bench = bench_with()
    bench.ask("AT+CMEE=1")
    bench.modem.faults.add("sim_busy")
    bench.modem.faults.add("select_refused")
    assert bench.ask(OPEN) == b"\r\n+CME ERROR: 14\r\n"
    assert bench.ask(OPEN) == ANSWER + OK
    assert bench.ask(SELECT) == b"\r\n+CME ERROR: 0\r\n"
    assert bench.ask(SELECT).endswith(OK)
    assert bench.modem.counters["handler_errors"] == 0


def test_truncated_and_glued_answers():
    bench = bench_with()
    bench.modem.faults.add("csim_truncated")
    assert bench.ask(OPEN) == ANSWER[:10] + b"\r\n" + OK
    assert bench.ask(SELECT) == b'\r\n+CSIM: 4,"6D00"\r\n' + OK
    bench.modem.faults.add("csim_glued")
    assert bench.ask(OPEN) == b'\r\n+CSIM: 4,"6D00"' + ANSWER[2:] + OK


# -- the world -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "stat"), [("registration_lost", 2), ("registration_denied", 3)])
def test_the_network_is_gone_for_some_time(kind, stat):
    bench = slow()
    bench.ask("AT+CNACT=0,1")
    bench.run(2.0)
    bench.modem.faults.add(kind, seconds=30)
    text = bench.run(0.0)
    assert b"+APP PDP: 0,DEACTIVE" in text
    assert b"+CEREG: %d" % stat in text
    # A restart does not help.
    bench.modem.faults.add("reset")
    bench.run(10.0)
    bench.ask("ATE0")
    assert b"+CEREG: 0,%d" % stat in bench.ask("AT+CEREG?")
    bench.run(25.0)
    assert b"+CEREG: 0,1" in bench.ask("AT+CEREG?")


def test_contexts_are_dropped_active_or_not_yet():
    bench = slow()
    for seconds in (0.0, 2.0):
        bench.ask("AT+CNACT=0,1")
        bench.run(seconds)
        bench.modem.faults.add("pdp_dropped")
        assert bench.run(5.0) == b"\r\n+APP PDP: 0,DEACTIVE\r\n"
        assert b'+CNACT: 0,0,"0.0.0.0"' in bench.ask("AT+CNACT?")


def test_the_peer_resets():
    with Peer() as peer:
        bench = bench_with()
        sock = connected(bench, peer)
        sock.sendall(b"never read")
        bench.until(b"+CADATAIND: 0")
        bench.modem.faults.add("tcp_reset")
        assert bench.run(0.0) == b"\r\n+CASTATE: 0,0\r\n"
        assert bench.ask("AT+CARECV=0,100") == b"\r\n+CARECV: 0\r\n" + OK
        with pytest.raises(ConnectionResetError):
            sock.recv(1)


def test_a_black_hole():
    with Peer() as peer:
        bench = bench_with(network=Network(connect_timeout=20))
        sock = connected(bench, peer)
        bench.modem.faults.add("black_hole", seconds=30)
        bench.ask("AT+CASEND=0,3")
        bench.run(0.1)
        assert bench.ask(b"abc", b"") == OK
        sock.sendall(b"def")
        sock.settimeout(0.1)
        with pytest.raises(TimeoutError):
            sock.recv(1)
        bench.modem.feed(f'AT+CAOPEN=1,0,"TCP","127.0.0.1",{peer.port}\r'.encode())
        assert bench.run(19.0) == b""
        assert bench.run(2.0) == b"\r\n+CAOPEN: 1,2\r\n" + OK
        bench.run(10.0)
        sock.settimeout(60)
        assert sock.recv(3) == b"abc"
        assert b"+CARECV: 3,def" in bench.ask("AT+CARECV=0,100")


@pytest.mark.parametrize(
    ("kind", "said"), [("brown_out", b"\r\nUNDER-VOLTAGE POWER DOWN\r\n"), ("power_cut", b"")]
)
def test_the_supply_goes_and_comes_back(kind, said):
    bench = slow()
    bench.modem.faults.add(kind, seconds=3)
    assert bench.modem.power_state.state == "off"
    assert bench.modem.take() == said
    assert bench.run(3.0) == b""
    assert bench.run(5.0).startswith(b"\r\nRDY\r\n")


def test_the_sim_is_pulled_and_put_back():
    bench = slow()
    bench.modem.faults.add("sim_pulled", seconds=5)
    assert b"+CPIN: NOT READY" in bench.run(1.0)
    assert bench.ask("AT+CPIN?") == b"\r\n+CME ERROR: 10\r\n"
    assert b"+CPIN: READY" in bench.run(10.0)


def test_two_of_a_kind_end_with_the_last():
    bench = slow()
    bench.modem.faults.add("registration_lost", seconds=10)
    bench.run(1.0)
    bench.modem.faults.add("registration_denied", seconds=30)
    bench.run(15.0)
    assert b"+CEREG: 1,3" in bench.ask("AT+CEREG?")
    bench.run(20.0)
    assert b"+CEREG: 1,1" in bench.ask("AT+CEREG?")


def test_what_lasts_ends_when_faults_are_cleared():
    bench = slow()
    for kind in ("black_hole", "sim_pulled", "registration_lost", "brown_out", "silent"):
        bench.modem.faults.add(kind, seconds=0)
    bench.modem.faults.parse("5 reset")
    assert bench.modem.faults.state()["lasting"] == [
        "black_hole", "sim_pulled", "registration_lost", "brown_out",
    ]  # fmt: skip
    bench.modem.faults.clear()
    assert not bench.modem.network.silent
    assert b"+CPIN: READY" in bench.run(20.0)
    assert bench.modem.radio.registered
    assert bench.modem.counters["boots"] == 2
    assert bench.modem.faults.state()["lasting"] == []


# -- schedules -----------------------------------------------------------------------------------


def test_a_schedule_strikes_at_its_times():
    bench = slow()
    bench.modem.faults.schedule([(5, "reset"), (20, "sim_pulled:seconds=3"), (9, "silent")])
    start = bench.time
    bench.run(60.0)
    logged = [(round(e["t"] - start, 3), e["what"]) for e in bench.kinds("fault")]
    eaten = 13.1  # SMS Ready
    assert logged == [
        (5.0, "reset"), (eaten, "silent"), (20.0, "sim_pulled"), (23.0, "sim_pulled"),
    ]  # fmt: skip
    assert bench.ask("AT") == b""


def test_a_wrong_schedule_arms_nothing():
    bench = bench_with()
    with pytest.raises(ValueError, match="no fault 'tornado'"):
        bench.modem.faults.schedule([(0, "reset"), (1, "tornado")])
    assert bench.run(5.0) == b""
    assert bench.kinds("fault") == []


def test_random_schedules_have_every_kind_and_depend_on_the_seed():
    assert random_schedule(7) == random_schedule(7) != random_schedule(8)
    seen = set()
    for seed in range(200):
        times = [due for due, _ in random_schedule(seed, 100)]
        assert times == sorted(times)
        assert 0 <= times[0] <= times[-1] <= 100
        seen |= {text.partition(":")[0] for _, text in random_schedule(seed)}
    assert seen == set(MENU)
    assert set(KINDS) - seen == {"cme", "echo"}, "kinds that random schedules leave out"


def test_a_random_schedule_by_its_name():
    bench = bench_with()
    bench.modem.faults.parse("2 random:seed=7,seconds=50")
    bench.run(60.0)
    state = bench.modem.faults.state()
    assert state["armed"] or state["struck"]


def test_faults_by_the_control_port():
    bench = slow()
    control = Control(bench.modem, "tcp:127.0.0.1:0")
    try:
        assert control.answer("fault black_hole:seconds=30") == {"ok": True}
        assert control.answer("fault 5 reset") == {"ok": True}
        assert control.answer("fault random:seed=7,seconds=60") == {"ok": True}
        assert control.answer("fault lost_bytes:rate=1") == {"ok": True}
        struck = {"black_hole": 1}
        state = {"armed": ["lost_bytes"], "lasting": ["black_hole"], "struck": struck}
        assert control.answer("faults") == {"ok": True, **state}
        assert "no fault 'tornado'" in control.answer("fault tornado")["error"]
        assert control.answer("faults clear") == {"ok": True}
        assert control.answer("faults") == {
            "ok": True, "armed": [], "lasting": [], "struck": struck,
        }  # fmt: skip
        assert not bench.modem.network.silent
        assert bench.run(70.0) == b""
    finally:
        control.close()


def asks(bench):
    bench.ask("AT+CGMM")


def opens_a_channel(bench):
    bench.ask(OPEN)


def selects(bench):
    bench.ask(SELECT)


BY_HAND = {
    # kind: its options, and the action at which it strikes; a fault that strikes at once needs no
    # action
    "cme": (":prefix=+CGMM,code=30", asks),
    "no_answer": (":prefix=+CGMM,times=1", asks),
    "late": (":prefix=+CGMM,delay=2", asks),
    "lost_urc": (":prefix=RING", lambda bench: bench.modem.urc("RING")),
    "csim_truncated": ("", opens_a_channel),
    "csim_glued": (":times=2", opens_a_channel),
    "sim_busy": (":at=apdu:70", opens_a_channel),
    "select_refused": (":code=0", selects),
    "silent": (":seconds=5,way=up", asks),
    "garbage": (":seconds=5,seed=7", asks),
    "lost_bytes": (":rate=1000,way=up", asks),
    "doubled_bytes": (":rate=1000,way=down,seed=7", asks),
    "noise": (":size=20", None),
    "urc_storm": (":count=10,seconds=1", None),
    "reset": (":at=at:+CGMM,nth=1", asks),
    "brown_out": (":seconds=2", None),
    "power_cut": ("", None),
    "sim_pulled": (":seconds=2", None),
    "registration_lost": (":seconds=2", None),
    "registration_denied": (":seconds=2", None),
    "pdp_dropped": ("", None),
    "close": (":cid=0", None),
    "tcp_reset": (":at=at:+CGMM", asks),
    "black_hole": (":seconds=2", None),
    "echo": ("", None),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_by_hand(kind):
    options, act = BY_HAND[kind]
    bench = slow()
    control = Control(bench.modem, "tcp:127.0.0.1:0")
    try:
        for delay in ("", "0.5 "):
            assert control.answer(f"fault {delay}{kind}{options}") == {"ok": True}
            bench.run(1.0 if delay else 0.0)
            if act:
                act(bench)
            bench.run(0.0)
            state = control.answer("faults")
            # An echo strikes nothing: it exists from the start.
            assert kind in (state["armed"] if kind == "echo" else state["struck"])
            assert control.answer("faults clear") == {"ok": True}
            state = control.answer("faults")
            assert not state["armed"] and not state["lasting"]
            bench.modem.faults.struck.clear()
            bench.run(30.0)
            bench.ask("ATE0")
            assert bench.ask("AT") == OK, "as before"
    finally:
        control.close()
    assert bench.modem.counters["handler_errors"] == 0


@pytest.mark.parametrize(
    "text",
    ["x reset", "1e9 reset", "9999999 reset", "lost_bytes:rate=0", "reset:nth=0", "cme:times=0",
     "lost_bytes:way=sideways", "sim_busy:at=urc:RDY", "random:rate=1", "reset:kind=x",
     "reset:seen=1", "black_hole:seconds=-1"],
)  # fmt: skip
def test_wrong_faults_are_refused(text):
    bench = bench_with()
    with pytest.raises(ValueError, match="fault"):
        bench.modem.faults.parse(text)
    assert bench.modem.faults.armed == []
