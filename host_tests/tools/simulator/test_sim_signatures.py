"""The applet of the simulated SIM: sessions that sign, and sessions that verify."""

import hashlib

import pytest
from card_apdus import (
    CLOSE,
    DIGEST,
    SIGN,
    UPDATE,
    VERIFY,
    apdu,
    card_with_applet,
    select,
    signature_of,
    transmit,
    verifies,
)

from iotsafe_tools.simulator.sim import Card
from iotsafe_tools.simulator.sim.ecc import raw_to_der

# ---- signature sessions -----------------------------------------------------------------------


def test_update_without_init():
    card = card_with_applet()
    assert transmit(card, UPDATE) == "6985"
    assert transmit(card, "012D8001229E20" + "00" * 32) == "6985"
    assert transmit(card, "01D8800122" + "34" * 34) == "6985"


def test_init_on_an_open_session_and_after_each_way_to_end_it():
    card = card_with_applet()
    for end in (CLOSE, "012A0101", UPDATE):
        assert transmit(card, SIGN) == "9000"
        assert transmit(card, SIGN) == "6A86"
        assert transmit(card, VERIFY) == "6A86"
        assert transmit(card, end)[-4:] == "9000"
    assert transmit(card, UPDATE) == "6985"
    assert transmit(card, CLOSE) == "9000"


def test_sessions_are_bounded_and_numbers_are_free():
    card = card_with_applet(max_sessions=2)
    init = "012A00{}0D840101A1010391020001920104"
    assert transmit(card, init.format("00")) == "9000"
    assert transmit(card, init.format("FF")) == "9000"
    assert transmit(card, init.format("01")) == "6989"
    assert transmit(card, "012A01FF00") == "9000"
    assert transmit(card, init.format("01")) == "9000"
    signature_of(card, "00")
    signature_of(card, "01")


def test_a_session_belongs_to_the_command_that_opened_it():
    card = card_with_applet()
    transmit(card, VERIFY)
    assert transmit(card, UPDATE) == "6985"
    assert transmit(card, CLOSE) == "6985"
    assert transmit(card, "012C010100") == "9000"


def test_sessions_survive_select_and_channel_but_not_reset():
    card = card_with_applet()
    transmit(card, SIGN)
    transmit(card, "01A4040007A0000005590010")
    transmit(card, "0070800100")
    select(card)
    assert transmit(card, SIGN) == "6A86"
    card.power_on()
    select(card)
    assert transmit(card, SIGN) == "9000"


@pytest.mark.parametrize("cure", [UPDATE, "012B9001229E20" + "00" * 32, CLOSE])
def test_wedged_session_survives_reset_until_cured(cure):
    card = card_with_applet(wedge=True)
    transmit(card, SIGN)
    card.power_on()
    select(card)
    assert transmit(card, SIGN) == "6A86"
    assert transmit(card, cure)[-4:-2] in ("90", "61")
    assert transmit(card, SIGN) == "9000"


@pytest.mark.parametrize(
    ("data", "sw"),
    [
        ("840101A1010391020001", "6A80"),  # no algorithm
        ("840101A101039102000192010474034B4559", "6A80"),  # ID and label
        ("A1010391020001920104", "6A80"),  # no key
        ("840101A1010491020001920104", "6A80"),  # mode
        ("840101A1010391020008920104", "6A80"),  # hash
        ("840101A10103910101920104", "6A80"),  # hash of one byte
        ("840101A1010391020001920101", "6A80"),  # RSA
        ("840101A1010391020001920104A10103", "6A80"),  # twice
        ("840101A1010391020002920104", "6985"),  # the key has SHA-256 only
        ("840109A1010391020001920104", "6A82"),
        ("840104A1010391020001920104", "6985"),  # empty, and for agreement only
    ],
)
def test_init_that_is_refused(data, sw):
    card = card_with_applet()
    assert transmit(card, apdu("012A0001", bytes.fromhex(data))) == sw
    assert transmit(card, UPDATE) == "6985"


def test_parameters_in_any_order():
    card = card_with_applet()
    data = bytes.fromhex("92010491020001A10103840101")
    assert transmit(card, apdu("012A0001", data)) == "9000"
    signature_of(card)


def test_hash_that_the_applet_lacks():
    card = card_with_applet(hashes=0x0002)
    assert transmit(card, SIGN) == "6A80"


@pytest.mark.parametrize(
    ("p1", "data", "sw"),
    [
        ("80", "9E1F" + "00" * 31, "6A80"),
        ("80", "9E30" + "00" * 48, "6A80"),
        ("80", "9E00", "6A80"),
        ("80", "9E20" + "00" * 31, "6A80"),
        ("80", "9B20" + "00" * 32, "6A80"),
        ("80", "9E20" + "00" * 32 + "9D0400000000", "6A80"),
        ("80", "", "6A80"),
        ("00", "9E20" + "00" * 32, "6A86"),
        ("81", "9E20" + "00" * 32, "6A86"),
    ],
)
def test_refused_update_leaves_the_session_as_it_was(p1, data, sw):
    card = card_with_applet()
    transmit(card, SIGN)
    assert transmit(card, apdu(f"012B{p1}01", bytes.fromhex(data))) == sw
    assert verifies(card.issuer.public_key(), DIGEST, signature_of(card))


def test_lenient_card_signs_a_longer_digest_than_announced():
    card = card_with_applet(lenient_digest=True)
    digest = hashlib.sha384(b"sample").digest()
    transmit(card, SIGN)
    answer = transmit(card, apdu("012B8001", b"\x9e\x30" + digest, "00"))
    assert verifies(card.issuer.public_key(), digest, bytes.fromhex(answer)[3:-2])
    for size in range(1, 80):
        digest = bytes([0xA0 + size] * size)
        transmit(card, SIGN)
        answer = transmit(card, apdu("012B8001", bytes([0x9E, size]) + digest, "00"))
        if size > 64:
            assert answer == "6A80"
            transmit(card, CLOSE)
            continue
        # FIPS 186-4 6.4: a shorter digest is a smaller number, of a longer one 256 bits count.
        number = digest[:32].rjust(32, b"\0")
        assert verifies(card.issuer.public_key(), number, bytes.fromhex(answer)[3:-2])
    strict = card_with_applet()
    for size in set(range(1, 65)) - {32}:
        transmit(strict, SIGN)
        assert transmit(strict, apdu("012B8001", bytes([0x9E, size]) + bytes(size))) == "6A80"


# ---- verification -----------------------------------------------------------------------------


def test_verify_in_each_mode_and_form():
    card = card_with_applet()
    text = bytes(range(200))
    digest = hashlib.sha256(text).digest()
    transmit(card, SIGN)
    raw = signature_of(card, digest=digest)
    for signature in (b"\x33\x40" + raw, b"\x33\x00\x40" + raw, der_object(raw)):
        assert verdict(card, "03", [b"\x9e\x20" + digest + signature]) == "9000"
    signature = b"\x33\x00\x40" + raw
    first, rest = text[:150], text[150:]
    k1 = [b"\x9b\x81\xc8" + first, rest + signature]
    k2 = [b"\x9b\x81\x96" + first, b"\x9b\x32" + rest + signature]
    plain = [b"\x9b\x96" + first, b"\x9b\x32" + rest + signature]
    alone = [b"\x9b\x81\x96" + first, b"\x9b\x32" + rest, signature]
    for blocks in (k1, k2, plain, alone):
        assert verdict(card, "01", blocks) == "9000"
        changed = [b"\x9b\x81\xc8" + b"\x01" + first[1:], rest + signature]
        assert verdict(card, "01", changed) == "6D01"


def der_object(raw: bytes) -> bytes:
    der = raw_to_der(raw)
    return bytes([0x33, len(der)]) + der


def verdict(card: Card, mode: str, blocks: list[bytes]) -> str:
    assert transmit(card, f"012C00010D850101A101{mode}91020001920104") == "9000"
    for block in blocks[:-1]:
        assert transmit(card, apdu("012D0001", block)) == "9000"
    return transmit(card, apdu("012D8001", blocks[-1]))


@pytest.mark.parametrize(
    ("signature", "sw"),
    [
        ("33004000", "6A80"),
        ("", "6A80"),
        ("3340" + "00" * 64, "6D01"),
        ("3340" + "FF" * 64, "6D01"),
        ("333F" + "11" * 63, "6A80"),
        ("3302" + "3000", "6D01"),
        ("3340" + "11" * 64 + "00", "6A80"),
    ],
)
def test_signatures_that_are_wrong_or_malformed(signature, sw):
    card = card_with_applet()
    transmit(card, VERIFY)
    data = b"\x9e\x20" + DIGEST + bytes.fromhex(signature)
    assert transmit(card, apdu("012D8001", data)) == sw


def test_refused_verify_leaves_the_text_so_far_as_it_was():
    card = card_with_applet()
    transmit(card, SIGN)
    good = b"\x33\x40" + signature_of(card)
    transmit(card, VERIFY.replace("A10103", "A10101"))
    assert transmit(card, apdu("012D0001", b"\x9b\x03sam")) == "9000"
    for wrong in (b"\x9b\x03ple\x33\x3f" + bytes(63), b"\x9b\x03ple", b"ple" + good):
        assert transmit(card, apdu("012D8001", wrong)) == "6A80"
    assert transmit(card, apdu("012D8001", b"\x9b\x03ple" + good)) == "9000"


def test_verify_needs_the_signature_function_and_a_key():
    card = card_with_applet()
    assert transmit(card, VERIFY.replace("850101", "850105")) == "6985"  # empty
    card.issuer.create_key_pair(b"\x04", functions=0x06)
    assert transmit(card, VERIFY.replace("850101", "850104")) == "6985"
