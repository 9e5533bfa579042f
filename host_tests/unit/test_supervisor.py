"""The application's chain of steps: each error leads back to the step that must be done again."""

import os
import sys

from app_world import ALL, SETTINGS, Pauses, World, run
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


def test_a_reading_is_kept_over_a_reconnect():
    world = World([("run", OSError(104, "reset")), ("run", cellular.ModemReset("x"))])
    run(world, 3)
    assert [reading["seq"] for reading in world.published] == [1, 2, 3]
    assert world.done.count("run") == 5


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


def test_readings_go_on_in_the_pauses():
    world = World([("network", cellular.NetworkError("x"))] * 10)
    application, clock = run(world, 1)
    readings = clock.ms // 60_000 + 1
    assert readings > 4 and len(application.queue) == readings - 1, (clock.ms, application.queue)
    second = World()
    run(second, readings)
    # The first run delivered number 1; the readings it left come now, in order and without a gap.
    assert [reading["seq"] for reading in second.published] == list(range(2, readings + 2))
    assert [reading.get("repeat") for reading in second.published[:2]] == [True, None]


def test_a_reading_that_may_have_arrived_is_a_repeat():
    world = World([("run", OSError(110, "no answer"))])
    run(world, 2)
    assert [reading.get("repeat") for reading in world.published] == [True, None]


def test_a_sensor_that_fails():
    lines = []

    class Broken(World):
        asked = 0

        def sensor(self):
            self.asked += 1
            if self.asked == 1:
                raise OSError(5, "no sensor")
            return {"temp": "x" * 3000 if self.asked == 2 else 20}

    world = Broken()
    with replaced(supervisor, say=lambda area, text, *args: lines.append((area, text % args))):
        run(world, 1)
    assert world.asked == 3 and world.done.count("session") == 1
    assert [reading["seq"] for reading in world.published] == [1]
    assert len([line for _, line in lines if line.startswith("no reading: ")]) == 2, lines


def with_sensors(text):
    """Return (readings that the broker got, lines about the sensor) with `text` as sensors.py."""
    lines = []
    with open("sensors.py", "w") as file:
        file.write(text)
    world = World()
    sys.path.insert(0, "")
    try:
        with replaced(supervisor, say=lambda area, text, *args: lines.append((area, text % args))):
            run(world, 1)
    finally:
        sys.path.remove("")
        sys.modules.pop("sensors", None)
    return world.published, [line for area, line in lines if area == "sensor"]


def test_a_sensor_of_the_users_goes_before_the_boards():
    published, lines = with_sensors("def read():\n    return {'depth': 3}\n")
    assert [reading["depth"] for reading in published] == [3]
    assert lines == ["readings from sensors.py"], lines


def test_a_sensor_file_that_fails_is_not_taken_for_a_missing_one():
    # The first attempt fails, the next ones read.
    text = "import sys\nif not hasattr(sys.modules['%s'], 'tried'):\n" % __name__
    text += "    sys.modules['%s'].tried = 1\n    import no_such_bus\n" % __name__
    published, lines = with_sensors(text + "def read():\n    return {'depth': 4}\n")
    assert [reading["depth"] for reading in published] == [4]
    assert "no_such_bus" in lines[0] and lines[0].startswith("no reading: "), lines
    assert lines[1] == "readings from sensors.py", lines


def test_a_sensor_that_ends_programs_does_not_end_this_one():
    text = "calls = []\ndef read():\n    calls.append(1)\n    if len(calls) < 3:\n"
    for error in ("SystemExit(1)", "GeneratorExit", "type('Mine', (BaseException,), {})()"):
        more = "        raise %s\n    return {'depth': len(calls)}\n" % error
        published, lines = with_sensors(text + more)
        assert [reading["depth"] for reading in published] == [3], (error, published)
        assert lines[1].startswith("no reading: "), lines
    with raises(KeyboardInterrupt):
        with_sensors("def read():\n    raise KeyboardInterrupt\n")


def test_a_flash_that_takes_nothing_is_said_once():
    lines = []
    with open("queue", "wb") as file:
        file.write(b"in the way")
    world = World()
    with replaced(supervisor, say=lambda area, text, *args: lines.append((area, text % args))):
        run(world, 3)
    os.remove("queue")
    assert [reading["seq"] for reading in world.published] == [1, 2, 3]
    said = [line for area, line in lines if area == "queue"]
    assert len(said) == 1 and said[0].startswith("readings are kept in RAM only: "), lines


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


def test_the_pin_is_in_no_line():
    lines = []
    world = World([("sim", cellular.SIMError("the PIN was refused"))])
    with replaced(supervisor, say=lambda area, text, *args: lines.append(text % args)):
        run(world)
    assert len(lines) > 8
    assert not [line for line in lines if "4711" in line]


def test_one_line_for_each_failure():
    lines = []
    world = World([("session", iotsafe.ServerNotTrusted("server-not-trusted"))])
    with replaced(supervisor, say=lambda area, text, *args: lines.append((area, text % args))):
        run(world)
    line = (
        "ServerNotTrusted: the server's certificate is not from a CA that is trusted here: is it "
        "the right server? Give the CA that issued its certificate: mqtt.ca"
    )
    assert ("session", line) in lines, lines
    (pause,) = [line for area, line in lines if line.startswith("next attempt in ")]
    assert pause.endswith(" s, from step session")


def test_the_words_of_an_error_take_no_heap_once_it_is_shown():
    run(World([("session", cellular.NetworkError("connect-silent", "h", 1))]))
    for name in ("app.advice", "cellular.advice", "cellular.reasons", "iotsafe.advice"):
        assert name not in sys.modules, name


def test_an_error_that_cannot_be_shown_is_a_failure_like_others():
    # The text needs modules: where no memory is left for them, the application goes on.
    class Unshown(cellular.NetworkError):
        def __str__(self):
            raise MemoryError()

    lines = []
    too_few = cellular.NetworkError("connect-refused")  # values for its text
    world = World([("session", Unshown("connect-silent", "h", 1)), ("session", too_few)])
    with replaced(supervisor, say=lambda area, text, *args: lines.append(text % args)):
        application, _ = run(world)
    assert application.delivered == 1
    for reason in ("connect-silent", "connect-refused"):
        assert [line for line in lines if reason in line], lines


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
    assert "clock" not in world.done


def test_no_ca_or_a_damaged_one():
    for ca, text in (
        (None, "TLSError: the CA certificate in ca.pem cannot be used: no such file: put the"),
        (
            b"damaged",
            "TLSError: the CA certificate in ca.pem cannot be used: no certificate in PEM or DER",
        ),
    ):
        with_ca(ca, text)


def with_common_name(name, settings):
    """Run with a certificate of this name, which becomes "meter-17" in the first pause; return the
    world and the lines of the log."""
    lines = []
    world = World()
    world.common_name = name

    class Renamed(Pauses):
        def sleep(self, ms):
            Pauses.sleep(self, ms)
            world.common_name = "meter-17"

    with replaced(supervisor, say=lambda area, text, *args: lines.append(text % args)):
        run(world, settings=settings, clock=Renamed())
    return world, lines


def test_a_common_name_obeys_the_rules_of_the_client_identifier():
    for name, problem in (
        ("", "there is none in plain text"),  # none, or a BMPString, or with control characters
        ("a/b", "it has a /"),
        ("a+b", "must be at most 128 characters without wildcards"),
        ("#", "must be at most 128 characters without wildcards"),
        ("x" * 200, "must be at most 128 characters without wildcards"),
    ):
        world, lines = with_common_name(name, SETTINGS)
        text = "IdentityError: the certificate's common name cannot be the client identifier: "
        assert text + problem + ": set mqtt.client_id" in lines, lines
        assert world.done[:3] == ["power", "sim", "sim"], world.done  # before the network
        # An identifier in the config makes the name unimportant.
        settings = dict(SETTINGS, mqtt={"host": "h", "client_id": "a/b"})
        world, _ = with_common_name(name, settings)
        assert world.client_id == "a/b" and world.done == ALL


def test_a_ca_that_is_left_out_is_told():
    lines = []
    world = World()
    world.problems = ("x: Ed25519",)
    with replaced(supervisor, say=lambda area, text, *args: lines.append(text % args)):
        run(world)
    assert "ca.pem: a certificate is left out: x: Ed25519" in lines and world.published


def test_where_the_chain_of_the_certificate_is():
    with open("chain.pem", "wb") as file:
        file.write(b"PEM")
    for chain, sources in (
        ("", []),
        ("03", [b"\x03"]),
        ("label:INTER", ["INTER"]),
        ("chain.pem", [b"PEM"]),
        (["0A0b", "chain.pem"], [b"\x0a\x0b", b"PEM"]),
    ):
        world = World()
        run(world, settings=dict(SETTINGS, sim={"chain": chain}))
        assert world.sources == sources
    os.remove("chain.pem")


def test_a_chain_that_is_missing_is_told():
    lines = []

    class Written(Pauses):
        def sleep(self, ms):
            Pauses.sleep(self, ms)
            with open("chain.pem", "wb") as file:
                file.write(b"PEM")

    with replaced(supervisor, say=lambda area, text, *args: lines.append(text % args)):
        run(World(), settings=dict(SETTINGS, sim={"chain": "chain.pem"}), clock=Written())
    os.remove("chain.pem")
    text = "BadCertificate: the issuers' certificates cannot be used: chain.pem: no such file: "
    assert [line for line in lines if line.startswith(text) and "sim.chain" in line], lines


def with_ca(ca, text):
    lines = []

    class Repaired(Pauses):
        """The CA is put in place during the first pause."""

        def sleep(self, ms):
            Pauses.sleep(self, ms)
            if self.pauses:
                with open("ca.pem", "wb") as file:
                    file.write(b"ca")

    world = World()
    with replaced(supervisor, say=lambda area, text, *args: lines.append(text % args)):
        run(world, ca=ca, clock=Repaired())
    assert [line for line in lines if line.startswith(text)], lines
    assert world.published, "the CA was put in place, and nothing was delivered"
    os.remove("ca.pem")
