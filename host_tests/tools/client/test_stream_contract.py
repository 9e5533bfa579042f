"""The contract of `cellular/DRIVER.md` on the twelve simulated modems, for a connection: class,
errno and return value are the same for all of them.
"""

import socket
import struct

import pytest
from driver_contract import (
    ECONNRESET,
    EINVAL,
    ENETDOWN,
    ENODEV,
    ENOTCONN,
    EPIPE,
    ETIMEDOUT,
    NAMES,
    Cases,
    sent,
)

import cellular

CASES = Cases()
case = CASES.case


@case()
def carries_data(stage):
    stream, peer = stage.connected()
    peer.settimeout(5)
    yield lambda: sent(stream, b"x" * 3000), 3000
    stage.sleep(100)
    got = bytearray()
    while len(got) < 3000:
        got += peer.recv(4096)
        stage.sleep(10)
    peer.sendall(b"y" * 2000)
    stage.sleep(100)
    yield lambda: stream.read(500), b"y" * 500
    buffer = bytearray(9)
    yield lambda: stream.readinto(buffer), 9
    yield lambda: bytes(buffer), b"y" * 9
    yield lambda: stream.ioctl(3, 5), 5  # can be read and written
    yield lambda: stream.ioctl(99, 0), -EINVAL
    yield stream.flush, None
    yield stream.close, None
    yield stream.close, None


@case()
def has_nothing_to_read(stage):
    stream, _ = stage.connected()
    stream.settimeout(3)
    yield lambda: stream.read(5), (cellular.StreamError, ETIMEDOUT)
    stream.setblocking(False)
    yield lambda: stream.read(5), None
    yield lambda: stream.ioctl(3, 1), 0


@case()
def is_idle(stage):
    """A board is idle for months: a look for what was not indicated costs one command."""
    stream, _ = stage.connected()
    stream.setblocking(False)

    def commands(seconds):
        """How many commands are sent in that time."""
        before, end = stage.driver.at.commands, stage.now + seconds
        while stage.now < end:
            assert stream.read(9) is None
            stage.sleep(500)
        return stage.driver.at.commands - before

    yield lambda: commands(60), 4
    yield lambda: commands(600), 10


@case()
def was_never_connected(stage):
    stream = stage.attached().socket()
    yield lambda: stream.read(5), (cellular.StreamError, ENOTCONN)
    yield lambda: stream.write(b"x"), (cellular.StreamError, ENOTCONN)
    yield lambda: stream.ioctl(3, 5), 16
    yield stream.close, None


@case()
def was_closed_by_us(stage):
    stream, _ = stage.connected()
    yield stream.close, None
    yield lambda: stream.read(5), (cellular.StreamError, ENOTCONN)
    yield lambda: stream.write(b"x"), (cellular.StreamError, ENOTCONN)


@case()
def was_closed_by_the_server(stage):
    stream, peer = stage.connected()
    peer.sendall(b"last words")
    peer.close()
    stage.sleep(100)
    yield lambda: stream.read(4), b"last"
    yield lambda: sent(stream), (cellular.NetworkError, EPIPE)
    yield lambda: stream.read(99), b" words"
    yield lambda: stream.read(99), b""
    yield lambda: stream.read(99), b""
    yield lambda: sent(stream), (cellular.NetworkError, EPIPE)
    yield stream.close, None


@case()
def was_closed_and_the_indication_is_lost(stage):
    stream, peer = stage.connected()
    stage.lose_indications()
    peer.sendall(b"last")
    peer.close()
    stage.sleep(100)
    yield lambda: stream.read(99), b"last"
    yield lambda: stream.read(99), b""
    yield lambda: sent(stream), (cellular.NetworkError, EPIPE)


@case()
def is_written_to_after_an_unseen_end(stage):
    stream, peer = stage.connected()
    stage.lose_indications()
    peer.close()
    stage.sleep(100)
    yield lambda: sent(stream), (cellular.NetworkError, EPIPE)
    yield lambda: sent(stream), (cellular.NetworkError, EPIPE)
    yield lambda: stream.read(9), b""


@case()
def was_reset_by_the_server(stage):
    stream, peer = stage.connected()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()
    stage.sleep(100)
    yield lambda: stream.read(9), b""  # no modem distinguishes it from an end
    yield lambda: sent(stream), (cellular.NetworkError, EPIPE)


@case()
def loses_its_data_context_while_connected(stage):
    stream, _ = stage.connected()
    stage.modem.faults.add("pdp_dropped")
    stage.sleep(500)
    stage.driver.at.poll()
    yield lambda: stream.read(9), (cellular.NetworkError, ENETDOWN)
    yield lambda: sent(stream), (cellular.NetworkError, ENETDOWN)
    yield stream.close, None


@case()
def writes_into_a_black_hole(stage):
    stream, _ = stage.connected()
    stream.settimeout(5)
    stage.modem.network.silent = True

    def all_of_it():
        for _ in range(100):
            sent(stream, b"x" * 4096)

    yield all_of_it, (cellular.NetworkError, ETIMEDOUT)
    yield lambda: sent(stream), (cellular.ModemGarbled, EPIPE)  # part of it may have been sent


@case()
def restarts(stage):
    stream, _ = stage.connected()
    stage.modem.faults.add("reset")
    stage.sleep(20_000)
    yield lambda: stream.read(9), (cellular.ModemReset, ECONNRESET)
    yield lambda: sent(stream), (cellular.ModemReset, ECONNRESET)
    yield stage.driver.signal, (cellular.ModemReset, ECONNRESET)
    yield stream.close, None
    yield stage.driver.power_up, None


@case()
def falls_silent(stage):
    driver = stage.attached()
    stage.modem.faults.add("silent")
    yield driver.signal, (cellular.ModemTimeout, ETIMEDOUT)
    yield driver.signal, (cellular.ModemSilent, ENODEV)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("modem", NAMES)
def test_every_stream_keeps_the_contract(modem, name, monkeypatch):
    CASES.check(modem, name, monkeypatch)
