"""`iotsafe modem info`: which driver it chooses for a modem, and all that it shows."""

import pytest
from fake_modem import FakeModem
from iotsafe_command import answer, iotsafe
from modem_command import failure, modem, refusal, report

import cellular
from iotsafe_tools.commands.modem import connection
from iotsafe_tools.commands.modem import identity as modem_identity
from iotsafe_tools.lab import Lab
from iotsafe_tools.simulator.modem.personalities import PERSONALITIES

OK = b"\r\nOK\r\n"
ERROR = b"\r\nERROR\r\n"
ICCID, IMSI, IMEI = "8988211000000000011", "001010000000001", "867730050000017"
FIELDS = {
    "port", "driver", "maker", "model", "revision", "imei", "sim", "iccid", "imsi",
    "registration", "technology", "operator", "signal_dbm", "rsrp_dbm", "address", "clock",
    "csim", "cgla",
}  # fmt: skip


@pytest.fixture
def short_waits(monkeypatch):
    """Shorten the wait for a modem that does not exist, or for its SIM."""
    monkeypatch.setattr(connection, "BOOT_MS", 1_200)
    monkeypatch.setattr(cellular.timeouts, "BOOT_SETTLE", 0)


def lab(uart="pty", **options):
    return Lab(uart, delays=0.0, **options)


def answering(**answers):
    """Return a reply function: OK for AT, ATE0 and AT+CMEE=, a radio that is on, the `answers` to
    others, and ERROR for the rest."""
    known = {"": b"", "E0": b"", "+CMEE=": b"", "+CFUN?": b"+CFUN: 1", **answers}

    def reply(line):
        said = known.get("+CMEE=" if line.startswith(b"AT+CMEE=") else line[2:].decode())
        return ERROR if said is None else b"".join(b"\r\n%s\r\n" % s for s in [said] if s) + OK

    return reply


# -- which driver ---------------------------------------------------------------------------


def test_each_driver_has_its_models():
    assert sorted(modem_identity.models()) == sorted(cellular.names())
    assert all(modem_identity.models().values())


@pytest.mark.parametrize(
    ("said", "driver"),
    [
        ("SIMCOM_SIM7070", "sim7080"),
        ("SIM7090G R1951", "sim7080"),
        ("SIMCOM_SIM7000E", "sim7000"),
        ("bg95-m3", "bg95"),
        ("Quectel_BG96", "bg96"),
        ("GM02SP", "gm02s"),
        ("GM01Q", "gms01q"),
        ("SARA-R422S-00B", "sara-r4"),
        ("SARA-R500S-01B", "sara-r5"),
        ("SIM7600G-H", None),
        ("EG25", None),
        ("", None),
    ],
)
def test_a_driver_for_what_a_modem_says(said, driver):
    assert modem_identity.driver_of(["Some Maker", said]) == driver


@pytest.mark.parametrize("name", PERSONALITIES)
def test_a_modem_of_each_family(name):
    found = report("info", "--imsi", port=f"sim:?modem={name}&delays=0")
    assert found.keys() == FIELDS
    assert found["driver"] == name
    assert found["port"] == f"simulated {PERSONALITIES[name].title}"
    assert found["model"] and found["maker"]
    assert (found["iccid"], found["imsi"], found["imei"]) == (ICCID, IMSI, IMEI)
    assert (found["sim"], found["registration"]) == ("ready", "home")
    assert (found["technology"], found["operator"]) == ("LTE/LTE-M", "Test Network")
    assert found["signal_dbm"] == -73
    assert found["csim"] is True
    assert found["cgla"] == ("cgla" in PERSONALITIES[name].quirks)


def test_a_modem_that_nobody_knows():
    reply = answering(**{"+CGMM": b"X9000", "+CGMI": b"Example Ltd"})
    with FakeModem(reply) as fake:
        said = failure("info", port=fake.name)
        assert "a modem that reports X9000, Example Ltd" in said
        assert "--modem: bg77, bg95" in said and "tx62" in said
        asked = (b"AT+CGMM", b"AT+CGMI", b"AT+CFUN?")
        for line in fake.heard:
            assert not line.startswith((b"AT+C", b"AT+Q")) or line in asked or b"+CMEE=" in line
    with FakeModem(answering(**{"+CFUN?": None})) as fake:
        found = report("info", "--modem", "gm02s", port=fake.name, status=1)
        assert found.keys() == {"error", "advice"}


def test_a_driver_by_name_for_a_modem_that_tells_little():
    """A value that the modem refuses is null, and not an error."""
    with FakeModem(answering(**{"+CFUN=1": b"", "+CPIN?": b"+CPIN: READY"})) as fake:
        found = report("info", "--modem", "gm02s", port=fake.name)
        shown = modem("info", "--modem", "gm02s", port=fake.name).stdout
    known = {"port": found["port"], "driver": "gm02s", "sim": "ready", "csim": False}
    assert found == {**dict.fromkeys(FIELDS), **known, "cgla": False}
    assert "model        -\n" in shown and "clock        -\n" in shown


@pytest.mark.parametrize("name", ["sim9000", "", "SIM7080"])
def test_no_such_driver(name):
    said = refusal("info", "--modem", name, port="sim:")
    assert "--modem" in said and "there are bg77, bg95" in said


def test_indications_are_not_taken_for_names():
    """URCs come between the command and its answer."""
    known = {"+CGMM": b"SMS Ready\r\n\r\n+CTZV: 4\r\n\r\n+CGMM: BG95-M3", "+QIACT?": b""}
    with FakeModem(answering(**known)) as fake:
        said = failure("info", "--modem", "bg95", port=fake.name)
    assert "AT+CTZU" in said  # without it, a modem gets this far
    with FakeModem(answering(**{**known, "+CTZU?": b"+CTZU: 3"})) as fake:
        found = report("info", port=fake.name)
    assert (found["model"], found["driver"]) == ("BG95-M3", "bg95")


# -- output ---------------------------------------------------------------------------------


def test_the_imsi_is_not_asked_for_unless_it_is_wanted():
    with lab() as running:
        events = []
        running.modem.on_event = events.append
        found = report("info", port=running.uart)
        shown = modem("info", port=running.uart).stdout
        assert found["imsi"] is None
        assert "IMSI         hidden, --imsi shows it\n" in shown
        assert IMSI not in shown and "CIMI" not in str(events)
        assert f"IMSI         {IMSI}\n" in modem("info", "--imsi", port=running.uart).stdout
        assert "CIMI" in str(events)


def test_for_people_as_a_process():
    with lab("tcp:127.0.0.1:0", nvm={"+CLTS": (1,)}) as running:
        url = running.uart.replace("tcp:", "socket://")
        modem("attach", port=url)
        done = iotsafe("modem", "info", "--port", url)
        whole = answer("modem", "info", "--port", url)
    assert (done.returncode, done.stderr) == (0, "")
    title, *rows = done.stdout.splitlines()
    assert title == f"SIMCOM_SIM7080 on {url}"
    shown = {row[:12].strip(): row[13:] for row in rows}
    clock = shown.pop("clock")
    assert clock.startswith("20") and clock.endswith("Z")
    assert whole["clock"].startswith("20")
    assert shown == {
        "maker": "SIMCOM_Ltd",
        "model": "SIMCOM_SIM7080",
        "firmware": "1951B17SIM7080",
        "IMEI": IMEI,
        "driver": "sim7080",
        "SIM": "ready",
        "ICCID": ICCID,
        "IMSI": "hidden, --imsi shows it",
        "network": "home",
        "technology": "LTE/LTE-M",
        "operator": "Test Network",
        "signal": "-73 dBm",
        "RSRP": shown["RSRP"],
        "data": "active, 10.94.36.44",
        "SIM access": "AT+CSIM",
    }
    assert whole["address"] == "10.94.36.44"


@pytest.mark.parametrize(
    ("registration", "shown", "operator"),
    [
        ("roaming", "roaming", "Test Network"),
        ("denied", "denied", None),
        ("none", "not searching", None),
    ],
)
def test_registration(registration, shown, operator):
    found = report("info", port=f"sim:?modem=bg95&delays=0&registration={registration}")
    assert (found["registration"], found["operator"]) == (shown, operator)
    assert (found["signal_dbm"] is None) == (operator is None)


def test_a_modem_that_has_registered_with_an_older_network():
    known = {
        "+CPIN?": b"+CPIN: READY",
        "+CTZU?": b"+CTZU: 3",
        "+CEREG?": b"+CEREG: 0,0",
        "+CGREG?": b"+CGREG: 0,5",
        "+COPS?": b'+COPS: 0,0,"A, \x1b[31mB",3',
        "+CGMM": b"BG96",
    }
    with FakeModem(answering(**known)) as fake:
        found = report("info", port=fake.name)
        shown = modem("info", port=fake.name).stdout
    assert (found["registration"], found["technology"]) == ("roaming", "EDGE")
    assert found["operator"] == "A, ?[31mB"
    assert "\x1b" not in shown


def test_ways_to_the_sim():
    with lab(quirks=frozenset({"cgla"})) as running:
        assert report("info", port=running.uart)["cgla"] is True
        assert "AT+CSIM; AT+CCHO and AT+CGLA\n" in modem("info", port=running.uart).stdout
    with lab(quirks=frozenset({"cgla", "no_csim"})) as running:
        found = report("info", port=running.uart)
        assert (found["csim"], found["cgla"]) == (False, True)


# -- SIM ------------------------------------------------------------------------------------


def test_a_locked_sim_is_left_alone_unless_a_pin_is_given():
    with lab(pin="4711") as running:
        found = report("info", "--imsi", port=running.uart)
        assert (found["sim"], found["iccid"], found["imsi"]) == ("PIN", None, None)
        assert running.modem.sim.tries == 3
        said = failure("info", "--pin", "9999", port=running.uart)
        assert "the PIN was refused" in said and "9999" not in said
        assert running.modem.sim.tries == 2
        assert report("info", port=running.uart, IOTSAFE_SIM_PIN="4711")["sim"] == "ready"
        assert "4 to 8 digits" in refusal("info", "--pin", "12", port=running.uart)


def test_without_a_sim(short_waits):
    with lab(sim_inserted=False) as running:
        found = report("info", port=running.uart)
    assert (found["sim"], found["iccid"]) == ("not inserted", None)
    assert found["model"] == "SIMCOM_SIM7080"


def test_a_sim_that_needs_a_moment():
    with lab(faults=["sim_busy:times=2"]) as running:
        running.call(running.modem.faults.add, "cme", prefix="+CPIN?", code=14, times=1)
        assert report("info", port=running.uart)["sim"] == "ready"


# -- no modem -------------------------------------------------------------------------------


def test_a_silent_port(short_waits):
    with FakeModem(lambda line: b"") as fake:
        said = failure("info", "--baud", "9600", port=fake.name)
    assert "no modem answers" in said
    assert "press its power key (from here that cannot be done)" in said
    assert "9600 baud" in said


def test_garbage_on_the_line(short_waits):
    with FakeModem(lambda line: b"\xf0\x80\xff\x1b[2J\x00\xf8") as fake:
        said = failure("info", port=fake.name)
        whole = report("info", port=fake.name, status=1)
    assert "garbage" in said and "or it is not a modem" in said
    assert whole.keys() == {"error", "advice"} and "garbage" in whole["error"]


def test_no_such_port(tmp_path):
    assert "no such port" in failure("info", port=tmp_path / "ttyUSB0")


@pytest.mark.parametrize(
    ("port", "complaint"),
    [
        ("pcsc:", "a card reader has no modem"),
        ("PCSC:Lab", "a card reader has no modem"),
        ("sim:?modem=sim9000", "no modem 'sim9000'"),
        ("sim:?colour=red", "no option 'colour'"),
        ("sim:?profile=nobody", "nobody"),
        ("sim:?delays=long", "delays is a number"),
        ("/dev/ttyUSB0?baud=fast", "baud is a number"),
    ],
)
def test_ports_that_cannot_be_meant(port, complaint):
    said = refusal("info", port=port)
    assert "--port" in said and complaint in said


def test_the_rate_is_said_once():
    assert "omit --baud" in refusal("info", "--baud", "9600", port="/dev/x?baud=9600")
    assert "--baud" in refusal("info", "--baud", "17", port="/dev/x")


def test_a_modem_that_follows_the_rate_is_kept_at_it():
    """The driver would set the modem to 115200, and lose it."""
    found = report("info", "--baud", "9600", port="sim:?delays=0")
    assert found["sim"] == "ready"
