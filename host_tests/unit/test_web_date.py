"""The Date of a web server reached by TLS while the clock is not set (`iotsafe.web_date`)."""

from expect import raises, replaced

from iotsafe import ServerCertificateExpired, ServerNotTrusted, web_date
from iotsafe.web_date import ask

NOON = (2026, 11, 24, 12, 18, 17)
FIRST, LAST = "2026-11-01 08:00:00", "2027-01-30 08:00:00"
BEFORE = (2021, 1, 1, 0, 0, 7)  # of the board's clock


class Time:
    """The clock before."""

    time = staticmethod(lambda: 7)

    @staticmethod
    def gmtime(seconds):
        assert seconds >= 7
        return BEFORE + (0, 0)


class World:
    """A context with its engine, a modem, a stream and a clock. The chain of the server is valid
    from `first` to `last`; it answers `date`."""

    def __init__(self, first=FIRST, last=LAST, date=NOON):
        self._engine = self
        self.mutual = "as before"
        self.span = first, last
        self.date = date
        self.clocks = []  # as they were set
        self.open = self.connects = 0

    def set_clock(self, utc):
        assert len(utc) == 6
        self.clocks.append(utc)

    def connect(self, modem, host, port):
        assert (modem, host, port) == ("modem", "web.example", 443)
        self.open += 1
        self.connects += 1
        return self

    def validity(self):
        return self.span

    def answer(self, stream, host):
        assert stream is self and host == "web.example"
        assert self.mutual is False  # a web server asks for no certificate
        now = "%04d-%02d-%02d %02d:%02d:%02d" % self.clocks[-1]
        if now < self.span[0]:
            raise ServerCertificateExpired("server-early")
        if now > self.span[1]:
            raise ServerCertificateExpired("server-expired")
        if isinstance(self.date, Exception):
            raise self.date
        return self.date

    def close(self):
        self.open -= 1

    def told(self, floor):
        with replaced(web_date, time=Time):
            try:
                return ask(self, "modem", "web.example", floor, self.answer, self.set_clock)
            finally:
                assert not self.open and self.mutual == "as before"
                assert self.clocks.pop() == BEFORE


def test_a_chain_that_is_valid_at_the_floor():
    world = World()
    assert world.told((2026, 11, 20)) == NOON
    assert world.clocks == [(2026, 11, 20, 0, 0, 0)]


def test_a_chain_that_begins_after_the_floor():
    for floor in ((2026, 6, 1), (2026, 11, 1), (2026,)):
        world = World()
        assert world.told(floor) == NOON
        assert world.clocks == [(floor + (1, 1))[:3] + (0, 0, 0), (2026, 11, 1, 8, 0, 0)]


def test_a_date_outside_of_the_validity_is_not_believed():
    for date, want in (
        ((2026, 11, 1, 7, 59, 59), None),
        ((2026, 11, 1, 8, 0, 0), (2026, 11, 1, 8, 0, 0)),
        ((2027, 1, 30, 8, 0, 0), (2027, 1, 30, 8, 0, 0)),
        ((2027, 1, 30, 8, 0, 1), None),
        (None, None),
    ):
        world = World(date=date)
        assert world.told((2026, 6, 1)) == want, date


def test_a_chain_that_ended_before_the_floor():
    world = World()
    with raises(ServerCertificateExpired) as caught:
        world.told((2027, 2, 1))
    assert caught.error.reason == "server-expired"
    assert world.clocks == [(2027, 2, 1, 0, 0, 0)]


def test_a_clock_that_cannot_be_set_ends_it():
    world = World()
    world.answer = early
    with raises(ServerCertificateExpired):
        world.told((2026, 6, 1))
    assert world.connects == 2


def early(stream, host):
    raise ServerCertificateExpired("server-early")


def test_other_errors_pass():
    for error in (ServerNotTrusted("server-not-trusted"), OSError(110), KeyboardInterrupt()):
        world = World()
        world.answer = raising(error)
        with raises(type(error)):
            world.told((2026, 11, 20))
        assert world.connects == 1


def raising(error):
    def answer(stream, host):
        raise error

    return answer


def test_the_clock_goes_on_meanwhile():
    class Ticks:
        past = [0, 5400]
        diff = staticmethod(lambda later, earlier: later - earlier)

        @staticmethod
        def now():
            return Ticks.past.pop(0)

    class Later(Time):
        @staticmethod
        def gmtime(seconds):
            assert seconds == 7 + 5
            return BEFORE + (0, 0)

    world = World()
    with replaced(web_date, time=Later, ticks=Ticks):
        ask(world, "modem", "web.example", (2026, 11, 20), world.answer, world.set_clock)
    assert world.clocks[-1] == BEFORE
