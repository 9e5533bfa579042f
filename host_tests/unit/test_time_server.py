"""The time from a server: NTP by UDP, then the Date of a web server (`cellular.time_server`)."""

from expect import raises, replaced

from cellular import ModemReset, NetworkError, StreamError, time_server
from cellular.time_server import ask
from iotsafe import TLSError

NOON = (2026, 11, 24, 12, 18, 17)
SECONDS = 4_004_511_497  # the same, since 1900
NUMBER = bytes(range(8))
DATE = b"HTTP/1.1 400 Bad Request\r\nServer: x\r\nDate: Tue, 24 Nov 2026 12:18:17 GMT\r\n\r\n"
BOTH = ["ntp.example", "ntp.example", "web.example"]


def packet(seconds=SECONDS, mode=4, stratum=2, number=NUMBER):
    """Return an answer of a time server."""
    head = bytes([0x20 | mode, stratum]) + bytes(22) + number + bytes(8)
    return head + seconds.to_bytes(4, "big") + bytes(4)


class Modem:
    """A modem whose servers answer `ntp` and `http`: bytes, a list of pieces, or an exception."""

    has_udp = True
    time_server = "ntp.example"
    date_servers = ("web.example",)
    clock_floor = ()
    web_date = None

    def __init__(self, ntp=None, http=None):
        self.at = self
        self.lost = False
        self.answers = {123: ntp, 80: http}
        self.asked = []
        self.open = 0
        self.address = "10.0.0.1"

    def _address(self):
        return self.address

    def socket(self, udp=False):
        return Socket(self, udp)


class Socket:
    def __init__(self, modem, udp):
        self.modem = modem
        self.udp = udp

    def settimeout(self, seconds):
        assert 0 < seconds <= 10

    def connect(self, address):
        host, port = address
        assert self.udp == (port == 123)
        self.modem.asked.append(host)
        self.modem.open += 1
        self.answer = self.modem.answers[port]
        if isinstance(self.answer, bytes):
            self.answer = [self.answer]
        if isinstance(self.answer, NetworkError):
            raise self.answer

    def write(self, data):
        self.sent = data

    def flush(self):
        assert self.udp

    def read(self, size):
        assert len(self.sent) == 48 and self.sent[0] == 0x23 and self.sent[40:] == NUMBER
        return self.answered(size)

    def readinto(self, buf):
        assert self.sent == b"HEAD / HTTP/1.0\r\nHost: web.example\r\n\r\n", self.sent
        data = self.answered(len(buf))
        buf[: len(data)] = data
        return len(data)

    def answered(self, size):
        if not self.answer:
            raise StreamError("no-data-in-time", errno=110)
        if isinstance(self.answer, Exception):
            raise self.answer
        data = self.answer.pop(0)
        if data[size:]:
            self.answer.insert(0, data[size:])
        return data[:size]

    def close(self):
        self.modem.open -= 1


def told(ntp=None, http=None, **attributes):
    """Return (the time, the hosts asked)."""
    modem = Modem(ntp, http)
    for name in attributes:
        setattr(modem, name, attributes[name])
    with replaced(time_server, urandom=lambda count: NUMBER[:count]):
        found = ask(modem)
    assert modem.open <= 0
    return found, modem.asked


def test_ntp_first_and_then_the_date_of_a_web_server():
    assert told(packet(), DATE) == (NOON, ["ntp.example"])
    assert told(None, DATE) == (NOON, BOTH)
    assert told(NetworkError("name-unknown", "ntp.example"), DATE) == (NOON, BOTH)
    assert told(None, None) == (None, BOTH)
    assert told(packet(), DATE, has_udp=False) == (NOON, ["web.example"])
    assert told(packet(), DATE, date_servers=()) == (NOON, ["ntp.example"])
    assert told(packet(), DATE, address=None) == (None, [])  # no data connection


def test_by_tls_before_without():
    asked = []

    def web_date(floor, date):
        asked.append(floor)
        socket = Socket(None, False)
        socket.answer = [DATE]
        return date(socket, "web.example")

    nothing = lambda floor, date: None  # noqa: E731
    floor = (2026, 11, 24)
    with replaced(time_server, _built=lambda: floor):
        assert told(packet(), None, web_date=web_date) == (NOON, ["ntp.example"])
        assert not asked
        assert told(None, None, web_date=web_date, has_udp=False) == (NOON, [])
        assert told(None, None, web_date=web_date, date_servers=()) == (NOON, ["ntp.example"] * 2)
        assert told(None, None, web_date=web_date, clock_floor=(2028, 1, 1))[0] is None
        assert asked == [floor, floor, (2028, 1, 1)]
        for error in (OSError(110), TLSError("server-expired"), ValueError("x")):
            asked.clear()
            assert told(None, DATE, web_date=raising(error, asked)) == (NOON, BOTH)
            assert asked == [floor]
    assert told(None, DATE, web_date=nothing) == (NOON, BOTH)
    with raises(ModemReset):
        told(None, DATE, web_date=raising(ModemReset("restarted"), []), lost=True, has_udp=False)


def raising(error, asked):
    def web_date(floor, date):
        asked.append(floor)
        raise error

    return web_date


def test_moments():
    for seconds, want in (
        (3_976_214_400, (2026, 1, 1, 0, 0, 0)),
        (3_976_214_399, (2025, 12, 31, 23, 59, 59)),
        (4_044_556_799, (2028, 3, 1, 23, 59, 59)),
        (4_044_470_399, (2028, 2, 29, 23, 59, 59)),
        (0x1_0000_0000 - 1, (2036, 2, 7, 6, 28, 15)),
        (0, (2036, 2, 7, 6, 28, 16)),  # the era after 2036 begins at 0
    ):
        found, _ = told(packet(seconds), None)
        assert found == want, (seconds, found)


def test_answers_of_ntp_that_are_none():
    for answer in (
        packet(number=bytes(8)),  # not to our question
        packet(mode=3),
        packet(stratum=0),  # "go away"
        packet(stratum=16),  # not synchronised
        packet()[:47],
        packet(0x8000_0000),  # 1968
    ):
        assert told(answer, DATE)[0] == NOON
        assert told(answer, None)[0] is None


def test_dates():
    for http in (
        DATE,
        [DATE[i : i + 1] for i in range(len(DATE))] + [b""],
        [DATE[:50], DATE[50:], b""],
        DATE.replace(b"Date:", b"date:  "),
        [b"HTTP/1.0 200 OK\r\nDate: Tue, 24 Nov 2026 12:18:17 GMT\r\n", b""],
    ):
        assert told(None, http)[0] == NOON, http
    for date in (
        b"Tue, 24 Nov 2026 12:18:17 CET",
        b"Tue, 24 nov 2026 12:18:17 GMT",
        b"24 Nov 2026 12:18:17 GMT",
        b"Tue, 24 Nov 2026 12:18 GMT",
        b"Tue, x Nov 2026 12:18:17 GMT",
        b"Tuesday, 24-Nov-26 12:18:17 GMT",
        b"",
    ):
        http = DATE.replace(b"Tue, 24 Nov 2026 12:18:17 GMT", date)
        assert told(None, [http, b""])[0] is None, date
    for http in ([b""], [b"x" * 1_500], [b"HTTP/1.0 200 OK\r\n\r\n", b""]):
        assert told(None, http)[0] is None, http


def test_what_is_earlier_than_the_floor_is_not_believed():
    for floor, want in (
        ((2026, 11, 24), NOON),
        ((2026, 11, 25), None),
        ((2027,), None),
        ((2020, 1, 1), NOON),
    ):
        assert told(packet(), None, clock_floor=floor)[0] == want, floor
        assert told(None, DATE, clock_floor=floor)[0] == want, floor
    # The firmware's own date is a floor, too.
    with replaced(time_server, _built=lambda: (2026, 11, 25)):
        assert told(packet(), DATE)[0] is None
    assert time_server._built() >= (2025,)


def test_a_restart_of_the_modem_is_no_answer():
    with raises(ModemReset):
        told(None, ModemReset("connection-lost"), lost=True, has_udp=False)
