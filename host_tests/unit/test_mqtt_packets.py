"""MQTT 3.1.1 to the byte, by the unmodified umqtt.simple, and one write for each packet."""

from broker_side import Stream, provide_umqtt
from expect import equal, raises
from virtual_time import Clock, running

from telemetry import Broker, MQTTError, Publisher

provide_umqtt()

ACCEPTED = b"\x20\x02\x00\x00"
CONNECT = b"\x10\x14\x00\x04MQTT\x04\x02\x00\x3c\x00\x08meter-17"


def session(replies=(), **settings):
    """Return (publisher, stream) after a CONNACK; `replies` come after the writes that follow."""
    stream = Stream([ACCEPTED] + list(replies))
    cloud = Broker("h", 8883, "meter-17", "d/{id}/t", **settings)
    publisher = Publisher(cloud, lambda host, port: stream)
    publisher.connect()
    return publisher, stream


def publish(pid, payload, topic=b"d/meter-17/t"):
    """Return the PUBLISH packet with QoS 1."""
    rest = bytes((0, len(topic))) + topic + bytes((pid >> 8, pid & 0xFF)) + payload
    size = len(rest)
    length = bytearray()
    while size > 127:
        length.append(size & 127 | 128)
        size >>= 7
    length.append(size)
    return b"\x32" + bytes(length) + rest


def puback(pid):
    return bytes((0x40, 2, pid >> 8, pid & 0xFF))


def test_connect():
    with running(Clock()):
        _, stream = session()
        assert len(stream.writes) == 1
        equal(stream.writes[0], CONNECT)


def test_connect_with_keep_alive():
    with running(Clock()):
        _, stream = session(keepalive=3600)
        equal(stream.writes[0], CONNECT.replace(b"\x00\x3c", b"\x0e\x10"))


def test_connect_with_user_and_password():
    with running(Clock()):
        _, stream = session(user="me", password="pass")
        want = b"\x10\x1e\x00\x04MQTT\x04\xc2\x00\x3c\x00\x08meter-17\x00\x02me\x00\x04pass"
        equal(stream.writes[0], want)


def test_connect_with_a_user_and_no_password():
    with running(Clock()):
        _, stream = session(user="me")
        want = b"\x10\x1a\x00\x04MQTT\x04\xc2\x00\x3c\x00\x08meter-17\x00\x02me\x00\x00"
        equal(stream.writes[0], want)


def test_connect_with_a_password_and_no_user():
    # MQTT 3.1.1, 3.1.2.9: no password without a user.
    with running(Clock()):
        _, stream = session(password="pass")
        equal(stream.writes[0], CONNECT)


def test_lengths_are_counted_in_bytes():
    with running(Clock()):
        stream = Stream([ACCEPTED, puback(1)])
        cloud = Broker("h", 8883, "z\u00e4hler", "d/{id}/t", user="m\u00fc", password="\u00df")
        publisher = Publisher(cloud, lambda host, port: stream)
        publisher.connect()
        want = (
            b"\x10\x1c\x00\x04MQTT\x04\xc2\x00\x3c\x00\x07z\xc3\xa4hler"
            b"\x00\x03m\xc3\xbc\x00\x02\xc3\x9f"
        )
        equal(stream.writes[0], want)
        publisher.publish_raw(b"x")
        equal(stream.writes[1], publish(1, b"x", b"d/z\xc3\xa4hler/t"))


def test_publish():
    with running(Clock()):
        publisher, stream = session([puback(1), puback(2)])
        publisher.publish({"temp": 21.5})
        publisher.publish_raw(b"second")
        assert len(stream.writes) == 3, stream.writes
        equal(stream.writes[1], b'\x32\x1e\x00\x0cd/meter-17/t\x00\x01{"temp": 21.5}')
        equal(stream.writes[2], publish(2, b"second"))


def test_the_length_of_a_publish():
    # 2 + 12 + 2 bytes come before the payload: the borders are 127 and 128, 16383 and 16384.
    with running(Clock()):
        for size, head, writes in (
            (111, b"\x32\x7f", 1),
            (112, b"\x32\x80\x01", 1),
            (490, b"\x32\xfa\x03", 1),  # all of it in one record
            (1200, b"\x32\xc0\x09", 2),
            (16367, b"\x32\xff\x7f", 2),
            (16368, b"\x32\x80\x80\x01", 2),
        ):
            publisher, stream = session([b""] * (writes - 1) + [puback(1)])
            payload = bytes(i & 0xFF for i in range(size))
            publisher.publish_raw(payload)
            sent = b"".join(stream.writes[1:])
            equal(sent, publish(1, payload))
            equal(sent[: len(head)], head)
            assert len(stream.writes) == 1 + writes, (size, [len(w) for w in stream.writes])


def test_the_packet_identifier_after_65535():
    with running(Clock()):
        publisher, stream = session([puback(65534), puback(65535), puback(1), puback(2)])
        publisher._client.pid = 65533
        for pid in (65534, 65535, 1, 2):  # 0 is not allowed: MQTT 3.1.1, 2.3.1
            publisher.publish_raw(b"x")
            equal(stream.writes[-1], publish(pid, b"x"))


def test_ping_and_disconnect():
    clock = Clock()
    with running(clock):
        publisher, stream = session()
        clock.sleep(30_000)
        publisher.service()
        assert stream.writes[1:] == [b"\xc0\x00"]
        publisher.close()
        assert stream.writes[2:] == [b"\xe0\x00"]
        assert stream.closed == 1


def test_the_right_acknowledgement_is_waited_for():
    with running(Clock()):
        # A late PUBACK of an earlier publish, a PINGRESP and a message come first.
        message = b"\x30\x05\x00\x03abcX"
        publisher, stream = session([puback(1), puback(1) + b"\xd0\x00" + message + puback(2)])
        publisher.publish_raw(b"one")
        publisher.publish_raw(b"two")
        assert stream.unread() == b""
    clock = Clock()
    with running(clock):
        publisher, stream = session([puback(7)])
        with raises(OSError) as caught:
            publisher.publish_raw(b"one")
        assert caught.error.args[0] == 110
        assert stream.closed == 1


def test_a_message_is_delivered_and_acknowledged():
    got = []
    with running(Clock()):
        stream = Stream([ACCEPTED])
        cloud = Broker("h", 8883, "meter-17", "t")
        publisher = Publisher(
            cloud, lambda host, port: stream, lambda topic, message: got.append((topic, message))
        )
        publisher.connect()
        stream.arrive(b"\x30\x06\x00\x01aone" + b"\x32\x08\x00\x01b\x12\x34two")
        publisher.service()
        publisher.service()
        publisher.service()
        assert got == [(b"a", b"one"), (b"b", b"two")]
        assert stream.writes[1:] == [b"\x40\x02\x12\x34"]


def test_messages_that_nobody_asked_for_are_dropped():
    with running(Clock()):
        publisher, stream = session()
        stream.arrive(b"\x30\x06\x00\x01aone")
        publisher.service()
        publisher.service()
        assert stream.unread() == b""


def test_umqtt_keeps_its_own_socket():
    from umqtt import simple

    with running(Clock()):
        before = simple.socket
        session()
        assert simple.socket is before
        stream = Stream([b"\x20\x02\x00\x05"])
        with raises(MQTTError):
            Publisher(Broker("h", 1, "i", "t"), lambda host, port: stream).connect()
        assert simple.socket is before
