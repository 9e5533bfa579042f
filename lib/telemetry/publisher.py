"""Publishes to a cloud over umqtt.simple (unmodified) and a TLS stream."""

import sys

from micropython import const

import ticks

from .link import Link

# The codes of CONNACK that have a reason of their own.
_REFUSALS = (1, 2, 3, 4, 5, 7)

_EPROTO = const(71)
_PUBLISH = const(0x30)
_ENDED = const(-1)  # see Link.read
_LAST_PID = const(65535)


def _umqtt():
    """The module umqtt.simple. It imports a module for sockets, which a board without a network of
    its own lacks; Link stands in for that module during the import, and only then."""
    lent = []
    try:
        for name in ("usocket", "socket"):
            try:
                __import__(name)
            except ImportError:
                lent.append((name, sys.modules.get(name, lent)))
                sys.modules[name] = Link
        from umqtt import simple
    finally:
        for name, before in lent:
            if before is lent:
                del sys.modules[name]
            else:
                sys.modules[name] = before
    return simple


def _ignore(topic, message):
    """Drops the messages of a caller without `on_message`."""


class MQTTError(OSError):
    """The broker broke the protocol or the session.

    `reason`: a short name that does not change; `values`: a tuple. `str` makes a sentence of both,
    by the table in `reasons.py`, which is loaded then.
    """

    package = "telemetry"

    def __init__(self, reason, *values):
        super().__init__(_EPROTO, reason, *values)
        self.reason = reason
        self.values = values

    def __str__(self):
        from .reasons import fact

        return fact(self)


class BrokerRefused(MQTTError):
    """The broker refused the login. `code`: of CONNACK (MQTT 3.1.1, 3.2.2.3), as in `values`."""

    def __init__(self, reason, code):
        super().__init__(reason, code)
        self.code = code


class Publisher:
    """One MQTT session at a time with `cloud` (see `telemetry.cloud`).

    `open_stream(host, port)` gives the TLS stream; what it raises passes unchanged. Errors of
    the protocol are MQTTError. After any error call `connect` again.
    """

    def __init__(self, cloud, open_stream, on_message=None):
        self._cloud = cloud
        self._link = Link(open_stream)
        self._umqtt = simple = _umqtt()
        # As bytes: umqtt takes the length in characters, and MQTT counts bytes.
        self._client = simple.MQTTClient(
            cloud.client_id.encode(),
            cloud.host,
            cloud.port,
            cloud.user.encode() or None,
            cloud.password.encode(),
            cloud.keepalive,
        )
        self._client.set_callback(on_message or _ignore)
        self._client.sock = self._link
        self._topic = cloud.topic.encode()

    def connect(self):
        """Open the stream and log in."""
        # umqtt takes its socket from its module: lend it ours during the call.
        simple = self._umqtt
        lent = simple.socket
        simple.socket = self._link
        try:
            self._run(self._client.connect)
        finally:
            simple.socket = lent

    def publish(self, reading):
        """Encode and publish `reading` with QoS 1; returns when the broker has it."""
        self.publish_raw(self._cloud.encode(reading))

    def publish_raw(self, payload):
        """Publish `payload` (bytes) with QoS 1; returns when the broker has it."""
        if self._client.pid >= _LAST_PID:
            self._client.pid = 0  # umqtt lets it grow past its 16 bits
        self._run(self._client.publish, self._topic, payload, False, 1)

    def service(self):
        """Take in what the broker sent and keep the session alive; call it every few seconds.

        Never waits for the network. A broker silent for one and a half times the keep-alive time
        is an MQTTError.
        """
        self._run(self._receive)
        link = self._link
        now = ticks.now()
        if ticks.diff(now, link.heard) > self._cloud.keepalive * 1500:
            link.close()
            raise MQTTError("broker-silent")
        # The broker expects packets from us, however much it sends.
        if ticks.diff(now, link.sent) >= self._cloud.keepalive * 500:
            self._run(self._client.ping)
            self._run(link.flush)

    def _receive(self):
        kind = self._client.check_msg()
        if kind and kind & 0xF0 != _PUBLISH:  # umqtt left the rest of it in the stream
            raise ValueError("packet %02X" % kind)

    def close(self):
        """Say goodbye, if that is still possible, and close the stream."""
        try:
            if self._link.is_open():
                self._client.disconnect()
        except OSError:
            pass
        self._link.close()

    def _run(self, call, *args):
        """`call(*args)` of umqtt. Its exceptions become MQTTError; any error closes the stream."""
        link = self._link
        link.start()
        try:
            return call(*args)
        except BaseException as e:
            error = e
        # Without a stream the broker had no part in it: the error passes unchanged.
        if link.is_open():
            if isinstance(error, self._umqtt.MQTTException):
                code = error.args[0]
                error = BrokerRefused(
                    "connack-%d" % code if code in _REFUSALS else "connack", code
                )
            elif isinstance(error, OSError) and error.args[0] == _ENDED:
                error = MQTTError("broker-closed")
            elif isinstance(error, (AssertionError, IndexError, TypeError, ValueError)):
                error = MQTTError("broker-not-understood", repr(error))
        link.close()
        raise error
