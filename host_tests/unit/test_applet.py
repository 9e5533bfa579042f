"""The applet client: one method per command, lost channels, open sessions, files of all kinds."""

from cards import CLOSE, OPEN, SELECT, ScriptedCard, TableCard, from_hex, to_hex
from data import certificates as pki
from data.worked_examples import PAIR_01_POINT
from expect import equal, raises
from pem_files import pem

from iotsafe.applet import AIDS, Applet
from iotsafe.bundle import certificates
from iotsafe.errors import AppletNotFound, CardError, CardProtocolError
from iotsafe.objects import FILE, PRIVATE_KEY, ObjectInfo

RANDOM = ("0184000004", "010203049000")
DIGEST = bytes(range(32))
INIT = ("012A00010D840101A1010391020001920104", "9000")
UPDATE = "012B8001229E20" + "".join("%02X" % i for i in range(32)) + "00"
RAW = "330040" + "11" * 32 + "22" * 32
SIGNATURE = from_hex("30440220" + "11" * 32 + "0220" + "22" * 32)


def opened(*steps):
    """Return a card with `steps` after opening, and its applet."""
    card = ScriptedCard(OPEN, SELECT)
    applet = Applet(card).open()
    card.then(*steps)
    return card, applet


# ---- opening ---------------------------------------------------------------------------------


def test_aids_are_tried_in_order():
    selects = ["01A40400%02X%s" % (len(aid), to_hex(aid)) for aid in AIDS]
    card = ScriptedCard(
        OPEN,
        (selects[0], "6A82"),
        (selects[1], "6A82"),
        (selects[2], "6A82"),
        (selects[3], "9000"),
    )
    applet = Applet(card).open()
    card.done()
    assert applet.aid == AIDS[3] and applet.apdu.number == 1


def test_own_aids():
    card = ScriptedCard(OPEN, ("01A4040003AABBCC", "9110"))
    assert Applet(card, (b"\xaa\xbb\xcc",)).open().aid == b"\xaa\xbb\xcc"


def test_no_applet_closes_the_channel_and_says_what_was_tried():
    card = ScriptedCard(OPEN, ("01A40400 02 AA01", "6A82"), ("01A40400 02 AA02", "6985"), CLOSE)
    applet = Applet(card, (b"\xaa\x01", b"\xaa\x02"))
    with raises(
        AppletNotFound, text="no IoT SAFE applet on this SIM (tried AA01: 6A82, AA02: 6985)"
    ) as e:
        applet.open()
    assert e.error.values == (("AA01", 0x6A82), ("AA02", 0x6985))
    card.done()


def test_after_a_failed_open_nothing_goes_to_the_basic_channel():
    card = ScriptedCard(OPEN, ("01A4040002AA01", "6A82"), CLOSE)
    applet = Applet(card, (b"\xaa\x01",))
    with raises(AppletNotFound):
        applet.open()
    card.then(OPEN, ("01A4040002AA01", "9000"), RANDOM)
    equal(applet.random(4), b"\1\2\3\4")
    card.done()


def test_after_the_modem_failed_in_open_the_next_command_opens():
    for steps in ([("0070000001", OSError(110))], [OPEN, (SELECT[0], OSError(110))]):
        card = ScriptedCard(*steps)
        applet = Applet(card)
        with raises(OSError):
            applet.open()
        if len(steps) == 2:
            card.then(CLOSE)
        card.then(OPEN, SELECT, RANDOM)
        equal(applet.random(4), b"\1\2\3\4")
        card.done()


def test_commands_open_by_themselves():
    card = ScriptedCard(OPEN, SELECT, RANDOM, RANDOM)
    applet = Applet(card)
    applet.random(4)
    applet.random(4)
    card.done()


def test_open_again_closes_the_channel_of_before():
    card, applet = opened(CLOSE, OPEN, SELECT)
    applet.open()
    card.done()


def test_closed_applet_opens_again():
    card, applet = opened(CLOSE, OPEN, SELECT, RANDOM)
    applet.close()
    applet.random(4)
    card.done()


def test_close_that_the_modem_fails_counts_as_closed():
    card, applet = opened((CLOSE[0], OSError(110)))
    with raises(OSError):
        applet.close()
    card.then(OPEN, SELECT, RANDOM)
    applet.random(4)
    card.done()


def test_the_aid_that_was_found_is_selected_again():
    selects = ["01A4040001AA", "01A4040001BB"]
    card = ScriptedCard(OPEN, (selects[0], "6A82"), (selects[1], "9000"))
    applet = Applet(card, (b"\xaa", b"\xbb")).open()
    card.then(CLOSE, OPEN, (selects[1], "9000"))
    applet.open()
    # Another SIM: as the known AID is gone, the client tries all.
    card.then(CLOSE, OPEN, (selects[1], "6A82"), CLOSE)
    with raises(AppletNotFound):
        applet.open()
    card.then(OPEN, (selects[0], "9000"))
    applet.open()
    assert applet.aid == b"\xaa"
    card.done()


# ---- a card that lost the channel ------------------------------------------------------------


def test_lost_channel_is_opened_again_with_one_retry():
    for sw in ("6881", "6882", "6D00"):
        card, applet = opened((RANDOM[0], sw), (CLOSE[0], "6881"), OPEN, SELECT, RANDOM)
        equal(applet.random(4), b"\1\2\3\4")
        card.done()


def test_lost_channel_comes_back_with_another_number():
    card, applet = opened((RANDOM[0], "6881"), (CLOSE[0], "6881"), ("0070000001", "039000"))
    # Are the channels below of an earlier start?
    card.then(("012A010100", "6881"), ("022A010100", "6D00"))
    card.then(("03" + SELECT[0][2:], "9000"), ("03" + RANDOM[0][2:], RANDOM[1]))
    equal(applet.random(4), b"\1\2\3\4")
    card.done()


def test_a_second_refusal_is_the_answer():
    for sw in ("6881", "6D00"):
        card, applet = opened((RANDOM[0], sw), CLOSE, OPEN, SELECT, (RANDOM[0], sw))
        if sw == "6D00":  # it knows another command: it is the applet
            card.then(("012A010100", "9000"))
        with raises(CardError) as caught:
            applet.random(4)
        assert "%04X" % caught.error.sw == sw
        card.done()
    # That is known from then on.
    card.then((RANDOM[0], sw), CLOSE, OPEN, SELECT, (RANDOM[0], sw))
    with raises(CardError):
        applet.random(4)
    card.done()


def test_another_application_under_one_of_the_aids():
    selects = [("01A40400%02X%s" % (len(aid), to_hex(aid)), "9000") for aid in AIDS]
    for sw in ("6D00", "6E00"):

        def refused(command, sw=sw):
            return [(first + command, sw) for first in ("01", "81")[: 1 + (sw == "6E00")]]

        card = ScriptedCard(OPEN, selects[0], *refused("84000004"))
        card.then(CLOSE, OPEN, selects[0], *refused("84000004"))
        card.then(*refused("2A010100"), *refused("CB010000"))
        card.then(CLOSE, OPEN, selects[1], RANDOM)
        applet = Applet(card)
        equal(applet.random(4), b"\1\2\3\4")
        assert applet.aid == AIDS[1]
        card.then(CLOSE, OPEN, selects[1])
        applet.open()  # and not the first again
        card.done()


def test_no_other_application_is_left():
    card = ScriptedCard(OPEN, ("01A4040001AA", "9000"), (RANDOM[0], "6D00"))
    card.then(CLOSE, OPEN, ("01A4040001AA", "9000"), (RANDOM[0], "6D00"))
    card.then(("012A010100", "6D00"), ("01CB010000", "6D00"), CLOSE, OPEN)
    card.then(("01A4040001BB", "6A82"), CLOSE)
    applet = Applet(card, (b"\xaa", b"\xbb"))
    with raises(AppletNotFound, text="(tried AA: 6D00, BB: 6A82)"):
        applet.random(4)
    card.done()
    card.then(OPEN, ("01A4040001AA", "9000"), RANDOM)  # another SIM, perhaps
    equal(applet.random(4), b"\1\2\3\4")
    card.done()


def test_a_select_that_the_modem_refuses_leaves_no_channel_open():
    for later, error in (
        (False, OSError(5)),
        (False, KeyboardInterrupt()),
        (True, OSError(110)),
        (True, OSError(19)),
    ):
        card = ScriptedCard(OPEN, (SELECT[0], error))
        if not later:
            card.then(CLOSE)
        applet = Applet(card)
        with raises(OSError, KeyboardInterrupt):
            applet.open()
        card.done()
        if later:
            card.then(CLOSE)
        card.then(OPEN, SELECT, RANDOM)
        equal(applet.random(4), b"\1\2\3\4")
        card.done()


def test_a_channel_that_an_earlier_start_left_is_used_again():
    # Its applet is still selected there; the number 2 shows that 1 is in use.
    card = ScriptedCard(("0070000001", "029000"), ("012A010100", "9000"), ("0070800200", "9000"))
    card.then(SELECT, RANDOM)
    applet = Applet(card)
    equal(applet.random(4), b"\1\2\3\4")
    card.then(CLOSE)
    applet.close()
    card.done()


def test_channels_of_the_modem_stay_open():
    card = ScriptedCard(("0070000001", "049000"))
    card.then(("012A010100", "6D00"), ("022A010100", "6985"), ("032A010100", "9000"))
    card.then(("0070800300", "9000"), ("0070800400", "9000"), ("02" + SELECT[0][2:], "9000"))
    assert Applet(card).open().apdu.number == 2
    card.done()
    # Another application; or a modem that lets nobody use its channels.
    for answer in ("6D00", OSError(5)):
        card = ScriptedCard(("0070000001", "029000"), ("012A010100", answer))
        card.then(("02" + SELECT[0][2:], "9000"))
        assert Applet(card).open().apdu.number == 2
        card.done()


def test_a_class_that_is_refused_in_both_forms_means_a_lost_channel():
    other = ("81" + RANDOM[0][2:], "6E00")
    card, applet = opened((RANDOM[0], "6E00"), other, CLOSE, OPEN, SELECT, RANDOM)
    equal(applet.random(4), b"\1\2\3\4")
    card.done()
    assert not applet.apdu.proprietary


def test_other_refusals_are_not_retried():
    for sw in ("6985", "6A82", "6F00", "6982"):
        card, applet = opened((RANDOM[0], sw))
        with raises(CardError):
            applet.random(4)
        card.done()


def test_reset_card_is_opened_before_the_command():
    card, applet = opened(OPEN, SELECT, RANDOM, RANDOM)
    card.generation = 1
    applet.random(4)
    applet.random(4)
    card.done()


def test_reset_in_the_middle_of_a_signature():
    reset = OSError(104, "the modem restarted")
    card, applet = opened(INIT, (UPDATE, reset))
    with raises(OSError) as caught:
        applet.sign(b"\x01", DIGEST)
    assert caught.error is reset
    card.generation += 1
    card.then(OPEN, SELECT, INIT, (UPDATE, RAW + "9000"))
    equal(applet.sign(b"\x01", DIGEST), SIGNATURE)
    card.done()


# ---- GET RANDOM, GET DATA, READ PUBLIC KEY -----------------------------------------------------


def test_random_of_256_bytes():
    _, applet = opened(("0184000000", "5A" * 256 + "9000"))
    equal(applet.random(256), b"\x5a" * 256)


def test_random_of_another_length_is_refused():
    _, applet = opened(("0184000004", "0102039000"))
    with raises(
        CardProtocolError, text="GET RANDOM: the SIM's answer is not understood: 3 bytes for 4"
    ):
        applet.random(4)


def test_random_of_no_or_too_many_bytes():
    card, applet = opened()
    for size in (0, 257, -1):
        with raises(ValueError, text="1 to 256"):
            applet.random(size)
    card.done()


def test_object_list_in_parts():
    card, applet = opened(
        ("01CB010000", "8401016300"), ("01CB010100", "8501016300"), ("01CB010100", "8301029000")
    )
    assert [info.id for info in applet.objects()] == [b"\x01", b"\x01", b"\x02"]
    card.done()


def test_object_cut_between_parts():
    _, applet = opened(("01CB010000", "84016300"), ("01CB010100", "079000"))
    assert [info.id for info in applet.objects()] == [b"\x07"]


def test_endless_object_list_is_given_up():
    card, applet = opened(("01CB010000", "6300"), *[("01CB010100", "6300")] * 15)
    with raises(CardProtocolError, text="the object list does not end"):
        applet.objects()
    card.done()


def test_large_object_list_is_given_up():
    card, applet = opened(("01CB010000", "6100"))
    for _ in range(16):
        card.then(("01C0000000", "00" * 256 + "6100"))
    card.then(("01C0000000", "6300"), ("01CB010100", "006300"))
    with raises(CardProtocolError, text="the object list does not end"):
        applet.objects()
    card.done()


def test_malformed_object_list():
    _, applet = opened(("01CB010000", "84019000"))
    with raises(CardProtocolError, text="GET DATA: the SIM's answer is not understood: tag 84"):
        applet.objects()


def test_public_key_in_anything_else_is_refused():
    point = "04" + "11" * 64
    for answer, text in (
        ("", "tag 34 is missing"),
        ("8641" + point, "tag 34 is missing"),
        ("34438641" + point, "tag 49 is missing"),
        ("34024900", "tag 86 is missing"),
        ("344549438641" + point[:-2], "claims"),
        ("344449428640" + point[:-2], "not an uncompressed point of 256 bits"),
        ("344549438641" + "02" + point[2:], "not an uncompressed point of 256 bits"),
    ):
        _, applet = opened(("01CD00000385010100", answer + "9000"))
        with raises(CardProtocolError, text=text):
            applet.read_public_key(b"\x01")


def test_public_key_after_other_objects():
    _, applet = opened(("01CD00000385010100", "840101850101344549438641" + PAIR_01_POINT + "9000"))
    equal(applet.read_public_key(b"\x01"), from_hex(PAIR_01_POINT))


def test_refusals_name_the_object():
    _, applet = opened(
        ("01CD00000385010700", "6985"),
        ("01B000000383010200", "6982"),
        ("012A00010D840109A1010391020001920104", "6A82"),
    )
    with raises(CardError, text="READ PUBLIC KEY public key 07: the SIM answered 6985"):
        applet.read_public_key(b"\x07")
    with raises(CardError, text="READ FILE file 02: the SIM answered 6982, not allowed"):
        applet.read_file(b"\x02")
    with raises(CardError, text="COMPUTE SIGNATURE private key 09: the SIM answered 6A82"):
        applet.sign(b"\x09", DIGEST)


# ---- READ FILE -------------------------------------------------------------------------------


def test_read_file_at_an_offset():
    card, applet = opened(("01B0012C0383010220", "AA9000"), ("01B000000483020102 00", "BB9000"))
    equal(applet.read_file(b"\x02", 0x12C, 32), b"\xaa")
    equal(applet.read_file(b"\x01\x02", 0, 256), b"\xbb")
    card.done()


def test_offset_beyond_the_end_is_the_end():
    for answer in ("6981", "6A86", "9000"):
        _, applet = opened(("01B00100038301 0200", answer), ("01B00000038301 0200", answer))
        equal(applet.read_file(b"\x02", 256), b"")
        equal(applet.read_file(b"\x02"), b"")


def file_reads(content, chunk=256, **card):
    """Return what read_der makes of a file, and the offsets it read."""
    table = TableCard(files={"02": content}, **card)
    table.chunk = chunk
    data = Applet(table).open().read_der(b"\x02")
    return data, [int(command[4:8], 16) for command in table.log[2:]]


def test_certificate_is_read_in_pieces():
    der = from_hex(pki.CLIENT)
    data, offsets = file_reads(der)
    equal(data, der)
    assert offsets == [0, 256] and 256 < len(der) < 512


def test_a_channel_that_brings_less_in_one_piece():
    der = from_hex(pki.CLIENT)
    table = TableCard(files={"02": der})
    table.part = 112
    equal(Applet(table).open().read_der(b"\x02"), der)
    reads = table.log[2:]
    assert [int(command[4:8], 16) for command in reads] == list(range(0, len(der), 112))
    assert {command[-2:] for command in reads} == {"70"}
    equal(Applet(table).open().read_file(b"\x02", 4, 32), der[4:36])  # the length requested
    assert table.log[-1][-2:] == "20"


def test_certificate_of_one_full_piece():
    # One read more tells whether another certificate follows.
    der = b"\x30\x81\xfd" + bytes(253)
    assert file_reads(der) == (der, [0, 256])
    assert file_reads(der[:1] + b"\x81\xf8" + bytes(248) + b"\xff" * 9)[1] == [0]
    der = b"\x30\x82\x01\xfc" + bytes(508)
    assert file_reads(der) == (der, [0, 256, 512])


def content_of(content, chunk=256):
    table = TableCard(files={"02": content})
    table.chunk = chunk
    return Applet(table).open().read_content(b"\x02")


def test_a_file_with_a_chain():
    chain = from_hex(pki.CLIENT) + from_hex(pki.CA) + from_hex(pki.OTHER_CA)
    for padding in (b"", b"\x00" * 700, b"\xff" * 700):
        for chunk in (50, 255, 256):
            equal(content_of(chain + padding, chunk), chain)
    equal(file_reads(chain)[0], from_hex(pki.CLIENT))


class Strict(TableCard):
    """Refuses an offset at the end of a file with 6B00."""

    def _read(self, command):
        if command[2] << 8 | command[3] >= len(self.files["02"]):
            return b"\x6b\x00"
        return TableCard._read(self, command)


def test_a_card_that_refuses_to_read_at_the_end():
    der = b"\x30\x82\x00\xfc" + bytes(252)
    text = pem(from_hex(pki.CLIENT))
    for content in (der, text + b"\n" * (-len(text) % 256)):
        got = Applet(Strict(files={"02": content})).open().read_der(b"\x02")
        equal(got, certificates(content)[0])
    with raises(CardError, text="6B00"):
        Applet(Strict(files={"02": der[:200]})).open().read_der(b"\x02")


def test_a_file_in_pem():
    text = b"device\n" + pem(from_hex(pki.CLIENT)) + pem(from_hex(pki.CA))
    for padding in (b"", b"\x00" * 700, b"\xff" * 700):
        equal(content_of(text + padding), text)
        equal(file_reads(text + padding)[0], from_hex(pki.CLIENT))


def test_padding_is_neither_read_nor_given():
    der = from_hex(pki.CLIENT)
    for padding in (b"\x00", b"\xff", b"\x90"):
        data, offsets = file_reads(der + padding * 2000)
        equal(data, der)
        assert offsets == [0, 256]


def test_card_that_gives_less_than_asked():
    der = from_hex(pki.CLIENT)
    for chunk in (50, 60, 255):
        data, offsets = file_reads(der, chunk=chunk)
        equal(data, der)
        # A full part at the end of the file does not tell that it is the last.
        assert offsets == list(range(0, len(der) + (len(der) % chunk == 0), chunk))


def test_empty_files():
    for content in (b"", b"\x30", b"\x00" * 300, b"\xff" * 300, b"\x30\x00\x00"):
        for end in ("6A86", "6981", "9000"):
            assert file_reads(content, file_end=end)[0] == b""


def test_cut_off_file_is_given_as_it_is():
    der = from_hex(pki.CLIENT)
    for size in (4, 255, 256, 257, len(der) - 1):
        for end in ("6A86", "6981", "9000"):
            equal(file_reads(der[:size], file_end=end)[0], der[:size])


def test_files_that_are_no_der():
    for content in (b"-----BEGIN CERT", b"\x30\x84\x00\x00\x01\x00abc", b"\x30\x80abcd", b"{}  "):
        data, offsets = file_reads(content)
        equal(data, content[: len(data)])
        assert len(offsets) <= 2


def test_huge_file_is_read_up_to_a_limit():
    data, offsets = file_reads(b"\x30\x83\xff\xff\xff" + bytes(9000))
    assert len(data) == 4096 and offsets == list(range(0, 4096, 256))


def test_card_that_gives_single_bytes_is_given_up():
    data, offsets = file_reads(b"\x30\x82\x10\x00" + bytes(9000), chunk=4)
    assert len(data) == 4 * 257 and len(offsets) == 257


def test_missing_file_is_an_error():
    with raises(CardError) as caught:
        Applet(TableCard()).open().read_der(b"\x02")
    assert caught.error.sw == 0x6A82


# ---- COMPUTE SIGNATURE -----------------------------------------------------------------------


def test_signature_costs_two_exchanges():
    card, applet = opened(INIT, (UPDATE, RAW + "9000"))
    before = applet.apdu.exchanges
    equal(applet.sign(b"\x01", DIGEST), SIGNATURE)
    card.done()
    assert applet.apdu.exchanges - before == 2


def test_signature_in_each_encoding():
    raw = "11" * 32 + "22" * 32
    for value in ("330040" + raw, "3340" + raw, "3346" + to_hex(SIGNATURE)):
        card, applet = opened(INIT, (UPDATE, value + "9000"))
        equal(applet.sign(b"\x01", DIGEST), SIGNATURE)
        size = len(value) // 2
        card.then(INIT, (UPDATE, "61%02X" % size), ("01C00000%02X" % size, value + "910B"))
        equal(applet.sign(b"\x01", DIGEST), SIGNATURE)
        card.done()


def test_long_digests_are_cut_to_256_bits():
    for size in (32, 48, 64):
        card, applet = opened(INIT, (UPDATE, RAW + "9000"))
        applet.sign(b"\x01", bytes(range(size)))
        card.done()


def test_digests_of_other_lengths_are_refused_unsent():
    card, applet = opened()
    for size in (0, 20, 31, 65):
        with raises(ValueError, text="32 to 64 bytes, not %d" % size):
            applet.sign(b"\x01", bytes(size))
    card.done()


def test_key_ids_of_several_bytes():
    card, applet = opened(
        ("012A00010F8403303036A1010391020001920104", "9000"), (UPDATE, RAW + "9000")
    )
    applet.sign(b"006", DIGEST)
    card.done()


def test_open_session_is_closed_once():
    card, applet = opened((INIT[0], "6A86"), ("012A010100", "9000"), INIT, (UPDATE, RAW + "9000"))
    equal(applet.sign(b"\x01", DIGEST), SIGNATURE)
    card.done()


def closes(session):
    """Return a session closed like one of each command."""
    return [("01%02X01%02X00" % (ins, session), "9000") for ins in (0x2A, 0x2C, 0x24)]


def test_session_that_another_command_left_open():
    card, applet = opened((INIT[0], "6A86"), ("012A010100", "9000"), (INIT[0], "6A86"))
    card.then(*closes(1), INIT, (UPDATE, RAW + "9000"))
    equal(applet.sign(b"\x01", DIGEST), SIGNATURE)
    card.done()


class WedgedCard(TableCard):
    """A card with one session, which is open under the number `session` until `remedy` (the first
    digits of a command) comes, or the same on another channel. It announces `sessions` sessions.
    """

    def __init__(self, session, remedy, sessions=None):
        super().__init__()
        self.wedged = "%02X" % session
        self._remedy = remedy
        if sessions:
            self.table["01CB000000"] = "B701%02X9000" % sessions

    def _answer(self, command):
        text = to_hex(command)
        if self._remedy and text[2:].startswith(self._remedy):
            self.wedged = None
        if text[2:6] == "2A00":
            return from_hex("6A86" if self.wedged else "9000")
        if text == UPDATE:
            return from_hex(RAW + "9000")
        return from_hex("9000") if text[2:4] in ("2A", "2C", "24") else super()._answer(command)


ZEROS = "229E20" + "00" * 32
DUMMY = "069B0401020304"


def test_every_remedy_for_a_wedged_session_that_was_seen():
    for session in range(6):
        number = "%02X" % session
        for remedy in (
            "2A01" + number,
            "2C01" + number,
            "2401" + number,
            "2B80" + number + ZEROS,
            "2D80" + number + "659E20",
            "2B80" + number + DUMMY,
            "2B90" + number + DUMMY,  # with session 0 the very bytes that cured a card
            "2D90" + number,
        ):
            card = WedgedCard(session, remedy)
            applet = Applet(card).open()
            equal(applet.sign(b"\x01", DIGEST), SIGNATURE)
            assert applet.session == 1 and len(card.log) < 110, (remedy, len(card.log))


def test_remedies_of_the_channel_come_last():
    for remedy in ("A404", "708001"):
        card = WedgedCard(0, "")
        applet = Applet(card).open()
        card._remedy = remedy
        card.log.clear()
        equal(applet.sign(b"\x01", DIGEST), SIGNATURE)
        updates = [text for text in card.log if text[2:4] == "2B"]
        assert len(updates) == 3 * 6 + 1, updates
        assert ("0070800100" in card.log) == (remedy == "708001")


def test_remedies_go_from_the_most_harmless_on():
    card, applet = opened((INIT[0], "6A86"), ("012A010100", "9000"), (INIT[0], "6A86"))
    card.then(*closes(1), (INIT[0], "6A86"), ("012B8001" + ZEROS + "00", RAW + "9000"))
    card.then(("012D8001659E20" + "00" * 32 + "330040" + "01" * 64 + "00", "6985"), INIT)
    card.then((UPDATE, RAW + "9000"))
    equal(applet.sign(b"\x01", DIGEST), SIGNATURE)
    card.done()


def test_sessions_that_the_card_announces_are_ended_too():
    card = WedgedCard(9, "2B800922", sessions=10)
    equal(Applet(card).open().sign(b"\x01", DIGEST), SIGNATURE)
    for announced in (1, 255, None):  # what no card has is not tried
        card = WedgedCard(16, "2B801022", sessions=announced)
        with raises(CardError, text="the session is already open"):
            Applet(card).open().sign(b"\x01", DIGEST)
        assert len(card.log) < 400


def test_another_session_in_place_of_one_that_stays_open():
    class Card(WedgedCard):
        def _answer(self, command):
            if to_hex(command)[2:8] in ("2A0000", "2B8000"):
                return from_hex("9000" if command[1] == 0x2A else RAW + "9000")
            return super()._answer(command)

    card = Card(1, "")
    applet = Applet(card).open()
    equal(applet.sign(b"\x01", DIGEST), SIGNATURE)
    assert applet.session == 0
    card.log.clear()
    equal(applet.sign(b"\x01", DIGEST), SIGNATURE)  # the client remembers it
    assert len(card.log) == 2


def test_sessions_that_all_stay_open_are_an_error():
    card = WedgedCard(1, "")
    with raises(CardError, text="the session is already open"):
        Applet(card).open().sign(b"\x01", DIGEST)


def test_no_session_left_ends_another_one():
    card, applet = opened((INIT[0], "6989"), ("012A010100", "9000"), (INIT[0], "6989"))
    card.then(*closes(1), INIT, (UPDATE, RAW + "9000"))
    equal(applet.sign(b"\x01", DIGEST), SIGNATURE)
    card.done()


def test_another_refusal_ends_the_recovery():
    card, applet = opened((INIT[0], "6A86"), ("012A010100", "6985"), (INIT[0], "6984"))
    with raises(CardError) as caught:
        applet.sign(b"\x01", DIGEST)
    assert caught.error.sw == 0x6984
    card.done()


def test_objects_are_named_by_label_and_by_information():
    key = ObjectInfo(PRIVATE_KEY)
    key.id, key.label = b"\x01", b"ID"
    init = "012A00010E 7402 4944 A1010391020001920104"
    for ref, sent in (("ID", init), (key, INIT[0])):
        card, applet = opened((sent, "9000"), (UPDATE, RAW + "9000"))
        equal(applet.sign(ref, DIGEST), SIGNATURE)
        card.done()
    file = ObjectInfo(FILE)
    file.id = b"\x02"
    for ref in (file, "", "a label of more than sixty bytes, which no card has and none reads"):
        card, applet = opened()
        with raises(ValueError):
            applet.sign(ref, DIGEST)


def test_refused_update_is_an_error():
    card, applet = opened(INIT, (UPDATE, "6985"))
    with raises(CardError, text="COMPUTE SIGNATURE private key 01: the SIM answered 6985"):
        applet.sign(b"\x01", DIGEST)
    card.done()


def test_answers_that_are_no_signature():
    for answer in (
        "",
        "3300",
        "330020" + "11" * 32,
        "34" + RAW[2:],
        RAW[:-2],
        "330040" + "00" * 64,
    ):
        _, applet = opened(INIT, (UPDATE, answer + "9000"))
        with raises(CardProtocolError, text="COMPUTE SIGNATURE: the SIM's answer is not"):
            applet.sign(b"\x01", DIGEST)


def test_remote_administration_is_counted():
    _, applet = opened((INIT[0], "63CF"), (UPDATE, RAW + "63CF"))
    applet.sign(b"\x01", DIGEST)
    assert applet.apdu.administrations == 2


# ---- damage between card and client -----------------------------------------------------------


class Damaged(OSError):
    again = True


def test_what_only_reads_is_repeated():
    calls = (
        (RANDOM, lambda applet: applet.random(4)),
        (("01B000000383010200", "3003020105" + "9000"), lambda applet: applet.read_file(b"\2")),
    )
    for (command, answer), call in calls:
        for damaged in (1, 5):
            card, applet = opened(*[(command, Damaged(5))] * damaged)
            card.then((command, answer))
            assert len(call(applet)) >= 4
            card.done()
        card, applet = opened(*[(command, Damaged(5))] * 6)
        with raises(Damaged):
            call(applet)
        card.done()
        for error in (OSError(5), OSError(110)):  # the client repeats nothing after other errors
            card, applet = opened((command, error))
            with raises(OSError):
                call(applet)
            card.done()


def test_opening_is_repeated():
    for steps in (
        [(OPEN[0], Damaged(5)), OPEN, SELECT],
        [OPEN, (SELECT[0], Damaged(5)), CLOSE, OPEN],
    ):
        card = ScriptedCard(*steps)
        if len(steps) == 4:
            card.then(SELECT)
        assert Applet(card).open().aid == AIDS[0]
        card.done()
    card = ScriptedCard(*[(OPEN[0], Damaged(5))] * 6)
    with raises(Damaged):
        Applet(card).open()
    card.done()


def test_a_response_that_is_fetched_is_asked_for_anew():
    first, second = ("0184000004", "6104"), ("01C0000004", Damaged(5))
    card, applet = opened(first, second, first, ("01C0000004", "010203049000"))
    equal(applet.random(4), b"\1\2\3\4")
    card.done()


def test_a_signature_begins_anew():
    # The card may have seen the command or not: its session is open, or not.
    for steps in (
        [(INIT[0], Damaged(5)), INIT],
        [(INIT[0], Damaged(5)), (INIT[0], "6A86"), ("012A010100", "9000"), INIT],
        [INIT, (UPDATE, Damaged(5)), INIT],
        [INIT, (UPDATE, Damaged(5)), (INIT[0], "6A86"), ("012A010100", "9000"), INIT],
    ):
        card, applet = opened(*steps)
        card.then((UPDATE, RAW + "9000"))
        equal(applet.sign(b"\1", DIGEST), SIGNATURE)
        card.done()


def test_a_channel_that_is_lost_meanwhile():
    card, applet = opened((RANDOM[0], Damaged(5)), (RANDOM[0], "6881"), CLOSE, OPEN, SELECT)
    card.then((RANDOM[0], Damaged(5)), RANDOM)
    equal(applet.random(4), b"\1\2\3\4")
    card.done()
