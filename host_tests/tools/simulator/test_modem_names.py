"""Each driver asks its simulated modem for the addresses of names."""

import pytest
from modem_world import world

import cellular
from iotsafe_tools.simulator.modem import Network

MODEMS = cellular.names()


def network():
    return Network(resolve={"mqtt.example": ("127.0.0.1", 18883)})


@pytest.mark.parametrize("personality", MODEMS)
def test_a_name_that_is_known(personality):
    with world(personality, network=network(), delays=0.0) as here:
        driver = here.attached()
        handlers = list(driver.at.handlers)
        assert driver.resolve("mqtt.example") == "127.0.0.1"
        assert driver.resolve("MQTT.example") == "127.0.0.1"
        assert driver.at.handlers == handlers
        driver.at.poll()
        assert not driver.at.resyncs


@pytest.mark.parametrize("personality", MODEMS)
def test_a_name_that_is_not(personality):
    with world(personality, network=network(), delays=0.0) as here:
        driver = here.attached()
        before = here.now
        with pytest.raises(cellular.NetworkError, match=r"nowhere\.example cannot be") as caught:
            driver.resolve("nowhere.example")
        assert caught.value.errno == 113
        assert here.now - before < 5  # no time-out: the modem reported the failure
        assert driver.resolve("mqtt.example") == "127.0.0.1"
