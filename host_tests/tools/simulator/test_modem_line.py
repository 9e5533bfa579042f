"""The line in memory: pacing both ways, the methods of machine.UART, bulk data."""

import time

import pytest
from modem_bench import Bench, EchoServer, StubCard

from iotsafe_tools.simulator.modem import MemoryUART, Modem, SerialLine
from iotsafe_tools.simulator.modem.line import Pacer

BYTE = 10 / 115200


def drive(bench, line, seconds):
    """Let the paced line run in virtual time; return [(time, bytes for the host)]."""
    arrived, end = [], bench.time + seconds
    while True:
        line.service()
        data = line.read()
        if data:
            arrived.append((bench.time, data))
        due = line.next_due()
        if due is None or due > end:
            bench.time = end
            return arrived
        bench.time = max(bench.time, due)


def test_pacer_is_exact_on_average():
    pacer = Pacer(9600)
    pacer.begin(5.0)
    now, passed = 5.0, 0
    for step in (0.0, 0.0011, 0.0003, 0.02, 0.5, 0.00001, 0.3):
        now += step
        passed += pacer.passed(now, 10_000)
        assert passed == int((now - 5.0) * 960 + 1e-6)


def test_a_command_and_its_answer_take_their_time_on_the_line():
    bench = Bench(StubCard({"0070000001": "019000"}, seconds=0.060))
    line = SerialLine(bench.modem, 115200)
    start = bench.time
    command = b'AT+CSIM=10,"0070000001"\r'
    line.write(command)
    arrived = drive(bench, line, 1.0)
    answer = b"".join(data for _, data in arrived)
    assert answer == b'\r\n+CSIM: 6,"019000"\r\n\r\nOK\r\n'
    expected = (len(command) + len(answer)) * BYTE + 0.060
    assert arrived[-1][0] - start == pytest.approx(expected, abs=2 * BYTE)


def test_directions_are_independent():
    bench = Bench(echo=True)
    line = SerialLine(bench.modem, 115200)
    start = bench.time
    line.write(b"AT" + b" " * 400 + b"\r")  # the echo goes back while the line still arrives
    arrived = drive(bench, line, 1.0)
    size = sum(len(data) for _, data in arrived)
    assert size == 403 + 6
    assert arrived[-1][0] - start < 403 * BYTE + 10 * BYTE + 0.004


def test_a_long_output_flows_at_the_rate():
    bench = Bench()
    line = SerialLine(bench.modem, 115200)
    bench.modem.uart.emit(bytes(11520), "control")
    start = bench.time
    arrived = drive(bench, line, 2.0)
    assert sum(len(data) for _, data in arrived) == 11520
    assert arrived[-1][0] - start == pytest.approx(1.0, abs=0.001)
    middle = sum(len(data) for when, data in arrived if when <= start + 0.5)
    assert middle == pytest.approx(5760, abs=30)


def test_shape_of_machine_uart():
    uart = MemoryUART(Modem(StubCard(), delays=0.0))
    assert uart.any() == 0
    assert uart.read() is None
    assert uart.read(5) is None
    assert uart.readinto(bytearray(4)) is None
    assert uart.write(b"ATE0\r") == 5
    assert uart.any() == len(b"ATE0\r\r\nOK\r\n")
    assert uart.read(4) == b"ATE0"
    buffer = bytearray(20)
    assert uart.readinto(buffer, 2) == 2
    assert uart.readinto(memoryview(buffer)[2:]) == 5
    assert bytes(buffer[:7]) == b"\r\r\nOK\r\n"
    assert uart.any() == 0


def expect(uart, text, seconds=20.0):
    """Read until `text` has come; return everything read."""
    got = bytearray()
    due = time.monotonic() + seconds
    while text not in got:
        assert time.monotonic() < due, bytes(got[-100:])
        got += uart.read() or b""
    return bytes(got)


class AwakeTime:
    """A clock of the time in which this process did not wait for the processor: of a longer gap
    between two calls it counts only the beginning. A call returns seconds."""

    GAP = 0.002

    def __init__(self):
        self.now = self.last = time.monotonic()

    def __call__(self):
        now = time.monotonic()
        self.now += min(now - self.last, self.GAP)
        self.last = now
        return self.now


def pass_through_echo(uart, port, size, clock=time.monotonic):
    """Send `size` bytes through a socket and read them back; return the seconds on `clock`."""
    uart.write(b"ATE0\r")
    expect(uart, b"OK\r\n")
    uart.write(b"AT+CNACT=0,1\r")
    expect(uart, b"ACTIVE\r\n")
    uart.write(f'AT+CAOPEN=0,0,"TCP","127.0.0.1",{port}\r'.encode())
    assert b"+CAOPEN: 0,0" in expect(uart, b"OK\r\n")
    data = bytes(i * 7 & 255 for i in range(size))
    returned = bytearray()
    began = clock()
    for start in range(0, size, 1460):
        part = data[start : start + 1460]
        uart.write(b"AT+CASEND=0,%d\r" % len(part))
        expect(uart, b">")
        uart.write(part)
        expect(uart, b"OK\r\n")
        read_some(uart, returned)
    while len(returned) < size:
        read_some(uart, returned)
    assert returned == data
    return clock() - began


def read_some(uart, into):
    uart.write(b"AT+CARECV=0,1460\r")
    text = expect(uart, b"\r\nOK\r\n")
    _, _, text = text.partition(b"+CARECV: ")
    count, _, rest = text.partition(b",")
    if b"\r" in count:
        return
    while len(rest) < int(count) + 8:
        rest += uart.read() or b""
    into += rest[: int(count)]


def test_64_kilobytes_both_ways():
    modem = Modem(StubCard(), delays=0.0)
    with EchoServer() as server:
        pass_through_echo(MemoryUART(modem, timeout=0.1), server.port, 65536)
        modem.close()
    assert modem.counters["tcp_up"] == modem.counters["tcp_down"] == 65536
    assert modem.counters["uart_up.socket"] > 65536
    assert modem.counters["uart_down.socket"] > 65536
    assert modem.counters["handler_errors"] == modem.counters["uart_lost"] == 0


def test_paced_bytes_take_as_long_as_the_line_needs():
    clock = AwakeTime()
    modem = Modem(StubCard(), delays=0.0, clock=clock)
    with EchoServer() as server:
        uart = MemoryUART(modem, baud=115200, timeout=0.1)
        seconds = pass_through_echo(uart, server.port, 8760, clock)
        modem.close()
    up = modem.counters["uart_up.socket"] * BYTE
    down = modem.counters["uart_down.socket"] * BYTE
    assert seconds >= (up + down) * 0.99
    assert seconds <= (up + down) * 1.10
