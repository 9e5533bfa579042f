"""The modem's socket where MicroPython itself uses it as a stream."""

import select

from sim7080_script import ERROR, lines, opens, receives, sends, started
from virtual_time import Clock, running

# CPython polls descriptors only, and has no streams made of Python objects.
RUNTIMES = ("micropython", "pico")


def connected(steps):
    modem, uart = started([opens()] + steps)
    socket = modem.socket()
    socket.connect(("h", 8883))
    return socket, modem, uart


def test_select_poll():
    with running(Clock()):
        socket, _, uart = connected([(b"", b"\r\n+CADATAIND: 0\r\n"), receives(b"x")])
        poller = select.poll()
        poller.register(socket, select.POLLIN)
        assert poller.poll(0) == []
        assert [event for _, event in poller.poll(0)] == [select.POLLIN]
        poller.modify(socket, select.POLLIN | select.POLLOUT)
        assert [event for _, event in poller.poll(0)] == [select.POLLIN | select.POLLOUT]
        assert socket.read(1) == b"x"
        poller.modify(socket, select.POLLIN)
        assert poller.poll(0) == []
        uart.done()


def test_select_poll_of_several():
    full = [(b"AT+CASEND=1,1460\r", ERROR), (b"AT+CASTATE?\r", lines(b"+CASTATE: 1,1"))]
    hang_up = [(b"", b"\r\n+CASTATE: 0,0\r\n"), receives(b"", 0)]
    clock = Clock()
    with running(clock):
        steps = [opens(1), (b"", b"\r\n+CADATAIND: 1\r\n"), receives(b"one", 1)]
        first, modem, uart = connected(steps + full + sends(b"x" * 1460, 1) + hang_up)
        second = modem.socket()
        second.connect(("h", 8883))
        poller = select.poll()
        poller.register(first, select.POLLIN)
        poller.register(second, select.POLLIN)
        poller.poll(0)
        assert [(s is second, event) for s, event in poller.poll(0)] == [(True, select.POLLIN)]
        assert second.read(9) == b"one"
        second.setblocking(False)
        poller.modify(second, select.POLLOUT)
        assert second.write(b"x" * 2000) == 1460
        assert poller.poll(0) == []  # the modem has no room
        clock.sleep(250)
        assert [event for _, event in poller.poll(0)] == [select.POLLOUT]
        modem.at.poll()
        poller.unregister(second)
        assert [event for _, event in poller.poll(0)] == [select.POLLIN]
        assert first.read(1) == b""
        uart.done()


def test_print_to_it():
    # `print` uses the stream protocol of C: its writes are collected, too.
    with running(Clock()):
        socket, _, uart = connected(sends(b"hello 42\n"))
        print("hello", 42, file=socket)
        socket.flush()
        uart.done()
