"""The contract of `cellular/DRIVER.md` on the twelve simulated modems:
class, errno and return value are the same for all of them.

Each case brings a modem to a state, and lists what the following calls return or raise.
"""

import contextlib
import datetime
import select
import socket
import struct

import pytest
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


CASES = {}


def case(**options):
    """Register a case; `options` are those of the simulated modem."""

    def register(function):
        CASES[function.__name__] = (function, options)
        return function

    return register


# -- start, SIM and network ----------------------------------------------------------------------


@case()
def starts(stage):
    driver = stage.driver
    yield driver.power_up, None
    yield driver.unlock, None
    yield lambda: driver.prepare("internet"), None
    yield driver.register, 1
    yield lambda: driver.attach("internet"), "10.94.36.44"
    yield lambda: driver.attach("internet"), "10.94.36.44"
    yield driver.signal, -73
    yield driver.imsi, "001010000000000"
    yield lambda: len(driver.iccid()) in (19, 20), True
    yield lambda: [type(part) for part in driver.clock()], [int] * 6
    yield lambda: driver.resolve("localhost"), "127.0.0.1"
    yield driver.power_up, None


@case()
def connects_with_one_call(stage):
    driver = stage.driver
    yield lambda: driver.connect("internet"), "10.94.36.44"
    yield lambda: len(driver.clock()), 6
    stream = driver.socket()
    stream.connect(stage.address)
    yield lambda: driver.connect("internet"), "10.94.36.44"  # what holds, holds
    yield lambda: sent(stream), 1
    stage.modem.faults.add("reset")
    stage.sleep(20_000)
    yield lambda: sent(stream), (cellular.ModemReset, ECONNRESET)
    yield lambda: driver.connect("internet"), "10.94.36.44"
    yield lambda: len(driver.clock()), 6
    stream = driver.socket()
    yield lambda: stream.connect(stage.address), None


@case()
def connects_by_other_forms_of_a_host(stage):
    driver = stage.attached()
    stage.modem.network.resolve["my_broker.lan"] = ("127.0.0.1", None)
    yield lambda: driver.socket().connect(("my_broker.lan", stage.address[1])), None
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        port = server.getsockname()[1]
        yield lambda: driver.socket().connect(("::1", port)), None
    # Nothing listens there any more; an address is not looked up as a name.
    refused = cellular.NetworkError, ECONNREFUSED
    yield lambda: driver.socket().connect(("::1", port)), refused


@case(auto_power=False)
def connects_from_power_off(stage):
    yield lambda: stage.driver.connect("internet"), "10.94.36.44"


@case(pin="1234")
def connects_with_a_pin(stage):
    connect = stage.driver.connect
    yield lambda: connect("internet"), (cellular.SIMError, EIO)
    yield lambda: connect("internet", pin="1234"), "10.94.36.44"


@case(pdp="refused")
def connects_in_vain(stage):
    yield lambda: stage.driver.connect("internet"), (cellular.NetworkError, ENETDOWN)


@case(auto_power=False)
def is_not_there(stage):
    stage.driver._power_key = None
    yield stage.driver.power_up, (cellular.ModemSilent, ENODEV)
    yield stage.driver.signal, (cellular.ModemReset, ECONNRESET)
    yield stage.driver.unlock, (cellular.ModemReset, ECONNRESET)


@case(pin="1234")
def wants_a_pin(stage):
    driver = stage.driver
    driver.power_up()
    yield driver.unlock, (cellular.SIMError, EIO)
    yield lambda: driver.unlock("12"), (cellular.SIMError, EIO)
    yield lambda: driver.unlock("9999"), (cellular.SIMError, EIO)
    yield lambda: driver.unlock("1234"), (cellular.SIMError, EIO)  # a wrong one is entered once


@case(pin="1234")
def leaves_the_last_attempt_to_a_person(stage):
    """It asks how many are left. The program starts anew each time, and remembers nothing."""
    for tries in (2, 1, 1):
        driver = cellular.driver(stage.modem.personality.name)(stage.uart, stage.press)
        driver.power_up()
        yield lambda: driver.unlock("9999"), (cellular.SIMError, EIO)  # noqa: B023
        yield lambda: stage.modem.sim.tries, tries
    driver = cellular.driver(stage.modem.personality.name)(stage.uart, stage.press)
    driver.power_up()
    stage.modem.sim.tries = 2  # a person entered the right one, and locked it again
    yield lambda: driver.unlock("1234"), None


@case(pin="1234")
def gets_its_pin(stage):
    stage.driver.power_up()
    yield lambda: stage.driver.unlock("1234"), None
    yield stage.driver.unlock, None


@case(apn="internet", nvm={"contexts": {1: ("IPV4V6", "old.apn")}})
def finds_the_apn_of_an_earlier_user(stage):
    driver = stage.on()
    yield lambda: driver.prepare("internet"), None
    yield driver.register, 1
    yield lambda: driver.attach("internet"), "10.94.36.44"
    yield lambda: stage.modem.nvm["contexts"][1], ("IP", "internet")


@case()
def is_cut_off_while_the_radio_is_off(stage):
    """The program is interrupted behind a command of the change of its context."""
    driver = stage.on()
    for command in ("+CFUN=4", "+CGDCONT=1,", "+CFUN=1"):
        stage.modem.nvm["contexts"] = {1: ("IP", "old.apn")}
        driver.at.restarted()
        driver.power_up()
        send = driver.at.command

        def interrupted(given, *arguments, **options):
            result = send(given, *arguments, **options)  # noqa: B023
            if given.startswith(command.encode()):  # noqa: B023
                driver.at.command = send  # noqa: B023
                raise KeyboardInterrupt
            return result

        driver.at.command = interrupted
        with pytest.raises(KeyboardInterrupt):
            driver.prepare("internet")
        yield driver.register, 1
        yield lambda: stage.value("+CFUN")[0], 1


@case()
def is_given_a_password_without_a_user(stage):
    driver = stage.on()
    yield lambda: driver.prepare("a", "", "b"), (cellular.NetworkError, ENETDOWN)
    yield lambda: driver.attach("a", "", "b"), (cellular.NetworkError, ENETDOWN)


@case(quirks={"no_nitz"}, wall_clock=lambda: NOON)
def is_told_no_time_by_the_network(stage):
    """Its own time server, or NTP through its sockets, or the Date of a web server."""
    stage.time_servers()
    yield lambda: stage.attached().clock(), NOON_UTC
    stage.modem.wall_clock.reset()
    stage.answers_ntp = False
    yield stage.driver.clock, NOON_UTC
    stage.modem.wall_clock.reset()
    for answers in (False, True):
        stage.answers_ntp = answers
        stage.driver.clock_floor = (2027,)
        yield stage.driver.clock, None


@case(registration="none")
def finds_no_network(stage):
    yield lambda: stage.on().register(10_000), (cellular.NetworkError, ENETDOWN)


@case(registration="denied")
def is_denied(stage):
    yield lambda: stage.on().register(10_000), (cellular.NetworkError, ENETDOWN)


@case(pdp="refused")
def gets_no_data_context(stage):
    driver = stage.on()
    driver.prepare("internet")
    driver.register()
    attach = lambda: driver.attach("internet", timeout=10_000)  # noqa: E731
    yield attach, (cellular.NetworkError, ENETDOWN)


@case()
def is_given_text_with_quotes(stage):
    driver = stage.attached()
    yield lambda: driver.prepare('a"b'), (cellular.NetworkError, ENETDOWN)
    yield lambda: driver.attach('a"b'), (cellular.NetworkError, ENETDOWN)
    yield lambda: driver.attach("a", "b\r"), (cellular.NetworkError, ENETDOWN)
    yield lambda: driver.resolve('a"b'), (cellular.NetworkError, ENETDOWN)
    yield lambda: driver.socket().connect(('a"b', 1)), (cellular.NetworkError, ENETDOWN)


# -- connecting ----------------------------------------------------------------------------------


@case()
def is_refused_by_the_server(stage):
    stage.server.close()
    connect = lambda: stage.attached().socket().connect(stage.address)  # noqa: E731
    yield connect, (cellular.NetworkError, ECONNREFUSED)


@case()
def knows_no_such_name(stage):
    driver = stage.attached()
    nowhere = "nowhere.example"
    yield lambda: driver.socket().connect((nowhere, 8883)), (cellular.NetworkError, EHOSTUNREACH)
    yield lambda: driver.resolve(nowhere), (cellular.NetworkError, EHOSTUNREACH)


@case()
def has_no_answer_from_the_server(stage):
    driver = stage.attached()
    stage.modem.network.silent = True
    yield lambda: driver.socket().connect(stage.address), (cellular.NetworkError, ETIMEDOUT)


@case()
def is_given_a_port_that_is_none(stage):
    driver = stage.attached()
    for port in (0, -1, 65536):
        yield lambda: driver.socket().connect(("h", port)), (cellular.NetworkError, EINVAL)  # noqa: B023


@case()
def has_lost_its_data_context(stage):
    driver = stage.attached()
    stage.modem.faults.add("pdp_dropped")
    stage.sleep(500)
    yield lambda: driver.socket().connect(stage.address), (cellular.NetworkError, ENETDOWN)


@case()
def has_no_connection_left(stage):
    stage.connected()
    driver = stage.driver
    for _ in range(driver.max_sockets - 1):
        driver.socket().connect(stage.address)
    yield lambda: driver.socket().connect(stage.address), (cellular.NetworkError, ENETDOWN)


@case()
def is_connected_twice(stage):
    stream, _ = stage.connected()
    yield lambda: stream.connect(stage.address), (cellular.StreamError, EISCONN)


# -- the stream ----------------------------------------------------------------------------------


@case()
def carries_data(stage):
    stream, peer = stage.connected()
    peer.settimeout(5)
    yield lambda: sent(stream, b"x" * 3000), 3000
    stage.sleep(100)
    got = bytearray()
    while len(got) < 3000:
        got += peer.recv(4096)
        stage.sleep(10)
    peer.sendall(b"y" * 2000)
    stage.sleep(100)
    yield lambda: stream.read(500), b"y" * 500
    buffer = bytearray(9)
    yield lambda: stream.readinto(buffer), 9
    yield lambda: bytes(buffer), b"y" * 9
    yield lambda: stream.ioctl(3, 5), 5  # can be read and written
    yield lambda: stream.ioctl(99, 0), -EINVAL
    yield stream.flush, None
    yield stream.close, None
    yield stream.close, None


@case()
def has_nothing_to_read(stage):
    stream, _ = stage.connected()
    stream.settimeout(3)
    yield lambda: stream.read(5), (cellular.StreamError, ETIMEDOUT)
    stream.setblocking(False)
    yield lambda: stream.read(5), None
    yield lambda: stream.ioctl(3, 1), 0


@case()
def is_idle(stage):
    """A board is idle for months: a look for what was not indicated costs one command."""
    stream, _ = stage.connected()
    stream.setblocking(False)

    def commands(seconds):
        """How many commands are sent in that time."""
        before, end = stage.driver.at.commands, stage.now + seconds
        while stage.now < end:
            assert stream.read(9) is None
            stage.sleep(500)
        return stage.driver.at.commands - before

    yield lambda: commands(60), 4
    yield lambda: commands(600), 10


@case()
def was_never_connected(stage):
    stream = stage.attached().socket()
    yield lambda: stream.read(5), (cellular.StreamError, ENOTCONN)
    yield lambda: stream.write(b"x"), (cellular.StreamError, ENOTCONN)
    yield lambda: stream.ioctl(3, 5), 16
    yield stream.close, None


@case()
def was_closed_by_us(stage):
    stream, _ = stage.connected()
    yield stream.close, None
    yield lambda: stream.read(5), (cellular.StreamError, ENOTCONN)
    yield lambda: stream.write(b"x"), (cellular.StreamError, ENOTCONN)


@case()
def was_closed_by_the_server(stage):
    stream, peer = stage.connected()
    peer.sendall(b"last words")
    peer.close()
    stage.sleep(100)
    yield lambda: stream.read(4), b"last"
    yield lambda: sent(stream), (cellular.NetworkError, EPIPE)
    yield lambda: stream.read(99), b" words"
    yield lambda: stream.read(99), b""
    yield lambda: stream.read(99), b""
    yield lambda: sent(stream), (cellular.NetworkError, EPIPE)
    yield stream.close, None


@case()
def was_closed_and_the_indication_is_lost(stage):
    stream, peer = stage.connected()
    stage.lose_indications()
    peer.sendall(b"last")
    peer.close()
    stage.sleep(100)
    yield lambda: stream.read(99), b"last"
    yield lambda: stream.read(99), b""
    yield lambda: sent(stream), (cellular.NetworkError, EPIPE)


@case()
def is_written_to_after_an_unseen_end(stage):
    stream, peer = stage.connected()
    stage.lose_indications()
    peer.close()
    stage.sleep(100)
    yield lambda: sent(stream), (cellular.NetworkError, EPIPE)
    yield lambda: sent(stream), (cellular.NetworkError, EPIPE)
    yield lambda: stream.read(9), b""


@case()
def was_reset_by_the_server(stage):
    stream, peer = stage.connected()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()
    stage.sleep(100)
    yield lambda: stream.read(9), b""  # no modem distinguishes it from an end
    yield lambda: sent(stream), (cellular.NetworkError, EPIPE)


@case()
def loses_its_data_context_while_connected(stage):
    stream, _ = stage.connected()
    stage.modem.faults.add("pdp_dropped")
    stage.sleep(500)
    stage.driver.at.poll()
    yield lambda: stream.read(9), (cellular.NetworkError, ENETDOWN)
    yield lambda: sent(stream), (cellular.NetworkError, ENETDOWN)
    yield stream.close, None


@case()
def writes_into_a_black_hole(stage):
    stream, _ = stage.connected()
    stream.settimeout(5)
    stage.modem.network.silent = True

    def all_of_it():
        for _ in range(100):
            sent(stream, b"x" * 4096)

    yield all_of_it, (cellular.NetworkError, ETIMEDOUT)
    yield lambda: sent(stream), (cellular.ModemGarbled, EPIPE)  # part of it may have been sent


@case()
def restarts(stage):
    stream, _ = stage.connected()
    stage.modem.faults.add("reset")
    stage.sleep(20_000)
    yield lambda: stream.read(9), (cellular.ModemReset, ECONNRESET)
    yield lambda: sent(stream), (cellular.ModemReset, ECONNRESET)
    yield stage.driver.signal, (cellular.ModemReset, ECONNRESET)
    yield stream.close, None
    yield stage.driver.power_up, None


@case()
def falls_silent(stage):
    driver = stage.attached()
    stage.modem.faults.add("silent")
    yield driver.signal, (cellular.ModemTimeout, ETIMEDOUT)
    yield driver.signal, (cellular.ModemSilent, ENODEV)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("modem", NAMES)
def test_every_driver_keeps_the_contract(modem, name, monkeypatch):
    body, options = CASES[name]
    stage = Stage(modem, **options)
    monkeypatch.setattr(ticks, "now", lambda: int(stage.now * 1000))
    monkeypatch.setattr(ticks, "sleep", stage.sleep)
    try:
        for number, (call, wanted) in enumerate(body(stage), 1):
            found = outcome(call)
            assert found == wanted, f"step {number}"
        assert stage.modem.counters["handler_errors"] == 0
    finally:
        stage.modem.close()
        stage.server.close()
        if stage.ntp:
            stage.ntp.close()


def test_there_are_twelve():
    assert len(NAMES) == 12
