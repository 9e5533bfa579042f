"""The simulated SIM7000 byte by byte: the stack of AT+CIP…, its connections, and how they end."""

import socket

import pytest
from modem_bench import Bench

from iotsafe_tools.simulator.modem import Network

OK = b"\r\nOK\r\n"
ERROR = b"\r\nERROR\r\n"


@pytest.fixture
def server():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(60)
        yield listening


def bench(**options) -> Bench:
    made = Bench(personality="sim7000", **options)
    made.run(1.0)
    made.modem.take()
    return made


def up(**options) -> Bench:
    made = bench(**options)
    for command in ("+CIPMUX=1", "+CIPQSEND=1", "+CIPRXGET=1", '+CSTT="lab.apn","",""', "+CIICR"):
        assert made.ask("AT" + command) + made.run(1.0) == OK, command
    return made


def connected(made: Bench, server, cid: int = 0):
    port = server.getsockname()[1]
    printed = made.ask(f'AT+CIPSTART={cid},"TCP","127.0.0.1",{port}')
    if b"CONNECT" not in printed:
        printed += made.until(b"CONNECT OK\r\n")
    assert printed == OK + b"\r\n%d, CONNECT OK\r\n" % cid
    return server.accept()[0]


def test_what_it_says_it_is():
    made = bench()
    assert made.ask("AT+CGMM") == b"\r\nSIMCOM_SIM7000G\r\n" + OK
    assert made.ask("AT+CGMR") == b"\r\nRevision:1529B10SIM7000G\r\n" + OK
    assert made.ask("AT+CAOPEN?") == ERROR


def test_boot_lines():
    made = Bench(personality="sim7000", auto_power=False, delays=1.0, nvm={"+IPR": (115200,)})
    made.modem.power_key(True)
    made.run(1.1)
    made.modem.power_key(False)
    assert made.run(3.3) == b""
    assert made.run(10.0) == (b"\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n\r\nSMS Ready\r\n")


def test_the_stack_comes_up_step_by_step():
    made = bench()
    assert made.ask("AT+CIFSR") == ERROR
    assert made.ask("AT+CIICR") == ERROR
    assert made.ask('AT+CIPSTART=0,"TCP","127.0.0.1",1') == ERROR
    assert made.ask('AT+CSTT="lab.apn","",""') == OK
    assert made.ask("AT+CIPMUX=1") == ERROR  # too late
    assert made.ask("AT+CIICR") == OK
    assert made.ask("AT+CIFSR") == b"\r\n10.94.36.44\r\n"  # and no OK
    assert made.ask("AT+CIFSR;E0") == b"\r\n10.94.36.44\r\n" + OK
    assert made.ask("AT+CIPSHUT") == b"\r\nSHUT OK\r\n"
    assert made.ask("AT+CIPMUX=1") == OK
    assert made.ask("AT+CIPMUX?") == b"\r\n+CIPMUX: 1\r\n" + OK


def test_a_network_that_refuses():
    made = bench(pdp="refused")
    made.ask('AT+CSTT="lab.apn","",""')
    assert made.ask("AT+CIICR") == ERROR


def test_network_time_comes_before_the_ok():
    made = bench(nvm={"+CLTS": (1,), "+IPR": (115200,)})
    made.ask('AT+CSTT="lab.apn","",""')
    assert made.ask("AT+CIICR") == b"\r\nDST: 0\r\n" + OK


def test_there_and_back(server):
    made = up()
    peer = connected(made, server)
    assert made.ask("AT+CIPSEND=0,5") + made.run(0.1) == b"\r\n> "
    assert made.ask("hello", b"") == b"\r\nDATA ACCEPT:0,5\r\n"
    assert peer.recv(9) == b"hello"
    peer.sendall(b"\r\nOK\r\n> abc")
    assert made.until(b"1,0\r\n") == b"\r\n+CIPRXGET: 1,0\r\n"
    assert made.ask("AT+CIPRXGET=4,0") == b"\r\n+CIPRXGET: 4,0,11\r\n" + OK
    assert made.ask("AT+CIPRXGET=2,0,8") == b"\r\n+CIPRXGET: 2,0,8,3\r\n\r\nOK\r\n> \r\n" + OK
    assert made.ask("AT+CIPRXGET=2,0,1460") == b"\r\n+CIPRXGET: 2,0,3,0\r\nabc\r\n" + OK
    assert made.ask("AT+CIPRXGET=2,0,1460") == b"\r\n+CIPRXGET: 2,0,0,0\r\n" + OK
    peer.sendall(b"more")
    assert made.until(b"1,0\r\n") == b"\r\n+CIPRXGET: 1,0\r\n"
    port = server.getsockname()[1]
    assert made.ask("AT+CIPSTATUS=0") == (
        b'\r\n+CIPSTATUS: 0,0,"TCP","127.0.0.1","%d","CONNECTED"\r\n' % port + OK
    )
    assert made.ask("AT+CIPCLOSE=0") == b"\r\n0, CLOSE OK\r\n"
    assert peer.recv(9) == b""
    assert made.ask("AT+CIPCLOSE=0") == ERROR
    assert made.ask("AT+CIPRXGET=2,0,1") == ERROR
    assert made.ask("AT+CIPSTATUS=0").endswith(b'"INITIAL"\r\n' + OK)


def test_a_send_that_waits_for_the_peer(server):
    made = up()
    assert made.ask("AT+CIPQSEND=0") == OK
    peer = connected(made, server)
    made.ask("AT+CIPSEND=0,2")
    made.run(0.1)
    made.modem.feed(b"hi")
    assert made.until(b"OK\r\n") == b"\r\n0, SEND OK\r\n"
    assert peer.recv(9) == b"hi"


def test_the_peer_closes(server):
    made = up()
    peer = connected(made, server)
    peer.sendall(b"bye")
    peer.close()
    assert made.until(b"CLOSED\r\n") == b"\r\n+CIPRXGET: 1,0\r\n\r\n0, CLOSED\r\n"
    assert made.ask("AT+CIPSEND=0,2") == ERROR
    assert made.ask("AT+CIPSTATUS=0").endswith(b'"CLOSED"\r\n' + OK)
    assert made.ask("AT+CIPRXGET=2,0,9") == b"\r\n+CIPRXGET: 2,0,3,0\r\nbye\r\n" + OK
    assert made.ask("AT+CIPCLOSE=0") == ERROR
    connected(made, server)


def test_connections_that_fail(server):
    made = up()
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    for host, number in (("127.0.0.1", port), ("nowhere.test", 1), ("192.0.2.1", 1)):
        assert made.ask(f'AT+CIPSTART=1,"TCP","{host}",{number}').startswith(OK)
        if made.modem.sockets.sockets:
            made.until(b"1, CONNECT FAIL\r\n")
        else:
            made.run(0.0)
        assert not made.modem.sockets.sockets
    peer = connected(made, server)
    port = server.getsockname()[1]
    printed = made.ask(f'AT+CIPSTART=0,"TCP","127.0.0.1",{port}') + made.run(0.1)
    assert printed == ERROR + b"\r\n0, ALREADY CONNECT\r\n"
    peer.close()


def test_the_result_of_a_connection_that_never_came_to_be_is_printed_once():
    made = up()
    answer = made.ask('AT+CIPSTART=1,"TCP","nowhere.test",1') + made.run(1.0)
    assert answer == OK + b"\r\n1, CONNECT FAIL\r\n"


def test_without_manual_reading_data_is_pushed(server):
    made = bench()
    for command in ("+CIPMUX=1", '+CSTT="lab.apn"', "+CIICR"):
        assert made.ask("AT" + command) == OK
    peer = connected(made, server)
    peer.sendall(b"hello")
    assert made.until(b"hello\r\n") == b"\r\n+RECEIVE,0,5:\r\nhello\r\n"


def test_the_network_drops_the_context(server):
    made = up()
    peer = connected(made, server)
    made.modem.radio.deactivate(0)
    assert made.run(0.1) == b"\r\n+PDP: DEACT\r\n\r\n0, CLOSED\r\n"
    assert made.ask("AT+CIFSR") == ERROR
    assert made.ask("AT+CIPSHUT") == b"\r\nSHUT OK\r\n"
    peer.close()


def test_shutting_closes_the_connections(server):
    made = up()
    peer = connected(made, server)
    assert made.ask("AT+CIPSHUT") == b"\r\nSHUT OK\r\n"
    with pytest.raises(ConnectionResetError):
        peer.recv(1)
    assert made.run(1.0) == b""


def test_a_single_connection_has_no_number(server):
    made = bench()
    for command in ("+CIPRXGET=1", '+CSTT="lab.apn"', "+CIICR"):
        assert made.ask("AT" + command) == OK
    assert made.ask("AT+CIPSTATUS=0") == ERROR
    assert made.ask("AT+CIPCLOSE") == ERROR
    port = server.getsockname()[1]
    made.modem.feed(f'AT+CIPSTART="TCP","127.0.0.1","{port}"\r'.encode())
    assert made.until(b"CONNECT OK\r\n") == OK + b"\r\nCONNECT OK\r\n"
    peer = server.accept()[0]
    again = made.ask(f'AT+CIPSTART="TCP","127.0.0.1",{port}') + made.run(0.1)
    assert again == ERROR + b"\r\nALREADY CONNECT\r\n"
    assert made.ask("AT+CIPSEND?") == b"\r\n+CIPSEND: 1460\r\n" + OK
    assert made.ask("AT+CIPQSEND=1") == OK
    assert made.ask("AT+CIPSEND=5") + made.run(0.1) == b"\r\n> "
    assert made.ask("hello", b"") == b"\r\nDATA ACCEPT:5\r\n"
    assert peer.recv(9) == b"hello"
    made.wait(lambda: not made.modem.sockets.sockets[0].connection.unacked)
    assert made.ask("AT+CIPACK") == b"\r\n+CIPACK: 5,5,0\r\n" + OK
    peer.sendall(b"world")
    assert made.until(b"1\r\n") == b"\r\n+CIPRXGET: 1\r\n"
    assert made.ask("AT+CIPRXGET=4") == b"\r\n+CIPRXGET: 4,5\r\n" + OK
    assert made.ask("AT+CIPRXGET=2,2") == b"\r\n+CIPRXGET: 2,2,3\r\nwo\r\n" + OK
    assert made.ask("AT+CIPRXGET=3,9") == b"\r\n+CIPRXGET: 3,3,0\r\n726C64\r\n" + OK
    assert made.ask("AT+CIPRXGET=3,731") == ERROR
    peer.close()
    assert made.until(b"CLOSED\r\n") == b"\r\nCLOSED\r\n"
    assert made.ask("AT+CIPSTATUS") + made.run(0.1) == OK + b"\r\nSTATE: TCP CLOSED\r\n"


def test_names():
    network = Network(resolve={"host.example": ("127.0.0.1", 8883)})
    made = bench(network=network)
    assert made.ask('AT+CDNSGIP="host.example"') == ERROR
    made = up(network=network)
    reply = b'\r\n+CDNSGIP: 1,"host.example","127.0.0.1"\r\n'
    assert made.ask('AT+CDNSGIP="host.example"') == OK + reply
    assert made.ask('AT+CDNSGIP="nowhere.test",2,5000') == OK + b"\r\n+CDNSGIP: 0,8\r\n"


def test_time_needs_a_bearer():
    made = bench()
    assert made.ask("AT+CNTPCID=1") == OK
    assert made.ask('AT+CNTP="pool.ntp.org",0') == OK
    assert made.ask("AT+CNTP") + made.run(0.1) == OK + b"\r\n+CNTP: 61\r\n"
    assert made.ask('AT+SAPBR=3,1,"APN","lab.apn"') == OK
    assert made.ask("AT+SAPBR=2,1") == b'\r\n+SAPBR: 1,3,"0.0.0.0"\r\n' + OK
    assert made.ask("AT+SAPBR=1,1") == OK
    assert made.ask("AT+SAPBR=1,1") == ERROR
    assert (made.ask("AT+CNTP") + made.run(0.1)).startswith(OK + b"\r\n+CNTP: 1,")
    assert made.ask("AT+SAPBR=0,1") == OK


@pytest.mark.parametrize(
    "command",
    [
        '+CIPSTART=8,"TCP","h",1',
        '+CIPSTART=0,"UDP","h",1',
        '+CIPSTART=0,"TCP","h",0',
        "+CIPSEND=0,1461",
        "+CIPSEND=0,0",
        "+CIPRXGET=2,0,1461",
        "+CIPRXGET=3,0,1",
        "+CIPRXGET=5",
        "+CIPCLOSE=9",
        "+CIPSTATUS=x",
        "+SAPBR=1,2",
        "+SAPBR=4,1",
        "+CSTT=" + "x" * 65,
    ],
)
def test_parameters_out_of_range(command):
    made = up()
    assert made.ask("AT" + command) == ERROR
    assert made.ask("AT") == OK
    assert made.modem.counters["handler_errors"] == 0
