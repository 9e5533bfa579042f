"""The main job by each modem that can be simulated, with the driver of its family."""

import pytest

# Personality of the simulated modem, driver in the config.
MODEMS = (
    ("sim7000", "sim7000"),
    ("sim7080", "sim7080"),
    ("bg95", "bg95"),
    ("bg96", "bg96"),
    ("gm02s", "gm02s"),
    ("gms01q", "gms01q"),
    ("eg95", "eg95"),  # the SIM is reached by AT+CCHO and AT+CGLA only
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
        assert firmware.wait(60) == 0
    assert rig.broker.names("meter-17")
    assert any(f"TLSv{version}" in line for line in firmware.lines)
    assert rig.lab.counters["handler_errors"] == 0


def test_network_mode_and_bands_of_the_config(make_rig):
    rig = make_rig()
    changes = {"modem.network": "lte-m", "modem.bands": [20, 3]}
    with rig.firmware(messages=1, changes=changes) as firmware:
        assert firmware.wait(60) == 0
    assert rig.lab.modem.nvm["+CMNB"] == (1,)
    assert rig.lab.modem.nvm["bands"] == {"CAT-M": (3, 20)}


@pytest.mark.parametrize("radio", ["lte-m", "nb-iot"])
def test_latency_and_rate_of_the_radio(make_rig, radio):
    rig = make_rig(cn="meter-17", lab={"radio": radio})
    with rig.firmware(messages=2) as firmware:
        assert firmware.wait(90) == 0
    assert rig.broker.names("meter-17")
    assert rig.lab.counters["handler_errors"] == 0
