"""The `board` module of the unix port: serial lines, files, and readings."""

import os
import socket
import sys

import ffi
from expect import equal, raises

# Its UARTs are streams of MicroPython's unix port.
RUNTIMES = ("micropython",)

sys.path.insert(0, __file__.rsplit("/host_tests/", 1)[0] + "/boards/unix")

import board  # noqa: E402

_O_RDWR_NOCTTY = 0o402
_SIGHUP = 1
_SIG_IGN = 1


class Terminal:
    """The far end of a pseudo-terminal; `name` is the near one."""

    def __init__(self):
        libc = ffi.open("libc.so.6")
        # MicroPython opens without O_NOCTTY: for the leader of a session, as here, the terminal
        # becomes the controlling one, and its end a hang-up signal.
        libc.func("p", "signal", "ip")(_SIGHUP, _SIG_IGN)
        self._read = libc.func("i", "read", "ipi")
        self._write = libc.func("i", "write", "iPi")
        self._close = libc.func("i", "close", "i")
        self._fd = libc.func("i", "posix_openpt", "i")(_O_RDWR_NOCTTY)
        assert self._fd >= 0
        assert libc.func("i", "grantpt", "i")(self._fd) == 0
        assert libc.func("i", "unlockpt", "i")(self._fd) == 0
        self.name = libc.func("s", "ptsname", "i")(self._fd)

    def write(self, data):
        assert self._write(self._fd, data, len(data)) == len(data)

    def read(self, size):
        data = bytearray(size)
        got = bytearray()
        while len(got) < size:
            n = self._read(self._fd, data, size - len(got))
            assert n > 0
            got.extend(data[:n])
        return bytes(got)

    def close(self):
        self._close(self._fd)


def check_uart(uart, far_write, far_read):
    """Check the methods of machine.UART with a time-out of 0, and that every byte passes
    unchanged."""
    buffer = bytearray(8)
    assert uart.any() == 0
    assert uart.read() is None
    assert uart.readinto(buffer) is None
    every = bytes(range(256))
    far_write(every)
    got = bytearray()
    while len(got) < 100:
        if uart.any():
            n = uart.readinto(buffer)
            got.extend(buffer[:n])
    while len(got) < 256:
        got.extend(uart.read(3) or b"")
    equal(got, every)
    assert uart.readinto(memoryview(buffer)[:4]) is None
    sent = 0
    while sent < 256:
        sent += uart.write(memoryview(every)[sent:]) or 0
    equal(far_read(256), every)


def test_a_terminal():
    far = Terminal()
    uart = board.uart(far.name)
    check_uart(uart, far.write, far.read)
    far.close()


def listener():
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(socket.getaddrinfo("127.0.0.1", 0)[0][-1])
    server.listen(1)
    return server


def port_of(server):
    """Return the port that the kernel chose: MicroPython's socket lacks getsockname."""
    libc = ffi.open("libc.so.6")
    address = bytearray(16)
    size = bytearray((16, 0, 0, 0))
    assert libc.func("i", "getsockname", "ipp")(server.fileno(), address, size) == 0
    return address[2] << 8 | address[3]


def tcp(kind="tcp:"):
    """Return (UART, far end) of a line over TCP."""
    server = listener()
    uart = board.uart("%s127.0.0.1:%d" % (kind, port_of(server)))
    far, _ = server.accept()
    server.close()
    return uart, far


def test_a_line_over_tcp():
    uart, far = tcp()
    check_uart(uart, far.write, far.read)
    far.close()


def test_the_line_of_the_host_tools():
    uart, far = tcp("socket://")
    check_uart(uart, far.write, far.read)
    far.close()
    server = listener()
    before = os.getenv("IOTSAFE_PORT")
    try:
        os.putenv("IOTSAFE_PORT", "socket://127.0.0.1:%d" % port_of(server))
        uart = board.uart("")
        os.putenv("IOTSAFE_PORT", "")
        with raises(OSError, text="set modem.uart in the config, or IOTSAFE_PORT"):
            board.uart("")
    finally:
        os.putenv("IOTSAFE_PORT", before or "")
    far, _ = server.accept()
    server.close()
    check_uart(uart, far.write, far.read)
    far.close()


def test_a_line_over_tcp_that_is_closed():
    uart, far = tcp()
    far.write(b"last")
    far.close()
    buffer = bytearray(8)
    while True:
        n = uart.readinto(buffer)
        if n:
            break
    assert bytes(buffer[:n]) == b"last"
    with raises(OSError, text="closed by the other side") as caught:
        while uart.readinto(buffer) is None:
            pass
    assert caught.error.errno == 32


def test_a_line_over_tcp_that_is_full():
    uart, far = tcp()
    total = 0
    while True:
        n = uart.write(b"x" * 4096)
        if n is None:
            break
        total += n
    assert total > 4096
    far.close()


def test_lines_that_are_not_there():
    for where in ("/dev/no-such-device", "/etc/hostname", "tcp:127.0.0.1:1"):
        with raises(OSError):
            board.uart(where)


def test_files():
    before = os.getenv("IOTSAFE_DATA")
    try:
        os.unsetenv("IOTSAFE_DATA")
        assert board.path("ca.pem") == "ca.pem"
        os.putenv("IOTSAFE_DATA", "/data")
        assert board.path("ca.pem") == "/data/ca.pem"
        assert board.path("/etc/ca.pem") == "/etc/ca.pem"
    finally:
        if before is None:
            os.unsetenv("IOTSAFE_DATA")
        else:
            os.putenv("IOTSAFE_DATA", before)


def test_readings():
    first = board.sensor()
    assert set(first) == {"temp", "uptime"}
    for _ in range(100):
        reading = board.sensor()
        assert isinstance(reading["temp"], float) and reading["uptime"] >= 0


def test_the_names_of_the_seam():
    assert board.NAME
    for name in ("uart", "power_key", "set_clock", "sensor", "path"):
        assert hasattr(board, name)
