"""The modem's socket where MicroPython itself uses it as a stream."""

import select

from sim7080_script import opens, receives, sends, started
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


def test_print_to_it():
    # `print` uses the stream protocol of C: its writes are collected, too.
    with running(Clock()):
        socket, _, uart = connected(sends(b"hello 42\n"))
        print("hello", 42, file=socket)
        socket.flush()
        uart.done()
