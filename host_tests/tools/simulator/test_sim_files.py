"""The files of the simulated UICC, as modems and tools read them (TS 102 221, TS 31.102)."""

import pytest
from card_apdus import transmit

from iotsafe_tools.simulator.modem.card_identity import read_identity
from iotsafe_tools.simulator.sim import Card, Profile
from iotsafe_tools.simulator.sim.pin import Pin
from iotsafe_tools.simulator.sim.tlv import decode_all

AID = "A0000005590010"
USIM = "A0000000871002FFFFFFFF8907090000"
MF_FILES = {"2F00": 0x1E, "2F05": 0x05, "2F06": 0x06, "2FE2": 0x02}
USIM_FILES = {
    "6F05": 0x02,
    "6F06": 0x17,
    "6F07": 0x07,
    "6F31": 0x12,
    "6F38": 0x04,
    "6F40": None,
    "6F46": None,
    "6F56": 0x05,
    "6F73": 0x0C,
    "6F78": 0x06,
    "6F7B": 0x0D,
    "6F7E": 0x0B,
    "6FAD": 0x03,
    "6FB7": 0x01,
    "6FE3": 0x1E,
}


def card_in_usim(**switches) -> Card:
    card = Card(profile=Profile(**switches))
    assert transmit(card, f"00A4040C10{USIM}") == "9000"
    return card


def described(card: Card, command: str) -> dict[int, bytes]:
    """Return by tag the file control parameters in the answer to a SELECT or STATUS without Le."""
    answer = card.transmit(bytes.fromhex(command))
    if answer[0] == 0x61:
        answer = card.transmit(bytes([0, 0xC0, 0, 0, answer[1]]))
    assert answer[-2:] == b"\x90\x00"
    ((tag, value),) = decode_all(answer[:-2])
    assert tag == 0x62
    return dict(decode_all(value))


def read(card: Card, file: str) -> str:
    """Return a transparent file of the current folder, selected by ID."""
    assert transmit(card, f"00A4000C02{file}") == "9000"
    answer = transmit(card, "00B0000000")
    assert answer[-4:] == "9000"
    return answer[:-4]


# ---- identity ----------------------------------------------------------------------------


def test_modem_reads_iccid_and_imsi():
    card = Card(profile=Profile(iccid="8988211000000000011", imsi="001010000000001"))
    assert transmit(card, "00A4000C022FE2") == "9000"
    assert transmit(card, "00B000000A") == "988812010000000010F19000"
    assert transmit(card, "00A4040C10A0000000871002FFFFFFFF8907090000") == "9000"
    assert transmit(card, "00A4000C026F07") == "9000"
    assert transmit(card, "00B0000009") == "0809101000000000109000"
    assert transmit(card, "00B0870009") == "0809101000000000109000"  # by short file ID
    assert read_identity(card.transmit)[:2] == ("8988211000000000011", "001010000000001")


def test_imsi_with_an_even_number_of_digits():
    card = Card(profile=Profile(imsi="00101000000001"))
    transmit(card, "00A4080C047FFF6F07")
    assert transmit(card, "00B0000000") == "080110100000000" + "0F1" + "9000"


@pytest.mark.parametrize(
    ("digits", "network"), [(2, "00F110"), (3, "000110")], ids=["001 01", "001 010"]
)
def test_network_of_the_imsi(digits, network):
    card = card_in_usim(imsi="001010000000003", mnc_digits=digits)
    assert read(card, "6FAD") == f"0000000{digits}"
    assert read(card, "6F7E") == "FFFFFFFF" + network + "FFFE" + "FF01"
    assert read(card, "6F73") == "FF" * 7 + network + "FFFE" + "FF01"
    assert read(card, "6FE3") == "FF" * 12 + network + "FFFE" + "01"
    assert read(card, "6F78") == "0008"  # access class 3


def test_name_of_the_network_and_services():
    card = card_in_usim(spn="Test")
    assert read(card, "6F46") == "01" + "54657374" + "FF" * 12
    services = bytes.fromhex(read(card, "6F38"))
    assert [n for n in range(1, 137) if services[(n - 1) // 8] >> (n - 1) % 8 & 1] == [19, 21]


@pytest.mark.parametrize(
    ("number", "record"),
    [
        ("", "FF" * 28),
        ("+4915112345", "FF" * 14 + "0691945111325" + "4" + "FF" * 7),
        ("112", "FF" * 14 + "038111F2" + "FF" * 10),
        ("+" + "1" * 20, "FF" * 14 + "0B91" + "11" * 10 + "FFFF"),
    ],
)
def test_number_of_the_subscriber(number, record):
    card = card_in_usim(msisdn=number)
    transmit(card, "00A4000C026F40")
    assert transmit(card, "00B2010400") == record + "9000"


@pytest.mark.parametrize(
    "switches",
    [{"spn": "x" * 17}, {"spn": "ü"}, {"msisdn": "+"}, {"msisdn": "12a"}, {"mnc_digits": 4}],
)
def test_what_the_files_can_not_hold(switches):
    with pytest.raises(ValueError, match=next(iter(switches))):
        Profile(**switches)


# ---- answers to SELECT -------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["3F00", "7FFF"])
def test_each_file_is_described_as_it_is_read(folder):
    for file, sfi in {"3F00": MF_FILES, "7FFF": USIM_FILES}[folder].items():
        card = Card()
        transmit(card, f"00A4000C02{folder}")
        fcp = described(card, f"00A4000402{file}")
        assert list(fcp) == [0x82, 0x83, 0x8A, 0x8B, 0x80, 0x88]
        assert fcp[0x83].hex().upper() == file
        assert fcp[0x8A] == b"\x05"
        assert fcp[0x88] == (bytes([sfi << 3]) if sfi else b"")
        size = int.from_bytes(fcp[0x80], "big")
        if fcp[0x82][0] == 0x41:
            assert len(transmit(card, "00B0000000")) == 2 * size + 4
        else:
            assert fcp[0x82][0] == 0x42
            length, count = fcp[0x82][3], fcp[0x82][4]
            assert length * count == size
            for number in range(1, count + 1):
                assert len(transmit(card, f"00B2{number:02X}04{length:02X}")) == 2 * length + 4
            assert transmit(card, f"00B2{count + 1:02X}0400") == "6A83"
        if sfi:
            other = Card()
            transmit(other, f"00A4000C02{folder}")
            by_sfi = (
                f"00B0{0x80 | sfi:02X}0000"
                if fcp[0x82][0] == 0x41
                else f"00B201{sfi << 3 | 4:02X}00"
            )
            assert transmit(other, by_sfi)[-4:] == "9000"
            assert described(other, "80F20000")[0x83].hex().upper() == folder
        # Its access rule is a record of the EF_ARR that it names.
        rule = fcp[0x8B]
        transmit(card, f"00A4000C02{rule[:2].hex()}")
        assert transmit(card, f"00B2{rule[2]:02X}0400").startswith("800101")


def test_all_files_are_in_the_test_above():
    card = Card()
    for folder, files in (("3F00", MF_FILES), ("7FFF", USIM_FILES)):
        transmit(card, f"00A4000C02{folder}")
        for number in range(0x2F00, 0x3000) if folder == "3F00" else range(0x6F00, 0x7000):
            answer = transmit(card, f"00A4000C02{number:04X}")
            assert (answer == "9000") == (f"{number:04X}" in files)


def test_iccid_byte_for_byte():
    card = Card()
    assert transmit(card, "00A40004022FE2") == "6119"
    answer = transmit(card, "00C0000019")
    body = "82024121" + "83022FE2" + "8A0105" + "8B032F0601" + "8002000A" + "880110"
    assert answer == "6217" + body + "9000"
    assert transmit(card, "00A4000402" + "2FE200") == answer


def test_folders():
    card = Card()
    mf = described(card, "00A40004023F00")
    assert (mf[0x82], mf[0x83], mf[0xA5]) == (b"\x78\x21", b"\x3f\x00", b"\x80\x01\x71")
    assert mf[0xC6] == bytes.fromhex("900100830101")
    usim = described(card, f"00A4040410{USIM}")
    assert usim[0x84].hex().upper() == USIM
    assert usim[0x8B] == bytes.fromhex("6F0601")
    assert list(usim) == [0x82, 0x83, 0x84, 0xA5, 0x8A, 0x8B, 0xC6]


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("00A4000402" + "3F00", "3F00"),
        ("00A40004", "3F00"),  # without data
        ("00A4000402" + "7FFF", "7FFF"),
        ("00A4010402" + "7FFF", "7FFF"),
        ("00A4080402" + "2FE2", "2FE2"),
        ("00A4080404" + "7FFF6F07", "6F07"),
        ("00A4090404" + "7FFF6F07", "6F07"),
        ("00A4080404" + "3F002F00", "2F00"),
    ],
)
def test_select_by_id_and_by_path(command, found):
    assert described(Card(), command)[0x83].hex().upper() == found


def test_select_the_parent():
    card = card_in_usim()
    transmit(card, "00A4000C026F07")
    assert described(card, "00A40304")[0x83] == b"\x3f\x00"
    assert transmit(card, "00A4030C") == "6A82"  # the MF has none
    assert transmit(card, "00A4030C022FE2") == "6700"


def test_path_from_the_current_folder():
    card = card_in_usim()
    assert transmit(card, "00A4090C026F07") == "9000"
    assert transmit(card, "00A4090C022FE2") == "6A82"
    assert transmit(card, "00A4080C022FE2") == "9000"


def test_directory_lists_the_applications():
    card = Card()
    transmit(card, "00A4000C022F00")
    assert "A0000000871002" in transmit(card, "00B2010426")
    assert AID in transmit(card, "00B2020426")
    assert transmit(card, "00B2030426") == "6A83"
    assert transmit(card, "00B0000000") == "6981"


@pytest.mark.parametrize(
    ("command", "sw"),
    [
        ("00A4000C026FFF", "6A82"),
        ("00A4000C026F07", "6A82"),  # is in the ADF, not in the MF
        ("00A4010C022FE2", "6A82"),  # no folder
        ("00A4080C042FE22F01", "6A82"),
        ("00A4000C0100", "6700"),
        ("00A4020C022FE2", "6A86"),
        ("00A40008022FE2", "6A86"),
        ("00B0000001", "6986"),  # the MF is not a file
        ("80B0820001", "6E00"),
        ("00B0820B00", "6A86"),  # offset beyond the end
        ("00B082000B", "6C0A"),
        ("00B0810000", "6A82"),  # no such short file ID
        ("00B0800000", "6A82"),
        ("00B09F0000", "6A82"),
        ("00B202F400", "6A83"),
        ("00B200F400", "6A83"),
        ("00B201F200", "6A86"),  # the next record: not offered
        ("00D6820001FF", "6982"),
        ("00DC01F401FF", "6982"),
        ("00F2030000", "6A86"),
        ("0020000100", "6984"),  # no PIN is asked for
        ("00200001083132333435363738", "6984"),
    ],
)
def test_file_errors(command, sw):
    assert transmit(Card(profile=Profile(aids=())), command) == sw


def test_status_describes_the_current_folder():
    card = Card()
    assert "83023F00" in transmit(card, "80F2000000")
    transmit(card, "00A4000C027FFF")
    transmit(card, "00A4000C026F07")
    assert "83027FFF" in transmit(card, "80F2000000")
    assert transmit(card, "80F2000112") == "8410" + USIM + "9000"
    assert transmit(card, "80F2000C") == "9000"


def test_each_channel_has_a_place_of_its_own():
    card = card_in_usim()
    assert transmit(card, "0070000001") == "019000"
    assert described(card, "00F20000")[0x83] == b"\x7f\xff"
    assert "83023F00" in transmit(card, "81F2000000")
    assert transmit(card, "01A4000C022FE2") == "9000"
    assert transmit(card, "00A4000C026F07") == "9000"
    assert len(transmit(card, "01B0000000")) == 24
    assert len(transmit(card, "00B0000000")) == 22


def test_a_modem_on_channel_0_does_not_disturb_the_applet_on_channel_1():
    card = Card()
    for command in ("0070000001", "01A4040007" + AID, "012A00010D840101A1010391020001920104"):
        transmit(card, command)
    for command in ("00A4000C023F00", "00A4000C022FE2", "00B000000A", "80F2000000"):
        transmit(card, command)
    assert transmit(card, "012B8001229E20" + "11" * 32) == "6143"


# ---- DF GSM, and the PIN of a reader --------------------------------------------------------


def test_df_gsm_has_what_a_reader_of_sims_looks_for():
    card = Card(profile=Profile(spn="Test"))
    assert transmit(card, "00A4000C027F20") == "9000"
    assert described(card, "00F2000000")[0x83] == b"\x7f\x20"
    assert read(card, "6F07") == "080910100000000010"
    assert read(card, "6F46").startswith("0154657374")
    assert (read(card, "6FAE"), read(card, "6FAD")) == ("03", "00000002")
    assert described(card, "00A40004026F07")[0x83] == b"\x6f\x07"
    assert transmit(card, "00A4000C026FE3") == "6A82"  # a file of the USIM only
    assert transmit(card, "00A4080C047F206F07") == "9000"
    assert transmit(card, "00A4080C047FFF6F07") == "9000"
    assert described(card, "00F2000000")[0x83] == b"\x7f\xff"  # and not DF GSM


def asks(card):
    """Return the byte of C6 that says which PINs are enabled."""
    return described(card, "00A40004023F00")[0xC6]


def test_a_card_that_asks_its_reader_for_a_pin():
    card = Card()
    assert asks(card).hex() == "900100830101"
    card.ask_for_pin(Pin("1234"))
    assert asks(card).hex() == "900180830101"
    for command, answer in (
        ("00A4000C022FE2", "9000"),
        ("00B000000A", "988812010000000010F19000"),  # no PIN is needed for the card's number
        ("00A4080C047FFF6F07", "9000"),
        ("00B0000009", "6982"),
        ("00200001", "63C3"),
        ("0020000100", "63C3"),
        ("002000010831323335FFFFFFFF", "63C2"),
        ("002000010431323334", "6700"),
        ("0020000208" + "31323334FFFFFFFF", "6A86"),
        ("0020000100", "63C2"),
        ("002000010831323334FFFFFFFF", "9000"),
        ("0020000100", "9000"),
        ("00B0000009", "0809101000000000109000"),
    ):
        assert transmit(card, command) == answer, command
    card.power_on()
    for left in ("63C2", "63C1", "63C0", "6983"):
        assert transmit(card, "002000010839393939FFFFFFFF") == left
    card.power_on()
    assert transmit(card, "002000010831323334FFFFFFFF") == "6983"
    transmit(card, "0070000001")
    assert transmit(card, f"01A4040007{AID}") == "9000"  # the applet asks for no PIN
    assert transmit(card, "0184000001")[2:] == "9000"
