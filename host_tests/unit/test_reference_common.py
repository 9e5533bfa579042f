"""The modem reference, section 1: the drivers read each quoted line as the reference defines."""

from binascii import hexlify

from data import modem_reference as reference
from expect import equal, raises
from reference_modems import ERROR, OK, ask, cme, lines, play
from sim7080_script import SYNC

from cellular import CommandError, ModemError, ModemReset, NetworkError, SIMError
from cellular.extras import Extras

RUNTIMES = ("cpython", "micropython")  # too many dialogues for a board, and nothing new there
TIMEOUT = 120

DRIVERS = ("sim7080", "sim7000", "bg95", "sara-r4", "sara-r5", "gm02s", "gms01q", "tx62")


def line(text):
    return b"\r\n" + text + b"\r\n"


# -- 1.1, 1.2: lines and results ----------------------------------------------------------------


def test_1_1_echo_and_the_first_answer():
    equal(SYNC[0][1], b"AT\r\r\nOK\r\n")  # in echo mode; `play` begins with it
    for name in DRIVERS:
        play(name, [ask(b"+CSQ", b"+CSQ: 20,99")], lambda modem: modem.signal() == -73 or 1 / 0)


def test_1_1_failures():
    def body(modem):
        for text in reference.FAILURES:
            with raises(CommandError) as caught:
                modem.at.command(asked(text))
            if text != b"ERROR":
                assert caught.error.detail.startswith(text.decode()), caught.error.detail
            want = 13 if text.startswith(b"+CME") else -1
            assert caught.error.code == want, (text, caught.error.code)

    def asked(text):
        # The results of a call end a command that makes one, and no other.
        return b"D1" if text[:2] in (b"NO", b"BU") else b"+X"

    steps = [(b"AT" + asked(text) + b"\r", line(text)) for text in reference.FAILURES]
    play("sim7080", steps, body)


def test_1_1_results_of_their_own():
    for name, end in reference.OWN_RESULTS:
        driver = []

        def body(modem, end=end, driver=driver):
            driver.append(modem.at.command(b"+X", done=end))
            with raises(CommandError):
                modem.at.command(b"+X", done=end)

        play(name, [(b"AT+X\r", line(end)), (b"AT+X\r", line(b"ERROR"))], body)
        assert driver == [[]], (name, driver)


def test_1_1_prompts():
    for name, prompt in reference.PROMPTS:
        for before in (b"\r\n", b""):
            steps = [(b"AT+X\r", before + prompt), (b"\r\nOK\r\n", OK)]

            def body(modem):
                modem.at.send(b"+X", b"\r\nOK\r\n")
                assert modem.at.prompted and not modem.at.unknown

            play(name, steps, body)


def test_1_1_the_next_command_waits_for_the_result_of_the_one_before():
    late = [b"", b"\r\n+CSQ: 1,1\r\n"]

    def body(modem):
        with raises(ModemError, text="no answer"):
            modem.at.command(b"+QUIET", timeout=100)
        assert modem.signal() == -73  # not -111, which comes late

    steps = [(b"AT+QUIET\r", b""), (b"AT\r", late[1] + OK + OK), ask(b"+CSQ", b"+CSQ: 20,99")]
    play("sim7080", steps, body)


def test_1_2_the_longest_line():
    for name, longest in reference.LONGEST:
        fits = b"+" + b"X" * (longest - 1)

        def body(modem, fits=fits):
            modem.at.command(fits)
            with raises(ModemError, text="the modem's limit"):
                modem.at.command(fits + b"X")

        play(name, [(b"AT" + fits + b"\r", OK)], body)
    for size, characters in reference.LONGEST_APDU:
        apdu = bytes(size)
        command = b'+CSIM=%d,"%s"' % (2 * size, hexlify(apdu))
        assert len(command) == characters, (size, len(command))
        steps = [(b"AT" + command + b"\r", lines(b'+CSIM: 4,"9000"'))]
        play("sim7080", steps, lambda modem, apdu=apdu: modem.sim("csim").transmit(apdu))


# -- 1.3, 1.4: errors ---------------------------------------------------------------------------


def test_1_4_numbers_and_texts_of_errors():
    numbers = []
    for first, last in reference.ERROR_NUMBERS:
        numbers.extend(range(first, last + 1))

    def body(modem):
        for number in numbers:
            with raises(CommandError) as caught:
                modem.at.command(b"+X")
            assert caught.error.code == number, (number, caught.error.code)
        for number, text in reference.ERRORS:
            with raises(CommandError) as caught:
                modem.at.command(b"+X")
            assert caught.error.code == number, (text, caught.error.code)

    steps = [(b"AT+X\r", cme(number)) for number in numbers]
    steps += [(b"AT+X\r", line(b"+CME ERROR: " + text)) for _, text in reference.ERRORS]
    play("sim7080", steps, body)


def test_1_5_the_state_of_the_sim():
    for answer, meaning in reference.PIN_STATES:
        printed = line(answer) + (b"" if answer.startswith(b"+CME") else OK)
        steps = [(b"AT+CPIN?\r", printed)]
        if meaning == "ready":
            play("sim7080", steps, lambda modem: modem.unlock())
        elif meaning == "later":
            steps = steps * 3 + [ask(b"+CPIN?", b"+CPIN: READY")]
            play("sim7080", steps, lambda modem: modem.unlock())
        elif meaning == "absent":

            def absent(modem):
                with raises(SIMError, text="SIM not inserted"):
                    modem.unlock()

            play("sim7080", steps * 30, absent, whole=False)  # for ten seconds
        else:

            def locked(modem, meaning=meaning):
                with raises(SIMError) as caught:
                    modem.unlock()
                said = str(caught.error)
                assert (caught.error.reason == "pin-wanted") == (meaning == "pin"), said
                assert "locked" in said or "PUK" in said or meaning == "pin", said

            play("sim7080", steps, locked)


def test_1_5_a_pin_is_entered():
    steps = [
        ask(b"+CPIN?", b"+CPIN: SIM PIN"),
        ask(b"+SPIC", b"+SPIC: 3,10,0,10"),
        (b'AT+CPIN="1234"\r', [OK, line(b"+CPIN: READY")]),
        ask(b"+CPIN?", b"+CPIN: READY"),
    ]
    play("sim7080", steps, lambda modem: modem.unlock("1234"))

    def refused(modem):
        with raises(SIMError, text="incorrect password"):
            modem.unlock("1234")

    play("sim7080", steps[:2] + [(steps[2][0], cme(16))], refused)


# -- 1.5, 1.6: commands of all modems -----------------------------------------------------------


def test_1_5_numbers_of_the_sim():
    for name, command, answer, number in reference.ICCIDS:
        got = play(name, [ask(command, answer)], lambda modem: modem.iccid())
        assert got == number, (name, answer, got)
    answer, number = reference.IMSI
    for name in DRIVERS:
        got = play(name, [ask(b"+CIMI", answer)], lambda modem: modem.imsi())
        assert got == number, (name, got)


def test_1_5_signal_and_quality():
    for answer, dbm in reference.SIGNALS:
        got = play("sim7080", [ask(b"+CSQ", answer)], lambda modem: modem.signal())
        assert got == dbm, (answer, got)
    for answer, want in reference.QUALITIES:
        got = play("bg95", [ask(b"+CESQ", answer)], lambda modem: Extras(modem).quality())
        assert got == want, (answer, got)


def test_1_5_address_and_stored_context():
    stored = ask(b"+CGDCONT?", b'+CGDCONT: 1,"IP","internet","0.0.0.0",0,0')
    for answer, address in reference.ADDRESSES:
        for name in ("sara-r4", "gm02s"):
            login = [ask(b"+CGAUTH?", b"+CGAUTH: 1,0")] if name == "gm02s" else []
            steps = [stored] + login + [ask(b"+CGPADDR=1", answer)]
            got = play(name, steps, lambda modem: modem.attach("internet"))
            assert got == address, (name, answer, got)


def test_1_5_clock():
    for answer, utc in reference.CLOCKS:
        down = [] if utc else [ask(b"+CGPADDR=1", b"+CGPADDR: 1")]  # nobody else is asked
        got = play("gm02s", [ask(b"+CCLK?", answer)] + down, lambda modem: modem.clock())
        assert got == utc, (answer, got)


def test_1_5_timers_of_psm():
    for timers, place in ((reference.PERIODIC_TIMERS, 0), (reference.ACTIVE_TIMERS, 1)):
        for bits, seconds in timers:
            fields = [b"00100001", b"00100001"]
            fields[place] = bits
            report = b'+CEREG: 4,1,"5B57","195071B",9,,,"%s","%s"' % (fields[1], fields[0])
            steps = [(b"AT+CEREG=4\r", OK), ask(b"+CEREG?", report), (b"AT+CEREG=1\r", OK)]
            got = play("gm02s", steps, lambda modem: Extras(modem).granted())
            assert got[place] == seconds, (bits, got)
    for period, active, bits in (
        (2, 2, (b"01100001", b"00000001")),
        (31 * 36_000, 31 * 60, (b"01011111", b"00111111")),
        (1_152_000, 31 * 360, (b"11000001", b"01011111")),
    ):
        steps = [(b'AT+CPSMS=1,,,"%s","%s"\r' % bits, OK)]

        def body(modem, period=period, active=active):
            Extras(modem).power_saving(period, active)

        play("gm02s", steps, body)


def test_1_5_edrx():
    steps = [(b'AT+CEDRXS=1,4,"0101"\r', OK), (b'AT+CEDRXS=1,5,"0101"\r', OK)]

    def body(modem):
        Extras(modem).edrx(81.92)
        Extras(modem).edrx(81.92, narrow_band=True)

    play("gm02s", steps, body)


def test_1_6_registration():
    for answer, stat in reference.REGISTRATIONS:
        assert stat == play(
            "sim7080",
            [ask(b"+X", answer)],
            lambda modem: modem.at.command(b"+X") or modem._registration,
        ), answer
        if stat in reference.REGISTERED:
            steps = [(b"AT+CEREG=1\r", OK), ask(b"+CEREG?", answer)]
            assert play("sim7080", steps, lambda modem: modem.register()) == stat, answer
            late = [(b"AT+CEREG=1\r", OK), (b"AT+CEREG?\r", [lines(b"+CEREG: 1,2"), line(answer)])]
            assert play("sim7080", late, lambda modem: modem.register()) == stat, answer


def test_1_6_what_is_said_without_a_network():
    texts = dict(reference.STATES)
    for stat in (0, 2, 3, 4, 8, 12, 80):

        def body(modem, stat=stat):
            with raises(NetworkError, text=texts.get(stat, "status unknown")):
                modem.register(4_000)

        steps = [(b"AT+CEREG=1\r", OK), ask(b"+CEREG?", b"+CEREG: 1,%d" % stat)]
        if stat == 3:  # the cause of the refusal
            steps.append((b"AT+CEREG=3\r", ERROR))
        play("sim7080", steps, body)


# -- 1.7, 1.8: URCs -----------------------------------------------------------------------------


def test_1_7_lines_unasked_before_in_and_after_an_answer():
    for name in reference.UNASKED:
        for text, meaning in reference.UNASKED[name]:
            urc = line(text)
            answer = line(b"+CSQ: 20,99")
            for printed in (urc + answer + OK, answer + urc + OK, [answer + OK, urc]):
                play(name, [(b"AT+CSQ\r", printed)], follows(name, text, meaning), True)


def follows(name, text, meaning):
    """Return a body that checks what `text` means."""

    def body(modem, socket):
        drops = modem.pdp_drops
        try:
            assert modem.signal() == -73, (name, text)
        except ModemReset:
            assert meaning == "restart", (name, text)
        for _ in range(3):
            modem.at.poll()
        where = (name, text, meaning)
        assert modem.at.lost == (meaning == "restart"), where
        assert modem.pdp_drops - drops == (meaning == "drop"), where
        assert socket.hung_up == (meaning == "closed"), where
        assert socket.readable == (meaning in ("data", "closed")), where

    return body


def test_1_8_a_restart_ends_connections_and_channels():
    for name in reference.UNASKED:
        text = next(text for text, meaning in reference.UNASKED[name] if meaning == "restart")

        def body(modem, socket):
            channel = modem.sim()
            before = channel.generation
            with raises(ModemReset):
                modem.signal()
            assert channel.generation != before
            with raises(ModemReset):
                socket.read(1)
            with raises(ModemReset):
                modem.signal()

        play(name, [(b"AT+CSQ\r", line(text))], body, True)
