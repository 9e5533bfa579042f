"""The main job on each simulated modem with the driver of its family."""

import contextlib
import json
import time

import pytest

from iotsafe_tools.testbed import Subscriber

# Personality of the simulated modem, driver in the config.
MODEMS = (
    ("sim7000", "sim7000"),
    ("sim7080", "sim7080"),
    ("bg95", "bg95"),
    ("bg96", "bg96"),
    ("gm02s", "gm02s"),
    ("gms01q", "gms01q"),
    ("eg95", "eg95"),  # it reaches the SIM only with AT+CCHO and AT+CGLA
    ("sara-r4", "sara-r4"),
    ("sara-r5", "sara-r5"),
    ("tx62", "tx62"),
)


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize(("personality", "driver"), MODEMS)
def test_a_message_is_delivered(make_rig, personality, driver, version):
    rig = make_rig(
        cn="meter-17", broker={"tls_exactly": version}, lab={"personality": personality}
    )
    with rig.firmware(messages=1, changes={"modem.driver": driver}) as firmware:
        assert firmware.wait() == 0
    rig.broker.wait_until_named("meter-17")
    assert any(f"TLSv{version}" in line for line in firmware.lines)
    assert rig.lab.counters["handler_errors"] == 0


def test_network_mode_and_bands_of_the_config(make_rig):
    rig = make_rig()
    changes = {"modem.network": "lte-m", "modem.bands": [20, 3]}
    with rig.firmware(messages=1, changes=changes) as firmware:
        assert firmware.wait() == 0
    assert rig.lab.modem.nvm["+CMNB"] == (1,)
    assert rig.lab.modem.nvm["bands"] == {"CAT-M": (3, 20)}


@pytest.mark.parametrize("radio", ["lte-m", "nb-iot"])
def test_latency_and_rate_of_the_radio(make_rig, radio):
    rig = make_rig(cn="meter-17", lab={"radio": radio})
    with rig.firmware(messages=2) as firmware:
        assert firmware.wait() == 0
    rig.broker.wait_until_named("meter-17")
    assert rig.lab.counters["handler_errors"] == 0


NOISY = ("sim7080", "sim7000", "bg95", "gms01q", "sara-r5", "tx62")
READINGS = 5
LOST = "lost_bytes:rate=1,seed={}"  # a tenth of a percent, both ways
# Seconds. A firmware that does not repeat lost data never finishes.
PATIENCE = 1200.0
# The pauses between attempts are a twentieth of the real ones, which other tests check.
HURRIED = f"""
import app, telemetry
pause = telemetry.Backoff.pause
telemetry.Backoff.pause = lambda *which: pause(*which) // 20
app.run({READINGS})
"""


@pytest.mark.timeout(PATIENCE + 200)
def test_the_main_job_at_a_tenth_of_a_percent_of_lost_bytes(make_rig, summarize):
    """Run the modems side by side, as each of them mostly waits. They use TLS 1.2: over TLS 1.3
    OpenSSL sends session tickets, which nothing here uses and which double a burst's size."""
    jobs = []
    with contextlib.ExitStack() as running:
        for seed, personality in enumerate(NOISY, 1):
            rig = make_rig(
                cn="meter-17",
                broker={"tls_exactly": "1.2"},
                lab={"personality": personality, "faults": [LOST.format(seed)]},
            )
            subscriber = running.enter_context(Subscriber(rig.broker, topic="devices/#"))
            changes = {"modem.driver": personality}
            firmware = rig.firmware(command=("-c", HURRIED), changes=changes)
            jobs.append((personality, rig, subscriber, running.enter_context(firmware)))
        begun = time.monotonic()
        for personality, rig, subscriber, firmware in jobs:
            left = max(begun + PATIENCE - time.monotonic(), 1)
            assert firmware.wait(left) == 0, personality
            told = []
            while len({reading["seq"] for reading in told}) < READINGS:
                told.append(json.loads(subscriber.get().payload))
            told += [json.loads(message.payload) for message in subscriber.drain()]
            first = [reading["seq"] for reading in told if not reading.get("repeat")]
            assert {reading["seq"] for reading in told} == set(range(1, READINGS + 1)), told
            assert len(first) == len(set(first)), f"a reading came twice unmarked: {told}"
            lost = rig.lab.modem.faults.struck["lost_bytes"]
            assert rig.lab.counters["handler_errors"] == 0
            again = sum("next attempt" in line for line in firmware.lines)
            summarize(
                "summaries.as_they_are",
                f"main job at 0.1 % of lost bytes: {personality}: {lost} lost, {again} attempts "
                f"failed, {len(told)} readings",
            )
