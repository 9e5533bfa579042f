"""Publishes to a cloud with the unmodified umqtt.simple, over a TLS stream."""

import sys

from micropython import const

import ticks

from .cloud import Broker, typed
from .link import Link

# The CONNACK codes that have a reason of their own.
_REFUSALS = (1, 2, 3, 4, 5, 7)

_EPROTO = const(71)
_EMSGSIZE = const(90)
_PUBLISH = const(0x30)
_ENDED = const(-1)  # see Link.read
_LAST_PID = const(65535)


def _umqtt():
    """Return the module umqtt.simple. It imports a module for sockets, which a board without a
    network of its own lacks; Link replaces that module, but only during the import."""
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
    """Drop a message, if the caller has no `on_message`."""


class MQTTError(OSError):
    """The broker broke the protocol or the session.

    `reason`: a short name that does not change; `values`: a tuple. `str` makes a sentence of both
    with the table in `reasons.py`, which it loads.
    """

    package = "telemetry"

    def __init__(self, reason, *values):
        super().__init__(_EPROTO, reason, *values)
        self.reason = reason
        self.values = values

    def __str__(self):
        from .reasons import fact

        return fact(self)

    def __repr__(self):  # what MicroPython prints of an error that nothing catches
        try:
            return "%s: %s %s" % (type(self).__name__, self, self.args)
        except:  # noqa: E722 - no memory, Ctrl-C: the REPL stops if anything leaves here
            return self.reason


class BrokerRefused(MQTTError):
    """The broker refused the login. `code`: that of CONNACK (MQTT 3.1.1, 3.2.2.3), also in
    `values`."""

    def __init__(self, reason, code):
        super().__init__(reason, code)
        self.code = code


class Publisher:
    """One MQTT session at a time with `cloud` (see `telemetry.cloud`).

    `open_stream(host, port)` returns the TLS stream; its exceptions pass unchanged. Errors of the
    protocol are MQTTError. After any error call `connect` again.
    """

    def __init__(self, cloud, open_stream, on_message=None):
        hasattr(cloud, "client_id") or typed("cloud", cloud, Broker)
        callable(open_stream) or typed("open_stream", open_stream, type(_umqtt))
        self._cloud = cloud
        self._link = Link(open_stream)
        self._umqtt = simple = _umqtt()
        # As bytes: umqtt writes the length of the text, and MQTT counts bytes, not characters.
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
        # umqtt takes its socket from its module: replace that by `Link` during the call.
        simple = self._umqtt
        lent = simple.socket
        simple.socket = self._link
        try:
            self._run(self._client.connect)
        finally:
            simple.socket = lent

    def publish(self, reading):
        """Encode and publish `reading` with QoS 1; return when the broker has it."""
        self.publish_raw(self._cloud.encode(reading))

    def publish_raw(self, payload):
        """Publish `payload` (bytes) with QoS 1; return when the broker has it."""
        typed("payload", payload, (bytes, bytearray))
        if self._client.pid >= _LAST_PID:
            self._client.pid = 0  # umqtt lets it exceed 16 bits
        self._run(self._client.publish, self._topic, payload, False, 1)

    def service(self):
        """Process the broker's packets and keep the session alive; call this every few seconds.

        Never waits for the network. Raises MQTTError if the broker was silent for one and a half
        times the keep-alive time.
        """
        self._run(self._receive)
        link = self._link
        now = ticks.now()
        if ticks.diff(now, link.heard) > self._cloud.keepalive * 1500:
            link.close()
            raise MQTTError("broker-silent")
        # The broker expects packets from the client, no matter how much it sends itself.
        if ticks.diff(now, link.sent) >= self._cloud.keepalive * 500:
            self._run(self._client.ping)
            self._run(link.flush)

    def _receive(self):
        kind = self._client.check_msg()
        if kind and kind & 0xF0 != _PUBLISH:  # umqtt left the rest of it in the stream
            raise ValueError("packet %02X" % kind)

    def close(self):
        """Send DISCONNECT, if that is still possible, and close the stream."""
        try:
            if self._link.is_open():
                self._client.disconnect()
        except OSError:
            pass
        self._link.close()

    def _run(self, call, *args):
        """Run `call(*args)` of umqtt. Turn its exceptions into MQTTError; close the stream after
        any error."""
        link = self._link
        link.start()
        try:
            return call(*args)
        except BaseException as e:
            error = e
        # Without a stream the error did not come from the broker: it passes unchanged.
        if link.is_open():
            if isinstance(error, self._umqtt.MQTTException):
                code = error.args[0]
                error = BrokerRefused(
                    "connack-%d" % code if code in _REFUSALS else "connack", code
                )
            elif isinstance(error, OSError) and error.args[0] == _ENDED:
                error = MQTTError("broker-closed")
            elif type(error) is OSError and error.args[0] in (_EMSGSIZE, _EPROTO):  # of Link
                error = MQTTError("broker-not-understood", error.args[1])
            elif isinstance(error, AssertionError):
                error = MQTTError("broker-not-understood", "it is no MQTT")
            elif isinstance(error, (IndexError, TypeError, ValueError)):
                error = MQTTError("broker-not-understood", repr(error))
        link.close()
        raise error
