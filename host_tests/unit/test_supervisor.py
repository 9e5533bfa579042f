"""The application's chain of steps: each error leads back to the step that must be done again."""

import os

from app_world import ALL, SETTINGS, World, run
from effort import some
from expect import raises, replaced

import cellular
import iotsafe
import telemetry
import ticks
from app import config, supervisor
from app.supervisor import STEPS, Supervisor


def each(seconds):
    """Return settings with a reading each `seconds`."""
    return dict(SETTINGS, telemetry={"period": seconds})


def test_all_goes_well():
    world = World()
    application, clock = run(world, 3)
    assert [step for step in world.done if step != "service"] == ALL + ["run", "run"]
    assert [reading["seq"] for reading in world.published] == [1, 2, 3]
    assert world.published[0]["temp"] == 21.5
    assert world.clock_set == (2026, 11, 24, 13, 18, 17)
    assert world.opened == [("mqtt.example.com", 8883)]
    assert world.client_id == "meter-17"  # the certificate's name
    assert application.delivered == 3
    assert clock.pauses == []
    assert 120_000 <= clock.ms < 121_000  # one each minute
    assert world.closed == 1


def test_the_client_identifier_of_the_config():
    world = World()
    settings = {"version": 1, "modem": {"pin": "4711"}, "mqtt": {"host": "h", "client_id": "me"}}
    run(world, 1, settings)
    assert world.client_id == "me"


def test_a_board_with_little_heap_has_smaller_buffers():
    class Board:
        pass

    for given, chunk in ((None, 1460), (1024, 1024), (4096, 1460)):
        world = World()
        board = Board()
        board.uart = world.uart
        board.path = world.path
        board.power_key = None
        if given:
            board.chunk = given
        modem = replaced(cellular, driver={"sim7080": world}.get)
        with modem, replaced(iotsafe, Applet=world.applet):
            Supervisor(board, config.check(SETTINGS))
        assert world.chunk == chunk, given


def test_the_channel_to_the_sim_of_the_config():
    for settings, channel in (({}, "auto"), ({"channel": "cgla"}, "cgla")):
        world = World()
        run(world, 1, dict(SETTINGS, sim=settings))
        assert world.channels[0] == channel


def test_network_mode_and_bands_of_the_config_are_set_before_registering():
    world = World()
    modem = {"pin": "4711", "network": "lte-m", "bands": [3, 20]}
    run(world, 1, dict(SETTINGS, modem=modem))
    at = world.done.index("mode")
    assert world.done[at + 1] == "network"


ERRORS = (
    (cellular.ModemReset("x"), "power"),
    (cellular.ModemSilent("x"), "power"),
    (cellular.ModemGarbled("x"), "session"),
    (cellular.ModemTimeout("x"), "session"),
    (cellular.CommandError("command-refused", "AT+CSIM", "x", 13), "power"),
    (cellular.ModemError("x"), "power"),
    (cellular.SIMError("x"), "sim"),
    (iotsafe.AppletNotFound("no-applet"), "sim"),
    (iotsafe.CardError("refused", 0x6A82, "READ FILE"), "sim"),
    (iotsafe.CardProtocolError("not-understood", "READ FILE", "x"), "sim"),
    (iotsafe.NoKey("no-key"), "sim"),
    (iotsafe.NoCertificate("no-certificate"), "sim"),
    (iotsafe.BadCertificate("certificate-refused"), "sim"),
    (iotsafe.KeyMismatch("key-mismatch", "02", "x", "01"), "sim"),
    (iotsafe.ClientRefused("client-refused", code=-1), "sim"),
    (cellular.NetworkError("x"), "network"),
    (iotsafe.ServerCertificateExpired("server-early"), "clock"),
    (iotsafe.ServerNotTrusted("server-not-trusted"), "session"),
    (iotsafe.ServerNameMismatch("server-name"), "session"),
    (iotsafe.HandshakeRefused("server-hung-up"), "session"),
    (iotsafe.TLSError("tls-failed", "x", code=-1), "session"),
    (telemetry.MQTTError("broker-closed"), "session"),
    (telemetry.BrokerRefused("connack-5", 5), "session"),
    (OSError(110, "no answer"), "session"),
)


def test_each_error_leads_back_to_its_step():
    # From "run" back to the step of the table; from a step before that, the step itself.
    for error, target in ERRORS:
        for at in STEPS:
            world = World([(at, error)])
            run(world)
            index = STEPS.index(at)
            back = min(index, STEPS.index(target))
            want = ALL[: index + 1] + ALL[back:]
            assert world.done == want, (type(error).__name__, at, world.done)


def test_an_error_of_our_own_repeats_the_step():
    # The session is closed then, so that "run" begins with a new one.
    for error in (ValueError("x"), KeyError("x"), MemoryError(), ZeroDivisionError()):
        for at in STEPS:
            world = World([(at, error)])
            run(world)
            index = STEPS.index(at)
            want = ALL[: index + 1] + ALL[min(index, 4) :]
            assert world.done == want, (repr(error), at, world.done)


def test_a_session_that_breaks_while_idle():
    world = World([("service", telemetry.MQTTError("broker-silent"))])
    _, _ = run(world, 2)
    assert [reading["seq"] for reading in world.published] == [1, 2]
    assert world.done.count("session") == 2


def test_the_session_is_closed_before_the_next_attempt():
    world = World([("run", OSError(104, "reset")), ("session", OSError(104, "reset"))])
    run(world)
    assert world.closed == 3


def test_pauses_stay_short_when_bytes_are_lost_on_the_line():
    errors = (cellular.ModemGarbled("x"), cellular.ModemTimeout("x"))
    world = World([("power", error) for error in errors * 12])
    _, clock = run(world, settings=each(86400))
    assert len(clock.pauses) == 24
    for i, pause in enumerate(clock.pauses):
        assert pause <= 2_000 * (1 + (i + 1) // 8), clock.pauses
    assert max(clock.pauses) > 2_000
    # They do not shorten a single failure of another kind.
    kinds = [cellular.ModemSilent("x")] * 7 + [errors[0]] * 2 + [cellular.ModemSilent("x")]
    _, clock = run(World([("power", error) for error in kinds]), settings=each(86400))
    assert max(clock.pauses[7:9]) <= 4_000 and clock.pauses[9] >= 64_000, clock.pauses


def test_pauses_grow_and_are_jittered():
    world = World([("power", cellular.ModemSilent("x"))] * 14)
    _, clock = run(world, settings=each(86400))
    assert len(clock.pauses) == 14
    limit = 1_000
    for pause in clock.pauses:
        assert limit // 2 <= pause <= limit, clock.pauses
        limit = min(limit * 2, 300_000)
    # Two devices that lost their network together do not return together.
    world = World([("power", cellular.ModemSilent("x"))] * 14)
    _, other = run(world, settings=each(86400))
    assert clock.pauses != other.pauses


class Lasting(World):
    """The session breaks after `ms` milliseconds; when no failure is left, it lasts for ever."""

    def __init__(self, failures, ms):
        World.__init__(self, failures)
        self.ms = ms
        self.end = None

    def step(self, name):
        if name == "service":
            if self.end is None:
                self.end = ticks.after(self.ms)
            if ticks.left(self.end) > 0 or not self.failures:
                return
        World.step(self, name)


def test_a_session_that_lasts_makes_the_pauses_short_again():
    broken = [("session", OSError(110, "x"))] * 6
    for ms, short in ((100, False), (59_000, False), (61_000, True)):
        world = Lasting(broken + [("service", OSError(104, "x"))], ms)
        _, clock = run(world, 2, each(1200))
        pauses = clock.pauses
        assert max(pauses[:6]) > 16_000, pauses
        assert (pauses[6] <= 1_000) is short, (ms, pauses)


def test_two_boards_with_one_identity():
    # Each takes the session from the other: the attempts become rarer, and the log gives the
    # reason.
    lines = []
    world = Lasting([("service", telemetry.MQTTError("broker-closed"))] * 12, 0)
    with replaced(supervisor, say=lambda area, text, *args: lines.append(text % args)):
        _, clock = run(world, 2, each(1200))
    assert clock.pauses[11] > 150_000, clock.pauses
    warnings = [line for line in lines if "another board use the identity of meter-17?" in line]
    assert len(warnings) == 10 and "ended 3 sessions" in warnings[0], lines
    # A failing network does not count as a second board.
    lines.clear()
    world = Lasting([("service", OSError(110, "x"))] * 5, 0)
    with replaced(supervisor, say=lambda area, text, *args: lines.append(text % args)):
        run(world, 2, each(1200))
    assert not [line for line in lines if "another board" in line]


def test_it_never_gives_up():
    count = len(some(range(300), 10))
    world = World([("session", OSError(111, "refused"))] * count)
    application, clock = run(world)
    assert application.delivered == 1 and world.failures == []
    assert clock.ms > (count - 10) * 150_000


def test_sessions_that_fail_lead_deeper():
    # The fourth in a row checks the network, the eighth restarts the modem.
    world = World([("session", iotsafe.TLSError("tls-failed", "x", code=-1))] * 8)
    run(world)
    short = ["session"]
    network = ["network", "clock", "session"]
    want = ALL[:5] + short * 3 + network + short * 3 + ALL
    assert world.done == want, world.done
    assert world.restarts == 1
    # A session that works, even briefly, restarts the count.
    again = [("session", iotsafe.TLSError("tls-failed", "x", code=-1))]
    world = World(again * 3 + [("run", OSError(104, "x"))] + again * 2)
    run(world)
    assert world.restarts == 0 and world.done.count("network") == 1, world.done


def test_the_user_stops_it():
    for at in STEPS:
        world = World([(at, KeyboardInterrupt())])
        with raises(KeyboardInterrupt):
            run(world)
        assert world.done[-1] == at


def test_a_context_is_made_anew_only_for_another_identity():
    refused = [("session", iotsafe.ClientRefused("client-refused", code=-1))]
    world = World(refused * 5)
    run(world)
    assert world.done.count("sim") == 6 and world.contexts == 1

    class Rotated(World):
        def find_identity(self, applet, key, certificate, cache, chain):
            identity = World(())
            identity.info = self
            identity.certificate = b"%d" % (world.done.count("sim") // 2)
            return identity

    world = Rotated(refused * 5)
    run(world)
    assert world.done.count("sim") == 6 and world.contexts == 4


def test_no_time_yet():
    class Later(World):
        asked = 0

        def clock(self):
            self.step("clock")
            self.asked += 1
            return None if self.asked < 3 else self.clock_text

    world = Later()
    run(world)
    assert world.done == ALL[:4] + ["network", "clock"] * 2 + ["session", "run"], world.done


def test_a_board_without_a_clock_to_set():
    world = World()
    world.set_clock = None
    run(world)
    assert "clock" not in world.done and "date" not in os.listdir()
