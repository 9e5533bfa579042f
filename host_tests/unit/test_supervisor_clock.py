"""The application's clock: what it believes, and what it keeps of it."""

from app_world import World, run
from expect import raises, replaced


class LockedOut(BaseException):
    """Passes the supervisor, which goes on after any other error."""


class Told(World):
    """A modem that is told the time by a server: not before the floor."""

    clock_floor = ()

    def __init__(self, utc, first="2026-11-01 08:00:00"):
        World.__init__(self)
        self.clock_text = utc
        self.valid = first, "2036-10-01 08:00:00"

    def clock(self):
        self.step("clock")
        if self.done.count("clock") > 2:
            raise LockedOut
        return self.clock_text if self.clock_text >= self.clock_floor else None


def kept():
    with open("date", "rb") as file:
        return file.read()


def test_the_floor_of_the_clock_is_what_an_authority_has_signed():
    run(Told((2026, 11, 24, 13, 18, 17)))
    assert kept() == b"2026-11-01 08:00:00"
    world = Told((2026, 12, 24, 13, 18, 17))
    run(world)
    assert world.clock_floor == (2026, 11, 1)
    # A new certificate of the server moves it, an older one does not move it back.
    run(Told((2027, 1, 24, 13, 18, 17), "2027-01-03 09:00:00"))
    run(Told((2027, 1, 25, 13, 18, 17)))
    assert kept() == b"2027-01-03 09:00:00"
    with raises(LockedOut):
        run(Told((2026, 12, 31, 0, 0, 0)))


def test_a_date_far_ahead_locks_nothing_out():
    # A wrong source, once; the server's certificate is still valid then.
    run(Told((2035, 5, 5, 0, 0, 0)))
    world = Told((2026, 11, 24, 13, 18, 17))
    run(world)
    assert world.clock_set == (2026, 11, 24, 13, 18, 17)
    # Earlier firmware kept the clock's own date; damaged content is none.
    for text in (b"2035-05-05", b"", b"2035", b"2035-xx-05 00:00:00", b"9999-99-99 99:99:99"):
        with open("date", "wb") as file:
            file.write(text)
        world = Told((2026, 11, 24, 13, 18, 17))
        run(world)
        assert kept() == b"2026-11-01 08:00:00", text


def test_the_date_by_tls_is_asked_of_the_server_of_the_config():
    asked = []

    def ask(*args):
        asked.append(args)
        return (2026, 11, 24, 13, 18, 17)

    class Asking(World):
        def clock(self):
            self.step("clock")
            return self.web_date((2026, 1, 1), "date")

    from iotsafe import web_date  # here: a session has dropped an earlier one

    world = Asking()
    with replaced(web_date, ask=ask):
        run(world)
    asked[0] = asked[0][:5]  # then a bound method
    assert asked == [(world, world, "mqtt.example.com", (2026, 1, 1), "date")]
    assert world.contexts == 1  # the session has the same: none of them is freed on the Pico
    assert world.clock_set == (2026, 11, 24, 13, 18, 17)
