"""The simulated Quectel modules, byte by byte: dialogues seen in the field."""

import socket

import pytest
from modem_bench import Bench, Peer, StubCard

from iotsafe_tools.simulator.modem import Network

OK = b"\r\nOK\r\n"
ERROR = b"\r\nERROR\r\n"
FAMILY = ("bg77", "bg95", "bg96", "eg91", "eg95")


def bench_of(personality="bg95", **options):
    return Bench(personality=personality, **options)


def online(personality="bg95", **options):
    bench = bench_of(personality, **options)
    assert bench.ask("AT+QIACT=1") == OK
    return bench


def connected(peer, bench=None, cid=0, mode=0):
    """Return a modem whose connection `cid` goes to the peer."""
    bench = bench or online()
    bench.modem.feed(f'AT+QIOPEN=1,{cid},"TCP","127.0.0.1",{peer.port},0,{mode}\r'.encode())
    opened = f"\r\n+QIOPEN: {cid},0\r\n".encode()
    assert bench.until(opened) == OK + opened
    peer.accept()
    return bench


def send(bench, data, cid=0):
    assert bench.ask(f"AT+QISEND={cid},{len(data)}") == b""
    assert bench.run(0.01) == b"\r\n> "
    return bench.ask(data, b"")


@pytest.mark.parametrize("personality", FAMILY)
def test_a_dialogue_from_the_context_to_the_end(personality):
    with Peer() as peer:
        network = Network(resolve={"host.example": ("127.0.0.1", peer.port)})
        bench = bench_of(personality, network=network)
        assert bench.ask("AT+QICSGP=1") == b'\r\n+QICSGP: 1,"","","",0\r\n' + OK
        assert bench.ask('AT+QICSGP=1,1,"internet","me","x",3') == OK
        assert bench.ask("AT+QICSGP=1") == b'\r\n+QICSGP: 1,"internet","me","x",3\r\n' + OK
        assert bench.ask("AT+QIACT?") == OK
        assert bench.ask("AT+QIACT=1") == OK
        assert bench.ask("AT+QIACT?") == b'\r\n+QIACT: 1,1,1,"10.94.36.44"\r\n' + OK
        bench.modem.feed(b'AT+QIOPEN=1,0,"TCP","host.example",8883,0,0\r\n')
        assert bench.until(b"+QIOPEN: 0,0\r\n") == OK + b"\r\n+QIOPEN: 0,0\r\n"
        remote = peer.accept()
        assert send(bench, b"hello") == b"\r\nSEND OK\r\n"
        assert remote.recv(100) == b"hello"
        bench.wait(lambda: bench.modem.sockets.sockets[0].connection.unacked == 0)
        assert bench.ask("AT+QISEND=0,0") == b"\r\n+QISEND: 5,5,0\r\n" + OK
        remote.sendall(b"GET / HTTP")
        assert bench.until(b'recv",0\r\n') == b'\r\n+QIURC: "recv",0\r\n'
        assert bench.ask("AT+QIRD=0,0") == b"\r\n+QIRD: 10,0,10\r\n" + OK
        assert bench.ask("AT+QIRD=0,4") == b"\r\n+QIRD: 4\r\nGET \r\n" + OK
        assert bench.ask("AT+QIRD=0,0") == b"\r\n+QIRD: 10,4,6\r\n" + OK
        assert bench.ask("AT+QIRD=0") == b"\r\n+QIRD: 6\r\n/ HTTP\r\n" + OK
        assert bench.ask("AT+QIRD=0,1500") == b"\r\n+QIRD: 0\r\n" + OK
        assert bench.ask("AT+QICLOSE=0") == OK
        assert bench.ask("AT+QISTATE=1,0") == OK
        assert bench.ask("AT+QIRD=0,100") == ERROR
        assert bench.ask("AT+QIDEACT=1") == OK
        assert bench.ask("AT+QIACT?") == OK
        assert bench.modem.counters["handler_errors"] == 0


def test_names():
    network = Network(resolve={"host.example": ("127.0.0.1", 8883)})
    bench = bench_of(network=network)
    assert bench.ask('AT+QIDNSGIP=1,"host.example"') == ERROR
    assert bench.ask("AT+QIGETERROR") == b"\r\n+QIGETERROR: 561,open PDP context failed\r\n" + OK
    assert bench.ask("AT+QIACT=1") == OK
    reply = b'\r\n+QIURC: "dnsgip",0,1,600\r\n\r\n+QIURC: "dnsgip","127.0.0.1"\r\n'
    assert bench.ask('AT+QIDNSGIP=1,"host.example"') == OK + reply
    assert bench.ask('AT+QIDNSGIP=1,"nowhere.test"') == OK + b'\r\n+QIURC: "dnsgip",565\r\n'
    assert bench.ask('AT+QIDNSGIP=0,"host.example"') == ERROR
    assert bench.ask('AT+QIDNSGIP=2,"host.example"') == ERROR


def test_identity():
    for personality, model in (("bg95", b"BG95-M3"), ("bg96", b"BG96"), ("eg91", b"EG91")):
        bench = bench_of(personality)
        assert bench.ask("AT+CGMM") == b"\r\n" + model + b"\r\n" + OK
        assert bench.ask("ATI").startswith(b"\r\nQuectel\r\n" + model + b"\r\nRevision: ")
        iccid = bench.modem.sim.identity.iccid.encode()
        assert bench.ask("AT+QCCID") == b"\r\n+QCCID: " + iccid.ljust(20, b"F") + b"\r\n" + OK
        assert bench.ask("AT+QINISTAT") == b"\r\n+QINISTAT: 7\r\n" + OK
        assert bench.ask("AT+CPSI?") == ERROR


def test_signal_is_named_in_each_module_s_way():
    unknown, known = b"\r\n+CSQ: 99,99\r\n" + OK, b"\r\n+CSQ: 20,99\r\n" + OK
    for personality, csq, system in (
        ("bg77", unknown, b"eMTC"),
        ("bg95", unknown, b"eMTC"),
        ("bg96", known, b"CAT-M1"),
        ("eg95", known, b"LTE"),
    ):
        bench = bench_of(personality)
        assert bench.ask("AT+CSQ") == csq
        assert bench.ask("AT+QCSQ") == b'\r\n+QCSQ: "%s",-73,-101,125,-11\r\n' % system + OK
        assert bench.ask("AT+QNWINFO").startswith(b'\r\n+QNWINFO: "%s",' % system)
    bench = bench_of(registration="none")
    assert bench.ask("AT+QCSQ") == b'\r\n+QCSQ: "NOSERVICE"\r\n' + OK
    assert bench.ask("AT+QNWINFO") == b"\r\n+QNWINFO: No Service\r\n" + OK


def test_settings_are_kept_over_a_restart():
    bench = bench_of()
    assert bench.ask('AT+QCFG="nwscanmode"') == b'\r\n+QCFG: "nwscanmode",0\r\n' + OK
    assert bench.ask('AT+QCFG="nwscanmode",3,1') == OK
    assert bench.ask('AT+QURCCFG="urcport"') == b'\r\n+QURCCFG: "urcport","usbat"\r\n' + OK
    assert bench.ask('AT+QURCCFG="urcport","uart1"') == OK
    for wrong in ('AT+QCFG="x"', 'AT+QURCCFG="urcport","com7"', 'AT+QURCCFG="x"'):
        assert bench.ask(wrong) == ERROR
    bench.ask("AT+CFUN=1,1")
    bench.run(1.0)
    bench.ask("ATE0")
    assert bench.ask('AT+QCFG="nwscanmode"') == b'\r\n+QCFG: "nwscanmode",3\r\n' + OK
    assert bench.ask('AT+QURCCFG="urcport"') == b'\r\n+QURCCFG: "urcport","uart1"\r\n' + OK


# -- power ---------------------------------------------------------------------------------------


def test_the_boot_of_each_module():
    lines = b"\r\nRDY\r\n\r\n+CFUN: 1\r\n"
    late = b"\r\n+CPIN: READY\r\n\r\n+QUSIM: 1\r\n"
    after = b"\r\n+QIND: SMS DONE\r\n\r\n+QIND: PB DONE\r\n"
    for personality, want in (
        ("bg95", lines + late + after),
        ("bg96", lines + b"\r\nAPP RDY\r\n" + late + after),
    ):
        bench = bench_of(personality, delays=1.0, auto_power=False)
        bench.modem.power_key(True)
        bench.run(0.75)
        bench.modem.power_key(False)
        assert bench.run(1.7) == b""
        printed = bench.run(6.0)
        assert sorted(printed.split()) == sorted(want.split())
        assert printed.startswith(b"\r\nRDY\r\n")
        assert printed.endswith(after)


def test_the_key_switches_a_running_module_off():
    bench = bench_of("eg91", delays=1.0)
    bench.run(20.0)
    bench.modem.power_key(True)
    assert bench.run(0.75) == b"\r\nPOWERED DOWN\r\n"
    bench.modem.power_key(False)
    bench.run(5.0)
    assert bench.modem.power_state.state == "off"


def test_power_down_by_command():
    bench = bench_of("bg96")
    assert bench.ask("AT+QPOWD=1") == OK + b"\r\nPOWERED DOWN\r\n"
    bench.run(1.0)
    assert bench.modem.power_state.state == "off"
    bench = bench_of("bg95")  # zephyr PR #93072: it never reports that
    assert bench.ask("AT+QPOWD=1") == OK
    bench.run(1.0)
    assert bench.modem.power_state.state == "off"
    bench = bench_of("bg96")
    assert bench.ask("AT+QPOWD=0") == OK


def test_a_restart_by_command_as_a_bg96_does_it():
    # TinyGSM #157: the URC about the data context comes while the module does not answer.
    bench = bench_of("bg96", delays=1.0)
    bench.run(20.0)
    bench.ask("ATE0")
    bench.ask("AT+QIACT=1")
    assert bench.run(2.0) == OK
    assert bench.ask("AT+CFUN=1,1") == OK + b"\r\nPOWERED DOWN\r\n"
    assert bench.run(2.5) == b""
    assert bench.ask("AT") == b""
    assert bench.run(1.0) == b'\r\n+QIURC: "pdpdeact",1\r\n'
    assert bench.ask("AT") == b""
    assert bench.run(2.6).startswith(b"\r\nRDY\r\n")
    assert bench.ask("AT") == b"AT\r" + OK  # echo is on again
    assert bench.modem.counters["handler_errors"] == 0
    bench = bench_of("bg95", delays=1.0)
    bench.run(20.0)
    bench.ask("AT+QIACT=1")
    bench.run(2.0)
    bench.ask("AT+CFUN=1,1")
    assert bench.run(5.0) == b""


def test_function_levels_are_those_of_all_modems():
    bench = bench_of()
    assert bench.ask("AT+CFUN=4") == OK
    assert bench.ask("AT+CFUN?") == b"\r\n+CFUN: 4\r\n" + OK
    assert bench.ask("AT+CFUN=7") == ERROR


# -- packet data ---------------------------------------------------------------------------------


def test_a_dropped_context_has_to_be_cleared():
    with Peer() as peer:
        bench = connected(peer)
        assert bench.ask("AT+QIACT=1") == ERROR  # active already
        bench.modem.radio.deactivate(0)
        assert bench.modem.take() == b'\r\n+QIURC: "pdpdeact",1\r\n'  # and no "closed"
        assert bench.ask("AT+QIACT?") == OK
        assert bench.ask("AT+QIACT=1") == ERROR
        assert bench.ask("AT+QISEND=0,5") == ERROR
        assert bench.ask("AT+QIDEACT=1") == OK
        assert bench.ask("AT+QISTATE=1,0") == OK
        assert bench.ask("AT+QIACT=1") == OK


def test_a_context_that_is_refused():
    bench = bench_of(pdp="refused")
    assert bench.ask("AT+QIACT=1") == ERROR
    assert bench.ask("AT+QIACT=9") == ERROR
    assert bench.ask("AT+CMEE=1;+QIACT=17") == b"\r\n+CME ERROR: 50\r\n"


def test_a_context_takes_its_time():
    bench = bench_of(delays=1.0)
    bench.run(20.0)
    bench.ask("ATE0")
    assert bench.ask("AT+QIACT=1") == b""
    assert bench.run(0.4) == b""
    assert bench.run(0.2) == OK


def test_opening_that_fails_tells_why_and_keeps_the_number():
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    bench = bench_of()
    command = f'AT+QIOPEN=1,0,"TCP","127.0.0.1",{port},0,0'
    assert bench.ask(command) == OK + b"\r\n+QIOPEN: 0,561\r\n"
    assert bench.ask("AT+QIGETERROR").startswith(b"\r\n+QIGETERROR: 561,")
    bench.ask("AT+QIACT=1")
    bench.modem.feed(command.encode() + b"\r")
    assert bench.until(b"+QIOPEN: 0,566\r\n") == OK + b"\r\n+QIOPEN: 0,566\r\n"
    assert bench.ask(command) == OK + b"\r\n+QIOPEN: 0,563\r\n"
    assert b",0,1,0,0," in bench.ask("AT+QISTATE=1,0")
    assert bench.ask("AT+QIRD=0,10") == ERROR
    assert bench.ask("AT+QICLOSE=0") == OK
    for target, error in (
        ('"TCP","nowhere.test",1,0,0', 565),
        ('"TCP","192.0.2.1",1,0,0', 566),  # not loopback: the lab does not connect there
        ('"UDP","127.0.0.1",1,0,0', 555),
        ('"TCP","127.0.0.1",1,0,2', 555),
    ):
        want = OK + f"\r\n+QIOPEN: 0,{error}\r\n".encode()
        assert bench.ask(f"AT+QIOPEN=1,0,{target}") == want
        bench.ask("AT+QICLOSE=0")
    for bad in ('1,12,"TCP","h",1', '1,0,"TCP","h",0', '1,0,"TCP"', '1,0,"XYZ","h",1', ""):
        assert bench.ask("AT+QIOPEN=" + bad) == ERROR, bad
    assert bench.modem.counters["handler_errors"] == 0


def test_a_connection_that_is_being_made_when_the_context_goes_is_not_up():
    bench = online()
    full = socket.socket()
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    port = full.getsockname()[1]
    fillers = [socket.socket() for _ in range(4)]
    for filler in fillers:  # the listener's queue is full: SYNs get no answer
        filler.setblocking(False)
        filler.connect_ex(("127.0.0.1", port))
    assert bench.ask(f'AT+QIOPEN=1,0,"TCP","127.0.0.1",{port},0,0') == OK
    assert b",1,1,0,0," in bench.ask("AT+QISTATE=1,0")
    bench.modem.radio.deactivate(0)
    assert bench.modem.take() == b'\r\n+QIURC: "pdpdeact",1\r\n\r\n+QIOPEN: 0,566\r\n'
    for item in (full, *fillers):
        item.close()


# -- data ----------------------------------------------------------------------------------------


def test_send_takes_exactly_the_length():
    with Peer() as peer:
        bench = connected(peer)
        payload = b"\r\nOK\r\n>AT+QICLOSE=0\r\x08\x00\x1a"
        assert bench.ask(f"AT+QISEND=0,{len(payload)}", b"\r\n") == b""
        bench.run(0.01)
        assert bench.ask(payload[:5], b"") == b""
        assert bench.ask(payload[5:] + b"AT", b"") == b"\r\nSEND OK\r\n"
        assert peer.socket.recv(100) == payload
        assert bench.ask("+CGMI") == b"\r\nQuectel\r\n" + OK
        assert bench.ask("AT+QISEND=0,1461") == ERROR
        assert bench.ask("AT+QISEND=1,5") == ERROR


def test_a_send_buffer_that_is_full():
    with Peer(receive_buffer=2048) as peer:
        bench = connected(peer)
        sent = 0
        while (answer := send(bench, b"x" * 1460)) == b"\r\nSEND OK\r\n":
            sent += 1460
            assert sent < 50_000_000
        assert answer == b"\r\nSEND FAIL\r\n"
        left = int(bench.ask("AT+QISEND=0,0").split(b"\r\n")[1].split(b",")[2])
        assert left > 1460
        got = 0
        while got < sent:
            got += len(peer.socket.recv(65536))
            bench.modem.service()
        assert got == sent  # the failed payload was not sent
        assert send(bench, b"y") == b"\r\nSEND OK\r\n"


def test_data_is_told_once_until_it_is_read_empty():
    with Peer() as peer:
        bench = connected(peer)
        reply = b'\r\n+QIURC: "recv",0\r\n'
        peer.socket.sendall(b"abc")
        assert bench.until(reply) == reply
        received = bench.modem.sockets.sockets[0].connection
        peer.socket.sendall(b"def")
        bench.wait(lambda: received.received == 6)
        assert bench.modem.take() == b""
        assert bench.ask("AT+QIRD=0,4") == b"\r\n+QIRD: 4\r\nabcd\r\n" + OK
        peer.socket.sendall(b"g")
        bench.wait(lambda: received.received == 7)
        assert bench.modem.take() == b""
        assert bench.ask("AT+QIRD=0,3") == b"\r\n+QIRD: 3\r\nefg\r\n" + OK
        peer.socket.sendall(b"h")
        assert bench.until(reply) == reply


def test_pushed_data():
    with Peer() as peer:
        bench = connected(peer, mode=1)
        peer.socket.sendall(b"abc")
        want = b'\r\n+QIURC: "recv",0,3\r\nabc\r\n'
        assert bench.until(b"abc\r\n") == want


def closed_with_data(peer, bench):
    """The peer sends "bye" and closes."""
    peer.socket.sendall(b"bye")
    peer.socket.close()
    assert bench.until(b'"closed",0\r\n') == b'\r\n+QIURC: "recv",0\r\n\r\n+QIURC: "closed",0\r\n'


def test_the_peer_closes():
    with Peer() as peer:
        bench = connected(peer)
        closed_with_data(peer, bench)
        assert b",4,1,0,0," in bench.ask("AT+QISTATE=1,0")
        assert bench.ask("AT+QISEND=0,5") == ERROR
        assert bench.ask("AT+QIRD=0,10") == b"\r\n+QIRD: 3\r\nbye\r\n" + OK
        assert bench.ask("AT+QIRD=0,10") == b"\r\n+QIRD: 0\r\n" + OK


@pytest.mark.parametrize(("quirks", "state"), [((), 2), (("qi_listens",), 3)])
def test_a_bg96_calls_a_live_connection_connected(quirks, state):
    with Peer() as peer:
        bench = connected(peer, online("bg96", quirks=quirks))
        line = f'+QISTATE: 0,"TCP","127.0.0.1",{peer.port},49152,{state},1,0,0,"uart1"'
        assert bench.ask("AT+QISTATE=1,0") == f"\r\n{line}\r\n".encode() + OK


def test_a_bg96_forgets_a_closed_connection():
    # TinyGSM #475
    with Peer() as peer:
        bench = connected(peer, online("bg96"))
        assert bench.ask("AT+QISTATE=0,1") == bench.ask("AT+QISTATE?") == bench.ask("AT+QISTATE")
        closed_with_data(peer, bench)
        assert bench.ask("AT+QIRD=0,10") == b"\r\n+QIRD: 3\r\nbye\r\n" + OK
        assert bench.ask("AT+QIRD=0,10") == ERROR
        assert bench.ask("AT+QISTATE=1,0") == OK
        assert bench.ask("AT+QICLOSE=0") == OK


# -- time and SIM --------------------------------------------------------------------------------


def test_time():
    bench = bench_of(nvm={"+CTZU": (3,)}, time_zone=4)
    moment = bench.modem.options.wall_clock()
    assert bench.ask("AT+CCLK?").startswith(b'\r\n+CCLK: "%02d/' % (moment.year % 100))
    assert b'+04"' in bench.ask("AT+CCLK?")
    assert b'+04,0"' in bench.ask("AT+QLTS=2")
    assert bench.ask("AT+QLTS=2").startswith(b'\r\n+QLTS: "%d/' % moment.year)
    assert bench.ask('AT+QNTP=1,"pool.ntp.org"') == ERROR  # no data context
    bench = online(quirks={"no_nitz"}, nvm={"+CTZU": (3,)})
    assert bench.ask("AT+QLTS=2") == b'\r\n+QLTS: ""\r\n' + OK
    assert b'"80/01/06,' in bench.ask("AT+CCLK?")
    answer = bench.ask('AT+QNTP=1,"pool.ntp.org"')
    assert answer.startswith(OK + b'\r\n+QNTP: 0,"%d/' % moment.year)
    assert b'"80/01/06,' not in bench.ask("AT+CCLK?")


def test_the_sim_of_an_eg95_is_reached_by_sessions_only():
    aid = "A000000559"
    card = StubCard({"0070000001": "019000", f"01A4040005{aid}": "9000"})
    bench = bench_of("eg95", card=card)
    bench.ask("AT+CMEE=1")
    assert bench.ask('AT+CSIM=10,"0070000001"') == b'\r\n+CSIM: 6,"019000"\r\n' + OK
    select = f"01A4040005{aid}"
    refused = b"\r\n+CME ERROR: 0\r\n"
    assert bench.ask(f'AT+CSIM={len(select)},"{select}"') == refused
    assert bench.ask("AT+CCHO=?") == OK
    assert bench_of("bg95").ask("AT+CCHO=?") == ERROR


def test_get_response_that_never_ends():
    bench = bench_of(quirks={"csim_6100"}, card=StubCard({"01C0000000": "AABB9000"}))
    for _ in range(2):
        assert bench.ask('AT+CSIM=10,"01C0000000"') == b'\r\n+CSIM: 4,"6100"\r\n' + OK


def test_a_long_command_line():
    bench = bench_of()
    digits = "80" * 261
    assert bench.ask(f'AT+CSIM=522,"{digits}"') == b'\r\n+CSIM: 4,"6D00"\r\n' + OK
    assert bench.ask("AT" + "+CGMI;" * 400) == ERROR
