"""What the tests of the AT engine share: an engine that found its modem."""

from mock_uart import ScriptedUART
from virtual_time import Clock, TimedUART, running

from cellular.at import AT

OK = b"\r\nOK\r\n"
# The questions of `proof` follow: the scripted UARTs answer them.
SYNC = [(b"AT\r", b"AT\r\r\nOK\r\n"), (b"ATE0\r", b"ATE0\r" + OK)]
BOOT = (b"RDY", b"NORMAL POWER DOWN")


def engine(steps, clock=None, boot_lines=BOOT):
    """Return an engine after `sync`; the script `steps` is still to come."""
    uart = ScriptedUART(SYNC + steps)
    at = AT(uart, boot_lines)
    at.sync()
    return at, uart


def timed(clock, steps):
    uart = TimedUART(clock, [(want, [(0, reply)]) for want, reply in SYNC] + steps)
    at = AT(uart, BOOT)
    at.sync()
    return at, uart


def dialogue(steps, body, boot_lines=BOOT):
    """Run `body(at)` on an engine after `sync`; it must use up the script."""
    clock = Clock(nap=1)  # the scripted UART does not tell the clock about its bytes
    with running(clock):
        at, uart = engine(steps, boot_lines=boot_lines)
        result = body(at)
        at.poll()
        uart.done()
    return result
