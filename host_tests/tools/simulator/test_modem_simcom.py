"""SIMCom's modems against their drivers, in virtual time: rates, power key, network mode, PSM,
GNSS, and connections and how they end."""

import contextlib
from datetime import UTC, datetime

import pytest
from modem_bench import Bench, EchoServer
from modem_world import world

import cellular
from app.rest import rest

OK = b"\r\nOK\r\n"
NOON = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
FIXED = {"+IPR": (115200,)}
ASLEEP = {"+CPSMS": (1, "", "", "00100001", "00000101")}  # 1 h and 10 s
MODEMS = ("sim7000", "sim7080")


# -- power and rate ------------------------------------------------------------------------------


@pytest.mark.parametrize("personality", MODEMS)
def test_a_modem_that_is_off_is_switched_on(personality):
    with world(personality, auto_power=False) as here:
        here.attached()
        assert len(here.pressed) == 1
        assert here.modem.counters["boots"] == 1
        assert here.value("+IPR") == (115200,)


@pytest.mark.parametrize("personality", MODEMS)
@pytest.mark.parametrize("first_at", ["lost", "garbled"])
def test_a_modem_with_auto_baud_that_runs_is_not_touched(personality, first_at):
    with world(personality, first_at=first_at, first_at_count=2) as here:
        here.sleep(10_000)
        here.attached()
        assert not here.pressed
        assert here.modem.counters["power_downs"] == 0
        assert here.value("+IPR") == (115200,)
        # From now on a restart shows at once.
        here.modem.power_state.reset("test")
        here.sleep(10_000)
        with pytest.raises(cellular.ModemReset):
            here.driver.imsi()


@pytest.mark.parametrize("personality", MODEMS)
def test_a_modem_that_is_starting_is_waited_for(personality):
    with world(personality, nvm=FIXED) as here:
        here.sleep(int(1000 * here.modem.personality.power.reboot) - 2500)
        here.attached()
        assert not here.pressed
        assert here.modem.counters["boots"] == 1


@pytest.mark.parametrize("personality", MODEMS)
@pytest.mark.parametrize("rate", [9600, 19200, 38400, 57600, 230400, 460800, 921600])
def test_a_modem_at_another_rate_is_found_and_set_for_good(personality, rate):
    with world(personality, nvm={"+IPR": (rate,)}) as here:
        here.sleep(10_000)
        here.attached()
        assert not here.pressed
        assert here.uart.line.rate == 115200
        assert here.modem.nvm["+IPR"] == (115200,)
        here.driver.restart()
        here.driver.power_up()
        assert here.modem.counters["boots"] == 2
        assert not here.pressed


def test_a_modem_that_is_off_and_at_another_rate_is_found_at_the_second_attempt():
    with world(auto_power=False, nvm={"+IPR": (9600,)}) as here:
        with pytest.raises((cellular.ModemSilent, cellular.ModemGarbled)):
            here.driver.power_up()
        here.attached()
        assert len(here.pressed) == 1


def test_a_modem_that_hangs_is_reset_with_the_key():
    with world(nvm=FIXED) as here:
        here.sleep(10_000)
        here.uart.read()
        here.modem.faults.add("silent")
        boots = here.modem.counters["boots"]
        with pytest.raises(cellular.ModemSilent):
            here.driver.power_up()
        # A pulse must not switch off a modem that only seems to be off.
        assert here.modem.power_state.state == "on"
        assert here.modem.counters["boots"] == boots
        booted = here.modem.booted
        here.modem.booted = lambda: (here.modem.faults.clear(), booted())
        here.attached()
        assert here.modem.counters["boots"] == boots + 1


def test_both_directions_are_garbage_at_unlike_rates():
    with world(nvm={"+IPR": (9600,)}, delays=0.0) as here:
        here.sleep(1)
        here.uart.read()
        here.uart.write(b"AT\r")
        assert b"OK" not in (here.uart.read() or b"")
        here.uart.init(baudrate=9600)
        here.uart.write(b"AT\r")
        assert here.uart.read().endswith(OK)
        here.uart.write(b"AT+IPR=57600\r")
        assert here.uart.read().endswith(OK)  # at the old rate; the new one applies from then on
        here.uart.write(b"AT\r")
        assert b"OK" not in (here.uart.read() or b"")


# -- network mode --------------------------------------------------------------------------------


@pytest.mark.parametrize("personality", MODEMS)
def test_network_mode_and_bands_are_kept(personality):
    with world(personality, nvm={**FIXED, "+CNMP": (2,)}, delays=0.0) as here:
        extras = here.attached().extras()
        extras.network("lte-m", (20, 3))
        assert here.modem.nvm["+CNMP"] == (38,)
        assert here.modem.nvm["+CMNB"] == (1,)
        assert here.modem.nvm["bands"] == {"CAT-M": (3, 20)}
        before = here.modem.counters["at_commands"]
        extras.network("lte-m", (3, 20))
        assert here.modem.counters["at_commands"] - before == 3  # a query
        extras.network("both", (8,))
        assert here.modem.nvm["bands"] == {"CAT-M": (8,), "NB-IOT": (8,)}


def test_the_access_point_of_the_registration():
    with world(nvm={**FIXED, "contexts": {1: ("IP", "wrong")}}, delays=0.0) as here:
        driver = here.attached()
        driver.extras().access_point("right")
        assert here.modem.nvm["contexts"] == {1: ("IP", "right")}
        driver.unlock()
        driver.register()
        assert driver.attach("internet")


def test_signal_and_identity():
    with world(nvm=FIXED, delays=0.0) as here:
        extras = here.attached().extras()
        assert extras.quality() == (-94, -11)
        assert extras.cell()["band"] == "EUTRAN-BAND20"
        assert extras.identity() == (
            "SIMCOM_SIM7080",
            "Revision:1951B17SIM7080",
            "867730050000017",
        )


def test_options_of_sockets_reach_the_modem():
    with world(nvm=FIXED, delays=0.0) as here:
        here.attached().extras().socket_option("KEEPALIVE", 1, 120, 30, 4)
        assert here.modem.sockets.config["KEEPALIVE"] == (1, 120, 30, 4)


# -- power saving --------------------------------------------------------------------------------


@pytest.mark.parametrize("personality", MODEMS)
def test_psm_and_waking_from_it(personality):
    with world(personality, nvm=FIXED) as here:
        driver = here.attached()
        extras = driver.extras()
        extras.power_saving(3600, 10)
        driver.restart()
        driver = here.attached()
        extras.power_saving(3600, 10)
        assert extras.granted() == (3600, 10)
        here.sleep(30_000)
        assert here.modem.power_state.state == "off"
        with pytest.raises(cellular.ModemReset):
            driver.imsi()
        began, pressed = here.now, len(here.pressed)
        extras.wake()
        assert here.now - began < 15
        assert len(here.pressed) == pressed + 1
        here.attached()
        assert here.modem.counters["power_downs"] == 0


class Application:
    """The part of the supervisor that `rest` needs, in the time of `here`."""

    slept = False

    def __init__(self, here) -> None:
        self.modem, self.pause, self.queue = here.driver, here.sleep, ["a reading"]


@pytest.mark.parametrize("personality", MODEMS)
def test_the_application_lets_it_sleep_and_wakes_it(personality):
    config = {"telemetry.upload": 3600, "modem.rest": "psm"}
    with world(personality, nvm=FIXED) as here:
        application = Application(here)
        here.attached()
        pressed = len(here.pressed)
        for boots in (3, 4):  # the first rest restarts it, so that the network is asked
            assert rest(application, config, key=True) == "sim"
            assert here.modem.counters["boots"] == boots
            power = [event.get("why") for event in here.events if event["kind"] == "power"]
            assert power.count("PSM") == boots - 2, power
            here.attached()
        assert here.driver.extras().granted() == (4200, 10)
        assert len(here.pressed) == pressed + 2
        assert here.modem.counters["power_downs"] == 0


def test_the_periodic_timer_ends_psm():
    bench = Bench(delays=1.0, nvm={**FIXED, **ASLEEP})
    bench.run(4.0)
    bench.ask("ATE0;+CPSMSTATUS=1")
    printed = bench.run(20.0)
    assert printed.endswith(b'\r\n+CPSMSTATUS: "ENTER PSM"\r\n')
    assert bench.ask("AT") == b""
    assert bench.run(3590.0) == b""
    assert bench.run(20.0).startswith(b"\r\nRDY\r\n")


def test_a_key_that_woke_it_leaves_nothing_to_the_timer():
    bench = Bench(delays=1.0, nvm={**FIXED, **ASLEEP})
    bench.run(30.0)
    assert bench.modem.power_state.state == "off"
    bench.modem.power_key(True)
    bench.run(1.1)
    bench.modem.power_key(False)
    bench.run(3.0)
    assert bench.modem.power_state.state == "on"
    assert bench.modem.counters["boots"] == 2
    bench.ask("AT+CPOWD=0")
    bench.run(4000.0)
    assert bench.modem.power_state.state == "off"
    assert bench.modem.counters["boots"] == 2


def test_without_psm_nothing_falls_asleep():
    for nvm in (FIXED, {**FIXED, "+CPSMS": (1, "", "", "00100001", "11100000")}):
        bench = Bench(delays=1.0, nvm=nvm)
        bench.run(4000.0)
        assert bench.modem.power_state.state == "on"


def test_edrx():
    with world(nvm=FIXED, delays=0.0) as here:
        extras = here.attached().extras()
        assert extras.granted_edrx() is None
        extras.edrx(80)
        assert here.modem.nvm["+CEDRXS"] == (1, 4, "0101")
        assert extras.granted_edrx() == 81.92
        extras.edrx(None)
        assert extras.granted_edrx() is None


# -- GNSS ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("personality", MODEMS)
def test_position(personality):
    with world(personality, nvm=FIXED, wall_clock=lambda: NOON) as here:
        driver = here.attached()
        utc, latitude, longitude, *rest = driver.extras().position()
        assert utc == (2026, 3, 1, 12, 0, 30)
        assert (latitude, longitude) == (52.516272, 13.377722)
        assert rest == [34.5, 0.0, 0.0]
        assert here.value("+CGNSPWR") == (0,)


def test_no_position_in_time():
    with world(nvm=FIXED) as here:
        assert here.attached().extras().position(10_000) is None
        assert here.value("+CGNSPWR") == (0,)


def test_a_shared_receiver_finds_no_network_meanwhile():
    bench = Bench(delays=1.0, nvm=FIXED)
    bench.run(2.9)
    bench.ask("ATE0;+CGNSPWR=1")
    bench.run(60.0)
    assert bench.ask("AT+CEREG?") == b"\r\n+CEREG: 0,0\r\n" + OK
    bench.ask("AT+CGNSPWR=0")
    bench.run(5.0)
    assert bench.ask("AT+CEREG?") == b"\r\n+CEREG: 0,1\r\n" + OK


def test_what_the_receiver_says():
    bench = Bench(delays=1.0, nvm=FIXED, wall_clock=lambda: NOON)
    bench.run(10.0)
    bench.ask("ATE0")
    assert bench.ask("AT+CGNSINF") == b"\r\n+CGNSINF: 0," + b"," * 19 + b"\r\n" + OK
    bench.ask("AT+CGNSPWR=1")
    assert bench.ask("AT+CGNSINF").startswith(b"\r\n+CGNSINF: 1,0,")
    bench.run(31.0)
    printed = bench.ask("AT+CGNSINF")
    assert printed.startswith(b"\r\n+CGNSINF: 1,1,20260301120030.000,52.516272,13.377722,34.500,")


# -- connections ---------------------------------------------------------------------------------


@pytest.fixture
def echo():
    with EchoServer() as server:
        yield server


@contextlib.contextmanager
def talking(personality: str, echo, **options):
    """Return (world, driver, connected socket)."""
    with world(personality, nvm=FIXED, delays=0.0, **options) as here:
        driver = here.attached()
        yield here, driver, connected(driver, echo)


def connected(driver, echo):
    stream = driver.socket()
    stream.connect(("127.0.0.1", echo.port))
    return stream


def passes(stream, data: bytes) -> None:
    """Check that the echo returns `data` unchanged."""
    back = bytearray()
    for start in range(0, len(data), 4096):
        part = data[start : start + 4096]
        stream.write(part)
        got = 0
        while got < len(part):
            piece = stream.read(2048)
            assert piece
            back += piece
            got += len(piece)
    assert bytes(back) == data


@pytest.mark.parametrize("personality", MODEMS)
def test_whatever_the_bytes_are_they_pass(personality, echo):
    tricky = b"\r\nOK\r\n0, CLOSED\r\n+CADATAIND: 0\r\n> \r\nRDY\r\nERROR\r\nAT\r"
    with talking(personality, echo) as (_, _, stream):
        passes(stream, (tricky + bytes(range(256))) * 120)
        stream.close()


@pytest.mark.parametrize("personality", MODEMS)
def test_connections_side_by_side(personality, echo):
    with talking(personality, echo) as (here, driver, first):
        others = [connected(driver, echo) for _ in range(driver.max_sockets - 1)]
        for number, stream in enumerate([first, *others]):
            passes(stream, b"%d" % number * 300)
        with pytest.raises(cellular.NetworkError, match="connections of the modem are in use"):
            connected(driver, echo)
        others[3].close()
        passes(connected(driver, echo), b"again")
        assert len(here.modem.sockets.sockets) == driver.max_sockets


@pytest.mark.parametrize("personality", MODEMS)
def test_a_number_of_an_earlier_run_is_freed(personality, echo):
    with talking(personality, echo) as (here, _, stream):
        passes(stream, b"x")
        here.driver = cellular.driver(personality)(here.uart, here.press)
        here.attached()
        passes(connected(here.driver, echo), b"y")
        assert len(here.modem.sockets.sockets) == 1


@pytest.mark.parametrize("personality", MODEMS)
def test_what_the_peer_said_last_is_read_before_the_end(personality, echo):
    with talking(personality, echo) as (here, driver, stream):
        stream.write(b"last words")
        stream.flush()
        connection = here.modem.sockets.sockets[0].connection
        while not connection.rx:
            here.sleep(1)
        here.modem.sockets.peer_closed(0)
        assert stream.read(100) == b"last words"
        assert stream.read(100) == b""
        stream.close()
        passes(connected(driver, echo), b"x")


@pytest.mark.parametrize("personality", MODEMS)
def test_a_dropped_context_and_after(personality, echo):
    with talking(personality, echo) as (here, driver, stream):
        here.modem.radio.deactivate(0)
        driver.at.poll()
        with pytest.raises(cellular.NetworkError, match="dropped the data connection"):
            passes(stream, b"x")
        stream.close()
        assert driver.attach("internet") == "10.94.36.44"
        passes(connected(driver, echo), b"x")


@pytest.mark.parametrize("personality", MODEMS)
@pytest.mark.parametrize("at", ["at:", "done:"])
def test_a_reset_in_the_middle_of_sending(personality, at, echo):
    command = {"sim7000": "+CIPSEND", "sim7080": "+CASEND"}[personality]
    with talking(personality, echo) as (here, driver, stream):
        here.modem.faults.add("reset", at=at + command)
        with pytest.raises(cellular.ModemReset):
            passes(stream, b"x" * 5000)
        stream.close()
        here.attached()
        passes(connected(driver, echo), b"x" * 5000)


@pytest.mark.parametrize("personality", MODEMS)
def test_a_server_that_does_not_exist(personality, echo):
    with talking(personality, echo) as (_, driver, stream):
        for host, port in (("nowhere.test", 1), ("127.0.0.1", 1)):
            with pytest.raises(cellular.NetworkError) as caught:
                driver.socket().connect((host, port))
            assert caught.value.errno in (111, 113)
        passes(stream, b"x")


@pytest.mark.parametrize("personality", MODEMS)
def test_a_lost_indication_is_made_up_for(personality, echo):
    prefix = {"sim7000": "+CIPRXGET: 1", "sim7080": "+CADATAIND"}[personality]
    with talking(personality, echo) as (here, _, stream):
        here.modem.faults.add("lost_urc", prefix=prefix, times=1)
        passes(stream, b"x")
        assert here.modem.faults.struck == {"lost_urc": 1}


def test_a_sim7080_stalls_while_it_listens_to_satellites(echo):
    with talking("sim7080", echo) as (here, _, stream):
        here.modem.radio.listen_to_satellites(True)
        stream.settimeout(5)
        stream.write(b"x")
        with pytest.raises(OSError, match="no data"):
            stream.read(1)
        here.modem.radio.listen_to_satellites(False)
        assert stream.read(1) == b"x"


def test_a_sim7000_goes_on_while_it_listens_to_satellites(echo):
    with talking("sim7000", echo) as (here, driver, stream):
        assert driver.extras().position() is not None
        here.modem.radio.listen_to_satellites(True)
        passes(stream, b"x" * 3000)
