"""The main job end to end: real firmware, simulated modem and SIM, real broker."""

import json
import os

import pytest

import iotsafe
from iotsafe_tools.bench import measure
from iotsafe_tools.lab import Lab
from iotsafe_tools.simulator.sim import Profile
from iotsafe_tools.testbed import PKI, Subscriber

VERSIONS = ("1.2", "1.3")

# Labs whose modem can reach the SIM's applications only with AT+CGLA.
FETCHED = Profile.named("gsma", get_response="always")
ONLY_CGLA = {
    "no CSIM": {"quirks": {"cgla", "no_csim"}},
    "no CSIM, as 27.007 has it": {"quirks": {"cgla", "no_csim", "ccho_bare", "cchc_named"}},
    "CSIM for channel 0 only": {
        "quirks": {"cgla", "csim_basic_only", "ccho_hex", "cgla_no_space"}
    },
    "fetches by itself": {
        "quirks": {"cgla", "no_csim", "cgla_fetches", "csim_unquoted"},
        "profile": FETCHED,
    },
    "the SIM of NTT": {"profile": "ntt", "ccho_refusal": 13},
}


@pytest.mark.parametrize("version", VERSIONS)
def test_five_messages_are_delivered_and_the_broker_knows_the_certificate(make_rig, version):
    rig = make_rig(cn="meter-17", broker={"tls_exactly": version})
    application = rig.firmware(messages=5, frozen=True)
    with Subscriber(rig.broker, topic="devices/#") as subscriber, application as firmware:
        messages = subscriber.take(5)
        assert firmware.wait() == 0
    assert [json.loads(message.payload)["seq"] for message in messages] == [1, 2, 3, 4, 5]
    assert {message.topic for message in messages} == {"devices/meter-17/telemetry"}
    assert {message.qos for message in messages} == {1}
    rig.broker.wait_until_named("meter-17")
    assert any(f"TLSv{version}" in line for line in firmware.lines)
    signatures = rig.lab.counters["apdu_exchanges"]
    assert signatures >= 2, "the SIM was not asked"


def test_the_firmware_opens_no_private_key(make_rig):
    rig = make_rig()
    with rig.firmware(messages=1, frozen=True, trace=("openat", "open")) as firmware:
        assert firmware.wait() == 0
    preloaded = os.environ.get("LD_PRELOAD", "").split(":")  # by make test DATE=
    system = ("/lib", "/usr", "/etc", "/proc", *filter(None, preloaded))
    opened = {name for name in firmware.opened() if not name.startswith(system)}
    folder = str(firmware.folder)
    opened = {name.removeprefix(folder + "/") for name in opened}
    # The firmware opens config, CA, certificate cache, crash count, queued reading and terminal,
    # but no key.
    known = {"config.json", "ca.pem", "certificate.der.new", "crashes", "crashes.new"}
    known |= {"queue", "queue/00000001"}
    assert opened <= known | {rig.lab.uart}, opened
    assert {"config.json", "ca.pem"} <= opened
    kept = (firmware.folder / "certificate.der").read_bytes()
    assert kept[:1] == b"\x30"
    assert b"PRIVATE" not in (firmware.folder / "ca.pem").read_bytes()


@pytest.mark.parametrize("version", VERSIONS)
def test_with_another_key_in_the_sim_the_broker_refuses(make_rig, version):
    rig = make_rig(broker={"tls_exactly": version})
    with rig.firmware() as firmware:
        firmware.wait_for("delivered")
        # Replace the key while the firmware runs: it still has the old certificate.
        rig.lab.call(rig.lab.card.issuer.create_key_pair, b"\x01")
        rig.lab.call(rig.lab.modem.faults.add, "close", at="done:+CASEND", nth=1)
        firmware.wait_for("ClientRefused: the server refused the certificate or the sig")
        firmware.wait_for("KeyMismatch: the certificate in file 02")
        rig.broker.wait_until(lambda log: log.count("New client connected") == 1)
        # A certificate for the new key repairs this.
        rig.lab.call(rig.enrol, "device-0001")
        firmware.wait_for("delivered")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_client_of_another_ca_is_refused(make_rig, tmp_path, version):
    other = PKI.create(tmp_path / "other", name="Another CA")
    rig = make_rig(broker={"tls_exactly": version})
    point = rig.lab.card.issuer.public_key(b"\x01")
    rig.lab.card.issuer.write_file(b"\x02", other.issue_client(point, "device-0001"))
    with rig.firmware() as firmware:
        firmware.wait_for("ClientRefused: the server")
        firmware.wait_for(r"next attempt in \d+\.\d s")
    assert not rig.broker.names("device-0001")


@pytest.mark.parametrize("version", VERSIONS)
def test_with_another_ca_at_the_broker_the_firmware_refuses(make_rig, tmp_path, version):
    other = PKI.create(tmp_path / "other", name="Another CA")
    rig = make_rig(broker={"tls_exactly": version, "server": other.issue_server()})
    with rig.firmware() as firmware:
        firmware.wait_for("ServerNotTrusted: the server's certificate is not from a CA")
        firmware.wait_for("next attempt in")
    assert rig.broker.log.count("New client connected") == 0
    assert not any("apdu:2A" in line for line in firmware.lines)


def test_200_reconnects_at_a_small_heap_cost_two_exchanges_each_and_no_memory():
    numbers = measure.repeated(200, "96k")
    assert numbers["reconnects.failures"] == 0
    assert numbers["reconnects.apdu_exchanges"] == 2
    assert numbers["reconnects.heap_growth"] <= 0


def test_a_modem_that_leaves_get_response_to_us_costs_one_exchange_more():
    assert measure.get_response()["reconnect.apdu_exchanges_61xx"] == 3


@pytest.mark.parametrize("modem", ONLY_CGLA)
def test_a_modem_that_reaches_the_sim_only_with_cgla(make_rig, modem):
    events = []
    rig = make_rig(lab={**ONLY_CGLA[modem], "on_event": events.append})
    with rig.firmware(messages=2) as firmware:
        firmware.wait_for("by AT.CGLA")
        assert firmware.wait() == 0
    rig.broker.wait_until_named("device-0001")
    # While the socket is open: only the two commands of a signature.
    lines = [event.get("line", "") for event in events]
    first = next(n for n, line in enumerate(lines) if line.startswith("AT+CAOPEN="))
    last = next(n for n, line in enumerate(lines) if line.startswith("AT+CACLOSE="))
    during = events[first:last]
    commands = [event["apdu"][2:4] for event in during if event["kind"] == "apdu"]
    assert [ins for ins in commands if ins != "C0"] == ["2A", "2B"]
    sim = [line for line in lines[first:last] if line.startswith(("AT+CSIM", "AT+CGLA"))]
    assert len(sim) == 2 and all(line.startswith("AT+CGLA=") for line in sim), sim
    # AT+CSIM only as often as needed to find out that it does not work.
    assert sum(line.startswith("AT+CSIM=") for line in lines) <= 3
    tried = [line for line in lines if line.startswith('AT+CCHO="')]
    assert len(tried) == (len(iotsafe.AIDS) if modem == "the SIM of NTT" else 1)


def test_the_session_of_cgla_is_opened_anew_after_a_reset_of_the_sim(make_rig):
    rig = make_rig(lab={"quirks": {"cgla", "no_csim"}})
    with rig.firmware(changes={"sim.channel": "cgla"}) as firmware:
        firmware.wait_for("delivered")
        # The SIM loses its logical channels, the modem keeps running; then the firmware needs
        # another signature.
        rig.lab.call(rig.lab.modem.sim.power_on)
        rig.lab.call(rig.lab.modem.faults.add, "close", at="done:+CASEND", nth=1)
        firmware.wait_for("delivered")
    assert not any("CSIM" in line for line in firmware.lines)


def test_a_modem_that_does_not_reach_the_sim_says_so(make_rig):
    rig = make_rig(lab={"quirks": {"no_csim"}})
    with rig.firmware() as firmware:
        firmware.wait_for(
            r"ModemError: no CSIM on this modem \(.CME ERROR: 100 \(unknown\)\), and no", 120
        )
        firmware.wait_for("next attempt in")


def test_the_certificate_is_read_once_and_then_kept(make_rig):
    rig = make_rig()
    # The second start checks the certificate's end instead of reading it (7), and takes over the
    # channel that the first one left open (2).
    for expected in (8, 7 + 2):
        before = rig.lab.counters["apdu_exchanges"]
        with rig.firmware(messages=1) as firmware:
            assert firmware.wait() == 0
        assert rig.lab.counters["apdu_exchanges"] - before == expected


def test_the_uart_may_be_tcp(make_rig):
    rig = make_rig(lab={"uart": "tcp:127.0.0.1:0"})
    assert rig.lab.uart.startswith("tcp:127.0.0.1:")
    with rig.firmware(messages=2) as firmware:
        assert firmware.wait() == 0


def test_the_store_keeps_the_identity_over_a_restart_of_the_lab(make_rig, tmp_path):
    store = str(tmp_path / "sim.json")
    with Lab(store=store) as lab:
        point = lab.card.issuer.public_key(b"\x01")
    rig = make_rig(lab={"store": store})
    assert rig.lab.card.issuer.public_key(b"\x01") == point
    with rig.firmware(messages=1) as firmware:
        assert firmware.wait() == 0
