"""The contract of `cellular/DRIVER.md` on the twelve simulated modems, up to a connection:
class, errno and return value are the same for all of them.
"""

import socket

import pytest
from driver_contract import (
    ECONNREFUSED,
    ECONNRESET,
    EHOSTUNREACH,
    EINVAL,
    EIO,
    EISCONN,
    ENETDOWN,
    ENODEV,
    ETIMEDOUT,
    NAMES,
    NOON,
    NOON_UTC,
    Cases,
    sent,
)

import cellular

CASES = Cases()
case = CASES.case


# -- start, SIM and network ----------------------------------------------------------------------


@case()
def starts(stage):
    driver = stage.driver
    yield driver.power_up, None
    yield driver.unlock, None
    yield lambda: driver.prepare("internet"), None
    yield driver.register, 1
    yield lambda: driver.attach("internet"), "10.94.36.44"
    yield lambda: driver.attach("internet"), "10.94.36.44"
    yield driver.signal, -73
    yield driver.imsi, "001010000000000"
    yield lambda: len(driver.iccid()) in (19, 20), True
    yield lambda: [type(part) for part in driver.clock()], [int] * 6
    yield lambda: driver.resolve("localhost"), "127.0.0.1"
    yield driver.power_up, None


@case()
def connects_with_one_call(stage):
    driver = stage.driver
    yield lambda: driver.connect("internet"), "10.94.36.44"
    yield lambda: len(driver.clock()), 6
    stream = driver.socket()
    stream.connect(stage.address)
    yield lambda: driver.connect("internet"), "10.94.36.44"  # what holds, holds
    yield lambda: sent(stream), 1
    stage.modem.faults.add("reset")
    stage.sleep(20_000)
    yield lambda: sent(stream), (cellular.ModemReset, ECONNRESET)
    yield lambda: driver.connect("internet"), "10.94.36.44"
    yield lambda: len(driver.clock()), 6
    stream = driver.socket()
    yield lambda: stream.connect(stage.address), None


@case()
def connects_by_other_forms_of_a_host(stage):
    driver = stage.attached()
    stage.modem.network.resolve["my_broker.lan"] = ("127.0.0.1", None)
    yield lambda: driver.socket().connect(("my_broker.lan", stage.address[1])), None
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as server:
        port = server.getsockname()[1]
        yield lambda: driver.socket().connect(("::1", port)), None
    # Nothing listens there any more; an address is not looked up as a name.
    refused = cellular.NetworkError, ECONNREFUSED
    yield lambda: driver.socket().connect(("::1", port)), refused


@case(auto_power=False)
def connects_from_power_off(stage):
    yield lambda: stage.driver.connect("internet"), "10.94.36.44"


@case(pin="1234")
def connects_with_a_pin(stage):
    connect = stage.driver.connect
    yield lambda: connect("internet"), (cellular.SIMError, EIO)
    yield lambda: connect("internet", pin="1234"), "10.94.36.44"


@case(pdp="refused")
def connects_in_vain(stage):
    yield lambda: stage.driver.connect("internet"), (cellular.NetworkError, ENETDOWN)


@case(auto_power=False)
def is_not_there(stage):
    stage.driver._power_key = None
    yield stage.driver.power_up, (cellular.ModemSilent, ENODEV)
    yield stage.driver.signal, (cellular.ModemReset, ECONNRESET)
    yield stage.driver.unlock, (cellular.ModemReset, ECONNRESET)


@case(pin="1234")
def wants_a_pin(stage):
    driver = stage.driver
    driver.power_up()
    yield driver.unlock, (cellular.SIMError, EIO)
    yield lambda: driver.unlock("12"), (cellular.SIMError, EIO)
    yield lambda: driver.unlock("9999"), (cellular.SIMError, EIO)
    yield lambda: driver.unlock("1234"), (cellular.SIMError, EIO)  # a wrong one is entered once


@case(pin="1234")
def leaves_the_last_attempt_to_a_person(stage):
    """It asks how many are left. The program starts anew each time, and remembers nothing."""
    for tries in (2, 1, 1):
        driver = cellular.driver(stage.modem.personality.name)(stage.uart, stage.press)
        driver.power_up()
        yield lambda: driver.unlock("9999"), (cellular.SIMError, EIO)  # noqa: B023
        yield lambda: stage.modem.sim.tries, tries
    driver = cellular.driver(stage.modem.personality.name)(stage.uart, stage.press)
    driver.power_up()
    stage.modem.sim.tries = 2  # a person entered the right one, and locked it again
    yield lambda: driver.unlock("1234"), None


@case(pin="1234")
def gets_its_pin(stage):
    stage.driver.power_up()
    yield lambda: stage.driver.unlock("1234"), None
    yield stage.driver.unlock, None


@case(apn="internet", nvm={"contexts": {1: ("IPV4V6", "old.apn")}})
def finds_the_apn_of_an_earlier_user(stage):
    driver = stage.on()
    yield lambda: driver.prepare("internet"), None
    yield driver.register, 1
    yield lambda: driver.attach("internet"), "10.94.36.44"
    yield lambda: stage.modem.nvm["contexts"][1], ("IP", "internet")


@case()
def is_cut_off_while_the_radio_is_off(stage):
    """The program is interrupted behind a command of the change of its context."""
    driver = stage.on()
    for command in ("+CFUN=4", "+CGDCONT=1,", "+CFUN=1"):
        stage.modem.nvm["contexts"] = {1: ("IP", "old.apn")}
        driver.at.restarted()
        driver.power_up()
        send = driver.at.command

        def interrupted(given, *arguments, **options):
            result = send(given, *arguments, **options)  # noqa: B023
            if given.startswith(command.encode()):  # noqa: B023
                driver.at.command = send  # noqa: B023
                raise KeyboardInterrupt
            return result

        driver.at.command = interrupted
        with pytest.raises(KeyboardInterrupt):
            driver.prepare("internet")
        yield driver.register, 1
        yield lambda: stage.value("+CFUN")[0], 1


@case()
def is_given_a_password_without_a_user(stage):
    driver = stage.on()
    yield lambda: driver.prepare("a", "", "b"), (cellular.NetworkError, ENETDOWN)
    yield lambda: driver.attach("a", "", "b"), (cellular.NetworkError, ENETDOWN)


@case(quirks={"no_nitz"}, wall_clock=lambda: NOON)
def is_told_no_time_by_the_network(stage):
    """Its own time server, or NTP through its sockets, or the Date of a web server."""
    stage.time_servers()
    yield lambda: stage.attached().clock(), NOON_UTC
    stage.modem.wall_clock.reset()
    stage.answers_ntp = False
    yield stage.driver.clock, NOON_UTC
    stage.modem.wall_clock.reset()
    for answers in (False, True):
        stage.answers_ntp = answers
        stage.driver.clock_floor = (2027,)
        yield stage.driver.clock, None


@case(registration="none")
def finds_no_network(stage):
    yield lambda: stage.on().register(10_000), (cellular.NetworkError, ENETDOWN)


@case(registration="denied")
def is_denied(stage):
    yield lambda: stage.on().register(10_000), (cellular.NetworkError, ENETDOWN)


@case(pdp="refused")
def gets_no_data_context(stage):
    driver = stage.on()
    driver.prepare("internet")
    driver.register()
    attach = lambda: driver.attach("internet", timeout=10_000)  # noqa: E731
    yield attach, (cellular.NetworkError, ENETDOWN)


@case()
def is_given_text_with_quotes(stage):
    driver = stage.attached()
    yield lambda: driver.prepare('a"b'), (cellular.NetworkError, ENETDOWN)
    yield lambda: driver.attach('a"b'), (cellular.NetworkError, ENETDOWN)
    yield lambda: driver.attach("a", "b\r"), (cellular.NetworkError, ENETDOWN)
    yield lambda: driver.resolve('a"b'), (cellular.NetworkError, ENETDOWN)
    yield lambda: driver.socket().connect(('a"b', 1)), (cellular.NetworkError, ENETDOWN)


# -- connecting ----------------------------------------------------------------------------------


@case()
def is_refused_by_the_server(stage):
    stage.server.close()
    connect = lambda: stage.attached().socket().connect(stage.address)  # noqa: E731
    yield connect, (cellular.NetworkError, ECONNREFUSED)


@case()
def knows_no_such_name(stage):
    driver = stage.attached()
    nowhere = "nowhere.example"
    yield lambda: driver.socket().connect((nowhere, 8883)), (cellular.NetworkError, EHOSTUNREACH)
    yield lambda: driver.resolve(nowhere), (cellular.NetworkError, EHOSTUNREACH)


@case()
def has_no_answer_from_the_server(stage):
    driver = stage.attached()
    stage.modem.network.silent = True
    yield lambda: driver.socket().connect(stage.address), (cellular.NetworkError, ETIMEDOUT)


@case()
def is_given_a_port_that_is_none(stage):
    driver = stage.attached()
    for port in (0, -1, 65536):
        yield lambda: driver.socket().connect(("h", port)), (cellular.NetworkError, EINVAL)  # noqa: B023


@case()
def has_lost_its_data_context(stage):
    driver = stage.attached()
    stage.modem.faults.add("pdp_dropped")
    stage.sleep(500)
    yield lambda: driver.socket().connect(stage.address), (cellular.NetworkError, ENETDOWN)


@case()
def has_no_connection_left(stage):
    stage.connected()
    driver = stage.driver
    for _ in range(driver.max_sockets - 1):
        driver.socket().connect(stage.address)
    yield lambda: driver.socket().connect(stage.address), (cellular.NetworkError, ENETDOWN)


@case()
def is_connected_twice(stage):
    stream, _ = stage.connected()
    yield lambda: stream.connect(stage.address), (cellular.StreamError, EISCONN)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("modem", NAMES)
def test_every_driver_keeps_the_contract(modem, name, monkeypatch):
    CASES.check(modem, name, monkeypatch)


def test_there_are_twelve():
    assert len(NAMES) == 12
