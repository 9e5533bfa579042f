"""Telemetry over MQTT: queue, publisher, cloud profiles.

publisher = telemetry.Publisher(telemetry.Broker("host", 8883, "id", "d/{id}/t"), open_stream)
queue = telemetry.Queue("folder"); queue.put({"temp": 21.5})
publisher.connect(); publisher.publish(queue.take()); queue.done()
"""

# ruff: noqa: F401 - these names are the interface; a list of them as text would cost flash

from .backoff import Backoff
from .cloud import Broker
from .link import Link
from .publisher import BrokerRefused, MQTTError, Publisher
from .queue import Queue

__version__ = "0.2.0"
