"""Telemetry over MQTT: queue, publisher, cloud profiles.

publisher = telemetry.Publisher(telemetry.Broker("host", 8883, "id", "d/{id}/t"), open_stream)
publisher.connect(); publisher.publish({"temp": 21.5})
"""

# ruff: noqa: F401 - these names are the interface; a list of them as text would cost flash

from .backoff import Backoff
from .cloud import Broker
from .link import Link
from .publisher import BrokerRefused, MQTTError, Publisher
from .queue import Queue

__version__ = "0.1.0"
