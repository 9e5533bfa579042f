"""The CA* sockets against real loopback peers, byte by byte."""

import socket

import pytest
from modem_bench import Bench, Peer

from iotsafe_tools.simulator.modem import Network

OK = b"\r\nOK\r\n"
ERROR = b"\r\nERROR\r\n"


def online(**options):
    bench = Bench(**options)
    bench.ask("AT+CNACT=0,1")
    return bench


def connected(peer, cid=0, bench=None, mode=""):
    """Return a modem whose socket `cid` is connected to the peer."""
    bench = bench or online()
    bench.modem.feed(f'AT+CAOPEN={cid},0,"TCP","127.0.0.1",{peer.port}{mode}\r'.encode())
    assert bench.until(OK) == f"\r\n+CAOPEN: {cid},0\r\n".encode() + OK
    peer.accept()
    return bench


def send(bench, data, cid=0):
    assert bench.ask(f"AT+CASEND={cid},{len(data)}") == b""
    assert bench.run(0.01) == b"\r\n>"
    return bench.ask(data, b"")


def test_the_example_of_the_manual():
    with Peer() as peer:
        bench = Bench(network=Network(resolve={"host.example": ("127.0.0.1", peer.port)}))
        assert bench.ask("AT+CNACT=0,1") == OK + b"\r\n+APP PDP: 0,ACTIVE\r\n"
        assert bench.ask('AT+CASSLCFG=0,"SSL",0') == OK
        bench.modem.feed(b'AT+CAOPEN=0,0,"TCP","host.example",8883\r\n')
        assert bench.until(OK) == b"\r\n+CAOPEN: 0,0\r\n" + OK
        remote = peer.accept()
        assert bench.ask("AT+CASEND=0,5") == b""
        assert bench.run(0.01) == b"\r\n>"
        assert bench.ask(b"hello", b"") == OK
        assert remote.recv(100) == b"hello"
        remote.sendall(b"GET / HTTP")
        assert bench.until(b"DATAIND: 0\r\n") == b"\r\n+CADATAIND: 0\r\n"
        assert bench.ask("AT+CARECV=0,100") == b"\r\n+CARECV: 10,GET / HTTP\r\n" + OK
        assert bench.ask("AT+CARECV=0,100") == b"\r\n+CARECV: 0\r\n" + OK
        remote.close()
        assert bench.until(b",0\r\n") == b"\r\n+CASTATE: 0,0\r\n"
        assert bench.ask("AT+CACLOSE=0") == OK
        assert bench.ask("AT+CACLOSE=0") == ERROR
        assert bench.ask("AT+CNACT=0,0") == OK + b"\r\n+APP PDP: 0,DEACTIVE\r\n"
        assert (bench.modem.counters["tcp_up"], bench.modem.counters["tcp_down"]) == (5, 10)


def test_open_results():
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    bench = Bench()
    assert bench.ask(f'AT+CAOPEN=0,0,"TCP","127.0.0.1",{port}') == b"\r\n+CAOPEN: 0,21\r\n" + OK
    bench.ask("AT+CNACT=0,1")
    bench.modem.feed(f'AT+CAOPEN=0,0,"TCP","127.0.0.1",{port}\r'.encode())
    assert bench.until(OK) == b"\r\n+CAOPEN: 0,23\r\n" + OK
    for target, result in (
        ('"TCP","nowhere.test",1', 20),
        ('"TCP","192.0.2.1",1', 27),  # not loopback: the lab does not connect there
        ('"UDP","127.0.0.1",1', 7),
    ):
        assert bench.ask(f"AT+CAOPEN=0,0,{target}") == f"\r\n+CAOPEN: 0,{result}\r\n".encode() + OK
    for bad in (
        '13,0,"TCP","127.0.0.1",1',
        '0,4,"TCP","127.0.0.1",1',
        '0,0,"TCP","127.0.0.1",0',
        '0,0,"TCP","127.0.0.1",65536',
        '0,0,"XYZ","127.0.0.1",1',
        f'0,0,"TCP","{"x" * 65}",1',
        '0,0,"TCP"',
    ):
        assert bench.ask("AT+CAOPEN=" + bad) == ERROR, bad
    assert bench.modem.counters["handler_errors"] == 0


def test_native_tls_is_not_offered():
    bench = online()
    bench.ask('AT+CASSLCFG=0,"SSL",1')
    assert bench.ask('AT+CAOPEN=0,0,"TCP","127.0.0.1",1') == b"\r\n+CAOPEN: 0,7\r\n" + OK


def test_a_cid_in_use_is_refused():
    with Peer() as peer:
        bench = connected(peer)
        assert bench.ask(f'AT+CAOPEN=0,0,"TCP","127.0.0.1",{peer.port}') == ERROR
        assert bench.ask("AT+CAOPEN?") == (
            f'\r\n+CAOPEN: 0,0,"TCP","127.0.0.1",{peer.port},0\r\n'.encode() + OK
        )
        assert bench.ask("AT+CASTATE?") == b"\r\n+CASTATE: 0,1\r\n" + OK


def test_a_connection_that_never_comes_is_given_up():
    bench = online()
    full = socket.socket()
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    port = full.getsockname()[1]
    fillers = []
    for _ in range(4):  # the listener's queue is full: SYNs get no answer
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(("127.0.0.1", port))
        fillers.append(filler)
    assert bench.ask(f'AT+CAOPEN=0,0,"TCP","127.0.0.1",{port}') == b""
    assert bench.run(74.0) == b""
    assert bench.run(2.0) == b"\r\n+CAOPEN: 0,2\r\n" + OK
    for item in (full, *fillers):
        item.close()


def test_asynchronous_open():
    with Peer() as peer:
        bench = online()
        bench.ask('AT+CACFG="ASYNCOPEN",1')
        command = f'AT+CAOPEN=3,0,"TCP","127.0.0.1",{peer.port}'
        assert bench.ask(command).startswith(OK)
        bench.wait(lambda: bench.modem.network.opened)
        bench.modem.service()
        assert bench.ask("AT+CASTATE?").endswith(b"\r\n+CASTATE: 3,1\r\n" + OK)
        assert bench.ask('AT+CAOPEN=4,0,"TCP","nowhere.test",1') == OK + b"\r\n+CAOPEN: 4,20\r\n"


def test_send_takes_exactly_the_length():
    with Peer() as peer:
        bench = connected(peer)
        payload = b"\r\nOK\r\n>AT+CACLOSE=0\r\x08\x00"
        assert bench.ask(f"AT+CASEND=0,{len(payload)}", b"\r\n") == b""
        bench.run(0.01)
        assert bench.ask(payload[:5], b"") == b""
        assert bench.ask(payload[5:] + b"AT", b"") == OK
        assert peer.socket.recv(100) == payload
        assert bench.ask("+CGMM") == b"\r\nSIMCOM_SIM7080\r\n" + OK


def test_payload_may_begin_with_a_line_feed():
    with Peer() as peer:
        bench = connected(peer)
        assert send(bench, b"\nx") == OK
        assert peer.socket.recv(10) == b"\nx"


def test_send_ends_when_the_bytes_do_not_come():
    with Peer() as peer:
        bench = connected(peer)
        bench.ask("AT+CASEND=0,10,500")
        bench.run(0.01)
        bench.ask(b"12345", b"")
        assert bench.run(0.4) == b""
        assert bench.run(0.2) == ERROR
        assert bench.ask("AT") == OK
        bench.ask("AT+CASEND=0,10")
        assert bench.run(4.9) == b"\r\n>"
        assert bench.run(0.2) == ERROR  # 5 s without the argument
        assert send(bench, b"fresh") == OK
        assert peer.socket.recv(100) == b"fresh"


def test_urcs_wait_while_raw_data_is_expected():
    with Peer() as peer:
        bench = connected(peer)
        bench.ask("AT+CASEND=0,4")
        bench.run(0.01)
        bench.modem.urc("SMS Ready")
        assert bench.modem.take() == b""
        assert bench.ask(b"data", b"") == OK + b"\r\nSMS Ready\r\n"


def test_send_limits():
    with Peer() as peer:
        bench = connected(peer)
        for arguments in ("0,0", "0,1461", "0,5,99", "0,5,10001", "1,5", "1"):
            assert bench.ask("AT+CASEND=" + arguments) == ERROR, arguments
        assert bench.ask("AT+CASEND=0") == b"\r\n+CASEND: 10240\r\n" + OK


def test_a_peer_that_does_not_read_fills_the_send_buffer():
    with Peer(receive_buffer=4096) as peer:
        bench = connected(peer)
        bench.ask('AT+CACFG="SNDBUF",5840')
        sent = 0
        while (answer := bench.ask("AT+CASEND=0,1460")) == b"":
            assert bench.run(0.01) == b"\r\n>"
            assert bench.ask(bytes(1460), b"") == OK
            sent += 1460
            assert sent < 20_000_000
        assert answer == ERROR
        free = int(bench.ask("AT+CASEND=0").split(b":")[1].split()[0])
        assert free < 1460
        total, unacked = map(int, bench.ask("AT+CAACK=0").split(b":")[1].split()[0].split(b","))
        assert total == sent
        assert unacked >= 5840 - free
        received = 0
        while received < sent:
            received += len(peer.socket.recv(65536))
            bench.modem.service()
        assert bench.ask("AT+CASEND=0") == b"\r\n+CASEND: 5840\r\n" + OK


def test_notification_comes_once_until_a_read_comes_up_short():
    with Peer() as peer:
        bench = connected(peer)
        note = b"\r\n+CADATAIND: 0\r\n"
        peer.socket.sendall(b"12345678")
        assert bench.until(note) == note
        peer.socket.sendall(b"9")
        bench.wait(lambda: bench.modem.counters["tcp_down"] == 9)
        assert bench.modem.take() == b""  # no second one
        assert bench.ask("AT+CARECV?") == b"\r\n+CARECV: 0,9\r\n" + OK
        assert bench.ask("AT+CARECV=0,4") == b"\r\n+CARECV: 4,1234\r\n" + OK
        assert bench.ask("AT+CARECV=0,5") == b"\r\n+CARECV: 5,56789\r\n" + OK
        peer.socket.sendall(b"x")
        bench.wait(lambda: bench.modem.counters["tcp_down"] == 10)
        assert bench.modem.take() == b""  # the last read was not short
        assert bench.ask("AT+CARECV=0,5") == b"\r\n+CARECV: 1,x\r\n" + OK
        assert bench.ask("AT+CARECV?") == OK
        peer.socket.sendall(b"y")
        assert bench.until(note) == note


def test_received_bytes_pass_unchanged():
    with Peer() as peer:
        bench = connected(peer)
        data = bytes(range(256)) + b"\r\nOK\r\n+CARECV: 4,ERROR\r\n>"
        peer.socket.sendall(data)
        bench.until(b"DATAIND: 0\r\n")
        bench.wait(lambda: bench.modem.counters["tcp_down"] == len(data))
        assert bench.ask("AT+CARECV=0,1460") == (
            f"\r\n+CARECV: {len(data)},".encode() + data + b"\r\n" + OK
        )
        for arguments in ("0,0", "0,1461", "1,5", "0"):
            assert bench.ask("AT+CARECV=" + arguments) == ERROR, arguments


def test_address_of_the_peer_on_request():
    with Peer() as peer:
        bench = connected(peer)
        bench.ask("AT+CASRIP=1")
        peer.socket.sendall(b"hi")
        bench.until(b"DATAIND: 0\r\n")
        assert bench.ask("AT+CARECV=0,9") == (
            f"\r\n+CARECV: 127.0.0.1,{peer.port},2,hi\r\n".encode() + OK
        )


def test_receive_buffer_is_limited():
    with Peer() as peer:
        bench = online()
        bench.ask('AT+CACFG="RCVBUF",5840')
        connected(peer, bench=bench)
        peer.socket.sendall(bytes(20000))
        bench.until(b"DATAIND: 0\r\n")
        bench.wait(lambda: bench.modem.counters["tcp_down"] == 5840)
        bench.modem.service()
        assert bench.ask("AT+CARECV?") == b"\r\n+CARECV: 0,5840\r\n" + OK
        assert bench.modem.selectables() == []


def test_data_of_a_closed_connection_stays_readable():
    with Peer() as peer:
        bench = connected(peer)
        peer.socket.sendall(b"last words")
        peer.socket.close()
        printed = bench.until(b"+CASTATE: 0,0\r\n")
        assert printed == b"\r\n+CADATAIND: 0\r\n\r\n+CASTATE: 0,0\r\n"
        assert bench.ask("AT+CASTATE?") == b"\r\n+CASTATE: 0,0\r\n" + OK
        assert bench.ask("AT+CASEND=0,5") == ERROR
        assert bench.ask("AT+CARECV=0,4") == b"\r\n+CARECV: 4,last\r\n" + OK
        assert bench.ask("AT+CARECV=0,9") == b"\r\n+CARECV: 6, words\r\n" + OK
        assert bench.ask("AT+CARECV=0,9") == b"\r\n+CARECV: 0\r\n" + OK
        assert bench.ask("AT+CACLOSE=0") == OK
        assert bench.ask("AT+CASTATE?") == OK


def test_close_by_the_host_reaches_the_peer():
    with Peer() as peer:
        bench = connected(peer)
        assert bench.ask("AT+CACLOSE=0") == OK
        assert peer.socket.recv(1) == b""
        assert bench.ask("AT+CARECV=0,1") == ERROR


def test_automatic_close():
    with Peer() as peer:
        bench = online()
        bench.ask('AT+CACFG="ATOCLOSE",1,0')
        connected(peer, bench=bench)
        peer.socket.close()
        assert bench.until(b"CLOSE: 0\r\n") == b"\r\n+CACLOSE: 0\r\n"
        assert bench.ask("AT+CASTATE?") == OK


def test_push_mode():
    with Peer() as peer:
        bench = connected(peer, mode=",1")
        peer.socket.sendall(b"pushed")
        printed = bench.until(b"pushed\r\n")
        assert printed == b'\r\n+CAURC: "recv",0,6\r\npushed\r\n'


def test_lost_context_closes_its_sockets():
    with Peer() as peer:
        bench = connected(peer)
        printed = bench.ask("AT+CNACT=0,0")
        assert printed == OK + b"\r\n+APP PDP: 0,DEACTIVE\r\n\r\n+CASTATE: 0,0\r\n"
        with pytest.raises(ConnectionResetError):
            peer.socket.recv(1)


def test_reset_closes_the_sockets_without_a_word():
    with Peer() as peer:
        bench = connected(peer)
        bench.ask("AT+CFUN=1,1")
        bench.ask("ATE0")
        assert bench.ask("AT+CASTATE?") == OK
        with pytest.raises(ConnectionResetError):
            peer.socket.recv(1)


def test_configuration():
    bench = Bench()
    assert b'\r\n+CACFG: "SNDBUF",10240\r\n' in bench.ask("AT+CACFG?").replace(
        b"+CACFG", b"\r\n+CACFG"
    )
    assert bench.ask('AT+CACFG="KEEPALIVE",1,60') == OK
    assert b'"KEEPALIVE",1,60,75,9' in bench.ask("AT+CACFG?")
    for bad in ('"SNDBUF",5839', '"NOSUCH",1', '"SACK"', '"SACK",1,1', "SACK,x"):
        assert bench.ask("AT+CACFG=" + bad) == ERROR, bad
    assert bench.ask("AT+CACID=12") == OK
    assert bench.ask("AT+CACID=13") == ERROR
    assert bench.ask('AT+CASSLCFG=0,"CACERT","ca.pem"') == OK
    assert bench.ask('AT+CASSLCFG=0,"COLOUR",1') == ERROR


def test_bytes_are_counted_as_socket_bytes():
    with Peer() as peer:
        bench = connected(peer)
        counters = bench.modem.counters
        before = counters["uart_up.control"]
        send(bench, b"x" * 100)
        assert counters["uart_up.socket"] == len("AT+CASEND=0,100\r") + 100
        assert counters["uart_down.socket"] == len("\r\n>") + len(OK)
        assert counters["uart_up.control"] == before
        assert [e["bytes"] for e in bench.kinds("tcp") if e["what"] == "sent"] == [100]


def test_outside_addresses_only_when_allowed():
    with pytest.raises(PermissionError, match="loopback_only"):
        Network().connect("192.0.2.1", 80, 0.0)
    network = Network(resolve={"a.test": ("192.0.2.1", None)})
    assert network.lookup("A.test.", 80) == ("192.0.2.1", 80)
    with pytest.raises(PermissionError):
        network.connect("a.test", 80, 0.0)
