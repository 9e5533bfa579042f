"""The UICC layer of the simulated SIM: class bytes, channels, GET RESPONSE, files, latency."""

import pytest
from card_apdus import transmit

from iotsafe_tools.simulator.sim import Card, Profile, Store

AID = "A0000005590010"


def card_with_applet(**switches) -> Card:
    """Return a card with the applet selected on channel 1."""
    card = Card(profile=Profile(**switches))
    assert transmit(card, "0070000001")[-4:-2] in ("90", "91")
    assert transmit(card, "01A4040007" + AID)[:2] in ("90", "91")
    return card


# ---- class bytes and lengths -------------------------------------------------------------


def test_each_channel_is_reached_by_both_of_its_classes():
    card = Card()
    assert transmit(card, "80AA000004A9028100") == "9000"  # TERMINAL CAPABILITY
    for channel in range(1, 20):
        first = channel if channel < 4 else 0x40 + channel - 4
        assert transmit(card, f"{first:02X}A4040007{AID}") == "6881"
        assert transmit(card, "0070000001") == f"{channel:02X}9000"
        assert transmit(card, f"{first:02X}A4040007{AID}") == "9000"
        for cla in (first, first | 0x80):
            assert transmit(card, f"{cla:02X}84000004")[8:] == "9000"
    assert transmit(card, "0070000001") == "6A81"


def test_other_classes_are_refused():
    card = Card()
    good = {*range(0x04), *range(0x40, 0x50), *range(0x80, 0x84), *range(0xC0, 0xD0)}
    for cla in set(range(256)) - good:
        assert transmit(card, f"{cla:02X}84000004") == "6E00"
    for cla in good - {0x00, 0x80}:
        assert transmit(card, f"{cla:02X}84000004") == "6881"


def test_select_and_manage_channel_need_the_interindustry_class():
    card = card_with_applet()
    assert transmit(card, "8070000001") == "6D00"
    assert transmit(card, "81A4040007" + AID) == "6D00"


@pytest.mark.parametrize(
    "command",
    [
        "",
        "01",
        "01CB01",
        "01CD0000038501",  # Lc longer than the data
        "01CD000003850101" + "0000",  # shorter
        "01CD00000003850101",  # extended length
        "0184000001FF",  # data with a command that has none
        "01CB010001FF",
    ],
)
def test_wrong_length(command):
    assert transmit(card_with_applet(), command) == "6700"


@pytest.mark.parametrize("ins", ["00", "21", "85", "60", "9A", "FF"])
def test_unknown_instruction(ins):
    card = card_with_applet()
    assert transmit(card, f"01{ins}000000") == "6D00"
    assert transmit(card, f"00{ins}000000") == "6D00"


# ---- channels ----------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["00700000", "0070000000", "0070000001"])
def test_open_with_each_form_of_le(command):
    assert transmit(Card(), command) == "019000"


@pytest.mark.parametrize("command", ["00708002", "0070800200", "0270800200", "02708000"])
def test_close_with_each_form(command):
    card = Card()
    transmit(card, "0070000001")
    transmit(card, "0070000001")
    assert transmit(card, command) == "9000"
    assert transmit(card, command) == "6881"
    assert transmit(card, "0070000001") == "029000"


def test_what_can_not_be_closed():
    card = Card()
    assert transmit(card, "0070800500") == "6881"
    assert transmit(card, "0070801400") == "6A86"
    assert transmit(card, "0070800000") == "6A86"


def test_number_of_channels_is_the_profile_s():
    card = Card(profile=Profile(channels=1))
    assert transmit(card, "0070000001") == "6A81"
    card = Card(profile=Profile(open_channels=(1,)))
    assert transmit(card, "01A4040007" + AID) == "9000"


def test_more_than_three_channels_only_for_a_terminal_that_knows_them():
    def opened(card):
        count = 0
        while transmit(card, "0070000001")[-4:] == "9000":
            count += 1
        return count

    card = Card()
    assert opened(card) == 3
    for data, sw in (
        ("A900", "9000"),
        ("A9038001FF", "9000"),
        ("81", "6A80"),
        ("A9028101", "6A80"),
    ):
        assert transmit(card, f"80AA0000{len(data) // 2:02X}{data}") == sw
        assert opened(card) == 0
    assert transmit(card, "80AA000004A9028100") == "9000"
    assert opened(card) == 16
    card.power_on()
    assert opened(card) == 3
    assert opened(Card(profile=Profile(channels=3))) == 2


def test_a_channel_opened_from_another_stands_where_that_one_stands():
    card = card_with_applet()
    assert transmit(card, "0170000001") == "029000"
    assert transmit(card, "0284000002")[4:] == "9000"
    assert transmit(card, "0070000001") == "039000"
    assert transmit(card, "0384000002") == "6D00"


def test_reset_closes_all_channels():
    card = card_with_applet()
    assert card.power_on()[0] == 0x3B
    assert transmit(card, "0184000002") == "6881"


def test_atr_is_well_formed():
    atr = Card().power_on()
    assert atr[1] & 0x0F == 15
    assert len(atr) == 2 + 3 + 15 + 2  # TS T0, three interface bytes and TA3, history, TCK
    check = 0
    for byte in atr[1:]:
        check ^= byte
    assert check == 0


def test_absent_applet():
    card = Card(profile=Profile(aids=()))
    transmit(card, "0070000001")
    assert transmit(card, "01A4040007" + AID) == "6A82"
    assert transmit(card, "01CB010000") == "6D00"


def test_failed_select_leaves_the_applet_selected():
    card = card_with_applet()
    assert transmit(card, "01A4040007A0000002480400") == "6A82"
    assert transmit(card, "0184000002")[4:] == "9000"


def test_select_by_beginning_of_the_aid():
    card = Card()
    assert transmit(card, "00A4040005" + AID[:10]) == "9000"
    assert transmit(card, "00A4040004" + AID[:8]) == "6700"
    assert transmit(card, "00A4040008" + AID + "00") == "6A82"


# ---- data: at once, 61xx, 6Cxx -----------------------------------------------------------

KEY = "01CD000003850101"  # 71 bytes of answer


def test_auto_waits_only_without_le():
    card = card_with_applet()
    assert transmit(card, KEY) == "6147"
    at_once = transmit(card, KEY + "00")
    assert len(at_once) == 2 * 0x47 + 4
    assert transmit(card, KEY) == "6147"
    assert transmit(card, "01C0000047") == at_once
    assert transmit(card, "01C0000047") == "6985"


def test_always_waits_and_never_never():
    card = card_with_applet(get_response="always")
    assert transmit(card, KEY + "00") == "6147"
    assert len(transmit(card, "81C0000000")) == 2 * 0x47 + 4
    card = card_with_applet(get_response="never")
    assert len(transmit(card, KEY)) == 2 * 0x47 + 4


def test_over_t0_only_a_command_with_data_has_its_answer_waiting():
    card = card_with_applet(get_response="t0")
    assert transmit(card, KEY + "00") == transmit(card, KEY) == "6147"
    assert len(transmit(card, "01C0000047")) == 2 * 0x47 + 4
    application = transmit(card, "01CB000000")
    assert application[-4:] == "9000"
    assert transmit(card, "01CB0000") == application
    assert transmit(card, "01CB000044") == application
    assert transmit(card, "01CB000030") == transmit(card, "01CB000045") == "6C44"
    assert transmit(card, "01CB000044") == application
    assert transmit(card, "0184000010")[-4:] == "9000"  # its Le is a wish


def test_256_bytes_wait_as_6100():
    card = card_with_applet()
    card.issuer.write_file(b"\x02", bytes(range(256)) * 2)
    assert transmit(card, "01B0000003830102") == "6100"
    assert transmit(card, "01C0000000") == bytes(range(256)).hex().upper() + "9000"


def test_get_response_in_pieces():
    card = card_with_applet()
    whole = transmit(card, KEY + "00")
    transmit(card, KEY)
    assert transmit(card, "01C0000048") == "6C47"
    first = transmit(card, "01C0000010")
    assert first[-4:] == "6137"
    assert first[:-4] + transmit(card, "01C0000037") == whole


def test_pending_data_is_per_channel_and_dropped_by_another_command():
    card = card_with_applet()
    transmit(card, KEY)
    transmit(card, "80F2000000")
    assert transmit(card, "00C0000047") == "6985"
    assert len(transmit(card, "01C0000047")) == 2 * 0x47 + 4
    transmit(card, KEY)
    transmit(card, "0184000001")
    assert transmit(card, "01C0000047") == "6985"


def test_too_short_le_is_corrected():
    card = card_with_applet()
    assert transmit(card, KEY + "10") == "6C47"
    assert len(transmit(card, KEY + "47")) == 2 * 0x47 + 4


def test_a_command_repeated_after_6c_is_not_carried_out_twice():
    card = card_with_applet(exact_le=True)
    assert transmit(card, "01B900000384010400") == "6C4D"
    made = card.issuer.public_key(b"\x04")
    answer = transmit(card, "01B90000038401044D")
    assert made.hex().upper() in answer
    assert card.issuer.public_key(b"\x04") == made
    assert transmit(card, "01B90000038401044D") != answer


def test_exact_le_leaves_commands_alone_whose_le_is_a_wish():
    card = card_with_applet(exact_le=True)
    assert len(transmit(card, "0184000000")) == 2 * 256 + 4
    card.issuer.write_file(b"\x02", b"abc", size=3)
    assert transmit(card, "01B000000383010200") == "6162639000"


def test_success_with_proactive_command_pending_and_after_remote_administration():
    card = card_with_applet(success_sw=0x910B)
    assert transmit(card, "0184000001")[2:] == "910B"
    assert transmit(card, "0070000001") == "02910B"
    assert transmit(card, "01CD000003850109") == "6A82"
    transmit(card, KEY)
    assert transmit(card, "01C0000047")[-4:] == "910B"
    card = card_with_applet(success_sw=0x63CF)
    assert transmit(card, "0184000001")[2:] == "63CF"
    assert transmit(card, "0070000001") == "029000"


# ---- time --------------------------------------------------------------------------------


def test_latency():
    card = Card(profile=Profile(apdu_ms=2, sign_ms=60, generate_ms=900, read_ms=5))
    for command, seconds in {
        "012B8001229E20": 0.062,
        "812B9001229E20": 0.062,
        "012B0001229E20": 0.002,
        "01B9000003840104": 0.902,
        "01B0010003830102": 0.007,
        "01C0000043": 0.002,
        "": 0.002,
    }.items():
        assert card.latency(bytes.fromhex(command)) == pytest.approx(seconds)
    assert Card().latency(bytes.fromhex("012B8001229E20")) == 0


def test_two_cards_may_share_nothing():
    one, two = Card(), Card()
    assert one.issuer.public_key() != two.issuer.public_key()
    assert Card(Store.memory([])).issuer.objects() == []
