"""What the tests of all drivers share: a script for a modem that was powered up, and its end."""

from mock_uart import ScriptedUART
from sim7080_script import OK, SYNC
from virtual_time import Clock, running


def joined(*parts):
    """Steps and lists of steps as one list."""
    steps = []
    for part in parts:
        steps.extend(part if isinstance(part, list) else [part])
    return steps


def play(driver, steps, body):
    """`body(modem, clock)` on a modem that was powered up, by its class `driver`; `steps` is what
    comes after it was found, its set-up included, and must be used up."""
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
    """A socket of `modem` that was connected."""
    socket = modem.socket()
    socket.connect(("h", 8883))
    return socket


class AnsweringUART(ScriptedUART):
    """After the script, `answers` has the reply to each command; OK to those that are not in it.
    How often each came is in `asked`."""

    def __init__(self, steps, answers):
        self.asked = {}
        self._answers = answers
        super().__init__(steps)

    def write(self, data):
        """Compare with the script, or answer; the number of bytes taken."""
        if self._unwritten:
            return super().write(data)
        command = bytes(data)
        self.asked[command] = self.asked.get(command, 0) + 1
        self._chunks.append(self._answers.get(command, OK))
        return len(command)
