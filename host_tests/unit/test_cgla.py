"""APDUs in AT+CCHO, AT+CGLA and AT+CCHC: the commands, and what the modem refuses."""

from binascii import unhexlify

from cgla_script import AID, answers, ask, closes, opens, play, selecting, sends
from data.worked_examples import EXAMPLES
from effort import some
from expect import equal, raises
from sim7080_script import ERROR, OK, cme, lines

import iotsafe
from cellular import CommandError, ModemError, ModemReset, ModemTimeout
from iotsafe.apdu import APDU

OTHER = "A0000002480400"
READY = (b"AT+CPIN?\r", lines(b"+CPIN: READY"))
HAS = (b"AT+CCHO=?\r", OK)
UNKNOWN = cme(50)


def old_sessions(answer=UNKNOWN):
    """Return the handles to try where sessions of an earlier run may occupy all channels."""
    return [closes(handle, answer) for handle in (b"1", b"2", b"3")]


# -- translation --------------------------------------------------------------------------------


def test_a_signature_above_the_seam():
    digest = unhexlify("AF2BDBE1AA9B6EC1E2ADE1D694F41FC71A831D0268E9891562113D8A62ADD1BF")
    init = "002A00010D840101A1010391020001920104"
    update = "002B8001229E20AF2BDBE1AA9B6EC1E2ADE1D694F41FC71A831D0268E9891562113D8A62ADD1BF00"
    signature = "330040" + "11" * 32 + "22" * 32 + "9000"
    steps = [
        opens(),
        sends(init, "9000"),
        sends(update, signature),
        # The second exchange costs two commands.
        sends(init, "9000"),
        sends(update, "6143"),
        sends("00C0000043", signature),
        closes(),
    ]

    def body(channel):
        applet = iotsafe.Applet(channel).open()
        der = unhexlify("3044" + "0220" + "11" * 32 + "0220" + "22" * 32)
        equal(applet.sign(b"\x01", digest), der)
        equal(applet.sign(b"\x01", digest), der)
        applet.close()

    play(steps, body)


def test_the_class_byte_is_that_of_channel_0():
    for first, inside in (
        ("00", "00"),
        ("01", "00"),
        ("03", "00"),
        ("80", "80"),
        ("82", "80"),
        ("40", "00"),
        ("4F", "00"),
        ("C0", "80"),
        ("CF", "80"),
    ):
        select = selecting(first=first if first < "80" else "%02X" % (int(first, 16) & 0x7F))
        steps = [opens(), sends(inside + "84000010", "AABB9000")]
        assert ask(steps, select, first + "84000010") == (b"\xaa\xbb", 0x9000), first


def test_channels_are_numbers_of_our_own():
    def body(channel):
        numbers = [answers(channel, "0070000001") for _ in range(4)]
        assert numbers == [(b"\1", 0x9000), (b"\2", 0x9000), (b"\3", 0x9000), (b"", 0x6A81)]
        assert answers(channel, "0070800200") == (b"", 0x9000)
        assert answers(channel, "0070800200") == (b"", 0x6881)
        assert answers(channel, "0070000001") == (b"\2", 0x9000)
        # Nothing is selected yet.
        assert answers(channel, "0284000010") == (b"", 0x6881)
        assert answers(channel, "0084000010") == (b"", 0x6881)

    play([], body)


def test_two_sessions_do_not_mix():
    steps = [
        opens(answer=lines(b"+CCHO: 7")),
        opens(OTHER, lines(b"+CCHO: 000000000385a7cf")),
        sends("0084000001", "019000", b"7"),
        sends("0084000001", "029000", b"000000000385a7cf"),
        closes(b"7"),
        sends("0084000001", "039000", b"000000000385a7cf"),
        closes(b"000000000385a7cf"),
    ]

    def body(channel):
        first, second = APDU(channel), APDU(channel)
        first.open()
        second.open()
        first.select(unhexlify(AID))
        second.select(unhexlify(OTHER))
        equal(first.command(0x84, le=1), b"\1")
        equal(second.command(0x84, le=1), b"\2")
        first.close()
        equal(second.command(0x84, le=1), b"\3")
        second.close()

    play(steps, body)


def test_a_channel_that_is_used_as_it_is():
    steps = [opens(), sends("0084000001", "019000"), closes(), opens()]

    def body(channel):
        applet = iotsafe.Applet(channel, (unhexlify(AID),), number=0)
        equal(applet.random(1), b"\1")
        applet.open()

    play(steps, body)


def test_a_number_stays_in_use_without_a_session():
    steps = [opens(answer=cme(22)), opens(), sends("0084000001", cme(3)), closes()]

    def body(channel):
        answers(channel, "0070000001")
        assert answers(channel, selecting()) == (b"", 0x6A82)
        assert answers(channel, "0070000001") == (b"\2", 0x9000)
        assert answers(channel, selecting()) == (b"", 0x9000)
        with raises(CommandError):
            answers(channel, "0184000001")
        assert answers(channel, "0184000001") == (b"", 0x6881)  # nothing is sent
        assert answers(channel, "0070000001") == (b"\3", 0x9000)

    play(steps, body)


def test_selecting_again_ends_the_session_before():
    steps = [opens(), closes(), opens(OTHER, lines(b"+CCHO: 2")), closes(b"2")]
    assert ask(steps, selecting(), selecting(OTHER), "0070800100") == (b"", 0x9000)
    # A modem without AT+CCHC (EM9191): the session stays, and nothing else changes.
    steps = [opens(), closes(answer=cme(100)), opens(answer=lines(b"+CCHO: 2"))]
    steps.append(sends("0084000001", "059000", b"2"))
    assert ask(steps, selecting(), selecting(), "0184000001") == (b"\5", 0x9000)


def test_names_that_no_application_has():
    for apdu in ("01A4040000", "01A40400", "01A4040011" + "AA" * 17, "01A4040007A00000"):
        assert ask([], apdu) == (b"", 0x6700), apdu


def test_selecting_a_file_is_a_command_like_any_other():
    steps = [opens(), sends("00A40004022FE2", "6A82")]
    assert ask(steps, selecting(), "01A40004022FE2") == (b"", 0x6A82)


def test_the_longest_apdu_both_ways_through_the_longest_handle():
    handle = b"0123456789abcdef01234567"  # the line has the 559 characters that modems take
    apdu = "DB8000FF" + "A5" * 255 + "00"
    steps = [
        opens(answer=lines(b"+CCHO: " + handle)),
        sends("00" + apdu, "5A" * 256 + "9000", handle),
    ]
    data, sw = ask(steps, selecting(), "01" + apdu)
    equal(data, b"\x5a" * 256)
    assert sw == 0x9000


def test_what_the_card_examples_use_fits():
    count = 0
    for name in some(sorted(EXAMPLES), 2):
        for apdu, answer in EXAMPLES[name]:
            if len(answer) < 4 or len(answer) > 516 or apdu[2:4] in ("70", "A4"):
                continue
            number = int(apdu[:2], 16)
            if number & 0x20:  # secure messaging: not for any channel
                continue
            inside = ("80" if number & 0x80 else "00") + apdu[2:]
            data, sw = ask([opens(), sends(inside, answer)], selecting(), apdu)
            equal(data, unhexlify(answer)[:-2])
            assert sw == int(answer[-4:], 16)
            count += 1
    assert count > 15, count


# -- refusals -----------------------------------------------------------------------------------


def test_an_application_that_the_card_lacks():
    # Modems answer like this then, in standard and in other words.
    for answer in (cme(22), cme(773), lines(b"+CCHO: 6A82"), b"\r\n+CME ERROR: 6A82\r\n"):
        assert ask([opens(answer=answer)], selecting()) == (b"", 0x6A82), answer
    for answer in (
        cme(13),
        cme(50),
        cme(20),
        cme(4),
        cme(0),
        ERROR,
        b"\r\n+CME ERROR: Parameters error\r\n",
    ):
        steps = [opens(answer=answer), READY, HAS] + old_sessions()
        assert ask(steps, selecting()) == (b"", 0x6A82), answer
    assert ask([opens(answer=lines(b"+CCHO: 6a81"))], selecting()) == (b"", 0x6A81)


def test_the_list_of_applications_goes_on():
    steps = [
        opens(answer=cme(13)),
        READY,
        HAS,
    ]
    found = [opens(OTHER), sends("0084000002", "01029000")]

    def body(channel):
        applet = iotsafe.Applet(channel, (unhexlify(AID), unhexlify(OTHER))).open()
        equal(applet.aid, unhexlify(OTHER))
        equal(applet.random(2), b"\x01\x02")

    play(steps + old_sessions() + found, body)
    # And the repetition ends.
    none_found = [opens(OTHER, cme(13)), READY]

    def none(channel):
        with raises(iotsafe.AppletNotFound, text="%s: 6A82" % OTHER):
            iotsafe.Applet(channel, (unhexlify(AID), unhexlify(OTHER))).open()

    play(steps + old_sessions() + none_found + old_sessions(), none)


def test_sessions_that_a_crash_left_open_are_closed():
    steps = [
        opens(answer=cme(20)),
        READY,
        HAS,
        closes(b"1"),
        closes(b"2"),
        closes(b"3", cme(50)),
        opens(),
    ]
    assert ask(steps, selecting()) == (b"", 0x9000)
    # The first handle of a start shows that there are others, or is the lowest of this modem. Not
    # the applet's own sessions, and only once.
    steps = [opens(answer=lines(b"+CCHO: 2"))] + old_sessions()
    steps += [
        opens(answer=lines(b"+CCHO: 2")),
        opens(OTHER, cme(20)),
        READY,
        closes(b"1"),
        closes(b"3"),
        opens(OTHER, cme(20)),
    ]
    assert ask(steps, selecting(first="01"), selecting(OTHER, first="02")) == (b"", 0x6A82)


def test_a_session_of_an_earlier_start_is_closed_at_the_next():
    for handle in (b"2", b"3"):
        steps = [opens(answer=lines(b"+CCHO: " + handle))] + old_sessions(OK) + [opens()]
        assert ask(steps, selecting()) == (b"", 0x9000)


def test_what_the_sim_says_of_itself_is_the_cause():
    for code, message in ((10, "not inserted"), (11, "PIN required"), (14, "busy"), (772, "down")):
        with raises(CommandError, text=message) as caught:
            ask([opens(answer=cme(code))], selecting())
        assert caught.error.code == code
    with raises(CommandError, text="AT+CPIN: +CME ERROR: 13 (SIM failure"):
        ask([opens(answer=cme(13)), (b"AT+CPIN?\r", cme(13))], selecting())
    with raises(CommandError, text="AT+CCHO: +CME ERROR: 13"):
        ask([opens(answer=cme(13)), (b"AT+CPIN?\r", lines(b"+CPIN: SIM PUK"))], selecting())
    steps = [opens(answer=cme(20)), READY, HAS] + old_sessions(OK) + [opens(answer=cme(14))]
    with raises(CommandError, text="busy"):
        ask(steps, selecting())


def test_a_modem_without_these_commands():
    for answer in (ERROR, cme(100), cme(4)):
        with raises(ModemError, text="no CCHO on this modem (") as caught:
            ask([opens(answer=answer), READY, (b"AT+CCHO=?\r", answer)], selecting())
        assert caught.error.reason == "no-ccho"
    # The EM7590 has the commands, and refuses their test form.
    steps = [opens(answer=cme(50)), READY, (b"AT+CCHO=?\r", ERROR)] + old_sessions()
    assert ask(steps, selecting()) == (b"", 0x6A82)


def test_a_session_that_the_modem_lost():
    # It worked before, and is refused now: the SIM was reset. The caller opens the channel again.
    steps = [
        opens(),
        sends("0084000001", "019000"),
        sends("0084000001", cme(50)),
        closes(answer=cme(50)),
        opens(answer=lines(b"+CCHO: 2")),
        sends("0084000001", "029000", b"2"),
    ]

    def body(channel):
        applet = iotsafe.Applet(channel, (unhexlify(AID),)).open()
        equal(applet.random(1), b"\1")
        equal(applet.random(1), b"\2")

    play(steps, body)


def test_a_session_that_never_worked():
    steps = [opens(), sends("0084000001", cme(3)), closes()]
    with raises(CommandError, text="AT+CGLA: +CME ERROR: 3 (operation not allowed)") as caught:
        ask(steps, selecting(), "0184000001")
    assert str(caught.error).endswith(": the modem did not pass it on")
    with raises(CommandError, text="AT+CGLA: +CME ERROR: 10 (SIM not"):
        ask([opens(), sends("0084000001", cme(10))], selecting(), "0184000001")


def test_no_answer_and_restart():
    with raises(ModemTimeout, text="AT+CCHO: no answer"):
        ask([opens(answer=b"")], selecting())
    with raises(ModemReset, text="AT+CCHO: the modem restarted"):
        ask([opens(answer=b"\r\nRDY\r\n")], selecting())
    with raises(ModemTimeout, text="AT+CGLA: no answer"):
        ask([opens(), sends("0084000001", b"")], selecting(), "0184000001")

    def body(channel):
        before = channel.generation
        answers(channel, selecting())
        with raises(ModemReset, text="AT+CGLA: the modem restarted"):
            answers(channel, "0184000001")
        assert channel.generation != before
        assert answers(channel, "0184000001") == (b"", 0x6881)  # nothing is sent

    play([opens(), sends("0084000001", b"\r\nRDY\r\n")], body)
