"""COMPUTE SIGNATURE by the applet client: encodings, sessions that stay open, refusals."""

from applet_script import DIGEST, INIT, RAW, SIGNATURE, UPDATE, opened
from cards import TableCard, from_hex, to_hex
from expect import equal, raises

from iotsafe.applet import Applet
from iotsafe.errors import CardError, CardProtocolError
from iotsafe.objects import FILE, PRIVATE_KEY, ObjectInfo


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
