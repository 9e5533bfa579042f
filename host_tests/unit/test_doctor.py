"""The doctor's report on cards in all conditions, and its cost."""

import sys

from cards import TableCard, from_hex, key_answers, to_hex
from data import certificates as pki
from data.worked_examples import EXAMPLES, PAIR_01_POINT, PAIR_04_POINT
from effort import some
from expect import replaced
from software_key import sign

import iotsafe
from iotsafe import doctor, objects, p256

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
    from iotsafe import advice  # the application may have dropped the module since

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


def test_another_application_under_the_first_aid():
    class Two(Card):
        """A card whose first AID selects an application that knows no command."""

        ours = False

        def _answer(self, command):
            if command[1] == 0xA4:
                self.ours = bytes(command[5:]) == self.aid
            elif command[1] != 0x70 and not self.ours:
                return b"\x6d\x00"
            return super()._answer(command)

    for aid, good in ((iotsafe.AIDS[1], True), (b"none", False)):
        channel = Two((VERSION, LIST, KEY_01), {"02": CLIENT})
        channel.aid = aid
        for each in iotsafe.AIDS[: 2 if good else 1]:
            channel.table["01A40400%02X" % len(each) + to_hex(each)] = "9000"
        found, text = examined(channel)
        assert failed(found) == ([] if good else ["applet"]), text
        assert (to_hex(iotsafe.AIDS[1]) in text) and ("A0000005590010: 6D00" in text) != good, text


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
    channel = card(key_answers("04", PAIR_04_POINT), f02=CLIENT)
    for other in (b"\x04", "EPH"):  # by its ID, by its label
        found, text = examined(channel, key=other)
        assert failed(found)[0] == "match", text
        assert "private key 04 (EPH)" in text and "private key 01" not in text, text
        found, text = examined(channel, certificate=other)
        assert failed(found) == ["certificate"], text
        assert "another certificate was asked for" in text, text
    for key, certificate in ((b"\x01", b"\x02"), ("ID", "CERT")):
        found, text = examined(channel, key=key, certificate=certificate)
        assert failed(found) == [], text


# A key that the card does not tell, files for anything, a list that is refused: what the doctor
# says and what the client does.


def untold(*parts, refused=None, **files):
    """Return a card that lists `parts` and tells no public key."""
    return card(("01CB010000", "".join(parts) + "9000"), refused=refused, **files)


def judged(channel, key=b"", certificate=b""):
    """Return what the client chooses, or the class of its error; check that the doctor agrees."""
    try:
        identity = iotsafe.identity(channel, key, certificate)
        choice = identity.key_id, identity.certificate_id
    except (iotsafe.IdentityError, iotsafe.CardError) as e:
        choice = type(e)
    found, text = examined(channel, key=key, certificate=certificate)
    works = ("match", "ok") in found and not failed(found)
    assert works == isinstance(choice, tuple), (choice, text)
    if works and "belong together" in text:
        names = objects.target(4, choice[0])[:-2], objects.target(3, choice[1])[:-2]
        (line,) = [line for line in text.split("\n") if "belong together" in line]
        assert names[0] in line and names[1] in line, (choice, line)
    return choice


PRIVATE_01 = "8401014A01014B0113610101"
PUBLIC_01 = "8501014A01014B0113610101"
FILE_02 = "8301024A0101210102"
GENERAL_02 = "8301024A0101210101"


def test_a_public_key_that_may_not_be_read_leaves_it_to_the_certificate():
    for sw in ("6985", "6982", "6986", "6A82", "6A88", "6D00", "6F00"):
        for parts in ((PRIVATE_01, PUBLIC_01, FILE_02), (PRIVATE_01, FILE_02)):
            channel = untold(*parts, refused={"CD": sw}, f02=CLIENT)
            assert judged(channel) == (b"\x01", b"\x02"), sw
            assert judged(channel, b"\x01", b"\x02") == (b"\x01", b"\x02"), sw


def test_a_key_that_neither_tells_nor_signs_is_not_there():
    for sw in ("6985", "6A82"):
        refused = {"CD": sw, "2A": "6985"}
        assert judged(untold(PRIVATE_01, FILE_02, refused=refused, f02=CLIENT)) is iotsafe.NoKey


def test_a_test_signature_decides_where_there_is_a_choice():
    listed = (PRIVATE_01, FILE_02, "8301034A0101210102")
    channel = untold(*listed, refused={"CD": "6985"}, f02=SECOND, f03=CLIENT)
    with replaced(p256, verify=is_valid):
        assert judged(channel) == (b"\x01", b"\x03")
    with replaced(p256, verify=lambda point, digest, signed: False):
        assert judged(channel) is iotsafe.KeyMismatch


def test_a_certificate_in_a_file_of_general_usage():
    assert judged(untold(PRIVATE_01, GENERAL_02, f02=CLIENT)) == (b"\x01", b"\x02")
    for name in (b"\x02", ""):
        channel = untold(PRIVATE_01, GENERAL_02, f02=CLIENT)
        assert judged(channel, certificate=name) == (b"\x01", b"\x02")
    # Those for certificates come first; then nobody reads the others.
    listed = (PRIVATE_01, GENERAL_02, "8301034A0101210102")
    channel = untold(*listed, f02=CLIENT, f03=CLIENT)
    assert judged(channel) == (b"\x01", b"\x03")
    assert not [command for command in channel.log if command[2:4] == "B0" and "830102" in command]
    channel = untold(*listed, f02=CLIENT, f03=b"")
    assert judged(channel) == (b"\x01", b"\x02")


def test_a_list_that_is_refused():
    for sw in ("6D00", "6985", "6982", "6A86", "6A81", "6A82", "6F00"):
        refused = {"CB": sw}
        channel = card(refused=refused, f02=CLIENT)
        assert judged(channel) == (b"\x01", b"\x02"), sw
        # The key of the config; its public half has another ID.
        channel = card(refused=refused, f05=CLIENT)
        assert judged(channel, b"006", b"\x05") == (b"006", b"\x05"), sw
        _, text = examined(channel, key=b"006", certificate=b"\x05")
        assert "(%s): private key 303036 and file 05 are tried" % sw in text, text
    for sw in ("6984", "6400"):  # which says nothing about the card's commands
        assert judged(card(refused={"CB": sw}, f02=CLIENT)) is iotsafe.CardError


def test_a_key_that_the_config_names_need_not_be_announced_for_tls():
    key = "8401014A01014B0113610102"  # by its functions it does not sign
    assert judged(untold(key, FILE_02, f02=CLIENT)) is iotsafe.NoKey
    assert judged(untold(key, FILE_02, f02=CLIENT), b"\x01") == (b"\x01", b"\x02")
    empty = "8401014A0100"
    assert judged(untold(empty, FILE_02, f02=CLIENT), b"\x01") is iotsafe.NoKey


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
