"""The doctor's report on cards in all conditions, and its cost."""

import sys

from cards import TableCard, from_hex, key_answers, to_hex
from data import certificates as pki
from data.worked_examples import EXAMPLES, PAIR_01_POINT, PAIR_04_POINT
from effort import some
from expect import replaced
from software_key import sign

import iotsafe
from iotsafe import advice, doctor

CLIENT = from_hex(pki.CLIENT)
SECOND = from_hex(pki.SECOND)
KEY_01 = key_answers("01", PAIR_01_POINT)
NOW = "2026-11-25 12:00:00"
VERSION = ("01CB000000", EXAMPLES["16.4"][0][1])
LIST = EXAMPLES["16.5 L1"][0]


class Card(TableCard):
    """A card whose key 01 signs (with a key in memory); `refused`: {INS: status word} in hex."""

    refused = None

    def _answer(self, command):
        ins = to_hex(command[1:2])
        if self.refused and ins in self.refused:
            return from_hex(self.refused[ins])
        if ins == "2A":
            return b"\x90\x00"
        if ins == "2B":
            value = sign(command[7:39])
            return b"\x33" + bytes((len(value),)) + value + b"\x90\x00"
        if ins == "84":
            return bytes((i * 41) & 0xFF for i in range(command[4])) + b"\x90\x00"
        return super()._answer(command)


def card(*table, refused=None, **files):
    found = Card((VERSION, LIST, KEY_01) + table, {n[1:]: content for n, content in files.items()})
    found.refused = refused
    return found


def is_valid(point, digest, value):
    return point == from_hex(PAIR_01_POINT) and len(digest) == 32 and value[0] == 0x30


def examined(channel, verify=is_valid, **arguments):
    """Return the steps as (name, state), without the engine's, and the whole text."""
    steps = list(doctor.steps(iotsafe.FullApplet(channel), now=NOW, verify=verify, **arguments))
    text = "\n".join(str(step) for step in steps)
    assert all(step.state in ("ok", "warn", "fail", "skip") and step.text for step in steps), text
    return [(step.name, step.state) for step in steps if step.name != "engine"], text


def failed(found):
    return [name for name, state in found if state == "fail"]


def engine():
    """Return the engine's steps, and how many come before them."""
    channel = card(f02=CLIENT)
    steps = list(doctor.steps(iotsafe.FullApplet(channel), now=NOW, verify=is_valid))
    names = [step.name for step in steps]
    return [step for step in steps if step.name == "engine"], names.index("channel")


def test_the_engine_comes_first_on_a_device():
    found, place = engine()
    if sys.implementation.name == "cpython":
        assert found == []
        return
    assert place == 1
    line = str(found[0])
    assert line.startswith("ok   engine       Mbed TLS 3.6."), line
    assert line.endswith("; TLS 1.2 and 1.3; the SIM can sign"), line


class NoHook:
    """MicroPython's tls in a firmware without the hook."""

    PROTOCOL_TLS_CLIENT = 0

    class SSLContext:
        def __init__(self, protocol):
            pass


class Machine:
    """What `sys` says on a board of another firmware."""

    def __init__(self, machine):
        self.implementation = self
        self.name = "micropython"
        self._machine = machine
        self.modules = sys.modules


def test_a_firmware_without_the_hook_is_told_what_to_flash():
    before = sys.modules.get("tls")
    sys.modules["tls"] = NoHook
    try:
        for machine, board in (
            ("Raspberry Pi Pico with RP2040", "WAVESHARE_PICO_SIM7080G"),
            ("Raspberry Pi Pico 2 with RP2350", "WAVESHARE_PICO_SIM7080G VARIANT=PICO2"),
            ("Generic ESP32S3 module with ESP32S3", "ESP32_GENERIC_S3_MODEM"),
            ("Generic ESP32 module with ESP32", "LILYGO_T_SIM7000G"),
            ("Arduino Portenta H7 with STM32H747", "ARDUINO_PORTENTA_H7_CATM1"),
        ):
            with replaced(doctor, sys=Machine(machine)), replaced(advice, sys=Machine(machine)):
                (step,), _ = engine()
                lines = str(step).split("\n")
            fact = "FAIL engine       the SIM cannot sign: tls has no ecdsa_sign_callback"
            assert lines[0] == fact, lines
            assert lines[1].endswith("make flash BOARD=" + board), lines
    finally:
        del sys.modules["tls"]
        if before:
            sys.modules["tls"] = before


def test_a_good_card():
    channel = card(f02=CLIENT)
    found, text = examined(channel)
    assert failed(found) == [], text
    names = [name for name, _ in found]
    want = "channel applet version objects key certificate match validity random signature"
    assert names == want.split() + ["exchanges"], text
    assert [state for name, state in found] == ["ok"] * len(found), text
    for part in (
        "AID A0000005590010",
        "1.0; ECDSA; SHA-256, SHA-384, SHA-512; 4 sessions",
        "7 objects: 2 private, 3 public, 1 secret keys, 1 files",
        "empty or deactivated: public key 05 (PEER)",
        "private key 01 (ID)",
        "device-0001",
        "the signature is good",
        "%d APDUs" % len(channel.log),
    ):
        assert part in text, (part, text)
    assert len(channel.log) <= 25


def test_no_channel():
    class Dead:
        def transmit(self, apdu):
            raise OSError("AT+CSIM: ERROR: the modem did not pass it on")

    found, text = examined(Dead())
    assert found == [("channel", "fail")]
    assert "did not pass it on" in text and "does this modem have AT+CSIM or AT+CCHO" in text


def test_no_channel_left():
    channel = Card((("0070000001", "6A81"),))
    found, text = examined(channel)
    assert failed(found) == ["channel"] and "restart the modem" in text, text


def test_no_applet():
    channel = card()
    channel.table["01A4040007A0000005590010"] = "6A82"
    found, text = examined(channel)
    assert found == [("channel", "ok"), ("applet", "fail")], text
    assert "A0000005590010: 6A82, A0000002480400: 6A82" in text and "ask its operator" in text


def test_applet_without_a_key():
    channel = card(("01CB010000", "8301026001014A01012101029000"), f02=CLIENT)
    found, text = examined(channel)
    assert failed(found) == ["key"] and "enrolment" in text, text


def test_a_deactivated_key():
    listed = "C1098401014A01004B0113" + "C3068301024A0101"
    channel = card(("01CB010000", listed + "9000"), f02=CLIENT)
    found, text = examined(channel)
    assert failed(found) == ["key"], text
    assert "private key 01: empty or deactivated" in text, text


def test_no_certificate():
    found, text = examined(card(f02=bytes(64)))
    assert failed(found) == ["certificate"], text
    assert "file 02 (CERT): empty" in text, text
    assert ("signature", "ok") in found  # the doctor checks the key all the same


def test_a_certificate_for_another_key():
    found, text = examined(card(f02=SECOND))
    assert failed(found) == ["match"] and ("signature", "ok") in found, text
    assert "belongs to none of the keys here" in text, text


def test_a_damaged_certificate():
    found, text = examined(card(f02=CLIENT[:-1] + b"\x00\x00"))
    found, text = examined(card(f02=b"\x30\x82\x01\x00" + bytes(300)))
    assert failed(found) == ["certificate"] and "damaged" in text, text


def test_validity():
    for now, state in (("2019-01-01 00:00:00", "fail"), ("2199-01-01 00:00:00", "fail")):
        steps = list(doctor.steps(iotsafe.FullApplet(card(f02=CLIENT)), now=now, verify=is_valid))
        (step,) = [step for step in steps if step.name == "validity"]
        assert step.state == state, str(step)


def test_a_signature_that_is_wrong():
    found, text = examined(card(f02=CLIENT), verify=lambda point, digest, value: False)
    assert failed(found) == ["signature"] and "inconsistent" in text, text


def test_random_that_is_none():
    class Constant(Card):
        def _answer(self, command):
            if command[1] == 0x84:
                return bytes(command[4]) + b"\x90\x00"
            return super()._answer(command)

    channel = Constant((VERSION, LIST, KEY_01), {"02": CLIENT})
    found, text = examined(channel)
    assert failed(found) == ["random"], text


def test_remote_administration():
    for ins, name in (
        ("CD", "key"),
        ("B0", "certificate"),
        ("2A", "signature"),
        ("CB", "objects"),
    ):
        for sw in ("6984", "6989"):
            found, text = examined(card(f02=CLIENT, refused={ins: sw}))
            assert name in failed(found), (ins, sw, text)
            assert "wait a minute" in text, (ins, sw, text)


def test_a_change_by_the_issuer_is_told():
    channel = card(f02=CLIENT)
    channel.table[KEY_01[0]] = KEY_01[1][:-4] + "63CF"
    found, text = examined(channel)
    assert ("administered", "warn") in found and failed(found) == [], text


def test_a_card_that_lists_nothing():
    channel = card(f02=CLIENT, refused={"CB": "6D00"})
    found, text = examined(channel)
    assert failed(found) == [], text
    assert ("version", "warn") in found and ("match", "ok") in found, text
    channel = card(refused={"CB": "6D00"})
    found, text = examined(channel)
    assert failed(found) == ["key"], text


def test_the_config_fixes_the_choice():
    channel = card(f02=CLIENT)
    for other in (b"\x04", "EPH"):  # by its ID, by its label
        found, text = examined(channel, key=other)
        assert failed(found)[0] == "key", text
        assert "another key was asked for" in text, text
        found, text = examined(channel, certificate=other)
        assert failed(found) == ["certificate"], text
        assert "another certificate was asked for" in text, text
    for key, certificate in ((b"\x01", b"\x02"), ("ID", "CERT")):
        found, text = examined(channel, key=key, certificate=certificate)
        assert failed(found) == [], text


def test_the_choice_is_explained():
    from iotsafe import discovery

    channel = card(key_answers("04", PAIR_04_POINT), f02=CLIENT)
    applet = iotsafe.FullApplet(channel)
    lines = discovery.survey(applet, applet.objects()).lines()
    assert lines == [
        "private key 01 (ID): can sign for TLS",
        "private key 04 (EPH): not for TLS: no P-256 key that may sign",
        "file 02 (CERT): certificate of device-0001, until %s" % lines[2][-19:],
        "chosen: private key 01 (ID) and file 02 (CERT)",
    ], lines
    applet.explain()


def test_cards_that_refuse_anything():
    for ins in ("70", "A4", "CB", "CD", "B0", "84", "2A", "2B"):
        words = ("6F00", "6985", "6D00", "6E00", "6A86", "6989", "6881", "6A80", "0000")
        for sw in some(words, 5):
            found, text = examined(card(f02=CLIENT, refused={ins: sw}))
            assert [state for name, state in found if state != "ok"], (ins, sw, text)
