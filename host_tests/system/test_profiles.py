"""The main job with each sound profile of the simulated SIM."""

import pytest

from iotsafe_tools.simulator.sim import BROKEN, PROFILES

SOUND = [name for name in PROFILES if not name.startswith(BROKEN)]


@pytest.mark.parametrize("profile", SOUND)
@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_message_is_delivered(make_rig, profile, version):
    rig = make_rig(cn="meter-17", broker={"tls_exactly": version}, lab={"profile": profile})
    with rig.firmware(messages=1) as firmware:
        assert firmware.wait() == 0
    rig.broker.wait_until_named("meter-17")
    assert any(f"TLSv{version}" in line for line in firmware.lines)
