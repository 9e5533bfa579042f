"""The heap that an answer costs: the collector may be off while the engine waits for it."""

import gc
import sys

from expect import replaced
from mock_uart import proof

import ticks
from cellular import SIM7080
from cellular.at import AT

# CPython does not count allocations.
RUNTIMES = ("micropython",)


class Line:
    """A modem that answers AT at once, and any other command after `looks` looks at the UART."""

    def __init__(self, answer):
        self.answer = answer
        self.looks = self.left = 0
        self.ready = b""

    def any(self):
        if self.left:
            self.left -= 1
            return 0
        return len(self.ready)

    def readinto(self, buf):
        n = len(self.ready)
        buf[:n] = self.ready
        self.ready = b""
        return n

    def write(self, data):
        simple = proof(bytes(data)) or (data[:3] in (b"AT\r", b"ATE") and b"\r\nOK\r\n")
        self.ready = simple or self.answer
        self.left = 0 if simple else self.looks
        return len(data)


def cost(answer, looks, **options):
    """Return the bytes of heap that one command leaves behind until the next collection."""
    with replaced(ticks, sleep=lambda ms: None):
        line = Line(answer)
        at = AT(line)
        at.on(b"+CREG:", len)
        at.on(b"+CADATAIND:", len)
        at.sync()
        line.looks = looks
        gc.collect()
        gc.disable()
        try:
            before = gc.mem_alloc()
            at.command(b"+X", b"+X:", **options)
            return gc.mem_alloc() - before
        finally:
            gc.enable()


def test_waiting_costs_nothing():
    answer = b"\r\n+X: 1\r\n\r\nOK\r\n"
    assert cost(answer, 5000) == cost(answer, 5)


def test_no_string_is_made_of_an_indication():
    # A view of the line and the call of the handler: less than the fields would take.
    word = 8 if sys.maxsize > 1 << 32 else 4
    with replaced(ticks, sleep=lambda ms: None):
        line = Line(b"")
        modem = SIM7080(line)
        modem.at.sync()
        socket = modem.socket()
        socket.cid, socket.buffers = modem._place(socket)

        def urc_cost(urc, times):
            """Return the bytes of heap that `urc` leaves behind, `times` times."""
            line.ready = (b"\r\n" + urc + b"\r\n") * times
            gc.collect()
            gc.disable()
            try:
                before = gc.mem_alloc()
                modem.at.poll()
                return gc.mem_alloc() - before
            finally:
                gc.enable()

        for urc in (
            b"+CADATAIND: 0",
            b"+CASTATE: 0,1",
            b"+CEREG: 5",
            b'+CEREG: 5,"1A2B","01234567",7',
            b"DST: 0",
        ):
            urc_cost(urc, 1)
            each = (urc_cost(urc, 18) - urc_cost(urc, 2)) // 16
            assert 0 < each <= 8 * word, (urc, each)
        assert socket.readable and not socket.hung_up and modem._registration == 5
        assert modem.at.urcs > 80 and modem.at.unknown > 20


def test_each_line_costs_little():
    def on_line(line):
        assert line[0] == 0x2B

    some, more = (b"\r\n+X: 1\r\n" * n + b"\r\nOK\r\n" for n in (2, 22))
    each = (cost(more, 0, on_line=on_line) - cost(some, 0, on_line=on_line)) // 20
    word = 8 if sys.maxsize > 1 << 32 else 4
    assert 0 < each <= 16 * word, each
