"""The simulated SIM under arbitrary bytes: it answers, it does not fail, it keeps its keys.

FUZZ_CASES in the environment: how many sequences of commands (by default few).
"""

import os
import random
from collections import Counter
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from iotsafe_tools.simulator.sim import PROFILES, Card, Profile, PublicKey, SecretKey, Store, pairs
from iotsafe_tools.simulator.sim import objects as o
from iotsafe_tools.simulator.sim import store as store_module
from iotsafe_tools.simulator.sim.objects import Kind

CASES = int(os.environ.get("FUZZ_CASES", "500"))


# The same objects on all cards, as RSA keys take long to make.
FULL = store_module.factory_objects(Profile.named("full").objects)


@cache
def factory(name: str) -> list:
    """Return the objects of a profile, made once for all cards: one key of each type, a full file,
    and a persistent public key that the device may write."""
    objects = store_module.factory_objects(Profile.named(name).objects) if name != "full" else FULL
    more = [item for item in FULL if item.label in (b"RSA", b"PSK")] if name != "full" else []
    file = o.File(id=b"\x0a", size=300, content=bytes(range(250)))
    writable = PublicKey(id=b"\x09", label=b"OPEN", access=o.UPDATE | 1)
    return [*objects, *more, writable, file]


POINT = next(item.point for item in factory("gsma") if isinstance(item, PublicKey))
INSTRUCTIONS = [0x24, 0x2A, 0x2B, 0x2C, 0x2D, 0x46, 0x48, 0x4A, 0x70, 0x84, 0xA4, 0xB0, 0xB2, 0xB9]
INSTRUCTIONS += [0xC0, 0xCB, 0xCD, 0xD6, 0xD8, 0xDC, 0xF2]
TAGS = [0x33, 0x34, 0x49, 0x73, 0x74, 0x75, 0x76, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86]
TAGS += [0x91, 0x92, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0xA1, 0xD1, 0xD2, 0xD3, 0xD4, 0xD5]
KNOWN_VALUES = [bytes([n]) for n in range(10)] + [b"\x00\x01", b"KEY", b"EPH", b"PEER", b"OPEN"]
KNOWN_VALUES += [b"PSK", b"RSA", bytes(32), POINT, b"\x86\x41" + POINT]

values = st.one_of(st.sampled_from(KNOWN_VALUES), st.binary(max_size=70))
tlvs = st.builds(
    lambda tag, value: bytes([tag, len(value)]) + value, st.sampled_from(TAGS), values
)
init = st.builds(
    lambda tag, id, mode, algorithm: bytes(
        [tag, 1, id, 0xA1, 1, mode, 0x91, 2, 0, 1, 0x92, 1, algorithm]
    ),
    st.sampled_from([0x84, 0x85]),
    st.integers(1, 9),
    st.integers(0, 4),
    st.sampled_from([1, 2, 4]),
)
agreement = st.builds(
    lambda private, public: bytes([0x84, 1, private, 0x85, 1, public]),
    st.integers(1, 9),
    st.integers(1, 9),
)
derivation = st.builds(
    lambda first, seed, size: (
        first + bytes([0xD2, len(seed)]) + seed + b"\xd3\x01" + bytes([size])
    ),
    st.sampled_from([b"\xd1\x02ab", b"\x86\x01\x06", b"\x86\x01\x06\xd4\x02ab"]),
    st.binary(max_size=40),
    st.integers(0, 255),
)
extraction = st.builds(
    lambda key, salt, hash_: (
        key + bytes([0xD5, len(salt)]) + salt + b"\x91\x02\x00" + bytes([hash_])
    ),
    st.sampled_from([b"\xd1\x02ab", b"\xd1\x00", b"\x86\x01\x06"]),
    st.binary(max_size=40),
    st.integers(0, 8),
)
digest = st.builds(lambda value: b"\x9e\x20" + value, st.binary(min_size=32, max_size=32))
named = st.builds(
    lambda tag, id: bytes([tag, 1, id]), st.sampled_from(range(0x83, 0x87)), st.integers(1, 9)
)
bodies = st.one_of(
    named,
    st.just(b""),
    st.binary(max_size=255),
    st.lists(tlvs, max_size=4).map(b"".join),
    init,
    digest,
    agreement,
    derivation,
    extraction,
    st.just(b"\x34\x45\x49\x43\x86\x41" + POINT),
    st.sampled_from([bytes.fromhex("A0000005590010"), b"\x2f\xe2", b"\x7f\xff\x6f\x07"]),
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
# Events of a card: a command, a reset, or the begin or end of a remote administration.
steps = st.one_of(
    *[apdus] * 20,
    st.just("reset"),
    st.tuples(st.sampled_from(list(Kind)), st.integers(1, 9).map(lambda n: bytes([n]))),
)
SWITCHES = {
    "get_response": st.sampled_from(["auto", "t0", "always", "never"]),
    "exact_le": st.booleans(),
    "signature_length": st.sampled_from([1, 2]),
    "signature_der": st.booleans(),
    "list_layout": st.sampled_from(["L1", "L2", "L3"]),
    "list_part": st.integers(1, 256),
    "wrapped": st.booleans(),
    "lenient_digest": st.booleans(),
    "max_read": st.integers(1, 256),
    "file_padding": st.one_of(st.none(), st.integers(0, 255)),
    "wedge": st.booleans(),
    "success_sw": st.sampled_from([0x9000, 0x63CF, 0x9110]),
    "flip_signature_byte": st.one_of(st.none(), st.integers(0, 300)),
    "keygen_response": st.sampled_from(["full", "ids", "key", "none"]),
    "new_ids": st.booleans(),
    "algorithms": st.integers(0, 7),
    "functions": st.integers(0, 15),
    "empty_salt": st.booleans(),
}
profiles = st.one_of(
    st.builds(
        lambda name, change: Profile.named(name, **change),
        st.sampled_from(sorted(PROFILES)),
        st.just({"algorithms": 7}),
    ),
    st.builds(Profile.named, st.sampled_from(sorted(PROFILES))),
    st.builds(
        lambda change: Profile.named("gsma", **change),
        st.fixed_dictionaries({}, optional=SWITCHES),
    ),
)


def may_change(item) -> bool:
    """Return whether the device may change the object: by B9, or by PUT PUBLIC KEY."""
    if not isinstance(item, (o.PrivateKey, o.PublicKey)):
        return False
    writable = isinstance(item, PublicKey) and item.access & o.UPDATE
    return bool(writable or item.functions & o.KEY_GENERATION)


def protected(store: Store) -> list:
    """Return by value all that the device may not change."""
    items = [item for item in store.objects() if not (item.volatile or may_change(item))]
    return [store_module._object_to_json(item) for item in items]


def secrets_of(store: Store) -> list[bytes]:
    """Return what no answer may contain: values of private and secret keys, in each form."""
    found = [item.value for item in store.objects() if isinstance(item, SecretKey) and item.value]
    for item in store.objects():
        if isinstance(item, o.PrivateKey) and item.filled:
            text = pairs.module_for(item.key_type).key_to_text(item.key)
            found.append(bytes.fromhex(text))
            if item.key_type == o.RSA_2048:
                numbers = item.key.private_numbers()
                found += [n.to_bytes(256, "big").lstrip(b"\0") for n in (numbers.d, numbers.p)]
    return found


def selected(card: Card) -> Card:
    """Select the applet, if the card has one, on channel 1."""
    card.transmit(bytes.fromhex("0070000001"))
    for aid in card.profile.aids[:1]:
        card.transmit(bytes([1, 0xA4, 4, 0, len(aid)]) + aid)
    return card


def check(card: Card, apdu: bytes, secrets: list[bytes]) -> None:
    """Send one command; check that the answer is well formed, without a fault and without a
    secret."""
    answer = card.transmit(apdu)
    assert 2 <= len(answer) <= 258
    assert answer[-2] & 0xF0 in (0x60, 0x90)
    assert answer[-2:] != b"\x6f\x00"
    assert not [secret for secret in secrets if secret in answer]
    assert card.latency(apdu) >= 0


def administer(card: Card, kind: Kind, id: bytes) -> None:
    """Begin an administration of the object, or end the current one."""
    if (kind, id) in card.issuer.administrations():
        card.issuer.end_administration(kind, id)
    elif card.store.find(kind, id=id) is not None:
        card.issuer.begin_administration(kind, id)


@settings(max_examples=CASES)
@given(st.lists(steps, max_size=12), profiles)
def test_any_bytes_are_answered_and_keys_stay(sequence, profile):
    card = selected(Card(Store.memory(factory(profile.name)), profile))
    before, secrets = protected(card.store), secrets_of(card.store)
    for step in sequence:
        if step == "reset":
            card.power_on()
            selected(card)
        elif isinstance(step, tuple):
            administer(card, *step)
        else:
            check(card, step, secrets)
    assert protected(card.store) == before
    card.power_on()
    assert protected(card.store) == before


# Good commands, to be mutated.
GOOD = [
    bytes.fromhex(text)
    for text in (
        "0070000001",
        "01A4040007A0000005590010",
        "00A40004022FE2",
        "00B201F400",
        "01CB010000",
        "01CBC1000384010100",
        "012A00010D840101A1010391020001920104",
        "012B8001229E20" + "11" * 32 + "00",
        "012A00020D840101A1010191020001920104",
        "012B0002FF9B82012C" + "22" * 251,
        "012B800231" + "22" * 49,
        "012C00030D850101A1010291020001920104",
        "012D8003919A2400" + "33" * 35 + "9C20" + "44" * 32 + "9D0400000040330040" + "55" * 64,
        "012A00040D840107A1010391020001920102",
        "012B8004229E20" + "11" * 32 + "00",
        "012C00050D850107A1010391020001920101",
        "012D0005E09E20" + "11" * 32 + "330100" + "66" * 187,
        "012D800545" + "66" * 69,
        "0124000603850105",
        "01D88006473445494386" + "41" + POINT.hex(),
        "01B900000384010400",
        "01CD00000385010700",
        "01C0000000",
        "01B000000383010AFF",
        "014600000684010485010500",
        "0148000009D10101D20101D3010500",
        "0148010009860106D20101D3010500",
        "014802000C860106D40101D20101D3010500",
        "014A00000AD10101D50101910200" + "0100",
    )
]
# Commands that every card must refuse.
FORBIDDEN = [
    bytes.fromhex(text)
    for text in (
        "01B900000384010100",  # a key that must not be generated again
        "01B900000384010700",
        "0124000703850101",  # a public key that must not be written
        "01D88007473445494386" + "41" + POINT.hex(),
        "014600000684010885010400",  # keys of two curves
        "014600000684010785010700",
        "01480100098601" + "07D20101D3010500",  # not a secret key
    )
]


def test_no_command_of_random_bytes_finds_its_way_into_a_fault():
    """A fixed sequence of many mutated good commands, on one card that is never reset."""
    every = GOOD + FORBIDDEN
    source = random.Random(7)
    card = selected(
        Card(Store.memory(factory("full")), Profile.named("full", wedge=True, max_sessions=16))
    )
    before, secrets = protected(card.store), secrets_of(card.store)
    seen, good, which = Counter(), Counter(), 0
    for number in range(15_000):
        # Mostly in their order, as some of them need the one before.
        which = source.choice([which + 1] * 4 + [source.randrange(len(every))]) % len(every)
        apdu = bytearray(every[which])
        for _ in range(source.choice((0, 0, 0, 1, 2))):
            apdu[source.randrange(len(apdu))] = source.randrange(256)
        if source.random() < 0.1:
            del apdu[source.randrange(len(apdu) + 1) :]
        if number % 100 == 0:
            administer(card, source.choice(list(Kind)), bytes([source.randrange(1, 9)]))
        answer = card.transmit(apdu)
        sw = answer[-2:].hex().upper()
        seen[sw] += 1
        assert apdu not in FORBIDDEN or sw not in ("9000", "63CF")
        good[which] += sw[:2] in ("90", "61") or sw == "6D01"
        assert sw != "6F00", apdu.hex()
        assert not [secret for secret in secrets if secret in answer], apdu.hex()
    assert protected(card.store) == before
    expected = {"9000", "63CF", "6700", "6881", "6984", "6985", "6A80", "6A82", "6A86"}
    assert expected | {"6D00", "6E00"} <= set(seen)
    assert seen["9000"] > 1_500
    assert [GOOD[which].hex() for which in range(len(GOOD)) if not good[which]] == []
