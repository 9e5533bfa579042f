"""The issuer deactivates objects and administers them remotely while the device continues."""

import pytest
from card_apdus import select, transmit

from iotsafe_tools.simulator.sim import Card, PublicKey, SecretKey, Store
from iotsafe_tools.simulator.sim.objects import UPDATE, Kind
from iotsafe_tools.simulator.sim.profile_file import planned

SIGN = "012A00010D840101A1010391020001920104"
HASH = "012B8001229E20" + "11" * 32 + "00"
VERIFY = "012C00010D850101A1010391020001920104"


def new_card(store: Store | None = None) -> Card:
    """Return a card with objects in all containers, applet selected on channel 1."""
    card = Card(store)
    card.issuer.create_key_pair(b"\x04", key_type=0x14, functions=0x06)
    card.issuer.put(
        PublicKey(id=b"\x05", access=UPDATE | 1, functions=5, point=card.issuer.public_key()),
        SecretKey(id=b"\x06", value=b"shared", derivation=3),
    )
    card.issuer.write_file(b"\x02", b"certificate")
    select(card)
    return card


# Type, ID -> a command that uses the object, and its answer in the normal state.
USES = {
    (Kind.PRIVATE, b"\x01"): SIGN,
    (Kind.PUBLIC, b"\x01"): "01CD00000385010100",
    (Kind.PRIVATE, b"\x04"): "01B900000384010400",
    (Kind.PUBLIC, b"\x04"): "01B900000384010400",
    (Kind.PUBLIC, b"\x05"): "0124000203850105",
    (Kind.SECRET, b"\x06"): "01480100098601" + "06D20141D30110" + "00",
    (Kind.FILE, b"\x02"): "01B000000383010210",
}


def answer_is_good(answer: str) -> bool:
    return answer[-4:] == "9000"


# ---- creation ----------------------------------------------------------------------------


def test_containers_are_created_as_a_profile_plans_them(tmp_path):
    card = Card(Store(tmp_path / "sim.json"))
    entry = {"kind": "pair", "id": "07", "label": "NEW", "functions": ["signature"]}
    card.issuer.create(planned({**entry, "generate": True}, "test"))
    card.issuer.create(planned({"kind": "file", "id": "07", "size": 100}, "test"))
    select(card)
    assert transmit(card, SIGN.replace("840101", "840107")) == "9000"
    assert "4A0100" + "210102" + "20020064" in transmit(card, "01CBC3000383010700")
    kept = Store(tmp_path / "sim.json")
    assert kept.find(Kind.PRIVATE, id=b"\x07").filled
    before = [(item.kind, item.id) for item in kept.objects()]
    with pytest.raises(ValueError, match="private object 07 exists already"):
        card.issuer.create(planned(entry, "test"))
    with pytest.raises(ValueError, match="room for 4 objects of type PUBLIC"):
        card.issuer.create(planned({**entry, "id": "08", "label": ""}, "test"))
    assert [(item.kind, item.id) for item in card.issuer.objects()] == before


# ---- states ------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "id"), USES)
def test_deactivated_object_is_there_and_can_not_be_used(kind, id, tmp_path):
    card = new_card(Store(tmp_path / "sim.json"))
    before = card.store.find(kind, id=id)
    info = f"01CB{kind.tags.wrapper:02X}0003{kind.tags.id:02X}01{id.hex()}00"
    active = transmit(card, info)
    assert "4A0101" in active
    card.issuer.deactivate(kind, id)
    assert transmit(card, info) == active.replace("4A0101", "4A0100")
    assert transmit(card, USES[kind, id]) == "6985"
    if not before.volatile:  # it survives a reset and a restart of the program
        card = Card(Store(tmp_path / "sim.json"))
        select(card)
        assert transmit(card, USES[kind, id]) == "6985"
    card.issuer.activate(kind, id)
    assert transmit(card, info) == active
    assert answer_is_good(transmit(card, USES[kind, id]))
    if kind is not Kind.FILE:
        card.issuer.deactivate(kind, id)
        assert card.store.find(kind, id=id).filled


def test_empty_object_stays_in_state_00_when_activated():
    card = new_card()
    card.issuer.activate(Kind.FILE, b"\x03")
    assert "4A0100" in transmit(card, "01CBC3000383010300")


def test_unknown_object_can_not_be_deactivated():
    for call in (new_card().issuer.deactivate, new_card().issuer.activate):
        with pytest.raises(ValueError, match="no object of type SECRET with ID 09"):
            call(Kind.SECRET, b"\x09")


@pytest.mark.parametrize(
    ("kind", "init", "update"),
    [
        (Kind.PRIVATE, SIGN, HASH),
        (Kind.PUBLIC, VERIFY, "012D800162" + "9E20" + "11" * 32 + "3340" + "22" * 62),
    ],
)
def test_open_session_can_not_use_a_deactivated_key(kind, init, update):
    card = new_card()
    assert transmit(card, init) == "9000"
    card.issuer.deactivate(kind, b"\x01")
    assert transmit(card, update) == "6985"
    card.issuer.activate(kind, b"\x01")
    assert transmit(card, update) != "6985"


def test_open_session_can_not_write_a_deactivated_key():
    card = new_card()
    point = card.issuer.public_key(b"\x04")
    assert transmit(card, USES[Kind.PUBLIC, b"\x05"]) == "9000"
    card.issuer.deactivate(Kind.PUBLIC, b"\x05")
    put = "01D880024734454943864104" + point.hex()[2:]
    assert transmit(card, put) == "6985"
    card.issuer.activate(Kind.PUBLIC, b"\x05")
    assert transmit(card, put) == "9000"
    assert card.issuer.public_key(b"\x05") == point


def test_a_session_on_a_volatile_key_does_not_keep_the_key_over_a_reset():
    card = new_card()
    card.issuer.create_key_pair(b"\x04", key_type=0x14, functions=0x01)
    card.profile.wedge = True
    assert transmit(card, SIGN.replace("840101", "840104")) == "9000"
    card.power_on()
    select(card)
    assert transmit(card, HASH) == "6985"
    assert transmit(card, "012A010100") == "9000"


def test_session_signs_with_the_key_as_it_is_at_the_end():
    card = new_card()
    assert transmit(card, SIGN) == "9000"
    point = card.issuer.create_key_pair(b"\x01")
    raw = transmit(card, HASH)[6:-4]
    assert transmit(card, VERIFY) == "9000"
    assert point == card.issuer.public_key()
    assert transmit(card, "012D800164" + "9E20" + "11" * 32 + "3340" + raw) == "9000"


# ---- remote administration ---------------------------------------------------------------


@pytest.mark.parametrize(("kind", "id"), USES)
def test_nothing_touches_an_object_under_administration(kind, id):
    card = new_card()
    card.issuer.begin_administration(kind, id)
    assert card.issuer.administrations() == [(kind, id)]
    info = f"01CB{kind.tags.wrapper:02X}0003{kind.tags.id:02X}01{id.hex()}00"
    for command in (USES[kind, id], info, USES[kind, id]):
        assert transmit(card, command) == "6984"
    for (other, other_id), command in USES.items():
        if command != USES[kind, id]:
            assert answer_is_good(transmit(card, command)), (other, other_id)
    assert answer_is_good(transmit(card, "01CB010000"))
    card.issuer.end_administration(kind, id)
    assert card.issuer.administrations() == []
    first, second = transmit(card, info), transmit(card, info)
    assert first == second[:-4] + "63CF"
    assert answer_is_good(second)


@pytest.mark.parametrize(("kind", "id"), USES)
def test_first_command_that_fails_after_a_change_says_so(kind, id):
    card = new_card()
    card.issuer.begin_administration(kind, id)
    card.issuer.deactivate(kind, id)
    card.issuer.end_administration(kind, id)
    assert [transmit(card, USES[kind, id]) for _ in range(2)] == ["6989", "6985"]


@pytest.mark.parametrize(("kind", "id"), USES)
def test_command_that_fails_without_a_change_says_why(kind, id):
    card = new_card()
    card.issuer.deactivate(kind, id)
    card.issuer.begin_administration(kind, id)
    card.issuer.end_administration(kind, id)
    assert transmit(card, USES[kind, id]) == "6985"
    card.issuer.activate(kind, id)
    assert answer_is_good(transmit(card, USES[kind, id]))


def test_a_changed_certificate_is_read_with_63cf_through_get_response_too():
    card = new_card()
    card.issuer.begin_administration(Kind.FILE, b"\x02")
    card.issuer.write_file(b"\x02", b"another")
    card.issuer.end_administration(Kind.FILE, b"\x02")
    assert transmit(card, "01B0000003830102") == "6100"
    answer = transmit(card, "01C0000000")
    assert bytes.fromhex(answer[:14]) == b"another"
    assert answer[-4:] == "63CF"
    assert answer_is_good(transmit(card, "01B000000383010210"))


def test_administration_in_the_middle_of_a_session():
    card = new_card()
    assert transmit(card, SIGN) == "9000"
    card.issuer.begin_administration(Kind.PRIVATE, b"\x01")
    assert transmit(card, HASH) == "6984"
    assert transmit(card, "012A010100") == "9000"  # closing touches no object
    assert transmit(card, SIGN) == "6984"
    card.issuer.end_administration(Kind.PRIVATE, b"\x01")
    assert transmit(card, SIGN) == "63CF"
    assert answer_is_good(transmit(card, HASH))


def test_wrong_signature_after_a_change_of_the_key():
    card = new_card()
    assert transmit(card, VERIFY) == "9000"
    card.issuer.begin_administration(Kind.PUBLIC, b"\x01")
    card.issuer.create_key_pair(b"\x01")
    card.issuer.end_administration(Kind.PUBLIC, b"\x01")
    update = "012D800164" + "9E20" + "11" * 32 + "3340" + "22" * 64
    assert transmit(card, update) == "6989"
    assert transmit(card, VERIFY) == "9000"
    assert transmit(card, update) == "6D01"


def test_second_administration_before_any_command_does_not_hide_the_first():
    card = new_card()
    for change in (True, False):
        card.issuer.begin_administration(Kind.FILE, b"\x02")
        if change:
            card.issuer.write_file(b"\x02")
        card.issuer.end_administration(Kind.FILE, b"\x02")
    assert transmit(card, USES[Kind.FILE, b"\x02"]) == "6989"


def test_administration_outlasts_a_reset():
    card = new_card()
    card.issuer.begin_administration(Kind.PRIVATE, b"\x01")
    card.power_on()
    select(card)
    assert transmit(card, SIGN) == "6984"


def test_calls_that_do_not_fit():
    issuer = new_card().issuer
    with pytest.raises(ValueError, match="the FILE object 02 is not being administered"):
        issuer.end_administration(Kind.FILE, b"\x02")
    with pytest.raises(ValueError, match="no object of type FILE with ID 09"):
        issuer.begin_administration(Kind.FILE, b"\x09")
    issuer.begin_administration(Kind.FILE, b"\x02")
    with pytest.raises(ValueError, match="administered already"):
        issuer.begin_administration(Kind.FILE, b"\x02")
