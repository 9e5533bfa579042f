"""A device and its peers in virtual time, in one process: the firmware's own supervisor with the
driver, the simulated modem and SIM, and a broker (fault_peer.py).

    world = World(folder, seed=7)
    world.modem.faults.schedule(…)
    world.run(seconds=600)             # then the faults end, and all readings must arrive
    world.check()

The same seed gives the same history, byte for byte.
"""

import contextlib
import datetime
import gc
import inspect
import os
import random
from collections.abc import Callable, Iterator
from errno import ENOTCONN, ETIMEDOUT, errorcode
from math import inf
from pathlib import Path

from broker_side import provide_umqtt
from cryptography.hazmat.primitives.asymmetric import ec
from data import certificates
from data.worked_examples import PAIR_01_D
from expect import replaced
from fault_beside import Beside
from fault_limits import Limits
from fault_peer import Broker, MemoryNetwork, Session
from fault_stand_in import StandIn
from virtual_time import Clock, running

import cellular
import iotsafe
import telemetry
from app import config, supervisor
from cellular import timeouts
from iotsafe_tools.simulator.modem import Modem
from iotsafe_tools.simulator.sim import Card, Profile, Store

provide_umqtt()

START = datetime.datetime(2026, 11, 24, 13, 18, tzinfo=datetime.UTC)
PERIOD = 20
"""Seconds between two readings."""
PATIENCE = 3600
"""Seconds after the last fault within which all readings must have arrived."""
HANGS = 180
"""Seconds for which a modem may wait for data, such as a payload, and ignore commands."""
LONGEST_STEP = 900
"""Seconds within which each step must end, except `run`."""
NAMED = (
    cellular.ModemError, iotsafe.CardError, iotsafe.AppletNotFound, iotsafe.IdentityError,
    iotsafe.TLSError, telemetry.MQTTError,
)  # fmt: skip
"""Exceptions that may end a step, besides a plain OSError for a time-out."""
DAMAGE = {"lost_bytes", "doubled_bytes", "garbage", "noise", "csim_truncated"}
"""Faults that can change an answer, such as the time, so that no check can detect it."""


EXCHANGES = {name: getattr(cellular.AT, name) for name in ("command", "send", "fetch")}


def documented(error: BaseException) -> bool:
    """Return whether a package's README names this exception."""
    return isinstance(error, NAMED) or (
        isinstance(error, OSError) and error.errno in (ETIMEDOUT, ENOTCONN)
    )


def named(error: BaseException) -> str:
    """Return the error's class name, or the errno of a plain OSError."""
    if isinstance(error, OSError) and type(error).__module__ == "builtins":
        return errorcode.get(error.errno, repr(error))
    return type(error).__name__


class Over(BaseException):
    """Ends the world; the firmware does not catch it."""


def enrolled() -> tuple[Store, Profile]:
    """Return the content of a SIM with key pair 01 of the worked examples and its certificate. It
    is always the same."""
    profile = Profile.named("gsma", sign_ms=60, deterministic=True)
    store = Store.memory()
    issuer = Card(store, profile).issuer
    scalar = int(PAIR_01_D, 16)
    issuer.create_key_pair(
        profile.key_id, private_key=ec.derive_private_key(scalar, ec.SECP256R1())
    )
    issuer.write_file(profile.certificate_id, bytes.fromhex(certificates.CLIENT))
    return store, profile


class WorldClock(Clock):
    """A clock that ends the world when its time is over."""

    def __init__(self, world, part: int) -> None:
        super().__init__(part=part)
        self._world = world

    def sleep(self, ms) -> None:
        super().sleep(ms)
        self._world.look()


class UART:
    """A UART with machine.UART's methods; its modem runs on the world's clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.time = 0.0
        self.due = 0.0
        self.modem: Modem | None = None
        clock.attend(self)

    def silence(self) -> int:
        """ms until the modem has work to do."""
        due = self.due
        return 86_400_000 if due == inf else max(0, int(due * 1000) + 1 - self._clock.ms)

    def touched(self) -> None:
        """Note that the modem's state was changed from outside: compute its next action again."""
        self.due = self.modem.next_due()
        if self.due is None:
            self.due = inf

    def run(self) -> None:
        """Run the modem up to the current time."""
        now = self._clock.ms / 1000
        again = 0
        while self.due <= now:
            again = again + 1 if self.due <= self.time else 0
            if again > 100:  # the modem waits for another event
                break
            self.time = max(self.time, self.due)
            self.modem.service()
            self.touched()
        self.time = now

    def any(self) -> int:
        """Return the number of bytes that can be read."""
        self.run()
        waiting = self.modem.uart.waiting
        if waiting:  # the engine looks for a gap: its next sleep must not become a nap
            self._clock.happens()
        return waiting

    def peek(self) -> bytes:
        """Return the unread bytes."""
        return bytes(self.modem.uart._tx)

    def readinto(self, buffer) -> int | None:
        """Read into `buffer`; return None if there is nothing to read."""
        self.run()
        data = self.modem.take(len(buffer))
        if not data:
            return None
        self._clock.happens()
        buffer[: len(data)] = data
        return len(data)

    def write(self, data) -> int:
        """Send everything."""
        self.run()
        self._clock.happens()
        self.modem.feed(bytes(data))
        self.modem.service()
        self.touched()
        return len(data)


class World:
    """One device. `personality`: the simulated modem and the name of its driver; `options`:
    further options of that modem. `tls`: the classes of the client's and the broker's side.
    `part`: as for `Clock`; a smaller one makes fewer, longer naps, and another history. `log`:
    the end of each failed step as (seconds, step, exception).
    """

    NAME = "virtual"

    def __init__(
        self,
        folder: Path,
        seed: int = 1,
        personality: str = "sim7080",
        tls: tuple[type[StandIn], type[Session]] = (StandIn, Session),
        part: int = 20,
        **options,
    ) -> None:
        self.folder = folder
        self.personality = personality
        self.seed = seed
        self.clock = WorldClock(self, part)
        self._tls, session = tls
        self.broker = Broker(session)
        self._uart = UART(self.clock)
        self.credited: list[str] = []
        """Commands that took a result although another result was still to come."""
        self.limits = Limits(self.clock)
        self.network = MemoryNetwork(self.broker, lambda: self._uart.time)
        self._uart.modem = self.modem = Modem(
            Card(*enrolled(), random=random.Random(seed).randbytes),
            network=self.network,
            clock=lambda: self._uart.time,
            on_event=lambda event: self.on_event(event),
            wall_clock=lambda: START + datetime.timedelta(seconds=self._uart.time),
            personality=personality,
            **options,
        )
        self.readings: list[dict] = []
        self.log: list[tuple[float, str, str]] = []
        self.said: list[str] = []
        self.failures: list[BaseException] = []
        self.numbers: list[str] = []
        """The SIM's numbers (ICCID) as the firmware read them."""
        self.wrong_by = 0.0
        """Seconds by which the modem's clock was wrong."""
        self.begun = 0.0
        self.step = "power"
        self.end: float | None = None
        self.quiet = False
        self.settled: float | None = None
        """Time at which all readings had arrived after the end of the faults."""
        (folder / "queue").mkdir()
        (folder / "ca.pem").write_bytes(bytes.fromhex(certificates.CA))
        settings = {
            "version": 1,
            "modem": {"driver": personality, "apn": "internet"},
            "mqtt": {"host": "broker.test"},
            "telemetry": {"period": PERIOD},
        }
        self.settings = config.check(settings)

    # -- the names of a `board` module -----------------------------------------------------------

    def uart(self, where):
        return self._uart

    def power_key(self, pressed) -> None:
        self._uart.run()
        self.modem.power_key(bool(pressed))
        self._uart.touched()

    def path(self, name) -> str:
        return str(self.folder / name)

    def sensor(self) -> dict:
        reading = {"at": self.clock.ms, "n": len(self.readings) + 1}
        self.readings.append(reading)
        if self.device.publisher and self.step == "run":
            self.beside.exchange()
        return dict(reading)

    def set_clock(self, utc) -> None:
        now = START + datetime.timedelta(milliseconds=self.clock.ms)
        modem_time = datetime.datetime(*utc, tzinfo=datetime.UTC)
        self.wrong_by = max(self.wrong_by, abs((modem_time - now).total_seconds()))

    # -- time ------------------------------------------------------------------------------------

    @property
    def seconds(self) -> float:
        return self.clock.ms / 1000

    def look(self) -> None:
        """Check whether the world's time is over; each sleep calls this."""
        if self.step != "run" and self.seconds - self.begun > LONGEST_STEP:
            raise AssertionError(f"step {self.step} does not end\n" + self.story())
        if self.end is None:
            assert self.seconds < PATIENCE, "the dialogue does not end\n" + self.story()
            return
        if self.seconds < self.end:
            return
        if not self.quiet:
            self.quiet = True
            self._uart.run()
            self.modem.faults.clear()
            self._uart.touched()
        elif self.seconds > self.end + PATIENCE:
            raise Over

    def touched(self) -> None:
        """Note that a test changed the modem's state."""
        self._uart.touched()

    def began(self, step) -> None:
        if step != "failed":
            self.begun, self.step = self.seconds, step

    def delivered(self) -> None:
        """Note a delivered reading; after the faults, check whether all have arrived."""
        self.on_delivered()
        if self.quiet and not len(self.device.queue) and self._news():
            self.settled = self.seconds
            raise Over

    def on_event(self, event: dict) -> None:
        """Hook for tests: the modem emitted an event."""

    def _exchange(self, name, at, command, *args, **options):
        """Call the method `name` of AT, and check that it has not taken another command's result:
        then a result would be left over."""
        call = EXCHANGES[name]
        given = inspect.signature(call).bind(at, command, *args, **options).arguments
        result = self.limits.exchange(
            at,
            command,
            lambda: call(at, command, *args, **options),
            given.get("timeout"),
            bool(given.get("payload") or given.get("on_line")),
        )
        parser = at.parser
        left = bytes(parser._buffer[parser._pos : parser._end]) + self._uart.peek()
        if b"\r\nOK\r\n" in left or b"\r\n+CME ERROR" in left:
            self.credited.append(command.decode())
        return result

    def _news(self) -> bool:
        """Return whether a reading taken after the faults has arrived."""
        return self.broker.received[-1]["at"] >= self.end * 1000

    def on_delivered(self) -> None:
        """Hook for tests: a reading was delivered."""

    def on_failure(self) -> None:
        """Hook for tests: an exception ended a step; the firmware has not reacted yet."""

    def aside(self, call: Callable[[], str]) -> str:
        """Call `call()` in a forked copy of this process; return its result or exception as text.
        This process is not affected."""
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            try:
                text = call()
            except BaseException as error:
                text = f"{type(error).__name__}: {error}"
            os.write(writer, text.encode()[:4000])
            os._exit(0)
        os.close(writer)
        with open(reader, "rb") as pipe:
            text = pipe.read().decode()
        os.waitpid(child, 0)
        return text

    def usable(self) -> str:
        """End the fault right after a failure and try the engine. Return "" if it works, "*" if it
        reports that the modem must be set up again and works after that. Raises otherwise."""
        modem = self.device.modem
        self._uart.run()
        self.modem.faults.clear()
        self._uart.touched()
        self.begun = self.seconds
        try:
            modem.at.command(b"")
            return ""
        except (cellular.ModemReset, cellular.ModemSilent):
            self._set_up(modem)
            modem.at.command(b"")
            return "*"

    def _set_up(self, modem) -> None:
        """Power the modem up, repeatedly: it may wait for data and ignore commands."""
        while True:
            try:
                modem.power_up()
                return
            except (cellular.ModemSilent, cellular.ModemGarbled):
                if self.seconds > self.begun + HANGS:
                    raise

    def say(self, area, text, *args) -> None:
        if text.startswith("number"):
            self.numbers.append(args[0])
        self.said.append(f"{self.seconds:9.3f} {area:8} {text % args if args else text}")

    def run(self, seconds: float) -> None:
        """Run for `seconds` with the armed faults, then without faults until all has arrived."""
        with self._device() as device, contextlib.suppress(Over):
            self.end = self.seconds + seconds
            device.run()

    def dialogue(self, messages: int) -> None:
        """Connect, deliver `messages` readings, close; without faults, run until all has arrived.

        `log` and `failures` cover the dialogue only.
        """
        with self._device() as device, contextlib.suppress(Over):
            device.run(messages)
            self.end = self.seconds
            kept = len(self.log)
            try:
                device.run()
            finally:
                del self.log[kept:], self.failures[kept:]

    @contextlib.contextmanager
    def _device(self) -> Iterator[supervisor.Supervisor]:
        """Return the firmware, running on this world's time."""
        self._uart.touched()
        state = random.getstate()
        random.seed(self.seed)
        fails = supervisor.Supervisor._failed

        def failed(device, step, error):
            self.failures.append(error)
            self.log.append((self.seconds, supervisor.STEPS[step], named(error)))
            self.on_failure()
            self.step = "run"  # the pause may be long
            return fails(device, step, error)

        def exchanged(name):
            return lambda at, *args, **options: self._exchange(name, at, *args, **options)

        with (
            running(self.clock),
            replaced(cellular.AT, **{name: exchanged(name) for name in EXCHANGES}),
            replaced(timeouts, limit_of=self.limits.of),
            replaced(supervisor, say=self.say),
            replaced(supervisor.gc, collect=lambda: 0),
            replaced(supervisor.Supervisor, _failed=failed),
            replaced(iotsafe, SSLContext=self._tls),
        ):
            gc.disable()  # collection closes streams; it must happen at the same moment each time
            self.device = supervisor.Supervisor(self, self.settings)
            self.device.modem.web_date = None  # it would try clocks, and here none may be wrong
            self.beside = Beside(self.device.modem)
            self.limits.watch(self.device.modem)
            self.device.on_step = self.began
            self.device.on_delivered = self.delivered
            try:
                yield self.device
            finally:
                random.setstate(state)
                gc.enable()
                # CPython closes a stream when it collects it: do that in this world's time.
                self.device.modem.at.restarted()

    # -- checks ----------------------------------------------------------------------------------

    def check(self) -> None:
        """Check that all readings arrived in order, unchanged, and all errors are documented."""
        assert self.settled, f"not all readings arrived in {PATIENCE} s\n" + self.story()
        seen: dict[int, dict] = {}
        for reading in self.broker.received:
            reading = dict(reading)
            number, repeat = reading.pop("seq"), reading.pop("repeat", False)
            if number in seen:
                assert repeat, f"reading {number} came twice, unmarked\n" + self.story()
            seen[number] = reading
        wanted = dict(enumerate(self.readings, 1))
        assert seen == {number: wanted[number] for number in seen}, self.story()
        assert list(seen) == list(range(1, len(seen) + 1)), self.story()
        assert len(seen) == len(self.readings), self.story()
        assert not self.broker.oddities, f"{self.broker.oddities}\n" + self.story()
        assert self.modem.counters["handler_errors"] == 0, self.story()
        for error in (*self.failures, *self.beside.errors):
            assert documented(error), f"{error!r} is not documented\n" + self.story()
        assert not self.limits.broken, f"{self.limits.broken}\n" + self.story()
        if not DAMAGE & self.modem.faults.struck.keys():
            assert not self.broker.broken, "a byte of another connection\n" + self.story()
            strange = self.beside.strange or [m for m in self.network.mirrors if m.strange]
            assert not strange, "a byte of another connection\n" + self.story()
            assert not [e for e in self.failures if type(e) is iotsafe.TLSError], self.story()
            assert not self.credited, f"took another's result: {self.credited}\n" + self.story()
            assert self.wrong_by < 60, self.story()
            assert set(self.numbers) <= {self.modem.sim.identity.iccid}, self.story()

    def story(self) -> str:
        """Return the firmware's log and the faults that struck, for a failure message."""
        return "\n".join([*self.said, f"struck: {self.modem.faults.struck}"])
