"""The Sequans personalities, byte by byte: start, packet data, sockets, the SIM."""

import socket

import pytest
from modem_bench import Bench, Peer, StubCard

from iotsafe_tools.simulator.modem import Network

OK = b"\r\nOK\r\n"
ERROR = b"\r\nERROR\r\n"
NO_CARRIER = b"\r\nNO CARRIER\r\n"
ADDRESS = "10.94.36.44"


def online(personality="gm02s", **options):
    """Return a registered modem with numeric errors."""
    bench = Bench(personality=personality, **options)
    assert bench.ask("AT+CMEE=1;+CFUN=1") == OK
    bench.run(1.0)
    return bench


def line(text):
    return f"\r\n{text}\r\n".encode()


def cme(code):
    return line(f"+CME ERROR: {code}")


def connected(peer, number=1, personality="gm02s", **options):
    """Return a modem whose socket `number` is connected to the peer, with lengths in its URCs."""
    bench = online(personality, **options)
    assert bench.ask(f"AT+SQNSCFG={number},1,300,0,600,50") == OK
    assert bench.ask(f"AT+SQNSCFGEXT={number},1,0,0,0,0") == OK
    dial(bench, peer, number)
    return bench


def dial(bench, peer, number=1):
    bench.modem.feed(f'AT+SQNSD={number},0,{peer.port},"127.0.0.1",0,0,1\r'.encode())
    assert bench.until(OK) == OK
    peer.accept()


# -- start ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "model"), [("gm02s", b"GM02S"), ("gms01q", b"GMS01Q")])
def test_the_start_up_line_and_the_radio_that_is_off(name, model):
    bench = Bench(personality=name, auto_power=False, echo=True)
    bench.modem.power_key(True)  # the reset line
    assert bench.run(0.5) == line("+SYSSTART")
    bench.modem.power_key(False)
    assert bench.ask("AT") == b"AT\r" + OK
    bench.ask("ATE0")
    assert bench.ask("AT+CGMM") == b"\r\n" + model + b"\r\n" + OK
    assert bench.ask("AT+CMEE=1") == OK
    assert bench.ask("AT+CFUN?") == line("+CFUN: 0") + OK
    assert bench.ask("AT+CPIN?") == cme(13)
    assert bench.ask("AT+CIMI") == cme(13)
    assert bench.ask("AT+CFUN=1") == OK
    assert bench.run(0.1) == b""
    assert bench.ask("AT+CPIN?") == line("+CPIN: READY") + OK
    assert bench.ask("AT+SQNCCID") == line('+SQNCCID: "89000000000000000000",""') + OK


def test_the_sim_needs_time_after_the_radio_is_switched_on():
    bench = Bench(personality="gm02s", delays=1.0, auto_power=False)
    bench.modem.power_key(True)
    assert bench.run(2.0) == b""
    assert bench.run(1.0) == line("+SYSSTART")
    bench.modem.power_key(False)
    bench.ask("ATE0")
    bench.ask("AT+CMEE=1")
    bench.ask("AT+CFUN=1")
    bench.run(0.5)
    assert bench.ask("AT+CPIN?") == cme(14)
    bench.run(1.0)
    assert bench.ask("AT+CPIN?") == line("+CPIN: READY") + OK
    assert bench.ask("AT+CEREG?") == line("+CEREG: 0,2") + OK
    bench.run(3.0)
    assert bench.ask("AT+CEREG?") == line("+CEREG: 0,1") + OK


@pytest.mark.parametrize("line_held", [0.1, 0.35])
def test_the_reset_line_of_a_running_modem(line_held):
    bench = online()
    bench.modem.power_key(True)
    bench.run(line_held)
    bench.modem.power_key(False)
    bench.run(1.0)
    assert bench.modem.counters["boots"] == (2 if line_held > 0.3 else 1)


def test_reset_and_shut_down_by_command():
    bench = online()
    assert bench.ask("AT^RESET") + bench.run(1.0) == OK + line("+SHUTDOWN") + line("+SYSSTART")
    assert bench.ask("ATE0") == b"ATE0\r" + OK
    assert bench.ask("AT+CFUN?") == line("+CFUN: 0") + OK
    assert bench.ask("AT+SQNSSHDN") == OK + line("+SHUTDOWN")
    bench.run(1.0)
    assert bench.ask("AT") == b""


# -- packet data ---------------------------------------------------------------------------------


def test_the_context_comes_with_the_registration():
    bench = online()
    assert bench.ask("AT+CGPADDR=1") == line(f'+CGPADDR: 1,"{ADDRESS}"') + OK
    assert bench.ask("AT+CGACT=1,1") == OK
    assert bench.ask("AT+CGACT?").startswith(b"\r\n+CGACT: 1,1\r\n+CGACT: 2,0\r\n")
    assert bench.ask('AT+CGDCONT=1,"IP","internet"') == OK
    assert bench.ask('AT+CGAUTH=1,2,"me","secret"') == OK
    assert bench.ask("AT+CGDCONT?").startswith(b'\r\n+CGDCONT: 1,"IP","internet"')


def test_events_of_the_context():
    bench = online()
    assert bench.ask("AT+CGEREP=1") == OK
    bench.modem.radio.deactivate(0)
    assert bench.modem.take() == line("+CGEV: NW PDN DEACT 1")
    assert bench.ask("AT+CGPADDR=1") == line("+CGPADDR: 1") + OK
    assert bench.ask("AT+CGACT=1,1") + bench.run(0.1) == OK
    assert bench.ask("AT+CGPADDR=1") == line(f'+CGPADDR: 1,"{ADDRESS}"') + OK
    assert bench.ask("AT+CGACT=0,1") == OK + line("+CGEV: ME PDN DEACT 1")
    bench.ask("AT+CGEREP=0")
    bench.ask("AT+CGACT=1,1")
    bench.modem.radio.deactivate(0)
    assert bench.run(0.1) == b""


def test_a_network_that_grants_no_context():
    bench = online(pdp="refused")
    assert bench.ask("AT+CGPADDR=1") == line("+CGPADDR: 1") + OK
    assert bench.ask("AT+CGACT=1,1") + bench.run(0.1) == cme(148)
    assert bench.ask('AT+SQNSD=1,0,1,"127.0.0.1",0,0,1') == cme(30)
    bench = online(registration="denied")
    assert bench.ask("AT+CGACT=1,1") == cme(30)


def test_registration_with_all_forms():
    bench = online()
    assert bench.ask("AT+CEREG=5") == OK
    assert bench.ask("AT+CEREG?") == line('+CEREG: 5,1,"5B57","0195071B",7') + OK
    assert bench.ask("AT+CEREG=6") == cme(50)
    assert bench.ask("AT+CCLK?") != line('+CCLK: "80/01/06,00:00:00+00"') + OK
    assert bench.ask("AT+NOSUCH") == ERROR


# -- sockets -------------------------------------------------------------------------------------


def test_a_dialogue():
    with Peer() as peer:
        names = Network(resolve={"host.example": ("127.0.0.1", peer.port)})
        bench = online(network=names)
        assert bench.ask("AT+SQNSCFG=1,1,300,90,600,50") == OK
        assert bench.ask("AT+SQNSCFGEXT=1,1,0,0,0,0") == OK
        bench.modem.feed(b'AT+SQNSD=1,0,8883,"host.example",0,0,1\r')
        assert bench.until(OK) == OK
        remote = peer.accept()
        assert bench.ask("AT+SQNSSENDEXT=1,5") == b"\r\n> "
        assert bench.ask(b"hello", b"") == OK
        assert remote.recv(100) == b"hello"
        remote.sendall(b"GET / HTTP")
        ring = line("+SQNSRING: 1,10")
        assert bench.until(ring) == ring
        assert bench.ask("AT+SQNSI=1") == line("+SQNSI: 1,5,10,10,0") + OK
        assert bench.ask("AT+SQNSRECV=1,4") == b"\r\n+SQNSRECV: 1,4\r\nGET \r\n" + OK
        assert bench.ask("AT+SQNSRECV=1,100") == b"\r\n+SQNSRECV: 1,6\r\n/ HTTP\r\n" + OK
        assert bench.ask("AT+SQNSRECV=1,100") == cme(3)
        remote.close()
        hung_up = line("+SQNSH: 1")
        assert bench.until(hung_up) == hung_up
        assert bench.ask("AT+SQNSS").startswith(b"\r\n+SQNSS: 1,0\r\n")
        assert bench.ask("AT+SQNSSENDEXT=1,5") == cme(3)
        assert bench.ask("AT+SQNSH=1") == OK
        assert bench.ask("AT+SQNSH=1") == cme(3)
        assert (bench.modem.counters["tcp_up"], bench.modem.counters["tcp_down"]) == (5, 10)


def test_names():
    names = Network(resolve={"host.example": ("127.0.0.1", 1)})
    bench = online(network=names)
    answer = line('+SQNDNSLKUP: "host.example","127.0.0.1"') + OK
    assert bench.ask('AT+SQNDNSLKUP="host.example"') == answer
    assert bench.ask('AT+SQNDNSLKUP="nowhere.test"') == cme(3)
    bench.modem.radio.deactivate(0)
    assert bench.ask('AT+SQNDNSLKUP="host.example"') == cme(30)


def test_states():
    with Peer() as peer:
        bench = connected(peer, 3)
        tail = f'"{ADDRESS}",49155,"127.0.0.1",{peer.port}'
        lines = [f"+SQNSS: {n},{'2,' + tail if n == 3 else '0'}" for n in range(1, 7)]
        assert bench.ask("AT+SQNSS") == line("\r\n".join(lines)) + OK
        peer.socket.sendall(b"x")
        bench.until(b"RING: 3,1\r\n")
        assert f"+SQNSS: 3,3,{tail}".encode() in bench.ask("AT+SQNSS")


def test_where_nobody_listens():
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    bench = online()
    bench.modem.feed(f'AT+SQNSD=1,0,{port},"127.0.0.1",0,0,1\r'.encode())
    assert bench.until(NO_CARRIER) == NO_CARRIER
    for target in ('1,"nowhere.test"', '1,"192.0.2.1"'):  # cannot be resolved; not loopback
        assert bench.ask(f"AT+SQNSD=1,0,{target},0,0,1") == NO_CARRIER
    for bad, code in (
        ('0,0,1,"127.0.0.1",0,0,1', 50),
        ('7,0,1,"127.0.0.1",0,0,1', 50),
        ('1,0,0,"127.0.0.1",0,0,1', 50),
        ('1,0,1,"127.0.0.1",0,0,2', 50),
        ('1,0,1,"127.0.0.1"', 4),  # online mode
        ("1,0,1", 50),
    ):
        assert bench.ask("AT+SQNSD=" + bad) == cme(code), bad
    assert bench.modem.counters["handler_errors"] == 0


def test_a_connection_that_never_comes_is_given_up_in_the_time_configured():
    bench = online()
    full = socket.socket()
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    fillers = [socket.socket() for _ in range(4)]
    for filler in fillers:  # the listener's queue is full: SYNs get no answer
        filler.setblocking(False)
        filler.connect_ex(full.getsockname())
    bench.ask("AT+SQNSCFG=1,1,300,0,100,50")
    assert bench.ask(f'AT+SQNSD=1,0,{full.getsockname()[1]},"127.0.0.1",0,0,1') == b""
    assert bench.run(9.9) == b""
    assert bench.run(0.2) == NO_CARRIER
    for item in (full, *fillers):
        item.close()


def test_a_number_in_use_is_refused():
    with Peer() as peer:
        bench = connected(peer)
        assert bench.ask(f'AT+SQNSD=1,0,{peer.port},"127.0.0.1",0,0,1') == cme(3)
        assert bench.ask("AT+SQNSCFG=1,1,300,0,600,50") == cme(3)
        assert bench.ask("AT+SQNSCFGEXT=1,1,0,0,0,0") == cme(3)
        assert bench.ask("AT+SQNSCFG=2,1,300,0,600,50") == OK
        peer.socket.close()
        bench.until(b"SQNSH: 1\r\n")
        assert bench.ask("AT+SQNSCFG=1,1,300,0,600,50") == OK


def test_a_silent_connection_ends_unless_the_host_said_never():
    with Peer() as peer, Peer() as other:
        bench = connected(peer, 1)
        dial(bench, other, 2)  # the default: 90 s
        assert bench.run(60) == b""
        assert bench.ask("AT+SQNSSENDEXT=2,1") == b"\r\n> "
        assert bench.ask(b"x", b"") == OK
        assert bench.run(89) == b""
        assert bench.run(2) == line("+SQNSH: 2")
        assert other.socket.recv(9) + other.socket.recv(9) == b"x"
        assert bench.run(36_000) == b""


def test_payload_may_hold_anything_and_a_line_feed_is_payload():
    with Peer() as peer:
        bench = connected(peer)
        payload = b"\r\nOK\r\n> AT+SQNSH=1\r\x08\x00"
        assert bench.ask(f"AT+SQNSSENDEXT=1,{len(payload)},0") == b"\r\n> "
        assert bench.ask(payload[:5], b"") == b""
        assert bench.ask(payload[5:] + b"AT", b"") == OK
        assert peer.socket.recv(100) == payload
        assert bench.ask("+CGMM") == b"\r\nGM02S\r\n" + OK
        # The LF of a command line that ends with CR LF counts as the first byte.
        assert bench.ask("AT+SQNSSENDEXT=1,3", b"\r\n") == b"\r\n> "
        assert bench.ask(b"ab", b"") == OK
        assert peer.socket.recv(100) == b"\nab"
        assert bench.ask("AT+SQNSSENDEXT=1,3") == b"\r\n> "
        assert bench.ask(b"\nab", b"") == OK
        assert peer.socket.recv(100) == b"\nab"


def test_the_gms01q_refuses_a_line_feed_behind_the_command():
    with Peer() as peer:
        bench = connected(peer, personality="gms01q")
        assert bench.ask("AT+SQNSSENDEXT=1,3", b"\r\n") == cme(4)
        assert bench.ask("AT+CGMM", b"\r\n") == b"\r\nGMS01Q\r\n" + OK
        assert bench.ask("AT+SQNSSENDEXT=1,3") == b"\r\n> "
        assert bench.ask(b"\nab", b"") == OK  # bytes after the prompt are the host's
        assert peer.socket.recv(100) == b"\nab"


def test_send_limits():
    with Peer() as peer:
        bench = connected(peer)
        for arguments, code in (("1,0", 50), ("1,1501", 50), ("1,", 50), ("1", 50), ("2,5", 3)):
            assert bench.ask("AT+SQNSSENDEXT=" + arguments) == cme(code), arguments
        bench.ask("AT+SQNSSENDEXT=1,10")
        bench.ask(b"12345", b"")
        assert bench.run(9.9) == b""
        assert bench.run(0.2) == cme(3)
        assert bench.ask("AT") == OK


def test_a_peer_that_does_not_read_fills_the_send_buffer():
    with Peer(receive_buffer=4096) as peer:
        bench = connected(peer)
        sent = 0
        while (answer := bench.ask("AT+SQNSSENDEXT=1,1500")) == b"\r\n> ":
            assert bench.ask(bytes(1500), b"") == OK
            sent += 1500
            assert sent < 20_000_000
        assert answer == cme(3)
        received = 0
        while received < sent:
            received += len(peer.socket.recv(65536))
            bench.modem.service()
        assert bench.ask("AT+SQNSSENDEXT=1,1500") == b"\r\n> "


def test_an_indication_comes_once_until_a_read_comes_up_short():
    with Peer() as peer:
        bench = connected(peer)
        peer.socket.sendall(b"12345678")
        bench.until(line("+SQNSRING: 1,8"))
        peer.socket.sendall(b"9")
        bench.wait(lambda: bench.modem.counters["tcp_down"] == 9)
        assert bench.modem.take() == b""
        assert bench.ask("AT+SQNSRECV=1,10") == b"\r\n+SQNSRECV: 1,9\r\n123456789\r\n" + OK
        peer.socket.sendall(b"x")
        bench.until(line("+SQNSRING: 1,1"))
        for arguments in ("1,0", "1,1501", "0,5", "7,5", "1"):
            assert bench.ask("AT+SQNSRECV=" + arguments) == cme(50), arguments
        assert bench.ask("AT+SQNSRECV=2,5") == cme(3)
        assert bench.ask("AT+SQNSI=2") == cme(3)


def test_data_of_a_closed_connection_stays_readable():
    with Peer() as peer:
        bench = connected(peer)
        peer.socket.sendall(b"last words")
        peer.socket.close()
        printed = bench.until(line("+SQNSH: 1"))
        assert printed == line("+SQNSRING: 1,10") + line("+SQNSH: 1")
        assert bench.ask("AT+SQNSRECV=1,4") == b"\r\n+SQNSRECV: 1,4\r\nlast\r\n" + OK
        assert bench.ask("AT+SQNSRECV=1,9") == b"\r\n+SQNSRECV: 1,6\r\n words\r\n" + OK
        assert bench.ask("AT+SQNSRECV=1,9") == cme(3)


def test_indications_without_length_and_data_as_hex():
    with Peer() as peer:
        bench = online()
        assert bench.ask("AT+SQNSCFGEXT=1,0,1,0,0,1") == OK
        dial(bench, peer)
        assert bench.ask("AT+SQNSSENDEXT=1,2") == b"\r\n> "
        assert bench.ask(b"6869", b"") == OK
        assert peer.socket.recv(9) == b"hi"
        assert bench.ask("AT+SQNSSENDEXT=1,2") == b"\r\n> "
        assert bench.ask(b"hi!?", b"") == cme(4)
        peer.socket.sendall(b"ok")
        bench.until(line("+SQNSRING: 1"))
        assert bench.ask("AT+SQNSRECV=1,9") == b"\r\n+SQNSRECV: 1,2\r\n6F6B\r\n" + OK


def test_a_lost_context_and_a_reset_close_the_connections():
    with Peer() as peer:
        bench = connected(peer)
        bench.ask("AT+CGEREP=1")
        bench.modem.radio.deactivate(0)
        assert bench.modem.take() == line("+CGEV: NW PDN DEACT 1") + line("+SQNSH: 1")
        with pytest.raises(ConnectionResetError):
            peer.socket.recv(1)
    with Peer() as peer:
        bench = connected(peer)
        bench.ask("AT^RESET")
        bench.run(1.0)
        bench.ask("ATE0")
        assert bench.ask("AT+SQNSS").startswith(b"\r\n+SQNSS: 1,0\r\n")
        assert bench.ask("AT+SQNSCFG?").startswith(b"\r\n+SQNSCFG: 1,1,300,90,600,50\r\n")
        with pytest.raises(ConnectionResetError):
            peer.socket.recv(1)


def test_bytes_are_counted_as_socket_bytes():
    with Peer() as peer:
        bench = connected(peer)
        counters = bench.modem.counters
        bench.ask("AT+SQNSSENDEXT=1,100")
        bench.ask(b"x" * 100, b"")
        assert counters["uart_up.socket"] == len("AT+SQNSSENDEXT=1,100\r") + 100
        assert counters["uart_down.socket"] == len("\r\n> ") + len(OK)


# -- the SIM -------------------------------------------------------------------------------------


def test_the_sim_behind_a_gms01q():
    card = StubCard({"0070000001": "019000", "01B0000000": "AB" * 256 + "9000"})
    bench = online("gms01q", card=card)
    assert bench.ask('AT+CSIM=10,"0070000001"') == line("+CSIM: 6,019000") + OK
    # The answer has no quotes and is in lower case, follows the earlier one, and ends after 256
    # bytes.
    assert bench.ask('AT+CSIM=10,"01B0000000"') == (
        b"\r\n+CSIM: 6,019000\r\n+CSIM: 516," + b"ab" * 256 + b"\r\n" + OK
    )


def test_the_sim_behind_a_gm02s():
    bench = online(card=StubCard({"0070000001": "019000"}))
    for _ in range(2):
        assert bench.ask('AT+CSIM=10,"0070000001"') == line('+CSIM: 6,"019000"') + OK
    assert bench.ask('AT+CCHO="A0000003"') == ERROR


def test_a_quirk_may_be_added_to_those_of_the_type():
    bench = online("gm02s", quirks={"csim_lower"}, card=StubCard({"0070000001": "AB9000"}))
    assert bench.ask('AT+CSIM=10,"0070000001"') == line('+CSIM: 6,"ab9000"') + OK
