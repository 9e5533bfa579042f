"""The channel of the applet client: opened, lost, opened again; damaged commands are repeated."""

from applet_script import DIGEST, INIT, RANDOM, RAW, SIGNATURE, UPDATE, opened
from cards import CLOSE, OPEN, SELECT, ScriptedCard, to_hex
from expect import equal, raises

from iotsafe.applet import AIDS, Applet
from iotsafe.errors import AppletNotFound, CardError

# ---- opening ----------------------------------------------------------------------------------


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


# ---- a card that lost the channel -------------------------------------------------------------


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
