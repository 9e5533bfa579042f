"""A board that connects only at intervals and rests in between."""

import json

from iotsafe_tools.testbed import Subscriber

UPLOAD = 10


def test_off_the_air_between_two_uploads(make_rig):
    events = []
    rig = make_rig(lab={"on_event": events.append})
    changes = {"telemetry.period": 4, "telemetry.upload": UPLOAD, "modem.rest": "radio"}
    application = rig.firmware(messages=4, frozen=True, changes=changes)
    with Subscriber(rig.broker, topic="devices/#") as subscriber, application as firmware:
        messages = subscriber.take(4)
        assert firmware.wait() == 0
    assert [json.loads(message.payload)["seq"] for message in messages] == [1, 2, 3, 4]
    lines = [event.get("line", "") for event in events]
    # Before its first connection the driver goes off the air to store the APN: that is no rest.
    first = next(n for n, line in enumerate(lines) if line.startswith("AT+CAOPEN"))
    assert lines[:first].count("AT+CFUN=4") <= 1
    rests = [n for n, line in enumerate(lines) if n > first and line == "AT+CFUN=4"]
    assert rests
    rig.broker.wait_until(lambda log: log.count(" as device-0001 ") == len(rests) + 1)
    for number, begin in enumerate(rests, 1):
        # The board closed the connection before, and sent no command meanwhile.
        assert lines[:begin].count("AT+CACLOSE=0") == number
        after = next(line for line in lines[begin + 1 :] if line.startswith("AT"))
        assert after == "AT+CFUN=1"
    sim = [event["apdu"][2:4] for event in events[rests[0] :] if event["kind"] == "apdu"]
    assert sim == ["2A", "2B"] * len(rests)  # only one signature for each upload
