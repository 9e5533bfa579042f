"""Sessions that go wrong: refusals, brokers that break the protocol, silence."""

import sys

from broker_side import Stream, provide_umqtt
from expect import raises
from virtual_time import Clock, running

from telemetry import Broker, BrokerRefused, Link, MQTTError, Publisher, publisher

provide_umqtt()

ACCEPTED = b"\x20\x02\x00\x00"
CLOUD = Broker("mqtt.example.com", 8883, "meter-17", "t")


def session(replies=(), cloud=CLOUD):
    stream = Stream([ACCEPTED] + list(replies))
    publisher = Publisher(cloud, lambda host, port: stream)
    publisher.connect()
    return publisher, stream


# -- umqtt's module for sockets ------------------------------------------------------------------

NAMES = ("usocket", "socket")


class Importer:
    """Replaces `__import__`, on a board without a socket module. `before`: the entries of
    sys.modules under these names."""

    def __init__(self, before):
        self.before = before
        self.asked = []

    def __call__(self, name, *args):
        self.asked.append(name)
        raise ImportError(name)

    def __enter__(self):
        self.kept = {name: sys.modules[name] for name in NAMES if name in sys.modules}
        self.put(dict.fromkeys(NAMES, self.before) if self.before else {})
        publisher.__import__ = self
        return self

    def __exit__(self, *_):
        del publisher.__import__
        self.put(self.kept)

    def put(self, modules):
        for name in NAMES:
            sys.modules.pop(name, None)
        sys.modules.update(modules)

    def left(self):
        return [sys.modules.get(name) for name in NAMES]


def test_the_stand_in_for_sockets_goes_after_the_import():
    something = object()
    for before in (None, something):
        with Importer(before) as importer:
            publisher._umqtt()
            assert importer.asked == list(NAMES)
            assert importer.left() == [before, before]
            assert importer.before or not [name for name in NAMES if name in sys.modules]


def test_the_stand_in_for_sockets_goes_when_umqtt_is_missing():
    kept = [sys.modules.pop(name, None) for name in ("umqtt", "umqtt.simple")]
    sys.modules["umqtt"] = Link  # a module without `simple`
    try:
        for before in (None, object()):
            with Importer(before) as importer:
                with raises(ImportError, AttributeError):
                    publisher._umqtt()
                assert importer.left() == [before, before]
    finally:
        for name, module in zip(("umqtt", "umqtt.simple"), kept):
            sys.modules.pop(name, None)
            if module:
                sys.modules[name] = module


# -- the login ----------------------------------------------------------------------------------


def test_each_refusal():
    for code, text in (
        (1, "it does not speak MQTT 3.1.1"),
        (2, "it does not accept this client identifier"),
        (3, "it is not available"),
        (4, "wrong user name or password"),
        (5, "not authorised"),
        (7, "not authorised (AWS)"),
        (99, "CONNACK code 99"),  # not a code of MQTT 3.1.1
    ):
        with running(Clock()):
            stream = Stream([b"\x20\x02\x00" + bytes((code,))])
            with raises(BrokerRefused, text=text) as caught:
                Publisher(CLOUD, lambda host, port, stream=stream: stream).connect()
            assert caught.error.code == code and caught.error.values == (code,)
            assert caught.error.reason == ("connack" if code == 99 else "connack-%d" % code)
            assert isinstance(caught.error, MQTTError)
            assert stream.closed == 1


def test_what_is_no_connack():
    for answer in (b"\x20\x03\x00\x00", b"\x30\x02\x00\x00", b"HTTP/1.1 400", b"\x00\x00\x00\x00"):
        with running(Clock()):
            stream = Stream([answer])
            with raises(MQTTError, text="the broker's answer is not understood") as caught:
                Publisher(CLOUD, lambda host, port, stream=stream: stream).connect()
            assert not isinstance(caught.error, BrokerRefused)
            assert caught.error.errno == 71
            assert caught.error.values == ("it is no MQTT",), caught.error.values
            assert stream.closed == 1


def test_closed_in_place_of_a_connack():
    for answer in (b"", b"\x20", b"\x20\x02\x00"):
        with running(Clock()):
            stream = Stream([answer])
            stream.hang_up()
            with raises(MQTTError, text="the broker closed the connection"):
                Publisher(CLOUD, lambda host, port, stream=stream: stream).connect()
            assert stream.closed == 1


def test_no_connack_in_time():
    for answer in (b"", b"\x20\x02"):
        clock = Clock()
        with running(clock):
            stream = Stream([answer])
            with raises(OSError) as caught:
                Publisher(CLOUD, lambda host, port, stream=stream: stream).connect()
            assert caught.error.args[0] == 110
            assert stream.closed == 1


def test_what_the_stream_raises_comes_through():
    class Strange(Exception):
        pass

    for problem in (
        OSError(100, "no network"),
        ValueError("the CA is damaged"),
        TypeError("x"),
        AssertionError("y"),
        OSError(-1, "of TLS"),
        Strange("z"),
        KeyboardInterrupt(),
        MemoryError(),
    ):

        def open_stream(host, port, problem=problem):
            assert (host, port) == ("mqtt.example.com", 8883)
            raise problem

        with running(Clock()):
            with raises(BaseException) as caught:
                Publisher(CLOUD, open_stream).connect()
            assert caught.error is problem, repr(caught.error)


def test_what_the_stream_raises_later():
    class Strange(Exception):
        pass

    class Breaking(Stream):
        problem = None

        def read(self, size):
            if self.problem:
                raise self.problem
            return Stream.read(self, size)

    for problem in (OSError(104, "reset"), Strange("alert"), KeyboardInterrupt()):
        for call in (lambda p: p.publish_raw(b"x"), lambda p: p.service()):
            with running(Clock()):
                stream = Breaking([ACCEPTED])
                publisher = Publisher(CLOUD, lambda host, port, stream=stream: stream)
                publisher.connect()
                stream.problem = problem
                with raises(BaseException) as caught:
                    call(publisher)
                assert caught.error is problem, repr(caught.error)
                assert stream.closed == 1


def test_a_new_session_after_an_error():
    with running(Clock()):
        streams = [Stream([ACCEPTED]), Stream([ACCEPTED, b"\x40\x02\x00\x02"])]
        given = list(streams)
        publisher = Publisher(CLOUD, lambda host, port: given.pop(0))
        publisher.connect()
        streams[0].hang_up()
        with raises(MQTTError, text="closed the connection"):
            publisher.publish_raw(b"x")
        publisher.connect()
        publisher.publish_raw(b"x")
        assert len(streams[1].writes) == 2


def test_without_a_session():
    with running(Clock()):
        publisher = Publisher(CLOUD, lambda host, port: None)
        for call in (lambda: publisher.publish_raw(b"x"), publisher.service):
            with raises(OSError, text="not connected to the broker") as caught:
                call()
            assert caught.error.errno == 107
        publisher.close()
        # Nor after a failed one, and no part of it is sent later.
        publisher, stream = session()
        stream.hang_up()
        with raises(MQTTError):
            publisher.service()
        for call in (lambda: publisher.publish_raw(b"x"), publisher.service):
            with raises(OSError, text="not connected"):
                call()
        publisher.close()
        assert len(stream.writes) == 1


# -- a broker that breaks the protocol ----------------------------------------------------------


def hostile(data, kind, text):
    """`data` arrives during a publish, and during no call: both end the session."""
    for call in (lambda p: p.publish_raw(b"x"), lambda p: [p.service() for _ in range(99)]):
        clock = Clock()
        with running(clock):
            publisher, stream = session()
            stream.arrive(data)
            stream.hang_up()
            with raises(kind, text=text):
                call(publisher)
            assert stream.closed == 1
            assert clock.ms < 200_000


def test_lengths_without_end():
    hostile(b"\x30" + b"\xff" * 200, OSError, "a length that does not end")


def test_huge_lengths():
    # The topic claims 65535 bytes; the message claims 268 million.
    hostile(b"\x30\xff\xff\xff\x7f\xff\xffabc", OSError, "announces a message of 65535 bytes")
    hostile(b"\x30\xff\xff\xff\x7f\x00\x01abc", OSError, "announces a message of 2684354")


def test_lengths_that_are_too_short():
    # Topic longer than the packet: the rest is negative.
    hostile(b"\x30\x02\x00\x05abcdefgh", OSError, "announces a message of -5 bytes")
    hostile(b"\x32\x03\x00\x01abcdefgh", OSError, "announces a message of -2 bytes")


def test_packets_that_are_cut_off():
    for data in (
        b"",
        b"\x30",
        b"\x30\x85",
        b"\x30\x05\x00",
        b"\x30\x05\x00\x03ab",
        b"\x40\x02\x00",
    ):
        hostile(data, MQTTError, "")


def test_qos_2_and_odd_pings():
    hostile(b"\x34\x05\x00\x01aXX", MQTTError, "not understood")
    hostile(b"\xd0\x05", MQTTError, "not understood")
    hostile(b"\x40\x03\x00\x01\x00" * 9, MQTTError, "not understood")


def test_packets_that_are_not_for_us():
    # umqtt leaves their rest in the stream, and would parse it as packets.
    for data in (b"\x40\x02\x00\x01", b"\x20\x02\x00\x00", b"\x90\x03\x00\x01\x00", b"\xe0\x00"):
        with running(Clock()):
            publisher, stream = session()
            stream.arrive(data)
            with raises(MQTTError, text="packet %02X" % data[0]):
                publisher.service()
            assert stream.closed == 1


def test_any_bytes_at_all():
    # Whatever a broker sends: an OSError in bounded time, or no effect.
    seed = 7
    for _ in range(150):
        junk = bytearray()
        for _ in range(40):
            seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
            junk.append(b"\x20\x30\x32\x40\xd0\x00\x01\x02\x03\x7f\x80\xffabc"[(seed >> 16) % 15])
        clock = Clock()
        with running(clock):
            publisher, stream = session()
            stream.arrive(bytes(junk))
            stream.hang_up()
            with raises(OSError):
                for _ in range(60):
                    publisher.service()
                publisher.publish_raw(b"x")
            assert stream.closed == 1
            assert clock.ms < 200_000


def test_acknowledgements_of_something_else_for_ever():
    class Endless(Stream):
        def read(self, size):
            clock.sleep(100)
            if len(self.writes) > 1 and len(self.unread()) < 4:
                self.arrive(b"\x40\x02\x77\x77")
            return Stream.read(self, size)

    clock = Clock()
    with running(clock):
        stream = Endless([ACCEPTED])
        publisher = Publisher(CLOUD, lambda host, port: stream)
        publisher.connect()
        with raises(OSError, text="the broker talks, but does not confirm"):
            publisher.publish_raw(b"x")
        assert 120_000 <= clock.ms < 125_000
        assert stream.closed == 1


# -- keep-alive ---------------------------------------------------------------------------------


def idle(publisher, clock, seconds, step=500):
    """Call `service` for some time, like the application."""
    end = clock.ms + seconds * 1000
    while clock.ms < end:
        publisher.service()
        clock.sleep(step)


def test_a_ping_after_half_the_time():
    clock = Clock()
    with running(clock):
        publisher, stream = session([b"\xd0\x00"] * 9)
        idle(publisher, clock, 29)
        assert len(stream.writes) == 1
        idle(publisher, clock, 2)
        assert stream.writes[1:] == [b"\xc0\x00"]
        idle(publisher, clock, 180)
        assert 6 <= len(stream.writes[1:]) <= 8
        assert set(stream.writes[1:]) == {b"\xc0\x00"}
        assert stream.closed == 0


def test_no_ping_while_there_is_something_to_say():
    clock = Clock()
    with running(clock):
        acks = [bytes((0x40, 2, 0, pid)) for pid in range(1, 11)]
        publisher, stream = session(acks)
        for _ in range(10):
            publisher.publish_raw(b"x")
            idle(publisher, clock, 25)
        assert len(stream.writes) == 11


def test_a_broker_that_only_talks_is_pinged_too():
    # MQTT 3.1.1, 3.1.2.10: the client must send, whatever it receives.
    clock = Clock()
    with running(clock):
        publisher, stream = session()
        for _ in range(10):
            stream.arrive(b"\x30\x04\x00\x01aX")
            idle(publisher, clock, 9)
        assert stream.writes[1:] == [b"\xc0\x00"] * 2


def test_a_silent_broker_is_given_up():
    clock = Clock()
    with running(clock):
        publisher, stream = session()
        with raises(MQTTError, text="the broker no longer answers"):
            idle(publisher, clock, 300)
        assert 90_000 <= clock.ms < 92_000
        assert 2 <= stream.writes.count(b"\xc0\x00") <= 3
        assert stream.closed == 1


def test_the_keep_alive_time_of_the_cloud():
    clock = Clock()
    with running(clock):
        publisher, _ = session(cloud=Broker("h", 1, "i", "t", keepalive=10))
        with raises(MQTTError, text="no longer answers"):
            idle(publisher, clock, 300, 100)
        assert 15_000 <= clock.ms < 16_000


def test_service_does_not_wait():
    clock = Clock()
    with running(clock):
        publisher, _ = session()
        for _ in range(10):
            publisher.service()
        assert clock.ms == 0


# -- the end ------------------------------------------------------------------------------------


def test_closing_twice_and_broken():
    class Broken(Stream):
        def write(self, buf):
            if self.writes:
                raise OSError(104)
            return Stream.write(self, buf)

    with running(Clock()):
        publisher, stream = session()
        publisher.close()
        publisher.close()
        assert stream.writes[1:] == [b"\xe0\x00"] and stream.closed == 1
        stream = Broken([ACCEPTED])
        publisher = Publisher(CLOUD, lambda host, port: stream)
        publisher.connect()
        publisher.close()
        assert stream.closed == 1
