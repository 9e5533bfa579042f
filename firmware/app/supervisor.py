"""Runs the application: a chain of steps, and the way back when a step fails.

    power -> sim -> network -> clock -> session -> run [-> rest]

Each step has a result that the next steps use. When a step fails, the class of the error decides
which step comes next (`_BACK`); the results of the steps before that one stay valid. Between two
attempts the supervisor pauses. The pause grows and has jitter, so that a fleet neither floods the
network nor drains its batteries. The supervisor never stops trying.
"""

import gc
import sys
from binascii import hexlify, unhexlify

from micropython import const

import cellular
import iotsafe
import telemetry
import ticks

from . import files
from .log import say

# Class of an error -> the next step; the first class that matches counts.
_BACK = (
    (cellular.ModemReset, "power"),
    (cellular.ModemSilent, "power"),
    (cellular.ModemGarbled, "session"),  # the line lost bytes: the modem keeps its state
    (cellular.ModemTimeout, "session"),
    (cellular.SIMError, "sim"),
    (cellular.NetworkError, "network"),
    (iotsafe.AppletNotFound, "sim"),
    (iotsafe.CardError, "sim"),
    (iotsafe.IdentityError, "sim"),
    (iotsafe.ClientRefused, "sim"),  # the key may have been rotated, or revoked
    (iotsafe.ServerCertificateExpired, "clock"),
    (iotsafe.TLSError, "session"),
    (telemetry.MQTTError, "session"),
    (cellular.ModemError, "power"),
    (OSError, "session"),
)

# Errors of the line to the modem. A long pause would not help network or server, so the longest
# pause takes this many ms, and this many more after each restart of the modem.
_LINE = (cellular.ModemGarbled, cellular.ModemTimeout)
_LINE_PAUSE = const(2_000)

# A session that lasts this long, in ms, is stable: the next pause is short again. When the server
# ends this many shorter sessions in a row, another board may use the same identity.
_STABLE = const(60_000)
_SHORT_SESSIONS = const(3)

_DATE = const(19)  # bytes of the file `date`

# After this many failed sessions in a row the supervisor checks the network again, and after twice
# as many it restarts the modem: a data context may look active but carry no data.
_PATIENCE = 4
STEPS = ("power", "sim", "network", "clock", "session", "run")


# Modules that are needed to show an error.
_WORDS = (
    "app.advice",
    "cellular.advice",
    "cellular.causes",
    "cellular.reasons",
    "iotsafe.advice",
    "iotsafe.engine_errors",
    "iotsafe.reasons",
    "telemetry.reasons",
)

# Modules that a start needs before its session.
_START = (
    "app.pin",
    "cellular.clock",
    "cellular.pin",
    "cellular.silent",
    "cellular.simcom_clock",
    "cellular.time_server",
    "iotsafe.cache",
    "iotsafe.discovery",
    "iotsafe.sessions",
    "iotsafe.sim_identity",
    "iotsafe.web_date",
)

# The errors of a session that the other side has ended.
_ENDED = (telemetry.MQTTError, iotsafe.TLSError, cellular.NetworkError)


def _object_reference(text):
    """Return the object that a field of the config names: a label as text, an ID as bytes."""
    return text[6:] if text.startswith("label:") else unhexlify(text)


def _plain(name):
    """Return whether `name` obeys each rule of names: to check them all takes heap."""
    return 0 < len(name) <= 64 and all(c.isalpha() or c.isdigit() or c in "-_." for c in name)


def _parts(identity):
    return identity.key_id, identity.certificate, identity.chain


def _line(error):
    try:
        from .advice import line

        return line(error)
    except Exception:  # no memory for the modules that have the words
        return "%s %r" % (type(error).__name__, error.args)
    finally:
        _forget(*_WORDS)


def _forget(*names):
    """Drop modules that were needed once: the next handshake needs their heap."""
    for name in names:
        if sys.modules.pop(name, None):
            package, _, module = name.partition(".")
            delattr(sys.modules[package], module)


def _ignore(*_):
    """Do nothing: the default of the callbacks."""


class Supervisor:
    """Runs the application on `board` (see firmware/README.md) with a checked `config`."""

    def __init__(self, board, config):
        self._board = board
        self._config = config
        driver = cellular.driver(config["modem.driver"])
        self.modem = driver(board.uart(config["modem.uart"]), board.power_key)
        self.modem.pin_record = self._pin_record
        self.modem.date_servers = (config["mqtt.host"],) + self.modem.date_servers
        self.modem.web_date = self._web_date
        self.modem.chunk = min(self.modem.chunk, getattr(board, "chunk", self.modem.chunk))
        aids = tuple(unhexlify(aid) for aid in config["sim.aids"]) or iotsafe.AIDS
        self.applet = iotsafe.Applet(self.modem.sim(config["sim.channel"]), aids)
        self.backoff = telemetry.Backoff()
        self.queue = telemetry.Queue(board.path("queue"))
        self._read = None
        self.identity = None
        self.publisher = None
        self._context = None
        self._tls = None
        self.due = ticks.now()  # tick of the next reading
        self._since = self.due  # tick at which the session began
        self._date = b""  # what the file `date` has, see `_keep_date`
        self._stable = False  # the session has lasted for _STABLE
        self._short = 0  # short sessions in a row that the server ended
        self._reported = None  # the queue's problem that the log reported last
        self.delivered = 0
        self._failures = 0
        self._messages = 0
        self._rests = config["telemetry.upload"] > 0  # the board connects for uploads only
        self.slept = False  # the modem is set to PSM
        # Callbacks: `on_step` gets the step that begins, or "failed"; the supervisor calls
        # `on_delivered` after each delivered reading.
        self.on_step = self.on_delivered = _ignore

    def run(self, messages=0):
        """Go through the steps until `messages` readings were delivered (0: for ever)."""
        self._messages = messages
        step = 0
        while step < len(STEPS) or not self._finished():
            try:
                if step < len(STEPS):
                    self.do(STEPS[step])
                    step += 1
                else:
                    step = self._rest()
            except Exception as e:
                step = self._failed(step, e)
        self.stop()

    def do(self, step):
        """Do one step of `STEPS`, by name. The step's exceptions pass unchanged."""
        self.on_step(step)
        gc.collect()  # what the step keeps fills holes, and leaves room in one piece for TLS
        getattr(self, "_" + step)()

    def sensor(self):
        """Return the function that takes a reading: `read` of the user's sensors.py in the root,
        or the board's own. All exceptions of sensors.py pass; the next call tries again."""
        if self._read is None:
            try:
                import sensors

                self._read = sensors.read
                say("sensor", "readings from sensors.py")
            except ImportError as e:
                if "'sensors'" not in str(e):
                    raise
                self._read = self._board.sensor
                say("sensor", "readings from the board: there is no sensors.py")
        return self._read

    def stop(self):
        """Close the session and drop its objects: the next session needs the heap."""
        if self.publisher:
            self.publisher.close()
        self.publisher = self._tls = None

    def _finished(self):
        return self._messages and self.delivered >= self._messages

    def _rest(self):
        """Rest until the next upload, after all readings are delivered; return the next step's
        index."""
        from .rest import rest

        self.stop()
        self.backoff.reset()
        self.on_step("rest")
        return STEPS.index(rest(self, self._config, self._board.power_key))

    def _failed(self, step, error):
        """Log the `error`, pause, and return the index of the next step."""
        name = (STEPS + ("rest",))[step]
        back = min(step, STEPS.index("session"))  # a failure always closes the session
        for kind, target in _BACK:
            if isinstance(error, kind):
                back = min(back, STEPS.index(target))
                break
        else:
            say(name, "unexpected %r", error)
        if name == "run":
            self._failures = 0
        self._failures += 1
        say(name, "%s", _line(error))
        if name == "run" and not self._stable and isinstance(error, _ENDED):
            self._short += 1
            if self._short >= _SHORT_SESSIONS:
                say(
                    "mqtt",
                    "the server ended %d sessions soon after their start: does another board use "
                    "the identity of %s?",
                    self._short,
                    self.identity.info.common_name,
                )
        self.on_step("failed")
        self.stop()
        if name == "rest" or self._failures % (2 * _PATIENCE) == 0:  # the modem's state is unknown
            say("modem", "restarting it")
            self.modem.restart()
            back = 0
        elif self._failures % _PATIENCE == 0:
            back = min(back, STEPS.index("network"))
        most = None
        if isinstance(error, _LINE):
            most = _LINE_PAUSE * (1 + self._failures // (2 * _PATIENCE))
        pause = self.backoff.pause(most)
        say(name, "next attempt in %.1f s, from step %s", pause / 1000, STEPS[back])
        error = None
        gc.collect()
        self.pause(pause)
        return back

    def pause(self, ms):
        """Sleep `ms` milliseconds, and take the readings that are due in this time."""
        end = ticks.after(ms)
        while True:
            self._sample()
            left = ticks.left(end)
            if left <= 0:
                return
            ticks.sleep(min(left, max(ticks.left(self.due), 1)))

    # -- the steps ------------------------------------------------------------------------------

    def _power(self):
        say("modem", "looking for the modem")
        self.modem.power_up()
        say("modem", "ready")

    def _sim(self):
        self.modem.unlock(self._config["modem.pin"])
        say("sim", "number %s", self.modem.iccid())
        self.applet.open()
        say("sim", "IoT SAFE applet %s on channel %d, by AT+%s", *self._applet_facts())
        feed = getattr(self._board, "entropy_feed", None)
        if feed:  # TLS takes its random numbers from the chip and the SIM together
            feed(self.applet.random(32))
        found = iotsafe.find_identity(
            self.applet,
            _object_reference(self._config["sim.key"]),
            _object_reference(self._config["sim.certificate"]),
            iotsafe.CertificateCache(self._board.path("certificate.der")),
            self._chain(),
        )
        known = self.identity
        if known is None or _parts(found) != _parts(known):
            # For a new identity only: a port without finalisers never frees a context.
            self.identity = found
            self._context = None
        say("sim", "%s", found)
        name = found.info.common_name
        if not self._config["mqtt.client_id"] and not _plain(name):
            from .config import name_problem

            problem = name_problem(name)
            _forget("app.config")
            if problem:
                raise iotsafe.IdentityError("name-unusable", problem)

    def _chain(self):
        """Return where the issuers' certificates are, see `find_identity`."""
        sources = self._config["sim.chain"]
        found = []
        for source in [sources] if isinstance(sources, str) else sources:
            if not source:
                continue
            try:
                found.append(_object_reference(source))
            except ValueError:  # a file on flash
                path = self._board.path(source)
                try:
                    with open(path, "rb") as file:
                        found.append(file.read())
                except OSError:
                    raise iotsafe.BadCertificate("chain-unusable", path, "no such file") from None
        return found

    def _pin_record(self):
        from .pin import Record

        return Record(self._board.path("pin"))

    def _applet_facts(self):
        aid = hexlify(self.applet.aid).decode()
        return aid.upper(), self.applet.apdu.number, self.modem.sim().name.upper()

    def _network(self):
        config = self._config
        context = [config["modem." + key] for key in ("apn", "user", "password", "auth", "ip")]
        self.modem.prepare(*context)
        if config["modem.network"] or config["modem.bands"]:
            self.modem.extras().network(config["modem.network"], config["modem.bands"])
        self.modem.register()
        address = self.modem.attach(*context)
        say("network", "registered, address %s, signal %s dBm", address, self.modem.signal())

    def _clock(self):
        if self._board.set_clock is None:
            return
        text = files.load(self._board.path("date"), _DATE)
        try:
            # Of an earlier firmware: shorter, and from the clock itself. Damaged: no time to come.
            if len(text) == _DATE and text < b"207":
                self.modem.clock_floor = tuple([int(part) for part in text[:10].split(b"-")])
                self._date = text
        except ValueError:
            pass
        utc = self.modem.clock()
        if utc is None:
            raise cellular.NetworkError("clock-unset")
        self._board.set_clock(utc)
        say("clock", "%04d-%02d-%02d %02d:%02d:%02d UTC", *utc)

    def _web_date(self, floor, date):
        from iotsafe.web_date import ask

        host = self._config["mqtt.host"]
        return ask(self._tls_context(), self.modem, host, floor, date, self._board.set_clock)

    def _keep_date(self):
        """Keep the day from which on the server's certificates are valid, as the floor of the
        clock: an authority has signed it, so no wrong clock can move it."""
        try:
            first = self._context.validity()[0].encode()
            if self._board.set_clock and first > self._date:
                self._date = first
                files.save(self._board.path("date"), first)
        except OSError:
            pass  # the guard tells of a flash that is full

    def _session(self):
        config = self._config
        _forget(*_START)
        self._tls_context()
        cloud = telemetry.Broker(
            config["mqtt.host"],
            config["mqtt.port"],
            config["mqtt.client_id"] or self.identity.info.common_name,
            config["mqtt.topic"],
            config["mqtt.user"],
            config["mqtt.password"],
            config["mqtt.keepalive"],
        )
        signatures = self.identity.signatures
        self.publisher = telemetry.Publisher(cloud, self._open_stream)
        self.publisher.connect()
        self._since = ticks.now()
        self._stable = False
        suite, version = self._tls.cipher()
        say("tls", "%s, %s", version, suite)
        signatures = self.identity.signatures - signatures
        key = hexlify(self.identity.key_id).decode().upper()
        if signatures:
            say("tls", "handshake signed by the SIM with key %s (%d signature)", key, signatures)
        else:
            say("tls", "the server asked for no certificate")
        say("mqtt", "connected to %s as %s", cloud.host, cloud.client_id)
        self._keep_date()

    def _open_stream(self, host, port):
        self._tls = self._context.connect(self.modem, host, port)
        return self._tls

    def _tls_context(self):
        """Return the context, made at the first call: nothing frees one on some ports."""
        if self._context:
            return self._context
        path = self._board.path(self._config["mqtt.ca"])
        try:
            with open(path, "rb") as file:
                mutual = self._config["mqtt.mutual"] == "required"
                self._context = iotsafe.SSLContext(self.identity, file.read(), mutual=mutual)
            for problem in self._context.problems:
                say("tls", "%s: a certificate is left out: %s", path, problem)
            return self._context
        except ValueError as e:
            problem = e
        except OSError as e:
            if isinstance(e, iotsafe.TLSError):
                raise
            problem = "no such file"
        raise iotsafe.TLSError("ca-unusable", path, str(problem))

    def _run(self):
        while True:
            self._sample()
            reading = self.queue.take()
            if reading is None:
                if self._rests:
                    return
                self.publisher.service()
                ticks.sleep(20)
            else:
                self.publisher.publish(reading)
                self.queue.done()
                self._delivered(reading)
                if self._finished():
                    return
            if not self._stable and ticks.diff(ticks.now(), self._since) >= _STABLE:
                self._stable = True
                self._short = 0
                self.backoff.reset()

    def _delivered(self, reading):
        self.delivered += 1
        self._failures = 0
        self.on_delivered()
        say("mqtt", "delivered %s", reading)

    def _sample(self):
        """Put a reading into the queue if one is due. Call this between two exchanges with the
        modem: the UART loses the bytes that arrive while the chip writes flash."""
        if ticks.left(self.due) > 0:
            return
        self.due = ticks.after(self._config["telemetry.period"] * 1000)
        queue = self.queue
        try:
            queue.put(self.sensor()())
        except KeyboardInterrupt:
            raise
        except BaseException as e:  # also SystemExit: it may be a program made into sensors.py
            say("sensor", "no reading: %r", e)
            return
        if queue.problem and repr(queue.problem) != self._reported:
            say("queue", "readings are kept in RAM only: %r", queue.problem)
        self._reported = queue.problem and repr(queue.problem)
