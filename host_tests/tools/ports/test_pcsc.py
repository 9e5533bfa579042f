"""Cards in readers, with a stand-in for pyscard: every reader, card and failure that can occur.

The stand-in is a package on the path of the process. It holds simulated cards; a reader over T=0
refuses commands that T=0 cannot carry.
"""

import json

import pytest
from iotsafe_command import ROOT, answer, failure, iotsafe

from iotsafe_tools.lab import Lab
from iotsafe_tools.simulator.sim.apdu import over_t0
from iotsafe_tools.testbed.pcscd import READER, Pcscd

STAND_IN = {
    "__init__": "",
    "pcsc/__init__": "",
    "pcsc/PCSCExceptions": """
class BaseSCardException(Exception):
    pass
""",
    "Exceptions": """
class SmartcardException(Exception):
    pass


class NoCardException(SmartcardException):
    pass
""",
    "CardConnection": """
class CardConnection:
    T0_protocol, T1_protocol = 1, 2
""",
    "System": """
import json
import os

from iotsafe_tools.simulator.sim import Card, Store

from .Exceptions import NoCardException, SmartcardException
from .pcsc.PCSCExceptions import BaseSCardException

SETTINGS = json.loads(os.environ["READERS"])


class Connection:
    def __init__(self, settings):
        self.settings = settings
        self.left = settings.get("commands", 1000)

    def connect(self, protocols):
        assert protocols == 3
        if "refuses" in self.settings:
            raise SmartcardException("sharing violation")
        if "protocol" not in self.settings:
            raise NoCardException("no card")
        self.card = Card(Store(self.settings["store"]))

    def getProtocol(self):
        return self.settings["protocol"]

    def transmit(self, command):
        self.left -= 1
        if self.left < 0:
            raise SmartcardException("card removed")
        command = bytes(command)
        if self.settings["protocol"] == 1 and len(command) != 5:
            assert len(command) == 5 + command[4], command.hex()
        answer = self.card.transmit(command)
        return list(answer[:-2]), answer[-2], answer[-1]

    def disconnect(self):
        with open(self.settings["store"] + ".log", "a") as log:
            log.write(repr(self.card))


class Reader:
    def __init__(self, settings):
        self.settings = settings

    def __str__(self):
        return self.settings["name"]

    def createConnection(self):
        return Connection(self.settings)


def readers():
    if SETTINGS is None:
        raise BaseSCardException("service not available")
    return [Reader(settings) for settings in SETTINGS]
""",
}


@pytest.fixture
def env(tmp_path):
    """env(*readers) -> the environment of a machine with these readers; None: no PC/SC service."""
    folder = tmp_path / "stand-in" / "smartcard"
    for name, text in STAND_IN.items():
        file = folder / f"{name}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    path = ":".join(str(ROOT / part) for part in ("tools", "tools/shims", "lib", "firmware"))
    return lambda *readers: {
        "PYTHONPATH": f"{folder.parent}:{path}",
        "READERS": json.dumps(None if readers == (None,) else readers),
    }


@pytest.fixture
def card(tmp_path):
    """card(protocol, name) -> a reader that holds a card; 0 for T=0, 1 for T=1."""

    def make(protocol, name="Acme CCID 00 00", **more):
        return {"name": name, "protocol": protocol + 1, "store": str(tmp_path / "sim"), **more}

    return make


@pytest.mark.parametrize("protocol", [0, 1])
def test_a_card(env, card, tmp_path, protocol):
    """Commands of all four cases; the channel is closed at the end."""
    there = env(card(protocol))
    whole = answer("random", "300", "--port", "pcsc:", **there)
    assert len(whole["random"]) == 600
    assert whole["port"] == f"card in Acme CCID 00 00, T={protocol}"
    signed = iotsafe("sign", "01", "--digest", "11" * 32, "--port", "pcsc:", **there)
    assert signed.returncode == 0, signed.stderr
    script = ["00CD00000385010100", "00CD000003850101", "00CB0000", "00CB000010"]
    done = answer("apdu", *script, "--port", "pcsc:", **there)
    assert [entry["sw"] for entry in done["exchanges"]] == ["9000"] * 4
    assert (tmp_path / "sim.log").read_text().count("1 channels open") == 3


def test_which_reader(env, card):
    """It uses the first reader with a card, or the first whose name contains that part."""
    empty = {"name": "Empty 00 00"}
    one, two = card(1, "Acme One 00 00"), card(1, "Other Two 00 00")
    there = env(empty, one, two)
    for port, name in (("pcsc:", "Acme One"), ("pcsc:two", "Other Two"), ("pcsc:00", "Acme One")):
        assert f"card in {name} 00 00" in answer("random", "1", "--port", port, **there)["port"]
    said = failure("random", "1", "--port", "pcsc:Third", **there)
    assert "no card reader with 'Third' in its name" in said
    assert "found: Empty 00 00, Acme One 00 00, Other Two 00 00" in said


def test_no_reader(env):
    said = failure("random", "1", "--port", "pcsc:", **env())
    assert "no card reader: connect it; found: none" in said


def test_no_card(env):
    there = env({"name": "Empty 00 00"}, {"name": "\x1b[31mEmpty 01 00"})
    said = failure("random", "1", "--port", "pcsc:", **there)
    assert "no card in Empty 00 00, ?[31mEmpty 01 00: put one in" in said
    whole = answer("random", "1", "--port", "pcsc:empty 00", status=1, **there)
    assert whole == {"error": "no card in Empty 00 00", "advice": "put one in, the contacts first"}


def test_a_card_that_is_in_use(env, card):
    there = env(card(1, refuses=True), {"name": "Empty 00 00"})
    said = failure("random", "1", "--port", "pcsc:", **there)
    assert "Acme CCID 00 00: the card can't be used: close the program" in said


@pytest.mark.parametrize("commands", [0, 1, 2])
def test_a_card_that_is_taken_out(env, card, commands):
    said = failure("random", "1", "--port", "pcsc:", **env(card(1, commands=commands)))
    assert "the card was taken out" in said
    assert "put it in and try again" in said


def test_no_service(env):
    said = failure("random", "1", "--port", "pcsc:", **env(None))
    assert "the PC/SC service does not answer" in said
    assert "pcscd" in said


def test_no_pyscard(env, tmp_path):
    there = env()
    (tmp_path / "stand-in" / "smartcard" / "__init__.py").write_text("raise ImportError")
    said = failure("random", "1", "--port", "pcsc:", **there)
    assert "pyscard is not installed" in said
    assert "`make pcsc`" in said
    assert iotsafe("random", "1", "--port", "sim:", **there).returncode == 0


@pytest.mark.parametrize(
    ("apdu", "carried"),
    [
        ("00700000", "0070000000"),
        ("0084000010", "0084000010"),
        ("0084000000", "0084000000"),
        ("00A4040002AABB", "00A4040002AABB"),
        ("00A4040002AABB00", "00A4040002AABB"),
        ("00D60000FF" + "11" * 255 + "00", "00D60000FF" + "11" * 255),
        ("00A4040003AABB", "00A4040003AABB"),
    ],
)
def test_what_t0_carries(apdu, carried):
    assert over_t0(bytes.fromhex(apdu)).hex().upper() == carried


def test_the_labs_card_in_a_real_reader(tmp_path):
    """Real pyscard, pcscd and vpcd; the virtual reader has two slots, one of them empty."""
    with Pcscd() as pcscd, Lab(vpcd=pcscd.where, delays=0.0, pin="1234") as lab:
        pcscd.wait_for_card()
        there = {"PCSCLITE_CSOCK_NAME": pcscd.env["PCSCLITE_CSOCK_NAME"]}
        whole = answer("random", "300", "--port", f"pcsc:{READER.lower()}", **there)
        assert len(whole["random"]) == 600
        assert whole["port"].startswith(f"card in {READER}, T=")
        listed = answer("objects", "--port", "pcsc:", **there)["objects"]
        assert ["private key", "01"] in [[entry["kind"], entry["id"]] for entry in listed]
        done = answer("apdu", "00CD00000385010100", "00CB0000", "--port", "pcsc:", **there)
        assert [entry["sw"] for entry in done["exchanges"]] == ["9000"] * 2
        assert lab.card.issuer.public_key().hex().upper() in done["exchanges"][0]["data"]
        imsi = ("00A4080C047FFF6F07", "00B0000009")
        done = answer("apdu", *imsi, "--port", "pcsc:", IOTSAFE_SIM_PIN="1234", **there)
        assert [entry["sw"] for entry in done["exchanges"]] == ["9000"] * 2
        said = failure("random", "1", "--port", "pcsc:Lab 00 01", **there)
        assert "no card in Lab 00 01" in said
        assert "1 channels open" in repr(lab.card)
    assert "the PC/SC service does not answer" in failure("objects", "--port", "pcsc:", **there)
