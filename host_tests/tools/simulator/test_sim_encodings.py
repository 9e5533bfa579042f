"""TLVs, blocks and SHA-2 of the simulated SIM."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotsafe_tools.simulator.sim import sha2, tlv
from iotsafe_tools.simulator.sim.blocks import Blocks

items = st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=300)), max_size=5)


@given(items)
def test_tlvs_there_and_back(pairs):
    assert tlv.decode_all(tlv.encode_all(pairs)) == pairs


@given(items, st.integers(1, 300))
def test_cut_off_tlvs_are_noticed(pairs, cut):
    data = tlv.encode_all(pairs)[:-cut]
    try:
        got = tlv.decode_all(data)
    except tlv.TLVError:
        return
    assert got == pairs[: len(got)]


@given(st.binary(max_size=400))
def test_arbitrary_bytes_are_tlvs_or_refused(data):
    try:
        items = tlv.decode_all(data)
    except tlv.TLVError:
        return
    assert sum(len(value) + 2 for _, value in items) <= len(data)


@pytest.mark.parametrize(
    "data", ["84", "8401", "848000", "84840000000100", "848201", "848100FF84"]
)
def test_malformed_tlvs(data):
    with pytest.raises(tlv.TLVError):
        tlv.decode_all(bytes.fromhex(data))


def test_long_lengths():
    assert tlv.encode(0x9B, bytes(0x7F))[:2] == b"\x9b\x7f"
    assert tlv.encode(0x9B, bytes(0x80))[:3] == b"\x9b\x81\x80"
    assert tlv.encode(0x9B, bytes(0x100))[:4] == b"\x9b\x82\x01\x00"
    assert tlv.encode(0x9B, bytes(0x10000))[:5] == b"\x9b\x83\x01\x00\x00"


@pytest.mark.parametrize("size", [0, 64, 70, 128, 255])
@pytest.mark.parametrize("length_bytes", [1, 2])
def test_signature_object_in_both_forms(size, length_bytes):
    if size or length_bytes == 2:
        value = bytes(range(1, 256))[:size]
        data = tlv.encode_signature(value, length_bytes)
        assert tlv.decode_signature(data) == value


# ---- blocks ------------------------------------------------------------------------------


def header(tag: int, size: int, plain: bool) -> bytes:
    return bytes([tag, size]) if plain else tlv.encode(tag, bytes(size))[:-size]


@st.composite
def cut_text(draw):
    """Return a text, its blocks in one of the dialects, and whether a signature ends the last
    one."""
    text = draw(st.binary(min_size=1, max_size=900))
    signed = draw(st.booleans())
    k1, plain = draw(st.booleans()), draw(st.booleans())
    room = 255 - 5
    blocks, at = [], 0
    while at < len(text):
        size = draw(st.integers(1, room))
        part = text[at : at + size]
        if not k1:
            part = header(0x9B, len(part), plain) + part
        elif at == 0:
            part = header(0x9B, len(text), plain and len(text) < 256) + part
        blocks.append(part)
        at += size
    if signed:
        blocks[-1] += b"\x33\x40" + bytes(64)
    return text, blocks, signed


@given(cut_text())
def test_text_in_blocks_of_either_dialect(cut):
    text, blocks, signed = cut
    state, got, rest = Blocks(0x9B, 0xFFFFFF), b"", b""
    for block in blocks:
        last = block is blocks[-1]
        state, chunk, rest = state.take(block, last=last, signed=signed)
        got += chunk
    if got != text:  # a length that reads both ways: BER wins, according to section 14, item 10
        assert blocks[0][1] in (0x81, 0x82, 0x83)
    else:
        assert bool(rest) == signed


@pytest.mark.parametrize(
    ("blocks", "limit"),
    [
        (["9B00"], 10),
        (["9B"], 10),
        ([""], 10),
        (["9A0100"], 10),
        (["9B0200"], 10),  # cut off
        (["9B010000"], 10),  # bytes follow
        (["9B0400", "0000"], 10),  # K1, cut off
        (["9B0400", "00000000"], 10),  # K1, too much
        (["9B0100", "00"], 10),  # K2 without a tag
        (["9B03000000"], 2),
        (["9B0100", "9B020000"], 2),
    ],
)
def test_blocks_that_do_not_fit(blocks, limit):
    state = Blocks(0x9B, limit)
    with pytest.raises(tlv.TLVError):
        for number, block in enumerate(blocks, 1):
            last = number == len(blocks)
            state, _, _ = state.take(bytes.fromhex(block), last=last)


def test_more_announced_than_the_limit_is_refused_at_once():
    with pytest.raises(tlv.TLVError):
        Blocks(0x9B, 2).take(b"\x9b\x04\x00", last=False)


# ---- SHA-2 -------------------------------------------------------------------------------

INITIAL = {
    32: "6A09E667BB67AE853C6EF372A54FF53A510E527F9B05688C1F83D9AB5BE0CD19",
    48: "CBBB9D5DC1059ED8629A292A367CD5079159015A3070DD17152FECD8F70E593967332667FFC00B31"
    "8EB44A8768581511DB0C2E0D64F98FA747B5481DBEFA4FA4",
    64: "6A09E667F3BCC908BB67AE8584CAA73B3C6EF372FE94F82BA54FF53A5F1D36F1510E527FADE682D1"
    "9B05688C2B3E6C1F1F83D9ABFB41BD6B5BE0CD19137E2179",
}
NAMES = {32: "sha256", 48: "sha384", 64: "sha512"}


@given(st.sampled_from(list(NAMES)), st.binary(max_size=400))
def test_sha2_from_the_initial_state(size, message):
    digest = sha2.finish(size, bytes.fromhex(INITIAL[size]), 0, message)
    assert digest == hashlib.new(NAMES[size], message).digest()


@pytest.mark.parametrize(("size", "state", "count"), [(32, 64, 0), (64, 32, 0), (32, 32, 1)])
def test_sha2_refuses_what_does_not_belong_together(size, state, count):
    with pytest.raises(ValueError, match="intermediate state"):
        sha2.finish(size, bytes(state), count, b"x")
