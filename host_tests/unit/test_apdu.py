"""The APDU layer: class bytes, lengths, GET RESPONSE in all forms, status words, channels."""

from cards import CLOSE, OPEN, SELECT, ScriptedCard, from_hex
from expect import equal, raises

from iotsafe.apdu import APDU, class_byte
from iotsafe.errors import CardError, CardProtocolError


def sent(*steps, **command):
    """The response to one GET DATA (or what `command` says), after the whole script was played."""
    card = ScriptedCard(*steps)
    apdu = APDU(card)
    apdu.number = 1
    arguments = {"ins": 0xCB, "p1": 1, "le": 0}
    arguments.update(command)
    response = bytes(apdu.command(**arguments))
    card.done()
    assert apdu.exchanges == len(steps)
    return response


def test_class_byte_of_each_channel():
    want = list(range(4)) + list(range(0x40, 0x50))
    assert [class_byte(channel) for channel in range(20)] == want


def test_class_byte_goes_into_commands_and_get_response():
    card = ScriptedCard(("44CB010000", "6102"), ("44C0000002", "AABB9000"))
    apdu = APDU(card)
    apdu.number = 8
    equal(apdu.command(0xCB, 1, le=0), b"\xaa\xbb")
    card.done()


def test_proprietary_class_where_the_card_wants_it():
    # Once it is known, it is used at once; GET RESPONSE has it too, SELECT never.
    card = ScriptedCard(OPEN, ("01840000 04", "6E00"), ("81840000 04", "6104"))
    card.then(("81C0000004", "010203049000"), ("81840000 04", "010203049000"), SELECT)
    apdu = APDU(card)
    apdu.open()
    for _ in range(2):
        equal(apdu.command(0x84, le=4), b"\1\2\3\4")
    apdu.select(from_hex(SELECT[0][10:]))
    card.done()
    for number, cla in ((0, 0x80), (3, 0x83), (4, 0xC0), (19, 0xCF)):
        card = ScriptedCard(("%02X840000 01" % cla, "AA9000"))
        apdu = APDU(card)
        apdu.open(number)
        apdu.proprietary = True
        equal(apdu.command(0x84, le=1), b"\xaa")
        apdu.close()  # a channel that was given is left open
        card.done()


def test_case_1_has_a_fifth_byte():
    sent(("012A010100", "9000"), ins=0x2A, p1=1, p2=1, le=None)


def test_case_2():
    equal(sent(("0184000010", "AA9000"), ins=0x84, p1=0, le=16), b"\xaa")
    equal(sent(("0184000000", "AA9000"), ins=0x84, p1=0, le=0), b"\xaa")


def test_case_3_has_no_le():
    sent(("012A000003840101", "9000"), ins=0x2A, p1=0, le=None, data=b"\x84\x01\x01")


def test_case_4_with_le():
    equal(
        sent(("01B0012C0383010232", "AA9000"), ins=0xB0, p2=0x2C, le=50, data=b"\x83\x01\x02"),
        b"\xaa",
    )


def test_longest_command():
    sent(("01D88001FF" + "A5" * 255 + "00", "9000"), ins=0xD8, p1=0x80, p2=1, data=b"\xa5" * 255)


def test_longest_command_with_wrong_le():
    head = "01D88001FF" + "A5" * 255
    steps = ((head, "6C12"), (head + "12", "9000"))
    sent(*steps, ins=0xD8, p1=0x80, p2=1, le=None, data=b"\xa5" * 255)


def test_too_long_a_command_is_refused_unsent():
    card = ScriptedCard()
    with raises(ValueError, text="255"):
        APDU(card).command(0xD8, data=bytes(256))


def test_get_response():
    for waiting, le in (("6103", "03"), ("9F03", "03"), ("6100", "00")):
        equal(sent(("01CB010000", waiting), ("01C00000" + le, "AABBCC9000")), b"\xaa\xbb\xcc")


def test_get_response_of_256_bytes():
    data = "5A" * 256
    equal(sent(("01CB010000", "6100"), ("01C0000000", data + "9000")), from_hex(data))


def test_get_response_chained():
    first = "5A" * 256
    steps = (
        ("01CB010000", "6100"),
        ("01C0000000", first + "6102"),
        ("01C0000002", "01026101"),
        ("01C0000001", "039000"),
    )
    equal(sent(*steps), from_hex(first + "010203"))


def test_get_response_after_data_that_came_at_once():
    equal(sent(("01CB010000", "AABB6101"), ("01C0000001", "CC9000")), b"\xaa\xbb\xcc")


def test_get_response_with_wrong_le():
    steps = (("01CB010000", "61FF"), ("01C00000FF", "6C02"), ("01C0000002", "AABB9000"))
    equal(sent(*steps), b"\xaa\xbb")


def test_get_response_is_refused():
    with raises(CardError, text="GET DATA: the SIM answered 6F00") as caught:
        sent(("01CB010000", "6102"), ("01C0000002", "6F00"))
    assert caught.error.sw == 0x6F00


def test_get_response_may_end_with_each_kind_of_success():
    for last in ("9000", "910B", "63CF", "6300"):
        equal(sent(("01CB010000", "6101"), ("01C0000001", "AA" + last)), b"\xaa")


def test_endless_get_response_is_given_up():
    steps = [("01CB010000", "6100")] + [("01C0000000", "6100")] * 20
    with raises(CardProtocolError, text="GET RESPONSE does not end") as caught:
        sent(*steps)
    assert caught.error.command == "GET DATA"


def test_endless_data_is_given_up():
    card = ScriptedCard(
        ("01CB010000", "6100"), *[("01C0000000", "5A" * 256 + "6100") for _ in range(17)]
    )
    apdu = APDU(card)
    apdu.number = 1
    with raises(CardProtocolError):
        apdu.command(0xCB, 1, le=0)
    card.done()  # 16 parts of 256 bytes are the limit, the next is one too many


def test_wrong_le_is_repaired_once():
    equal(sent(("01CB010000", "6C02"), ("01CB010002", "AABB9000")), b"\xaa\xbb")
    with raises(CardError) as caught:
        sent(("01CB010000", "6C02"), ("01CB010002", "6C03"))
    assert caught.error.sw == 0x6C03


def test_wrong_le_where_none_was_sent():
    steps = (("012B8001019E", "6C40"), ("012B8001019E40", "AA9000"))
    equal(sent(*steps, ins=0x2B, p1=0x80, p2=1, le=None, data=b"\x9e"), b"\xaa")


def test_wrong_le_then_get_response():
    steps = (("01CB010000", "6C02"), ("01CB010002", "6102"), ("01C0000002", "AABB9000"))
    equal(sent(*steps), b"\xaa\xbb")


def test_91xx_is_success():
    equal(sent(("01CB010000", "AA9110")), b"\xaa")


def test_63cf_is_success_and_counted():
    card = ScriptedCard(("00CB000000", "AA63CF"), ("00CB000000", "AA9000"))
    apdu = APDU(card)
    equal(apdu.command(0xCB, le=0), b"\xaa")
    apdu.command(0xCB, le=0)
    assert apdu.administrations == 1 and not apdu.more


def test_6300_is_success_with_more():
    card = ScriptedCard(("00CB000000", "AA6300"), ("00CB000000", "AA9000"))
    apdu = APDU(card)
    equal(apdu.command(0xCB, le=0), b"\xaa")
    assert apdu.more
    apdu.command(0xCB, le=0)
    assert not apdu.more


def test_other_warnings_are_errors():
    for sw in ("6301", "63C0", "63C2", "6200", "6282", "9001", "9100"):
        if sw == "9100":
            sent(("01CB010000", sw))
            continue
        with raises(CardError) as caught:
            sent(("01CB010000", sw))
        assert "%04X" % caught.error.sw == sw


def test_error_says_command_target_and_meaning():
    with raises(CardError) as caught:
        sent(("01B0000000", "6A82"), ins=0xB0, p1=0, data=b"", le=0, target="file 02")
    error = caught.error
    assert str(error) == "READ FILE file 02: the SIM answered 6A82, not found"
    assert (error.sw, error.command, error.target) == (0x6A82, "READ FILE", "file 02")


def test_error_of_a_command_without_a_name():
    with raises(CardError, text="command F1: the SIM answered 1234, unknown status word"):
        sent(("01F1010000", "1234"), ins=0xF1)


def test_the_modems_error_comes_through():
    failure = OSError(110, "silent")
    with raises(OSError) as caught:
        sent(("01CB010000", failure))
    assert caught.error is failure


# ---- logical channels ----------------------------------------------------------------------


def test_open_select_close():
    card = ScriptedCard(OPEN, SELECT, CLOSE)
    apdu = APDU(card)
    apdu.open()
    assert apdu.number == 1
    apdu.select(b"\xa0\x00\x00\x05\x59\x00\x10")
    apdu.close()
    apdu.close()
    card.done()
    assert apdu.number == 0


def test_open_gives_other_channels():
    for number in (2, 3, 4, 19):
        card = ScriptedCard(
            ("0070000001", "%02X9000" % number), ("0070 80 %02X 00" % number, "9000")
        )
        apdu = APDU(card)
        apdu.open()
        assert apdu.number == number
        apdu.close()
        card.done()


def test_open_with_get_response_and_proactive_command():
    apdu = APDU(ScriptedCard(("0070000001", "6101"), ("00C0000001", "029110")))
    apdu.open()
    assert apdu.number == 2


def test_channel_numbers_that_no_card_gives():
    for answer in ("9000", "009000", "149000", "FF9000", "01019000"):
        apdu = APDU(ScriptedCard(("0070000001", answer)))
        with raises(CardProtocolError, text="no channel number"):
            apdu.open()
        assert apdu.number == 0


def test_leaked_channels_are_closed_when_none_is_left():
    for sw in ("6A81", "6881", "6A84", "6985"):
        card = ScriptedCard(
            ("0070000001", sw),
            ("0070800100", "9000"),
            ("0070800200", "6881"),
            ("0070800300", "6A86"),
            OPEN,
        )
        apdu = APDU(card)
        apdu.open()
        card.done()
        assert apdu.number == 1


def test_no_channel_even_then():
    # As long as there was one to close, the next one is closed too.
    closes = [("007080%02X00" % number, "9000") for number in range(1, 6)]
    closes.append(("0070800600", "6881"))
    card = ScriptedCard(("0070000001", "6A81"), *closes)
    card.then(("0070000001", "6A81"))
    with raises(CardError, text="MANAGE CHANNEL open") as caught:
        APDU(card).open()
    assert caught.error.sw == 0x6A81
    card.done()


def test_other_refusals_close_nothing():
    card = ScriptedCard(("0070000001", "6D00"))
    with raises(CardError):
        APDU(card).open()
    card.done()


def test_close_of_a_channel_that_is_gone():
    apdu = APDU(ScriptedCard(OPEN, ("0070800100", "6881")))
    apdu.open()
    apdu.close()


def test_select_fetches_what_the_card_offers():
    card = ScriptedCard(OPEN, ("01A4040007A0000005590010", "6102"), ("01C0000002", "6F009000"))
    apdu = APDU(card)
    apdu.open()
    apdu.select(b"\xa0\x00\x00\x05\x59\x00\x10")
    card.done()


def test_generation_of_a_channel_without_one_is_constant():
    class Bare:
        transmit = None

    assert APDU(Bare()).generation() == 0
