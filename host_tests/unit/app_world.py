"""Board, modem, SIM, TLS and broker for tests of the application."""

from expect import replaced
from virtual_time import Clock, running

import cellular
import iotsafe
import telemetry
from app import config, supervisor
from app.supervisor import STEPS, Supervisor

SETTINGS = {"version": 1, "modem": {"pin": "4711"}, "mqtt": {"host": "mqtt.example.com"}}


class Pauses(Clock):
    """A clock that records the pauses between attempts, and takes no time for the short sleeps."""

    def __init__(self):
        Clock.__init__(self, nap=400)
        self.pauses = []

    def sleep(self, ms):
        if ms > 100:
            self.pauses.append(ms)
        Clock.sleep(self, ms)


class World:
    """Stands in for board, modem, SIM, TLS and broker. `done`: the steps that began, in order.
    `failures`: a list of (step, exception), raised in this order, each once."""

    NAME = "test"
    power_key = None

    def __init__(self, failures=(), deliveries=1):
        self.failures = list(failures)
        self.done = []
        self.published = []
        self.restarts = 0
        self.closed = 0
        self.opened = []
        self.clock_text = (2026, 11, 24, 13, 18, 17)
        self.clock_set = None
        self.contexts = 0
        self.channels = []

    def step(self, name):
        self.done.append(name)
        if self.failures and self.failures[0][0] == name:
            raise self.failures.pop(0)[1]

    def collect(self):
        """Replaces the garbage collector, which takes long on CPython."""

    # ---- the board -----------------------------------------------------------------------

    def uart(self, where):
        return None

    def path(self, name):
        return name

    def sensor(self):
        return {"temp": 21.5}

    def set_clock(self, utc):
        self.clock_set = utc

    # ---- the modem -----------------------------------------------------------------------

    def __call__(self, uart, power_key):
        return self

    name = "csim"
    date_servers = ()
    chunk = 1460  # attributes of the driver, and functions that a board may have

    def sim(self, channel="auto"):
        self.channels.append(channel)
        return self

    def power_up(self):
        self.step("power")

    def restart(self):
        self.restarts += 1

    def unlock(self, pin):
        assert pin == "4711"
        self.step("sim")

    def iccid(self):
        return "8988"

    def prepare(self, *context):
        self.prepared = context

    def register(self):
        self.step("network")

    def attach(self, *context):
        assert self.prepared == context  # before the modem registered
        return "10.0.0.1"

    def extras(self):
        return self

    def network(self, mode, bands):
        self.step("mode")
        assert (mode, list(bands)) == ("lte-m", [3, 20])

    def signal(self):
        return -73

    def clock(self):
        self.step("clock")
        return self.clock_text

    def connect(self, modem, host, port):
        assert modem is self
        self.opened.append((host, port))
        return self

    # ---- the SIM -------------------------------------------------------------------------

    aid = b"\xa0\x00"
    number = 1
    key_id = b"\x01"
    certificate = b"certificate"
    chain = ()
    signatures = 1
    common_name = "meter-17"

    def applet(self, channel, aids):
        assert channel is self
        self.apdu = self
        return self

    def open(self):
        return self

    def find_identity(self, applet, key, certificate, cache, chain):
        self.sources = chain
        self.info = self
        return self

    # ---- TLS and MQTT --------------------------------------------------------------------

    problems = ()

    def context(self, identity, ca, mutual):
        self.mutual = mutual
        self.contexts += 1
        if ca == b"damaged":
            raise ValueError("no certificate in PEM or DER")
        return self

    valid = "2026-11-01 08:00:00", "2027-01-30 08:00:00"

    def validity(self):
        return self.valid

    def cipher(self):
        return ("suite", "TLSv1.3")

    def publisher(self, cloud, open_stream):
        world = self

        class Publisher:
            def connect(self):
                world.step("session")
                open_stream(cloud.host, cloud.port)
                world.client_id = cloud.client_id

            def publish(self, reading):
                world.step("run")
                world.published.append(dict(reading))

            def service(self):
                world.step("service")

            def close(self):
                world.closed += 1

        return Publisher()


def run(world, messages=1, settings=SETTINGS, ca=b"ca", clock=None):
    """Run the application in `world` until it delivered `messages`; return (supervisor, clock)."""
    clock = clock or Pauses()
    if ca is not None:
        with open("ca.pem", "wb") as file:
            file.write(ca)
    sim = replaced(
        iotsafe, Applet=world.applet, find_identity=world.find_identity, SSLContext=world.context
    )
    modem = replaced(cellular, driver={"sim7080": world}.get)
    cloud = replaced(telemetry, Publisher=world.publisher)
    with running(clock), sim, modem, cloud, replaced(supervisor, gc=world):
        application = Supervisor(world, config.check(settings))
        application.run(messages)
    return application, clock


ALL = list(STEPS)
