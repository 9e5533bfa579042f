"""The radio between the modem and its peers: its latency and rates, in virtual time.

The peers are real sockets on loopback, which need no time; the tests measure the modem's clock.
"""

import select
import socket

import pytest
from modem_bench import Bench, Peer

from iotsafe_tools.lab import Lab
from iotsafe_tools.simulator.modem import Network
from iotsafe_tools.simulator.modem.air import PIECE, PRESETS

OK = b"\r\nOK\r\n"
NEAR = 1e-6


@pytest.fixture(params=sorted(PRESETS))
def preset(request):
    return PRESETS[request.param]


def reached(connection, now, test):
    """Serve the connection at the time `now` until `test()`; loopback needs no virtual time."""
    for _ in range(1000):
        connection.service(now)
        if test():
            return
        waiting = connection.selectable()
        select.select([waiting[0]] if waiting else [], [], [], 0.01)
    raise AssertionError("the condition never came true")


def opened(network, peer, now=0.0):
    """Return an open connection, and the socket of the peer."""
    connection = network.connect("127.0.0.1", peer.port, now)
    reached(connection, now, lambda: connection.selectable() is None)
    connection.service(now + network.air.round_trip)
    assert connection.state == "open"
    return connection, peer.accept()


def arrivals(connection, count):
    """Return (time, bytes) of each time when the counter that `count` reads grew, following
    `due`."""
    found, before = [], count()
    while (due := connection.due) is not None:
        connection.service(due - NEAR)
        assert count() == before, "too early"
        connection.service(due)
        found.append((due, count() - before))
        before = count()
    return found


def test_a_connection_opens_after_a_round_trip(preset):
    with Peer() as peer:
        network = Network(radio=preset)
        connection = network.connect("127.0.0.1", peer.port, 10.0)
        reached(connection, 10.0, lambda: connection.selectable() is None)
        assert connection.due == pytest.approx(10.0 + preset.round_trip)
        connection.service(connection.due - NEAR)
        assert connection.state == "connecting"
        connection.service(connection.due)
        assert connection.state == "open"
        connection.close()


def test_a_refusal_needs_a_round_trip(preset):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        network = Network(radio=preset)
        connection = network.connect("127.0.0.1", nobody.getsockname()[1], 0.0)
        if connection.state == "connecting":  # the kernel may refuse at once
            reached(connection, 0.0, lambda: connection.selectable() is None)
            assert connection.state == "connecting"
            connection.service(preset.round_trip)
        assert (connection.state, connection.failure) == ("closed", "refused")


def test_bytes_up_at_the_rate_after_half_a_round_trip(preset):
    with Peer() as peer:
        connection, _ = opened(Network(radio=preset), peer)
        connection.send(bytes(9 * PIECE + 100), 20.0)
        assert len(connection.tx) == 9 * PIECE + 100, "the modem's buffer is that full"
        found = arrivals(connection, lambda: connection.sent)
        second = preset.up / 8
        assert [size for _, size in found] == [PIECE] * 9 + [100]
        first, last = found[0][0] - 20.0, found[-1][0] - 20.0
        assert first == pytest.approx(preset.round_trip / 2 + PIECE / second)
        assert last == pytest.approx(preset.round_trip / 2 + (9 * PIECE + 100) / second)
        connection.close()


def test_bytes_down_at_the_rate_after_half_a_round_trip(preset):
    with Peer() as peer:
        connection, far = opened(Network(radio=preset), peer)
        far.sendall(bytes(2000))
        reached(connection, 30.0, lambda: connection.received == 2000)
        assert not connection.rx, "it is in the air"
        found = arrivals(connection, lambda: len(connection.rx))
        assert sum(size for _, size in found) == 2000
        last = found[-1][0] - 30.0
        assert last == pytest.approx(preset.round_trip / 2 + 2000 * 8 / preset.down)
        connection.close()


def test_no_more_is_in_the_air_than_the_modem_takes():
    with Peer() as peer:
        connection, far = opened(Network(radio=PRESETS["nb-iot"]), peer)
        connection.rx_limit = 1000
        far.sendall(bytes(5000))
        got = now = 0
        while got < 5000:
            reached(connection, now, lambda: connection.due is not None)
            now = connection.due
            connection.service(now)
            assert connection.received - got <= 1000
            got += len(connection.read(1000))
        connection.close()


def test_connections_share_the_rate_and_ways_do_not():
    with Peer() as one, Peer() as other:
        preset = PRESETS["nb-iot"]
        network = Network(radio=preset)
        first, far = opened(network, one)
        second, _ = opened(network, other)
        first.send(bytes(1000), 20.0)
        second.send(bytes(1000), 20.0)
        far.sendall(bytes(500))
        reached(first, 20.0, lambda: first.received == 500)
        up = arrivals(second, lambda: second.sent)[-1][0]
        down = arrivals(first, lambda: len(first.rx))
        half = preset.round_trip / 2
        assert up == pytest.approx(20.0 + half + 2000 * 8 / preset.up)
        assert max(due for due, size in down if size) == pytest.approx(
            20.0 + half + 500 * 8 / preset.down
        )
        for connection in (first, second):
            connection.close()


def test_the_end_comes_behind_the_bytes():
    with Peer() as peer:
        connection, far = opened(Network(radio=PRESETS["nb-iot"]), peer)
        far.sendall(b"goodbye")
        far.close()
        reached(connection, 30.0, lambda: len(connection._down) == 2)
        connection.service(connection.due)
        assert (bytes(connection.rx), connection.ended) == (b"goodbye", False)
        connection.service(connection.due)
        assert connection.ended
        connection.close()


@pytest.mark.parametrize(("abort", "want"), [(False, b"goodbye"), (True, b"")])
def test_what_is_in_the_air_when_the_host_closes(abort, want):
    with Peer() as peer:
        connection, far = opened(Network(radio=PRESETS["nb-iot"]), peer)
        connection.send(b"goodbye", 30.0)
        connection.close(abort)
        got = b""
        try:
            while data := far.recv(99):
                got += data
        except ConnectionResetError:
            assert abort
        assert got == want


def test_a_black_hole_holds_back_what_is_in_the_air():
    with Peer() as peer:
        network = Network(radio=PRESETS["lte-m"])
        connection, _ = opened(network, peer)
        connection.send(b"abc", 30.0)
        network.silent = True
        assert connection.due is None
        connection.service(60.0)
        assert connection.sent == 0
        network.silent = False
        connection.service(connection.due)
        assert connection.sent == 3
        connection.close()


def test_commands_do_not_wait_for_the_air():
    with Peer() as peer:
        bench = Bench(network=Network(radio=PRESETS["nb-iot"]), act=9)
        bench.ask("AT+CNACT=0,1")
        bench.modem.feed(f'AT+CAOPEN=0,0,"TCP","127.0.0.1",{peer.port}\r'.encode())
        connection = bench.modem.sockets.sockets[0].connection
        bench.wait(lambda: connection.selectable() is None)
        assert bench.run(1.5) == b""
        assert bench.run(0.2) == b"\r\n+CAOPEN: 0,0\r\n" + OK
        far = peer.accept()
        bench.ask("AT+CASEND=0,3")
        assert bench.ask(b"abc", b"") + bench.run(0.01) == b"\r\n>" + OK
        assert bench.ask("AT") == OK
        assert connection.sent == 0
        bench.run(1.0)
        assert far.recv(3) == b"abc"
        bench.modem.close()


def test_the_lab_has_a_radio_of_that_name():
    with Lab(radio="nb-iot") as lab:
        assert lab.modem.network.air.round_trip == PRESETS["nb-iot"].round_trip
        assert lab.modem.options.act == 9
    with Lab() as lab:
        assert lab.modem.network.air is None
