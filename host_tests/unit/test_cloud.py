"""The profile of a plain broker."""

import json

from telemetry import Broker


def test_what_is_not_said_has_a_default():
    cloud = Broker("mqtt.example.com", 8883, "meter-17", "devices/{id}/telemetry")
    assert (cloud.host, cloud.port, cloud.client_id) == ("mqtt.example.com", 8883, "meter-17")
    assert cloud.topic == "devices/meter-17/telemetry"
    assert (cloud.user, cloud.password, cloud.keepalive) == ("", "", 60)


def test_the_identifier_in_the_topic():
    assert Broker("h", 1, "a", "{id}/x/{id}").topic == "a/x/a"
    assert Broker("h", 1, "a", "plain").topic == "plain"


def test_a_reading_is_json():
    payload = Broker("h", 1, "a", "t").encode({"seq": 1, "temp": 21.5, "name": "gr\u00fcn"})
    assert isinstance(payload, bytes)
    assert json.loads(payload) == {"seq": 1, "temp": 21.5, "name": "gr\u00fcn"}
