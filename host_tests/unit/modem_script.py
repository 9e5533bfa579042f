"""What the tests of all drivers share: a script for a modem after power-up, and its end."""

from expect import equal, raises
from mock_uart import ScriptedUART, proof
from sim7080_script import OK, SYNC
from virtual_time import Clock, running

from cellular import NetworkError


def joined(*parts):
    """Join steps and lists of steps into one list."""
    steps = []
    for part in parts:
        steps.extend(part if isinstance(part, list) else [part])
    return steps


def play(driver, steps, body):
    """Run `body(modem, clock)` on a modem after power-up, of the class `driver`. `steps` come
    after the modem was found, its set-up included; `body` must use them up."""
    clock = Clock(nap=100)
    with running(clock):
        uart = ScriptedUART(joined(SYNC, *steps))
        modem = driver(uart)
        modem.power_up()
        body(modem, clock)
        for _ in range(3):
            modem.at.poll()
        uart.done()


def connected(modem):
    """Return a connected socket of `modem`."""
    socket = modem.socket()
    socket.connect(("h", 8883))
    return socket


def attached(modem, clock):
    """Run with `play`: the modem gets its address."""
    address = modem.attach("internet")
    assert address == "10.94.36.44", address


def clock_is(want):
    """Return a body for `play`: the modem tells this time, soon."""

    def body(modem, clock):
        got = modem.clock()
        assert got == want, got
        assert clock.ms < 31_000

    return body


def echoes(data):
    """Return a body for `play`: it writes `data`, and reads it from the connection."""

    def body(modem, clock):
        socket = connected(modem)
        socket.write(data)
        equal(socket.read(100), data)
        socket.setblocking(False)
        assert socket.read(1) is None
        socket.close()
        assert modem.at.unknown == 0

    return body


def reads_the_end(modem, clock):
    """Run with `play`: the peer said "bye" and closed. That can be read; a write fails."""
    socket = connected(modem)
    modem.at.poll()
    equal(socket.read(10), b"bye")
    equal(socket.read(10), b"")
    with raises(NetworkError, text="closed"):
        socket.write(b"x")
        socket.flush()
    socket.close()


def connects_again(modem, clock):
    """Run with `play`: a connection that the peer has closed is connected once more."""
    socket = connected(modem)
    modem.at.poll()
    assert socket.hung_up
    socket.close()
    socket.connect(("h", 8883))
    assert not socket.hung_up


class AnsweringUART(ScriptedUART):
    """After the script, replies to each command from `answers`, and with OK to any other command.
    `asked` counts each command."""

    def __init__(self, steps, answers):
        self.asked = {}
        self._answers = answers
        super().__init__(steps)

    def write(self, data):
        """Compare with the script, or answer; return the number of bytes accepted."""
        if self._unwritten or proof(bytes(data)):
            return super().write(data)
        command = bytes(data)
        self.asked[command] = self.asked.get(command, 0) + 1
        self._chunks.append(self._answers.get(command, OK))
        return len(command)
