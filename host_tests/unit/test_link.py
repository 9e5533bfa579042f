"""The stream that umqtt uses as a socket: it collects writes, and limits a broker's messages."""

from broker_side import Stream
from expect import equal, raises
from virtual_time import Clock, running

from telemetry import Link


def linked(replies=()):
    stream = Stream(replies)
    link = Link(lambda host, port: stream)
    link.connect(("h", 1))
    return link, stream


def test_it_stands_for_the_module_and_the_socket():
    asked = []

    def open_stream(host, port):
        asked.append((host, port))
        return Stream()

    link = Link(open_stream)
    assert not link.is_open()
    socket = link.socket(1, 2)
    address = link.getaddrinfo("mqtt.example.com", 8883, 0, 1)[0][-1]
    assert address == ("mqtt.example.com", 8883)
    socket.settimeout(3)  # the current umqtt does that before it connects
    socket.connect(address)
    assert asked == [("mqtt.example.com", 8883)]
    assert link.is_open()


def test_writes_leave_as_one_when_somebody_reads():
    with running(Clock()):
        link, stream = linked([b"abc"])
        assert link.write(b"\x10\x02", 2) == 2
        assert link.write(bytearray(b"\x00\x04MQTT\x99"), 6) == 6  # not the last byte
        assert link.write("text".encode()) == 4
        assert link.write(b"") == 0
        assert stream.writes == []
        equal(link.read(3), b"abc")
        assert stream.writes == [b"\x10\x02\x00\x04MQTTtext"], stream.writes
        link.flush()
        assert len(stream.writes) == 1


def test_what_does_not_fit_leaves_at_once():
    with running(Clock()):
        link, stream = linked()
        link.write(b"a" * 500)
        link.write(b"b" * 13)
        assert stream.writes == [b"a" * 500]
        link.write(b"c" * 499)
        assert len(stream.writes) == 1  # exactly full
        link.write(b"d" * 2000)
        assert stream.writes[1:] == [b"b" * 13 + b"c" * 499, b"d" * 2000]
        link.write(b"e" * 512)
        assert len(stream.writes) == 3
        link.flush()
        equal(stream.writes[3], b"e" * 512)


def test_the_buffer_is_taken_when_it_is_written():
    # umqtt uses the same bytearray again for the next piece.
    with running(Clock()):
        link, stream = linked()
        piece = bytearray(b"one")
        link.write(piece)
        piece[:] = b"two"
        link.write(piece)
        link.flush()
        assert stream.writes == [b"onetwo"]


def test_lengths_out_of_range():
    with running(Clock()):
        link, stream = linked()
        for size in (-1, -70000, 16 * 1024 + 1, 1 << 60):
            with raises(
                OSError, text="the broker announces a message of %d bytes" % size
            ) as caught:
                link.read(size)
            assert caught.error.errno == 90
        stream.arrive(bytes(16 * 1024))
        assert len(link.read(16 * 1024)) == 16 * 1024
        assert link.read(0) == b""


def test_a_length_that_does_not_end():
    with running(Clock()):
        link, stream = linked()
        stream.arrive(b"\xff" * 100)
        with raises(OSError, text="a length that does not end") as caught:
            for _ in range(100):
                link.read(1)
        assert caught.error.errno == 71
        assert len(stream.unread()) == 83
        # Longer reads, and writes, restart the count.
        link, stream = linked()
        stream.arrive(b"x" * 200)
        for _ in range(4):
            for _ in range(16):
                link.read(1)
            link.read(2)
            for _ in range(16):
                link.read(1)
            link.write(b"y")


def test_the_end_of_the_stream():
    with running(Clock()):
        for sent in (b"", b"abc"):
            link, stream = linked()
            stream.arrive(sent)
            stream.hang_up()
            with raises(OSError) as caught:
                link.read(4)
            assert caught.error.args[0] == -1


def test_nothing_there():
    with running(Clock()):
        link, _ = linked()
        link.setblocking(False)
        assert link.read(1) is None
        link.setblocking(True)
        with raises(OSError) as caught:
            link.read(1)
        assert caught.error.args[0] == 110


def test_when_it_last_heard_and_sent():
    clock = Clock()
    with running(clock):
        link, stream = linked()
        heard, sent = link.heard, link.sent
        clock.sleep(10)
        link.setblocking(False)
        link.read(1)
        assert (link.heard, link.sent) == (heard, sent)
        link.write(b"x")
        assert link.sent == sent  # the data has not left
        link.flush()
        assert link.sent == clock.now() and link.heard == heard
        clock.sleep(10)
        stream.arrive(b"y")
        link.read(1)
        assert link.heard == clock.now() and link.sent != clock.now()


def test_talk_without_end():
    clock = Clock()
    with running(clock):
        link, stream = linked()
        link.start()
        with raises(OSError, text="the broker talks, but does not confirm") as caught:
            for _ in range(1000):
                stream.arrive(b"ab")
                link.read(2)
                clock.sleep(1_000)
        assert caught.error.errno == 110
        assert 120_000 <= clock.ms <= 121_000
        link.start()
        stream.arrive(b"ab")
        assert link.read(2) == b"ab"


def test_closing():
    with running(Clock()):
        link, stream = linked()
        link.write(b"bye")
        link.close()
        link.close()
        assert stream.writes == [b"bye"]
        assert stream.closed == 1
        link.settimeout(3)  # a missing stream needs no action
        for call in (lambda: link.read(1), lambda: link.setblocking(True)):
            with raises(OSError, text="not connected to the broker") as caught:
                call()
            assert caught.error.errno == 107
        link.write(b"x")
        with raises(OSError, text="not connected"):
            link.flush()
        link.close()
        link.flush()  # no data of the old session is left


def test_closing_never_raises():
    class Broken(Stream):
        def write(self, buf):
            raise ValueError("broken")

        def close(self):
            Stream.close(self)
            raise OSError(5)

    stream = Broken()
    link = Link(lambda host, port: stream)
    with running(Clock()):
        link.connect(("h", 1))
        link.write(b"x")
        link.close()
    assert stream.closed == 1 and not link.is_open()


def test_a_new_connection_begins_clean():
    with running(Clock()):
        streams = [Stream(), Stream()]
        given = list(streams)
        link = Link(lambda host, port: given.pop(0))
        link.connect(("h", 1))
        link.write(b"for the first")
        link.connect(("h", 1))
        assert streams[0].writes == [b"for the first"]
        assert streams[0].closed == 1
        link.flush()
        assert streams[1].writes == []


def test_what_opening_raises_comes_through():
    class Refused(Exception):
        pass

    def open_stream(host, port):
        raise Refused("no")

    link = Link(open_stream)
    with raises(Refused):
        link.connect(("h", 1))
    assert not link.is_open()
