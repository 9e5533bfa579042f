"""What the tests of connections share: an open connection."""

from mock_uart import ScriptedUART
from sim7080_script import opens, started
from virtual_time import Clock, running

POLL, CLOSE = 3, 4
IN, OUT, ERR, HUP = 1, 4, 8, 16
DATA = b"\r\n+CADATAIND: 0\r\n"
HANG_UP = b"\r\n+CASTATE: 0,0\r\n"


def connected(steps, uart=ScriptedUART):
    """Return (socket, modem, UART) after connect; `steps` come after that."""
    modem, line = started([opens()] + steps, uart)
    socket = modem.socket()
    socket.connect(("h", 8883))
    return socket, modem, line


def play(steps, body, nap=100):
    """Run `body(socket, modem, clock)` over `steps`; it must use them up."""
    clock = Clock(nap=nap)
    with running(clock):
        socket, modem, uart = connected(steps)
        body(socket, modem, clock)
        uart.done()


def settle(modem):
    """Read all that has arrived; the scripted UART is found empty once after each chunk."""
    modem.at.poll()
    modem.at.poll()
