"""The simulated TX62: a plain dialogue, and the particulars of its internet services."""

import socket

import pytest
from modem_bench import Bench, Peer

OK = b"\r\nOK\r\n"
ERROR = b"\r\n+CME ERROR: 3\r\n"
WRONG = b"\r\n+CME ERROR: 50\r\n"


def online(**options):
    bench = Bench(personality="tx62", **options)
    assert bench.ask("AT+CMEE=1") == OK
    assert bench.ask("AT^SICA=1,1") == OK
    return bench


def define(bench, address, cid=0):
    for key, value in (("srvType", "Socket"), ("conId", "1"), ("address", address)):
        assert bench.ask(f'AT^SISS={cid},"{key}","{value}"') == OK


def connected(peer, bench=None):
    """Return a modem whose service 0 is connected to the peer."""
    bench = bench or online()
    define(bench, f"socktcp://127.0.0.1:{peer.port}")
    bench.modem.feed(b"AT^SISO=0\r")
    assert bench.until(b"0,1\r\n") == OK + b"\r\n^SISW: 0,1\r\n"
    peer.accept()
    return bench


def test_a_dialogue():
    with Peer() as peer:
        bench = connected(peer)
        assert bench.ask("AT^SISI=0") == b"\r\n^SISI: 0,4,0,0,0,0\r\n" + OK
        assert bench.ask("AT^SISW=0,7") == b""
        assert bench.run(0.01) == b"\r\n^SISW: 0,7,0\r\n"
        assert bench.ask(b"\r\nOK\r\n!", b"") == OK + b"\r\n^SISW: 0,1\r\n"
        assert peer.socket.recv(100) == b"\r\nOK\r\n!"
        peer.socket.sendall(b"hello\r\nOK\r\n")
        assert bench.until(b"0,1\r\n") == b"\r\n^SISR: 0,1\r\n"
        assert bench.ask("AT^SISR=0,0") == b"\r\n^SISR: 0,11\r\n" + OK
        assert bench.ask("AT^SISR=0,4") == b"\r\n^SISR: 0,4\r\nhell\r\n" + OK
        peer.socket.sendall(b"+")
        bench.wait(lambda: len(bench.modem.sockets.sockets[0].connection.rx) == 8)
        assert bench.modem.take() == b""  # no second URC until the host has read everything
        assert bench.ask("AT^SISR=0,1500") == b"\r\n^SISR: 0,8\r\no\r\nOK\r\n+\r\n" + OK
        assert bench.ask("AT^SISR=0,1500") == b"\r\n^SISR: 0,0\r\n" + OK
        peer.socket.sendall(b"x")
        assert bench.until(b"0,1\r\n") == b"\r\n^SISR: 0,1\r\n"
        assert bench.ask("AT^SISC=0") == OK
        assert bench.ask("AT^SISC=0") == ERROR
        assert bench.modem.counters["handler_errors"] == 0


def test_closed_by_the_peer_with_data_left():
    with Peer() as peer:
        bench = connected(peer)
        peer.socket.sendall(b"bye")
        peer.socket.close()
        closed = b'\r\n^SIS: 0,0,48,"Remote peer has closed the connection"\r\n'
        assert bench.until(b'n"\r\n') == b"\r\n^SISR: 0,1\r\n" + closed
        assert bench.ask("AT^SISI=0").startswith(b"\r\n^SISI: 0,6,")
        assert bench.ask("AT^SISW=0,1") == ERROR
        assert bench.ask("AT^SISR=0,1500") == (
            b"\r\n^SISR: 0,3\r\nbye\r\n" + OK + b"\r\n^SISR: 0,2\r\n"
        )
        assert bench.ask("AT^SISR=0,1500") == b"\r\n^SISR: 0,-2\r\n" + OK
        assert bench.ask("AT^SISC=0") == OK


def test_an_attempt_that_fails():
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    bench = online()
    for cid, address, text in (
        (0, f"socktcp://127.0.0.1:{port}", b'20,"Connection refused by peer"'),
        (1, "socktcp://nowhere.test:1", b'23,"Host not found"'),
    ):
        define(bench, address, cid)
        bench.modem.feed(b"AT^SISO=%d\r" % cid)
        assert bench.until(b'"\r\n') == OK + b"\r\n^SIS: %d,0,%s\r\n" % (cid, text)
        assert bench.ask(f"AT^SISI={cid}").startswith(b"\r\n^SISI: %d,6," % cid)
        assert bench.ask(f"AT^SISR={cid},0") == b"\r\n^SISR: %d,-1\r\n" % cid + OK
        assert bench.ask(f"AT^SISC={cid}") == OK
        assert bench.ask(f"AT^SISI={cid}") == b"\r\n^SISI: %d,2,0,0,0,0\r\n" % cid + OK


def test_profiles():
    bench = online()
    assert bench.ask('AT^SISS=0,"conId","0"') == WRONG
    assert bench.ask('AT^SISS=0,"conId","17"') == WRONG
    assert bench.ask('AT^SISS=0,"nosuch","1"') == WRONG
    assert bench.ask('AT^SISS=10,"conId","1"') == WRONG
    assert bench.ask("AT^SISO=0") == ERROR
    assert bench.ask('AT^SISS=0,"address","socktcp://h:1"') == ERROR  # the kind comes first
    assert bench.ask('AT^SISS=0,"srvType","Http"') == WRONG
    assert bench.ask('AT^SISS=0,"srvType","Socket"') == OK
    wrong = ("socktcp://h", "socktcp://h:0", "socktcp://h:65536", "sockraw://h:1", "h:1", "")
    for address in wrong:
        assert bench.ask(f'AT^SISS=0,"address","{address}"') == WRONG, address
    assert bench.ask("AT^SISO=0") == ERROR
    define(bench, "socktcp://h:1")
    assert bench.ask("AT^SISS?") == (
        b'\r\n^SISS: 0,"srvType","Socket"\r\n^SISS: 0,"conId","1"\r\n'
        b'^SISS: 0,"address","socktcp://h:1"\r\n' + OK
    )
    assert bench.ask('AT^SISS=0,"srvType","none"') == OK
    assert bench.ask("AT^SISS?") == OK
    with Peer() as peer:
        connected(peer, bench)
        assert bench.ask('AT^SISS=0,"conId","1"') == ERROR
        assert bench.ask("AT^SISO=0") == ERROR


def test_no_service_without_a_context():
    bench = Bench(personality="tx62")
    bench.ask("AT+CMEE=1")
    assert bench.ask("AT^SICA?") == b"\r\n^SICA: 1,0\r\n" + OK
    define(bench, "socktcp://127.0.0.1:1")
    assert bench.ask("AT^SISO=0") == ERROR
    refused = Bench(personality="tx62", pdp="refused")
    refused.ask("AT+CMEE=1")
    assert refused.ask("AT^SICA=1,1") == b"\r\n+CME ERROR: 30\r\n"


def test_a_full_send_buffer():
    with Peer(receive_buffer=4096) as peer:
        bench = connected(peer)
        bench.modem.sockets.tx_limit = 2000
        heads = []
        for _ in range(5000):
            bench.ask("AT^SISW=0,1500")
            heads.append(int(bench.run(0.01).split(b",")[1]))
            if not heads[-1]:
                break
            bench.ask(b"x" * heads[-1], b"")
        assert heads[0] == 1500 and heads[-1] == 0
        # The modem reports when there is room again.
        while bench.modem.sockets.room(bench.modem.sockets.sockets[0]) == 0:
            peer.socket.recv(65536)
            bench.modem.service()
        assert bench.until(b"0,1\r\n").endswith(b"\r\n^SISW: 0,1\r\n")


def test_a_payload_is_waited_for_as_long_as_it_takes():
    with Peer() as peer:
        bench = connected(peer)
        bench.ask("AT^SISW=0,5")
        assert bench.run(60) == b"\r\n^SISW: 0,5,0\r\n"
        assert bench.ask(b"AT\rAT", b"") == OK + b"\r\n^SISW: 0,1\r\n"
        assert peer.socket.recv(10) == b"AT\rAT"


@pytest.mark.parametrize("command", ["AT^SMSO", 'AT^SMSO="fast"'])
def test_start_and_end(command):
    bench = Bench(personality="tx62", echo=True)
    assert bench.ask("AT+CFUN=1,1") == (
        b"AT+CFUN=1,1\r" + OK + b'\r\n^SYSSTART\r\n\r\n+CIEV: prov,0,"fallb3gpp"\r\n'
    )
    assert bench.ask(command) == command.encode() + b"\r" + OK + b"\r\n^SHUTDOWN\r\n"
    assert bench.run(1) == b"" and bench.modem.power_state.state == "off"


def test_identity_and_names():
    bench = online()
    assert bench.ask("AT+CCID") == b"\r\n+CCID: 89000000000000000000\r\n" + OK
    assert bench.ask("AT^SCID") == b"\r\n^SCID: 89000000000000000000\r\n" + OK
    assert bench.ask('AT^SISX="HostByName",1,"localhost"') == (
        b'\r\n^SISX: "HostByName","127.0.0.1"\r\n' + OK
    )
    assert bench.ask('AT^SISX="HostByName",1,"nowhere.test"') == ERROR
