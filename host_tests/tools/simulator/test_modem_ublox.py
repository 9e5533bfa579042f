"""The simulated SARA-R4 and SARA-R5: a plain dialogue, and the particulars of their sockets."""

import socket

import pytest
from modem_bench import Bench, Peer, StubCard

OK = b"\r\nOK\r\n"
ERROR = b"\r\n+CME ERROR: 3\r\n"
BOTH = ("sara-r4", "sara-r5")


def online(personality="sara-r4", **options):
    bench = Bench(personality=personality, **options)
    assert bench.ask("AT+CMEE=1") == OK
    if personality == "sara-r5":
        assert bench.ask("AT+UPSD=0,100,1") == OK
        assert bench.ask("AT+UPSD=0,0,0") == OK
        assert bench.ask("AT+UPSDA=0,3") == OK + b'\r\n+UUPSDA: 0,"10.94.36.44"\r\n'
    return bench


def connected(peer, bench=None):
    """Return a modem whose socket 0 is connected to the peer."""
    bench = bench or online()
    assert bench.ask("AT+USOCR=6") == b"\r\n+USOCR: 0\r\n" + OK
    bench.modem.feed(f'AT+USOCO=0,"127.0.0.1",{peer.port}\r'.encode())
    assert bench.until(b"K\r\n") == OK
    peer.accept()
    return bench


def send(bench, data):
    assert bench.ask(f"AT+USOWR=0,{len(data)}") == b""
    assert bench.run(0.01) == b"\r\n@"
    return bench.ask(data, b"")


@pytest.mark.parametrize("personality", BOTH)
def test_a_dialogue(personality):
    with Peer() as peer:
        bench = connected(peer, online(personality))
        assert send(bench, b"hello") == b"\r\n+USOWR: 0,5\r\n" + OK
        assert peer.socket.recv(100) == b"hello"
        peer.socket.sendall(b'a "b"\r\nOK\r\n')
        assert bench.until(b"11\r\n") == b"\r\n+UUSORD: 0,11\r\n"
        assert bench.ask("AT+USORD=0,0") == b"\r\n+USORD: 0,11\r\n" + OK
        assert bench.ask("AT+USORD=0,5") == (
            b'\r\n+USORD: 0,5,"a "b""\r\n' + OK + b"\r\n+UUSORD: 0,6\r\n"
        )
        assert bench.ask("AT+USORD=0,1024") == b'\r\n+USORD: 0,6,"\r\nOK\r\n"\r\n' + OK
        assert bench.ask("AT+USORD=0,1024") == b'\r\n+USORD: 0,0,""\r\n' + OK
        assert bench.ask("AT+USOCTL=0,2") == b"\r\n+USOCTL: 0,2,5\r\n" + OK
        assert bench.ask("AT+USOCTL=0,3") == b"\r\n+USOCTL: 0,3,11\r\n" + OK
        assert bench.ask("AT+USOCTL=0,10") == b"\r\n+USOCTL: 0,10,4\r\n" + OK
        assert bench.ask("AT+USOCL=0") == OK
        assert peer.socket.recv(1) == b""
        assert bench.ask("AT+USOCL=0") == ERROR
        assert bench.modem.counters["handler_errors"] == 0


def test_closed_by_the_peer_with_data_left():
    with Peer() as peer:
        bench = connected(peer)
        peer.socket.sendall(b"bye")
        peer.socket.close()
        assert bench.until(b"CL: 0\r\n") == b"\r\n+UUSORD: 0,3\r\n\r\n+UUSOCL: 0\r\n"
        assert bench.ask("AT+USORD=0,1024") == b'\r\n+USORD: 0,3,"bye"\r\n' + OK
        # Once read empty, the socket is gone, and its number is free.
        assert bench.ask("AT+USORD=0,1024") == ERROR
        assert bench.ask("AT+USOCR=6") == b"\r\n+USOCR: 0\r\n" + OK


def test_results_of_a_connection_that_fails():
    bench = online()
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    assert bench.ask("AT+USOCR=6") == b"\r\n+USOCR: 0\r\n" + OK
    for host, port_, error in (("127.0.0.1", port, 111), ("nowhere.test", 1, 113)):
        bench.modem.feed(f'AT+USOCO=0,"{host}",{port_}\r'.encode())
        assert bench.until(b"3\r\n") == ERROR
        assert bench.ask("AT+USOER") == b"\r\n+USOER: %d\r\n" % error + OK
    assert bench.ask('AT+USOCO=0,"nowhere.test",1,1') == OK + b"\r\n+UUSOCO: 0,113\r\n"
    assert bench.ask("AT+USORD=0,10") == ERROR
    assert bench.ask("AT+USOWR=0,10") == ERROR


def test_connected_later_and_closed_later():
    with Peer() as peer:
        bench = online()
        bench.ask("AT+USOCR=6")
        assert bench.ask(f'AT+USOCO=0,"127.0.0.1",{peer.port},1').startswith(OK)
        bench.wait(lambda: bench.modem.network.opened)
        assert b"\r\n+UUSOCO: 0,0\r\n" in bench.run(1)
        assert bench.ask("AT+USOCL=0,1") == OK + b"\r\n+UUSOCL: 0\r\n"


def test_seven_sockets_and_no_udp():
    bench = online()
    for number in range(7):
        assert bench.ask("AT+USOCR=6") == b"\r\n+USOCR: %d\r\n" % number + OK
    assert bench.ask("AT+USOCR=6") == ERROR
    assert bench.ask("AT+USOCL=3") == OK
    assert bench.ask("AT+USOCR=6") == b"\r\n+USOCR: 3\r\n" + OK


def test_a_full_send_buffer_takes_a_part_and_then_nothing():
    with Peer(receive_buffer=4096) as peer:
        bench = connected(peer)
        bench.modem.sockets.tx_limit = 1500
        answers = set()
        for _ in range(6000):
            answer = bench.ask("AT+USOWR=0,1024")
            if not answer:
                answer = bench.run(0.01)
            if answer == ERROR:
                break
            answers.add(bench.ask(b"x" * 1024, b""))
        assert b"\r\n+USOWR: 0,1024\r\n" + OK in answers
        assert any(a != b"\r\n+USOWR: 0,1024\r\n" + OK for a in answers)
        assert bench.ask("AT+USOER") == b"\r\n+USOER: 11\r\n" + OK


def test_a_payload_is_waited_for_as_long_as_it_takes():
    with Peer() as peer:
        bench = connected(peer)
        assert bench.ask("AT+USOWR=0,5") == b""
        assert bench.run(60) == b"\r\n@"
        assert bench.ask(b"AT\r", b"") == b""
        assert bench.ask(b"AT", b"") == b"\r\n+USOWR: 0,5\r\n" + OK
        assert peer.socket.recv(10) == b"AT\rAT"


def test_the_r4_knows_no_profile_and_the_r5_needs_one():
    bench = online("sara-r4")
    assert bench.ask("AT+UPSND=0,0") == b"\r\n+CME ERROR: 100\r\n"
    bench = Bench(personality="sara-r5")
    bench.ask("AT+CMEE=1")
    assert bench.ask("AT+UPSND=0,0") == b'\r\n+UPSND: 0,0,""\r\n' + OK
    bench.ask("AT+USOCR=6")
    assert bench.ask('AT+USOCO=0,"127.0.0.1",1') == ERROR
    assert bench.ask("AT+UPSDA=0,4") == ERROR
    bench.ask("AT+UPSDA=0,3")
    assert bench.ask("AT+UPSDA=0,3") == ERROR
    assert bench.ask("AT+UPSND=0,8") == b"\r\n+UPSND: 0,8,1\r\n" + OK
    assert bench.ask("AT+UPSND=0,0") == b'\r\n+UPSND: 0,0,"10.94.36.44"\r\n' + OK
    bench.modem.radio.deactivate(0)
    assert bench.run(1) == b"\r\n+UUPSDD: 0\r\n"


def test_no_profile_where_the_network_refuses():
    bench = Bench(personality="sara-r5", pdp="refused")
    bench.ask("AT+CMEE=1")
    assert bench.ask("AT+UPSDA=0,3") == ERROR
    assert bench.ask("AT+CGACT=1,1") == b"\r\n+CME ERROR: 148\r\n"


@pytest.mark.parametrize(("personality", "number"), [("sara-r4", 15), ("sara-r5", 16)])
def test_starts_are_silent_without_a_greeting(personality, number):
    bench = Bench(personality=personality)
    assert bench.ask(f"AT+CFUN={number}") == OK
    assert bench.ask("AT") == b"AT\r" + OK
    assert bench.ask('AT+CSGT=1,"HELLO"').endswith(OK)
    assert bench.ask(f"AT+CFUN={number}").endswith(OK + b"\r\nHELLO\r\n")
    assert bench.ask("AT+CPWROFF").endswith(OK)
    assert bench.modem.power_state.state == "off"


def test_identity_and_clock():
    bench = online()
    assert bench.ask("AT+CCID") == b"\r\n+CCID: 89000000000000000000\r\n" + OK
    assert bench.ask("AT+CGMM") == b"\r\nSARA-R410M-02B\r\n" + OK
    assert b'+CCLK: "80/' not in bench.ask("AT+CCLK?")


def test_the_sim_says_61_and_the_modem_passes_it_on():
    card = StubCard({"01CB010000": "6110", "01C0000010": "00" * 16 + "9000"})
    bench = Bench(card, personality="sara-r4")
    assert bench.ask('AT+CSIM=10,"01CB010000"') == b'\r\n+CSIM: 4,"6110"\r\n' + OK
    assert bench.ask('AT+CSIM=10,"01C0000010"').startswith(b'\r\n+CSIM: 36,"0000')


def test_another_line_in_front_of_the_answer_of_the_sim():
    bench = Bench(personality="sara-r4", quirks={"csim_late"})
    assert bench.ask('AT+CSIM=10,"0070000001"') == (b'\r\n+CIEV: 2,4\r\n+CSIM: 4,"6D00"\r\n' + OK)
