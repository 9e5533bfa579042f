"""Publishes to a cloud over umqtt.simple (unmodified) and a TLS stream."""

import ticks
from umqtt import simple

from .link import Link

_REFUSALS = {
    1: "it does not speak MQTT 3.1.1",
    2: "it does not accept this client identifier",
    3: "it is not available",
    4: "wrong user name or password",
    5: "not authorised: check the broker's access rules for this device",
    7: "not authorised (AWS): check the policy of the certificate",
}


class MQTTError(OSError):
    """The broker broke the protocol or the session. `text` for people."""

    def __init__(self, text):
        super().__init__(71, text)  # EPROTO
        self.text = text

    def __str__(self):
        return self.text


class BrokerRefused(MQTTError):
    """The broker refused the login. `code`: of CONNACK (MQTT 3.1.1, 3.2.2.3)."""

    def __init__(self, code):
        super().__init__(
            "the broker refused us: %s" % _REFUSALS.get(code, "CONNACK code %d" % code)
        )
        self.code = code


class Publisher:
    """One MQTT session at a time with `cloud` (see `telemetry.cloud`).

    `open_stream(host, port)` gives the TLS stream; what it raises comes through unchanged. Errors
    of the protocol are MQTTError. After any error call `connect` again.
    """

    def __init__(self, cloud, open_stream):
        self._cloud = cloud
        self._link = Link(open_stream)
        self._client = simple.MQTTClient(
            cloud.client_id,
            cloud.host,
            cloud.port,
            cloud.user or None,
            cloud.password or None,
            cloud.keepalive,
        )
        self._spoke = 0  # tick of the last packet that the broker answered
        self._asked = False  # a PINGREQ is out

    def connect(self):
        """Open the stream and log in."""
        # umqtt takes its socket from its module: lend it ours for the time of the call.
        lent = simple.socket
        simple.socket = self._link
        try:
            self._run(self._client.connect)
        finally:
            simple.socket = lent
        self._heard()

    def publish(self, reading):
        """Encode and publish `reading` with QoS 1; returns when the broker has it."""
        self.publish_raw(self._cloud.encode(reading))

    def publish_raw(self, payload):
        """Publish `payload` (bytes) with QoS 1; returns when the broker has it."""
        self._run(self._client.publish, self._cloud.topic, payload, False, 1)
        self._heard()

    def service(self):
        """Take in what the broker sent and keep the session alive; call it every few seconds.

        Never waits for the network, except that a PINGREQ unanswered for half the keep-alive
        time is an MQTTError.
        """
        if self._run(self._client.check_msg) is None and not self._asked:
            if ticks.diff(ticks.now(), self._spoke) > self._cloud.keepalive * 500:
                self._run(self._client.ping)
                self._link.flush()
                self._asked = True
                self._spoke = ticks.now()
        elif self._asked and ticks.diff(ticks.now(), self._spoke) > self._cloud.keepalive * 500:
            raise MQTTError("the broker does not answer any more")

    def close(self):
        """Say goodbye, if that is still possible, and close the stream."""
        try:
            if self._client.sock:
                self._client.disconnect()
        except (OSError, AttributeError):
            pass
        self._link.close()

    def _heard(self):
        self._spoke = ticks.now()
        self._asked = False

    def _run(self, call, *args):
        """`call(*args)` of umqtt, whose complaints are made MQTTError; closes on any error."""
        try:
            return call(*args)
        except simple.MQTTException as e:
            self._link.close()
            raise BrokerRefused(e.args[0]) from None
        except OSError as e:
            self._link.close()
            if e.args and e.args[0] == -1:  # umqtt's word for "the stream has ended"
                raise MQTTError("the broker closed the connection") from None
            raise
        except (AssertionError, IndexError, TypeError, ValueError) as e:
            self._link.close()
            raise MQTTError("the broker's answer is not understood (%r)" % e) from None
        except BaseException:
            self._link.close()
            raise
