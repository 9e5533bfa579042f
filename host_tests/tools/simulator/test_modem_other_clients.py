"""Other programs start, register and open connections on the simulated modems."""

import pytest
from modem_bench import Bench, Peer
from simulator.other_clients import (
    ANY,
    HOLOGRAM,
    HOLOGRAM_SIM7000,
    MKRNB,
    MODEM_MANAGER,
    TINYGSM_BG96,
    TINYGSM_MONARCH,
    TINYGSM_SARA,
    TINYGSM_SIM7000,
    TINYGSM_SIM7080,
    WALTER,
)

from iotsafe_tools.simulator.modem.personalities import PERSONALITIES


def shown(*parts: str) -> bytes:
    return "".join(f"\n{part}\n" for part in parts).replace("\n", "\r\n").encode()


def play(bench: Bench, rows, end: bytes = b"\r\n") -> Bench:
    """Send each request; what comes until the modem has nothing more to do is the answer."""
    for request, parts in rows:
        answer = bench.ask(request, end) + bench.run(0.01)
        if parts is ANY:
            assert answer.endswith(b"\r\n"), request
            assert b"ERROR" not in answer, request
        else:
            assert answer.removeprefix(request.encode() + b"\r") == shown(*parts), request
    assert bench.modem.counters["handler_errors"] == 0
    return bench


@pytest.mark.parametrize(
    ("personality", "rows", "end"),
    [
        ("sim7080", TINYGSM_SIM7080, b"\r\n"),
        ("sim7000", TINYGSM_SIM7000, b"\r\n"),
        ("bg96", TINYGSM_BG96, b"\r\n"),
        ("gms01q", TINYGSM_MONARCH, b"\n"),
        ("gm02s", TINYGSM_MONARCH, b"\n"),
        ("sara-r4", TINYGSM_SARA, b"\r\n"),
        ("sara-r5", TINYGSM_SARA, b"\r\n"),
        ("sara-r4", MKRNB, b"\r\n"),
        ("sara-r4", HOLOGRAM, b"\r\n"),
        ("bg96", HOLOGRAM, b"\r\n"),
        ("sim7000", HOLOGRAM_SIM7000, b"\r\n"),
        ("gm02s", WALTER, b"\r\n"),
    ],
)
def test_a_program_starts(personality, rows, end):
    play(Bench(personality=personality, echo=True), rows, end)


@pytest.mark.parametrize("personality", PERSONALITIES)
def test_modem_manager_starts_on_every_modem(personality):
    radio_on = (("AT+CFUN=1", ANY),)  # on Sequans' modems it is off after a start
    play(Bench(personality=personality, echo=True), (*radio_on, *MODEM_MANAGER), b"\r")


# -- connections ---------------------------------------------------------------------------------


def test_tinygsm_sends_and_receives_on_a_sim7080():
    with Peer() as peer:
        bench = play(Bench(personality="sim7080", echo=True), TINYGSM_SIM7080)
        bench.modem.feed(f'AT+CAOPEN=0,0,"TCP","127.0.0.1",{peer.port}\r\n'.encode())
        assert bench.until(b"OK\r\n") == shown("+CAOPEN: 0,0", "OK")
        peer.accept()
        assert bench.ask("AT+CASEND=0,5", b"\r\n") + bench.run(0.01) == b"\r\n>"
        assert bench.ask("hello", b"") == shown("OK")
        assert peer.socket.recv(10) == b"hello"
        peer.socket.sendall(b"world")
        assert bench.until(b": 0\r\n") == shown("+CADATAIND: 0")
        play(
            bench,
            (
                ("AT+CARECV?", ("+CARECV: 0,5", "OK")),
                ("AT+CASTATE?", ("+CASTATE: 0,1", "OK")),
                ("AT+CARECV=0,5", ("+CARECV: 5,world", "OK")),
            ),
        )


def test_tinygsm_sends_and_receives_on_a_bg96():
    with Peer() as peer:
        bench = play(Bench(personality="bg96", echo=True), TINYGSM_BG96)
        bench.modem.feed(f'AT+QIOPEN=1,0,"TCP","127.0.0.1",{peer.port},0,0\r\n'.encode())
        assert bench.until(b"0,0\r\n") == shown("OK", "+QIOPEN: 0,0")
        peer.accept()
        assert bench.ask("AT+QISEND=0,5", b"\r\n") + bench.run(0.01) == b"\r\n> "
        assert bench.ask("hello", b"") == shown("SEND OK")
        assert peer.socket.recv(10) == b"hello"
        state = f'+QISTATE: 0,"TCP","127.0.0.1",{peer.port},49152,2,1,0,0,"uart1"'
        play(bench, (("AT+QISTATE=1,0", (state, "OK")), ("AT+QIRD=0,0", ANY)))


@pytest.mark.parametrize("personality", ["gm02s", "gms01q"])
def test_tinygsm_ends_lines_with_a_lf_on_sequans(personality):
    with Peer() as peer:
        bench = play(Bench(personality=personality, echo=True), TINYGSM_MONARCH, b"\n")
        bench.modem.feed(f'AT+SQNSD=1,0,{peer.port},"127.0.0.1",0,0,1\n'.encode())
        assert bench.until(b"OK\r\n") == shown("OK")
        peer.accept()
        assert bench.ask("AT+SQNSSENDEXT=1,5", b"\n") == b"\r\n> "
        assert bench.ask("\nAT\nx", b"") == shown("OK")  # as many bytes as announced
        assert peer.socket.recv(10) == b"\nAT\nx"
        peer.socket.sendall(b"world")
        assert bench.until(b"1,5\r\n") == shown("+SQNSRING: 1,5")
        rows = (
            ("AT+SQNSI=1", ("+SQNSI: 1,5,5,5,0", "OK")),
            ("AT+SQNSRECV=1,5", ("+SQNSRECV: 1,5\nworld", "OK")),
            ("AT+SQNSS", ANY),
            ("AT+SQNSH=1", ("OK",)),
        )
        play(bench, rows, b"\n")


def test_walter_gets_received_data_in_the_urc():
    with Peer() as peer:
        bench = play(Bench(personality="gm02s", echo=True), (("ATE0", ("OK",)), *WALTER))
        bench.modem.feed(f'AT+SQNSD=1,0,{peer.port},"127.0.0.1",0,0,1,0,0\r\n'.encode())
        assert bench.until(b"OK\r\n") == shown("OK")
        peer.accept()
        assert bench.ask("AT+SQNSSENDEXT=1,5,0", b"\n") == b"\r\n> "
        assert bench.ask("hello", b"") == shown("OK")
        assert peer.socket.recv(10) == b"hello"
        peer.socket.sendall(b"a\r\nOK\r\n")
        assert bench.until(b"OK\r\n\r\n") == b"\r\n+SQNSRING: 1,7,a\r\nOK\r\n\r\n"
        assert bench.ask("AT+SQNSRECV=1,10") == shown("+CME ERROR: 3")  # it has been delivered
        assert bench.ask("AT+SQNSS=1").startswith(b"\r\n+SQNSS: 1,2,")
        assert bench.ask("AT+SQNSS=2") == shown("+SQNSS: 2,0", "OK")


def test_mkrnb_and_hologram_send_and_receive_hex():
    with Peer() as peer:
        bench = play(Bench(personality="sara-r4", echo=True), MKRNB)
        assert bench.ask("ATE0", b"\r\n") == b"ATE0\r" + shown("OK")
        play(bench, (("AT+USOCR=6", ("+USOCR: 0", "OK")),))
        bench.modem.feed(f'AT+USOCO=0,"127.0.0.1",{peer.port}\r\n'.encode())
        assert bench.until(b"OK\r\n") == shown("OK")
        peer.accept()
        play(bench, (('AT+USOWR=0,5,"68656C6C6F"', ("+USOWR: 0,5", "OK")),))
        assert peer.socket.recv(10) == b"hello"
        peer.socket.sendall(b'"OK"')
        assert bench.until(b"0,4\r\n") == shown("+UUSORD: 0,4")
        play(
            bench,
            (
                ("AT+UDCONF=1", ("+UDCONF: 1,1", "OK")),
                ("AT+USORD=0,512", ('+USORD: 0,4,"224F4B22"', "OK")),
                ("AT+UDCONF=1,0", ("OK",)),
                ('AT+USOWR=0,2,"hi"', ("+USOWR: 0,2", "OK")),
                ('AT+USOWR=0,5,"68656C6C6F"', ("ERROR",)),
                ("AT+USOCL=0,1", ("OK", "+UUSOCL: 0")),
            ),
        )


def test_hologram_sends_hex_on_a_bg96_and_gets_data_pushed():
    with Peer() as peer:
        rows = (('AT+QICSGP=1,1,"hologram","","",1', ("OK",)), ("AT+QIACT=1", ("OK",)))
        bench = play(Bench(personality="bg96", echo=True), (*HOLOGRAM, *rows))
        bench.modem.feed(f'AT+QIOPEN=1,0,"TCP","127.0.0.1",{peer.port},0,1\r\n'.encode())
        assert bench.until(b"0,0\r\n") == shown("OK", "+QIOPEN: 0,0")
        peer.accept()
        play(bench, (('AT+QISENDEX=0,"68656c6c6f"', ("SEND OK",)),))
        assert peer.socket.recv(10) == b"hello"
        for wrong in ("", "6", "6X", "00" * 513):
            assert b"ERROR" in bench.ask(f'AT+QISENDEX=0,"{wrong}"'), wrong
        peer.socket.sendall(b"world")
        assert bench.until(b"world\r\n") == b'\r\n+QIURC: "recv",0,5\r\nworld\r\n'


def test_hologram_has_a_single_connection_on_a_sim7000():
    with Peer() as peer:
        bench = play(Bench(personality="sim7000", echo=True), HOLOGRAM_SIM7000)
        bench.modem.feed(f'AT+CIPSTART="TCP","127.0.0.1","{peer.port}"\r\n'.encode())
        assert bench.until(b"CONNECT OK\r\n") == shown("OK", "CONNECT OK")
        peer.accept()
        play(bench, (("AT+CIPSTATUS", ("OK", "STATE: CONNECT OK")),))
        assert bench.ask("AT+CIPSEND=5", b"\r\n") + bench.run(0.01) == b"\r\n> "
        bench.modem.feed(b"hello")
        assert bench.until(b"OK\r\n") == shown("SEND OK")
        assert peer.socket.recv(10) == b"hello"
        assert bench.ask("AT+CIPSEND", b"\r\n") + bench.run(0.01) == b"\r\n> "
        bench.modem.feed(b"typed\x1a")
        assert bench.until(b"OK\r\n") == shown("SEND OK")
        assert peer.socket.recv(10) == b"typed"
        peer.socket.sendall(b"world")
        assert bench.until(b"world") == b"world"
        play(bench, (("AT+CIPHEAD=1", ("OK",)),))
        peer.socket.sendall(b"again")
        assert bench.until(b"again") == b"\r\n+IPD,5:again"
        play(bench, (("AT+CIPCLOSE", ("CLOSE OK",)),))
        assert peer.socket.recv(10) == b""
