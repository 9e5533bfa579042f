"""Connections of the SIM7080 against the simulated modem and real TCP, with faults in between.

A connection carries hostile text and bytes that are unique to it. Whatever strikes: a peer gets a
prefix of the bytes written to it, a read gets a prefix of the bytes that the peer sent, and only
documented exceptions occur.
"""

import contextlib
import os
import socket
import struct

from hostile_line import HostileLine
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from cellular import SIM7080, ModemError

CASES = int(os.environ.get("FUZZ_CASES", "60"))

HOSTILE = (
    b"\r\nOK\r\n",
    b"\r\n+CADATAIND: 0\r\n",
    b"\r\n+CARECV: 5,",
    b">",
    b"\r\nRDY\r\n",
    b"x" * 1460,
)
HOSTILE += (b"\r\n+CASTATE: 1,0\r\n", b"\r\n+CME ERROR: 3\r\n", b"AT+CFUN=0\r", b"\r\nERROR\r\n")
URCS = ("+CADATAIND: 0", "+CADATAIND: 2", "+CEREG: 5", "DST: 0", "+CASTATE: 7,0", ">")
WHICH = st.integers(0, 2)
# 5 s until the modem gives up a payload, and the engine's time to synchronise.
LONGEST = 60 + 60
DOCUMENTED = {5, 11, 19, 32, 100, 104, 107, 110, 111, 113}


class End:
    """One connection with both its ends, and the bytes that entered at either."""

    def __init__(self, stream, peer, number):
        self.stream, self.peer = stream, peer
        self.mark = bytes([0x80 + number % 64])
        self.written, self.arrived = bytearray(), bytearray()
        self.sent, self.read = bytearray(), bytearray()
        self.count = 0

    def framed(self, parts):
        """Return the parts between marks of this connection and a count: no two are equal."""
        self.count += 1
        return bytes([0xC0 + self.count % 64]) + self.mark.join([b"", *parts, b""])


class Sockets(RuleBasedStateMachine):
    """See the module's docstring."""

    @initialize(grain=st.sampled_from([1, 7, 4096]))
    def start(self, grain):
        self.line = HostileLine(grain=grain, nvm={"+IPR": (115200,)}).__enter__()
        self.server = socket.create_server(("127.0.0.1", 0))
        self.server.settimeout(60)
        self.modem = SIM7080(self.line)
        self.ends = {}
        self.number = 0
        self.prepare()
        for which in range(2):
            self.connect(which)

    def prepare(self):
        self.modem.connect("internet")

    def teardown(self):
        if not hasattr(self, "server"):
            return
        try:
            self.line.clear()
            for which in list(self.ends):
                self.close(which)
            with contextlib.suppress(ModemError):
                self.modem.at.command(b"")  # it takes the late bytes
            self.prepare()
            self.connect(0)
            end = self.ends[0]
            end.stream.write(b"ping")
            end.stream.flush()
            self.settle()
            assert end.peer.recv(9) == b"ping"
            self.close(0)
        finally:
            for which in list(self.ends):
                self.ends.pop(which).peer.close()
            self.server.close()
            self.line.__exit__()

    def called(self, call):
        """Return the result of `call`, None after a documented error; check that it ends in its
        time."""
        start = self.line.bench.time
        try:
            return call()
        except OSError as error:
            assert error.errno in DOCUMENTED, error
            return None
        finally:
            assert self.line.bench.time - start < LONGEST, self.line.bench.time - start

    def settle(self):
        """Let the modem pass on its bytes; loopback needs no time."""
        for _ in range(3):
            self.line.modem.service()

    def drain(self, end):
        """Read what the peer got."""
        self.settle()
        with contextlib.suppress(OSError):
            end.peer.setblocking(False)
            while data := end.peer.recv(65536):
                end.arrived += data
        assert end.written.startswith(end.arrived), (end.written, end.arrived)

    @precondition(lambda self: len(self.ends) < 3)
    @rule(which=WHICH)
    def connect(self, which):
        if which in self.ends:
            return
        stream = self.modem.socket()
        stream.settimeout(3)
        address = ("127.0.0.1", self.server.getsockname()[1])
        opened = self.line.modem.network.opened
        done = self.called(lambda: stream.connect(address) or True)
        for _ in range(self.line.modem.network.opened - opened):
            peer, _ = self.server.accept()
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if done:
            self.number += 1
            self.ends[which] = End(stream, peer, self.number)

    @rule(which=WHICH, parts=st.lists(st.sampled_from(HOSTILE), max_size=4), flush=st.booleans())
    def write(self, which, parts, flush):
        if end := self.ends.get(which):
            data = end.framed(parts)
            end.written += data
            self.called(lambda: end.stream.write(data) and flush and end.stream.flush())
            self.drain(end)

    @rule(which=WHICH, size=st.sampled_from([1, 7, 4000]), wait=st.booleans())
    def read(self, which, size, wait):
        if end := self.ends.get(which):
            end.stream.settimeout(3 if wait else 0)
            data = self.called(lambda: end.stream.read(size))
            end.stream.settimeout(3)
            end.read += data or b""
            assert end.sent.startswith(end.read), (end.sent, end.read)
            self.drain(end)

    @rule(which=WHICH, parts=st.lists(st.sampled_from(HOSTILE), max_size=4))
    def peer_sends(self, which, parts):
        if end := self.ends.get(which):
            data = end.framed(parts)
            with contextlib.suppress(OSError):
                end.peer.setblocking(True)
                end.peer.sendall(data)
                end.sent += data
            self.settle()

    @rule(which=WHICH, reset=st.booleans())
    def peer_ends(self, which, reset):
        end = self.ends.get(which)
        if end and end.peer.fileno() >= 0:
            self.drain(end)
            if reset:
                end.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            end.peer.close()
            self.settle()

    @rule(which=WHICH)
    def close(self, which):
        if end := self.ends.pop(which, None):
            end.stream.close()
            self.drain(end)
            end.peer.close()

    @rule(which=WHICH, events=st.sampled_from([1, 4, 5]))
    def poll(self, which, events):
        if end := self.ends.get(which):
            assert end.stream.ioctl(3, events) & ~(events | 8 | 16) == 0

    @rule(
        kind=st.sampled_from(["lose", "reset", "urc", "delay"]),
        nth=st.one_of(st.integers(0, 60), st.integers(0, 1600)),
        seconds=st.sampled_from([0.5, 7.0, 16.0]),
        urc=st.sampled_from(URCS),
    )
    def fault(self, kind, nth, seconds, urc):
        self.line.arm(kind, "down", nth, seconds, urc)

    @rule(
        which=WHICH,
        parts=st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=4),
        kind=st.sampled_from(["lose", "lose", "reset", "delay"]),
        nth=st.integers(0, 80),
        up=st.booleans(),
    )
    def struck_on_the_way(self, which, parts, kind, nth, up):
        """Strike in the middle of a transfer, and then transfer the next bytes."""
        self.set_up()
        self.connect(which)
        self.line.arm(kind, "down", nth, 16.0)
        for _ in range(2):
            if up:
                self.write(which, parts, True)
            else:
                self.peer_sends(which, parts)
                self.read(which, 4000, True)

    @rule()
    def drop(self):
        self.line.modem.radio.deactivate(0)

    @rule()
    def set_up(self):
        self.line.clear()
        for which in list(self.ends):
            self.close(which)
        with contextlib.suppress(ModemError):
            self.modem.at.command(b"")
        self.prepare()


TestSockets = Sockets.TestCase
TestSockets.settings = settings(max_examples=CASES, stateful_step_count=25)
