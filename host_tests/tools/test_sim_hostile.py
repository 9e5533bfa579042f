"""The simulated SIM under arbitrary bytes: it answers, it does not fail, it keeps its keys."""

import random
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from iotsafe_tools.sim import Card, Profile, Store
from iotsafe_tools.sim import store as store_module
from iotsafe_tools.sim.objects import UPDATE, File, PublicKey

# One factory for all cards of a run: what is made once need not be made for each example.
FACTORY = [
    *store_module.factory_objects(),
    # What the device may write: a persistent public key.
    PublicKey(id=b"\x06", label=b"OPEN", access=UPDATE | 1),
    File(id=b"\x07", size=300, content=bytes(range(250))),
]
INSTRUCTIONS = [0x24, 0x2A, 0x2B, 0x2C, 0x2D, 0x46, 0x48, 0x4A, 0x70, 0x84, 0xA4, 0xB0, 0xB2, 0xB9]
INSTRUCTIONS += [0xC0, 0xCB, 0xCD, 0xD8, 0xF2]
TAGS = [0x33, 0x34, 0x49, 0x73, 0x74, 0x75, 0x83, 0x84, 0x85, 0x86]
TAGS += [0x91, 0x92, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0xA1]
KNOWN_VALUES = [bytes([n]) for n in range(8)] + [b"\x00\x01", b"KEY", b"EPH", b"PEER", b"OPEN"]
KNOWN_VALUES += [bytes(32), FACTORY[1].point, b"\x86\x41" + FACTORY[1].point]

values = st.one_of(st.sampled_from(KNOWN_VALUES), st.binary(max_size=70))
tlvs = st.builds(
    lambda tag, value: bytes([tag, len(value)]) + value, st.sampled_from(TAGS), values
)
init = st.builds(
    lambda tag, id, mode: bytes([tag, 1, id, 0xA1, 1, mode, 0x91, 2, 0, 1, 0x92, 1, 4]),
    st.sampled_from([0x84, 0x85]),
    st.integers(1, 7),
    st.integers(0, 4),
)
digest = st.builds(lambda value: b"\x9e\x20" + value, st.binary(min_size=32, max_size=32))
bodies = st.one_of(
    st.just(b""),
    st.binary(max_size=255),
    st.lists(tlvs, max_size=4).map(b"".join),
    init,
    digest,
    st.just(b"\x34\x45\x49\x43\x86\x41" + FACTORY[1].point),
    st.just(bytes.fromhex("A0000005590010")),
)
endings = st.sampled_from([b"", b"\x00", b"\x10", b"\xff"])


def command(cla: int, ins: int, p1: int, p2: int, body: bytes, le: bytes) -> bytes:
    body = body[:255]
    length = bytes([len(body)]) if body else b""
    return bytes([cla, ins, p1, p2]) + length + body + le


few = st.sampled_from([0x00, 0x01, 0x02, 0x05, 0x80, 0xC1, 0xC2, 0xC3, 0xC4])
commands = st.builds(
    command,
    st.sampled_from([0x00, 0x01, 0x81, 0x41]),
    st.sampled_from(INSTRUCTIONS),
    st.one_of(few, st.integers(0, 255)),
    st.one_of(few, st.integers(0, 255)),
    bodies,
    endings,
)
apdus = st.one_of(st.binary(max_size=300), commands, commands, commands)
profiles = st.builds(
    Profile,
    get_response=st.sampled_from(["auto", "always", "never"]),
    exact_le=st.booleans(),
    signature_length=st.sampled_from([1, 2]),
    signature_der=st.booleans(),
    list_layout=st.sampled_from(["L1", "L2", "L3"]),
    list_part=st.integers(1, 256),
    wrapped=st.booleans(),
    lenient_digest=st.booleans(),
    max_read=st.integers(1, 256),
    file_padding=st.one_of(st.none(), st.integers(0, 255)),
    wedge=st.booleans(),
    success_sw=st.sampled_from([0x9000, 0x63CF, 0x9110]),
    flip_signature_byte=st.one_of(st.none(), st.integers(0, 300)),
)
WRITABLE = {("public", "06")}  # the one persistent object that the device may change


def persistent(store: Store) -> list:
    fields = [store_module._object_to_json(i) for i in store.objects() if not i.volatile]
    return [entry for entry in fields if (entry["kind"], entry["id"]) not in WRITABLE]


@settings(max_examples=1500, deadline=None)
@given(st.lists(apdus, max_size=12), profiles)
def test_any_bytes_are_answered_and_persistent_keys_stay(sequence, profile):
    card = Card(Store.memory(FACTORY), profile)
    card.transmit(bytes.fromhex("0070000001"))
    card.transmit(bytes.fromhex("01A4040007A0000005590010"))
    before = persistent(card.store)
    for apdu in sequence:
        answer = card.transmit(apdu)
        assert 2 <= len(answer) <= 258
        assert answer[-2] & 0xF0 in (0x60, 0x90)
        assert answer[-2:] != b"\x6f\x00"
        assert card.latency(apdu) == 0
    assert persistent(card.store) == before
    card.power_on()
    assert persistent(card.store) == before


def test_no_command_of_random_bytes_finds_its_way_into_a_fault():
    """Quantity: a fixed sequence of mutated good commands, on one card that is never reset."""
    source = random.Random(7)
    good = [
        bytes.fromhex(text)
        for text in (
            "0070000001",
            "01A4040007A0000005590010",
            "01CB010000",
            "01CBC1000384010100",
            "012A00010D840101A1010391020001920104",
            "012B8001229E20" + "11" * 32 + "00",
            "012A00020D840101A1010191020001920104",
            "012B0002FF9B82012C" + "22" * 251,
            "012B800231" + "22" * 49,
            "012C00030D850101A1010291020001920104",
            "012D8003919A2400" + "33" * 35 + "9C20" + "44" * 32 + "9D0400000040330040" + "55" * 64,
            "0124000403850105",
            "01D88004473445494386" + "41" + FACTORY[1].point.hex(),
            "01B900000384010400",
            "01B0000003830107FF",
        )
    ]
    card = Card(Store.memory(FACTORY))
    before = persistent(card.store)
    seen = Counter()
    for _ in range(20_000):
        apdu = bytearray(source.choice(good))
        for _ in range(source.choice((0, 0, 0, 1, 2))):
            apdu[source.randrange(len(apdu))] = source.randrange(256)
        if source.random() < 0.1:
            del apdu[source.randrange(len(apdu) + 1) :]
        answer = card.transmit(apdu)
        seen[answer[-2:].hex().upper()] += 1
        assert answer[-2:] != b"\x6f\x00", apdu.hex()
    assert persistent(card.store) == before
    assert {"9000", "6700", "6881", "6985", "6A80", "6A82", "6A86", "6D00", "6E00"} <= set(seen)
    assert seen["9000"] > 3_000
