"""What the tests of the drivers' contract share (`cellular/DRIVER.md`): a stage, a table of cases.

Each case brings a simulated modem to a state, and lists what the following calls return or raise.
"""

import contextlib
import datetime
import select
import socket

from modem_world import World

import cellular
import ticks
from cellular import DRIVERS

NAMES = [row[0] for row in DRIVERS]
NTP_NOON = (4_004_511_497).to_bytes(4, "big")
"""2026-11-24, 12:18:17, in seconds since 1900."""
NOON_UTC = (2026, 11, 24, 12, 18, 17)
NOON = datetime.datetime(*NOON_UTC, tzinfo=datetime.UTC)
NAP = 25
"""The least ms of a sleep: a silence of minutes ends soon, and answers come faster than that."""
ECONNREFUSED, ECONNRESET, EHOSTUNREACH, EIO, ENETDOWN = 111, 104, 113, 5, 100
EINVAL, EISCONN, ENODEV, ENOTCONN, EPIPE, ETIMEDOUT = 22, 106, 19, 107, 32, 110


class Stage(World):
    """A simulated modem with its driver, and a server on loopback."""

    def __init__(self, name, **options):
        super().__init__(name, delays=0.0, **options)
        self.server = socket.create_server(("127.0.0.1", 0))
        self.server.settimeout(5)
        self.address = self.server.getsockname()
        self.ntp = None
        self.clients = []

    def sleep(self, ms):
        super().sleep(max(ms, NAP))
        if self.ntp:
            self.answer_time()

    def on(self, pin=None):
        self.driver.power_up()
        self.driver.unlock(pin)
        return self.driver

    def connected(self):
        """Return (stream, the server's end of it)."""
        stream = self.attached().socket()
        stream.connect(self.address)
        peer, _ = self.server.accept()
        return stream, peer

    def time_servers(self, ntp=True):
        """Servers on loopback with the names that the drivers ask for the time: NTP, and HTTP."""
        self.ntp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.ntp.bind(("127.0.0.1", 0))
        names = {"pool.ntp.org": self.ntp, "example.com": self.server}
        for name, server in names.items():
            self.modem.network.resolve[name] = server.getsockname()
        self.ntp.setblocking(False)
        self.answers_ntp = ntp

    def answer_time(self):
        """Answer what has arrived."""
        with contextlib.suppress(BlockingIOError):
            question, client = self.ntp.recvfrom(99)
            if self.answers_ntp:
                answer = b"\x24\x02" + bytes(22) + question[40:48] + bytes(8) + NTP_NOON + bytes(4)
                self.ntp.sendto(answer, client)
        for ready in select.select([self.server, *self.clients], (), (), 0)[0]:
            if ready is self.server:
                self.clients.append(self.server.accept()[0])
                continue
            peer = ready
            self.clients.remove(peer)
            peer.recv(99)
            peer.sendall(b"HTTP/1.0 301 No\r\nDate: Tue, 24 Nov 2026 12:18:17 GMT\r\n\r\n")
            peer.close()

    def lose_indications(self):
        self.modem.faults.add("lost_urc", prefix="")


def outcome(call):
    """Return the result of `call`, or (class, errno) of its exception."""
    try:
        return call()
    except cellular.CellularError as error:
        assert error.reason and isinstance(error.values, tuple)
        assert str(error) != error.reason, f"no text for {error.reason}"
        return type(error), error.errno


def sent(stream, data=b"x"):
    """Write and flush."""
    count = stream.write(data)
    stream.flush()
    return count


class Cases(dict):
    """The cases of a file by name: (function, options of the simulated modem)."""

    def case(self, **options):
        """Register a case; `options` are those of the simulated modem."""

        def register(function):
            self[function.__name__] = (function, options)
            return function

        return register

    def check(self, modem, name, monkeypatch):
        """Run a case on the simulated `modem`, and compare each outcome."""
        body, options = self[name]
        stage = Stage(modem, **options)
        monkeypatch.setattr(ticks, "now", lambda: int(stage.now * 1000))
        monkeypatch.setattr(ticks, "sleep", stage.sleep)
        try:
            for number, (call, wanted) in enumerate(body(stage), 1):
                found = outcome(call)
                assert found == wanted, f"step {number}: {found}, not {wanted}"
            assert stage.modem.counters["handler_errors"] == 0
        finally:
            stage.modem.close()
            stage.server.close()
            if stage.ntp:
                stage.ntp.close()
