"""Choice of the network, attachment, contexts, and the SIM's lock, on every modem."""

import pytest
from modem_bench import Bench, Peer

from iotsafe_tools.simulator.modem.personalities import PERSONALITIES

OK = b"\r\nOK\r\n"
ERROR = b"\r\nERROR\r\n"
ALL = tuple(PERSONALITIES)
ACTIVATE = {
    # modem: its commands from the registration to a context for sockets, and the question for it
    "sim7080": (("+CNACT=0,1",), "+CNACT?", b'0,1,"10.'),
    "sim7000": (("+CIPMUX=1", '+CSTT="internet"', "+CIICR"), "+CIFSR", b"10."),
    "bg96": (("+QIACT=1",), "+QIACT?", b'1,1,1,"10.'),
    "gm02s": (("+CGACT=1,1",), "+CGACT?", b"+CGACT: 1,1"),
    "sara-r4": (("+CGACT=1,1",), "+CGACT?", b"+CGACT: 1,1"),
    "sara-r5": (("+UPSDA=0,3",), "+UPSND=0,8", b"+UPSND: 0,8,1"),
    "tx62": (("^SICA=1,1",), "^SICA?", b"^SICA: 1,1"),
}
CONNECT = {
    # modem: the commands that open connection 1 (0 where they count from 0), what reports that
    "sim7080": (('+CAOPEN=1,0,"TCP","127.0.0.1",{port}',), b"+CAOPEN: 1,0\r\n\r\nOK\r\n"),
    "sim7000": (('+CIPSTART=1,"TCP","127.0.0.1",{port}',), b"1, CONNECT OK\r\n"),
    "bg96": (('+QIOPEN=1,1,"TCP","127.0.0.1",{port},0,0',), b"+QIOPEN: 1,0\r\n"),
    "gm02s": (('+SQNSD=1,0,{port},"127.0.0.1",0,0,1',), b"OK\r\n"),
    "sara-r4": (("+USOCR=6", '+USOCO=0,"127.0.0.1",{port}'), b"OK\r\n"),
    "sara-r5": (("+USOCR=6", '+USOCO=0,"127.0.0.1",{port}'), b"OK\r\n"),
    "tx62": (
        (
            '^SISS=1,"srvType","Socket"',
            '^SISS=1,"conId","1"',
            '^SISS=1,"address","socktcp://127.0.0.1:{port}"',
            "^SISO=1",
        ),
        b"^SISW: 1,1\r\n",
    ),
}


def registered(personality: str, **options) -> Bench:
    bench = Bench(personality=personality, **options)
    bench.ask("AT+CFUN=1")
    bench.run(1.0)
    return bench


def activated(personality: str) -> Bench:
    bench = registered(personality)
    for command in ACTIVATE[personality][0]:
        assert bench.ask("AT" + command).startswith(OK), command
    bench.run(0.1)
    return bench


def active(bench: Bench) -> bool:
    """Whether the modem says that its context is active."""
    _, question, sign = ACTIVATE[bench.modem.personality.name]
    return sign in bench.ask("AT" + question)


@pytest.mark.parametrize("personality", ACTIVATE)
def test_detaching_ends_contexts_and_sockets(personality):
    with Peer() as peer:
        bench = activated(personality)
        commands, opened = CONNECT[personality]
        *before, last = (f"AT{command}".format(port=peer.port) for command in commands)
        for command in before:
            assert OK in bench.ask(command), command
        bench.modem.feed(last.encode() + b"\r")
        bench.until(opened)
        peer.accept()
        assert active(bench)
        assert bench.ask("AT+CGATT=0").endswith(b"\r\n")
        bench.run(0.1)
        assert bench.ask("AT+CGATT?") == b"\r\n+CGATT: 0\r\n" + OK
        assert not active(bench)
        with pytest.raises(ConnectionResetError):
            peer.socket.recv(1)
        assert bench.ask("AT+CGATT=1").startswith(OK)
        assert bench.ask("AT+CGATT?") == b"\r\n+CGATT: 1\r\n" + OK
        assert bench.modem.counters["handler_errors"] == 0


@pytest.mark.parametrize("personality", ACTIVATE)
def test_no_context_with_a_locked_sim(personality):
    bench = registered(personality, pin="1234")
    bench.ask("AT+CMEE=1")
    assert bench.ask("AT+CPIN?") == b"\r\n+CPIN: SIM PIN\r\n" + OK
    *before, last = ACTIVATE[personality][0]
    for command in before:
        bench.ask("AT" + command)
    assert bench.ask("AT" + last) == b"\r\n+CME ERROR: 11\r\n"
    assert bench.ask("AT+CGATT=1") == b"\r\n+CME ERROR: 11\r\n"
    assert bench.ask("AT+CGACT?") == b"\r\n+CGACT: 1,0\r\n" + OK
    bench.run(10.0)
    assert not active(bench)


@pytest.mark.parametrize("personality", ALL)
def test_the_host_leaves_the_network_and_comes_back(personality):
    bench = registered(personality)
    bench.ask("AT+CEREG=1")
    assert bench.ask("AT+COPS=2") == b"\r\n+CEREG: 0\r\n" + OK
    assert bench.ask("AT+COPS?") == b"\r\n+COPS: 2\r\n" + OK
    assert bench.ask("AT+CEREG?") == b"\r\n+CEREG: 1,0\r\n" + OK
    assert bench.ask("AT+CGATT?") == b"\r\n+CGATT: 0\r\n" + OK
    assert bench.ask("AT+CSQ") == b"\r\n+CSQ: 99,99\r\n" + OK
    assert bench.ask("AT+COPS=0") + bench.run(0.1) == (b"\r\n+CEREG: 2\r\n\r\n+CEREG: 1\r\n" + OK)
    assert bench.ask("AT+COPS?").startswith(b'\r\n+COPS: 0,0,"Test Network"')


def test_a_search_takes_time_and_finds_one_network():
    bench = registered("sim7080", registration="denied")
    assert b'(3,"Test Network","Test","00101",7)' in bench.ask("AT+COPS=?")
    silent = registered("sim7080", registration="none")
    assert silent.ask("AT+COPS=?") == b"\r\n+COPS: ,,(0-4),(0-2)\r\n" + OK
    assert silent.ask('AT+COPS=1,2,"00101"') == ERROR
    slow = Bench(personality="sim7080", delays=1.0)
    slow.run(10.0)
    assert slow.ask("ATE0").endswith(OK)
    assert slow.ask("AT+COPS=?") == b""
    assert slow.run(19.0) == b""
    assert slow.run(2.0).endswith(OK)


def test_the_context_of_a_sequans_socket_is_the_one_in_its_configuration():
    with Peer() as peer:
        bench = registered("gm02s")
        bench.ask("AT+CMEE=1")
        assert bench.ask('AT+CGDCONT=3,"IP","internet"') == OK
        assert bench.ask("AT+SQNSCFG=1,3,300,90,600,50") == OK
        dial = f'AT+SQNSD=1,0,{peer.port},"127.0.0.1",0,0,1'
        assert bench.ask(dial) == b"\r\n+CME ERROR: 30\r\n"  # 1 is active, 3 is not
        assert bench.ask("AT+CGACT=1,3") == OK
        bench.modem.feed(dial.encode() + b"\r")
        assert bench.until(OK) == OK
        peer.accept()
        assert b'"10.94.36.46"' in bench.ask("AT+SQNSS=1")
        assert bench.ask("AT+CGACT=0,1") == OK  # another context
        assert bench.ask("AT+SQNSS=1").startswith(b"\r\n+SQNSS: 1,2,")
        assert bench.ask("AT+CGACT=0,3") == OK + b"\r\n+SQNSH: 1\r\n"
    for command in ("AT+CGACT=1,5", "AT+CGACT=1,17"):
        assert bench.ask(command) == b"\r\n+CME ERROR: 50\r\n"  # not defined


@pytest.mark.parametrize(
    ("personality", "command", "line"),
    [("bg95", "AT+QSIMSTAT=1", "+QSIMSTAT: 1,{}"), ("tx62", "AT^SCKS=1", "^SCKS: {}")],
)
def test_a_urc_reports_that_the_sim_comes_and_goes(personality, command, line):
    bench = registered(personality)
    bench.modem.sim.remove()
    assert line.format(0).encode() not in bench.modem.take()
    bench.modem.sim.insert()
    bench.run(1.0)
    assert bench.ask(command) == OK
    bench.modem.sim.remove()
    assert f"\r\n{line.format(0)}\r\n".encode() in bench.modem.take()
    bench.modem.sim.insert()
    assert f"\r\n{line.format(1)}\r\n".encode() in bench.modem.take()


# -- the SIM's lock ------------------------------------------------------------------------------


@pytest.mark.parametrize("personality", ALL)
def test_what_is_no_pin_costs_no_attempt(personality):
    bench = registered(personality, pin="1234")
    for wrong in ('"12"', '"123456789"', '"12a4"', '""', "", '"1234","5678"'):
        assert bench.ask(f"AT+CPIN={wrong}") == ERROR, wrong
    assert bench.modem.sim.tries == 3
    assert bench.ask("AT+CPIN=0000") == ERROR
    assert bench.modem.sim.tries == 2


@pytest.mark.parametrize("personality", ALL)
def test_the_puk_leads_out(personality):
    bench = registered(personality, pin="1234")
    bench.ask("AT+CMEE=1")
    for _ in range(3):
        bench.ask("AT+CPIN=0000")
    assert bench.ask("AT+CPIN?") == b"\r\n+CPIN: SIM PUK\r\n" + OK
    assert bench.ask("AT+CPIN=1234") == b"\r\n+CME ERROR: 12\r\n"
    assert bench.ask('AT+CPIN="00000000","4321"') == b"\r\n+CME ERROR: 16\r\n"
    assert bench.modem.sim.puk_tries == 9
    assert bench.ask('AT+CPIN="12345678","4321"').startswith(OK)
    bench.run(1.0)
    assert bench.ask("AT+CPIN?") == b"\r\n+CPIN: READY\r\n" + OK
    assert (bench.modem.sim.tries, bench.modem.sim.puk_tries) == (3, 10)
    assert bench.ask("AT+CEREG?") == b"\r\n+CEREG: 0,1\r\n" + OK
    bench.modem.power_state.reset("test")
    bench.run(1.0)
    bench.ask("ATE0;+CFUN=1")
    bench.run(1.0)
    assert bench.ask("AT+CPIN?") == b"\r\n+CPIN: SIM PIN\r\n" + OK
    assert bench.ask('AT+CPIN="4321"').startswith(OK)


def test_ten_wrong_puks_are_the_end():
    bench = registered("sim7080", pin="1234")
    bench.ask("AT+CMEE=1")
    for _ in range(3):
        bench.ask("AT+CPIN=0000")
    answers = [bench.ask('AT+CPIN="00000000","4321"') for _ in range(10)]
    assert answers == [b"\r\n+CME ERROR: 16\r\n"] * 9 + [b"\r\n+CME ERROR: 13\r\n"]
    assert bench.ask('AT+CPIN="12345678","4321"') == b"\r\n+CME ERROR: 13\r\n"


def test_the_question_for_the_pin_is_switched_on_and_off():
    bench = registered("sim7080")
    bench.ask("AT+CMEE=1")
    assert bench.ask('AT+CPWD="SC","1234","4321"') == b"\r\n+CME ERROR: 3\r\n"  # it is off
    assert bench.ask('AT+CLCK="SC",1,"0000"') == b"\r\n+CME ERROR: 16\r\n"
    assert bench.modem.sim.tries == 2
    assert bench.ask('AT+CLCK="SC",1,"1234"') == OK
    assert bench.modem.sim.tries == 3
    assert bench.ask('AT+CLCK="SC",2') == b"\r\n+CLCK: 1\r\n" + OK
    assert bench.ask('AT+CPWD="SC","1234","4321"') == OK
    bench.ask("AT+CFUN=0;+CFUN=1")
    bench.run(1.0)
    assert bench.ask("AT+CPIN?") == b"\r\n+CPIN: SIM PIN\r\n" + OK
    assert bench.ask("AT+CPIN=4321").startswith(OK)
    assert bench.ask('AT+CLCK="SC",0,"4321"') == OK
    assert bench.ask('AT+CLCK="SC",2') == b"\r\n+CLCK: 0\r\n" + OK
    assert bench.ask('AT+CLCK="PN",1,"1234"') == b"\r\n+CME ERROR: 3\r\n"


@pytest.mark.parametrize(
    ("personality", "urc", "kept"),
    [
        ("sim7080", b"\r\n+CPIN: NOT READY\r\n", False),
        ("sim7000", b"\r\n+CPIN: NOT READY\r\n", False),
        ("bg95", b"", False),
        ("gm02s", b"", False),
        ("tx62", b"", False),
        ("sara-r4", b"", True),
        ("sara-r5", b"", True),
    ],
)
def test_minimum_function(personality, urc, kept):
    bench = registered(personality)
    resets = bench.card.resets
    assert bench.ask("AT+CFUN=0") == urc + OK
    assert bench.ask("AT+CPIN?") == (b"\r\n+CPIN: READY\r\n" + OK if kept else ERROR)
    assert bench.ask("AT+COPS?") == b"\r\n+COPS: 0\r\n" + OK
    bench.ask("AT+CFUN=1")
    bench.run(1.0)
    assert bench.card.resets == resets + (not kept)
    assert bench.ask("AT+CEREG?") == b"\r\n+CEREG: 0,1\r\n" + OK
