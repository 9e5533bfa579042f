"""An MQTT client on the host that receives the broker's messages and can send commands."""

import queue
import time
from dataclasses import dataclass
from typing import Any, Self

import paho.mqtt.client as mqtt

from .broker import HOST, Broker
from .pki import PKI, Issued
from .process import PATIENCE

_BACKLOG = 100_000  # unread messages; beyond that, the client stops reading its connection


@dataclass(frozen=True)
class Message:
    """A delivered message. `received`: seconds of time.monotonic()."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    received: float


class Subscriber:
    """Subscribes to `topic` at QoS 1 on `start`, and again when the broker comes back.

    `identity` is a certificate with its key; by default `pki` issues one for `cn`.
    """

    def __init__(
        self,
        broker: Broker,
        pki: PKI | None = None,
        *,
        topic: str = "#",
        cn: str = "subscriber",
        identity: Issued | None = None,
    ) -> None:
        self._broker = broker
        self._topic = topic
        pki = pki or broker.pki
        identity = identity or pki.software_client(cn)
        self.cn = identity.cn
        self._messages: queue.Queue[Message] = queue.Queue(_BACKLOG)
        self._ready: queue.Queue[str] = queue.Queue()  # "" for a subscription, else the problem
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=identity.cn)
        self._client.tls_set(
            ca_certs=str(pki.ca_path),
            certfile=str(identity.path),
            keyfile=str(identity.key_path),
        )
        self._client.reconnect_delay_set(min_delay=1, max_delay=1)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message

    # ---- paho's thread --------------------------------------------------------------------

    def _on_connect(self, client, _userdata, _flags, reason, _properties) -> None:
        if reason.is_failure:
            self._ready.put(f"refused: {reason}")
        else:
            client.subscribe(self._topic, qos=1)

    def _on_disconnect(self, _client, _userdata, _flags, reason, _properties) -> None:
        self._ready.put(f"disconnected: {reason}")

    def _on_subscribe(self, _client, _userdata, _mid, reasons, _properties) -> None:
        failed = [str(reason) for reason in reasons if reason.is_failure]
        self._ready.put(f"subscription refused: {failed[0]}" if failed else "")

    def _on_message(self, _client, _userdata, message: mqtt.MQTTMessage) -> None:
        self._messages.put(
            Message(
                message.topic,
                bytes(message.payload),
                message.qos,
                message.retain,
                time.monotonic(),
            )
        )

    # ---- the caller's thread --------------------------------------------------------------

    def start(self, timeout: float = PATIENCE) -> Self:
        """Connect and subscribe; return when the broker has acknowledged the subscription.

        Raises ConnectionError if the broker refuses, ssl.SSLError if the handshake fails, OSError
        if no broker listens.
        """
        self._client.connect(HOST, self._broker.port, keepalive=60)
        self._client.loop_start()
        try:
            self.wait_until_subscribed(timeout)
        except ConnectionError:
            self.stop()
            raise
        return self

    def wait_until_subscribed(self, timeout: float = PATIENCE) -> None:
        """Wait for the next acknowledged subscription, for example after a restart of the broker.

        Raises ConnectionError after `timeout` seconds or at the first failure.
        """
        try:
            problem = self._ready.get(timeout=timeout)
        except queue.Empty:
            problem = f"no subscription after {timeout:g} s"
        if problem:
            raise ConnectionError(f"{self.cn}: {problem}; see {self._broker.log_path}")

    def get(self, timeout: float = PATIENCE, *, topic: str = "#") -> Message:
        """Return the next message that matches the filter `topic`; drop others before it.

        Raises TimeoutError after `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while True:
            try:
                message = self._messages.get(timeout=max(deadline - time.monotonic(), 0))
            except queue.Empty:
                raise TimeoutError(f"no message on {topic} within {timeout:g} s") from None
            if mqtt.topic_matches_sub(topic, message.topic):
                return message

    def take(self, count: int, timeout: float = PATIENCE) -> list[Message]:
        """Return the next `count` messages; all must arrive within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        return [self.get(deadline - time.monotonic()) for _ in range(count)]

    def drain(self) -> list[Message]:
        """Return all messages received so far; do not wait."""
        return [self._messages.get_nowait() for _ in range(self._messages.qsize())]

    def publish(
        self, topic: str, payload: bytes | str, *, qos: int = 1, retain: bool = False
    ) -> Any:
        """Send a message, e.g. a command to the device; wait for the broker's acknowledgement."""
        info = self._client.publish(topic, payload, qos=qos, retain=retain)
        info.wait_for_publish(60.0)
        if not info.is_published():
            raise TimeoutError(f"the broker did not acknowledge a message on {topic} in 60 s")
        return info

    def stop(self) -> None:
        """Disconnect; may be called twice."""
        self._client.disconnect()
        self._client.loop_stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
