"""The commands that reach the SIM: AT+CSIM, or AT+CGLA if a modem refuses it."""

from binascii import unhexlify

from expect import raises
from sim7080_script import ERROR, OK, cme, lines, started
from virtual_time import Clock, running

import iotsafe
from cellular import CommandError, ModemError

AID = "A0000005590010"
HAS = (b"AT+CCHO=?\r", OK)
SESSION = (b'AT+CCHO="%s"\r' % AID.encode(), lines(b"+CCHO: 1"))


def csim(apdu, answer):
    if isinstance(answer, str):
        answer = lines(b'+CSIM: %d,"%s"' % (len(answer), answer.encode()))
    return (b'AT+CSIM=%d,"%s"\r' % (len(apdu), apdu.encode()), answer)


def cgla(apdu, answer):
    answer = lines(b'+CGLA: %d,"%s"' % (len(answer), answer.encode()))
    return (b'AT+CGLA=1,%d,"%s"\r' % (len(apdu), apdu.encode()), answer)


def ask(channel, apdu):
    """Return the answer to `apdu` (hex): (data, status word)."""
    data, sw = channel.transmit(memoryview(unhexlify(apdu)))
    return bytes(data), sw


def on_modem(steps, body):
    """Run `body(modem)` on a modem after power-up; it must use up `steps`."""
    with running(Clock()):
        modem, uart = started(steps)
        found = body(modem)
        modem.at.poll()
        uart.done()
        return found


OPEN_WITH_CSIM = csim("0070000001", "019000")
SELECT_WITH_CSIM = csim("01A4040007" + AID, "9000")
RANDOM = "0184000001"
NO_CSIM = csim("0070000001", cme(100))


def a_random_byte(modem):
    applet = iotsafe.Applet(modem.sim(), (unhexlify(AID),))
    return applet.random(1), modem.sim().name


def test_a_modem_with_csim_is_asked_nothing_more():
    steps = [OPEN_WITH_CSIM, SELECT_WITH_CSIM, csim(RANDOM, "079000")]
    assert on_modem(steps, a_random_byte) == (b"\7", "csim")


def test_a_modem_without_csim():
    steps = [NO_CSIM, HAS, SESSION, cgla("0084000001", "089000"), cgla("0084000001", "099000")]

    def body(modem):
        assert a_random_byte(modem) == (b"\x08", "cgla")
        # The choice stays, also for the next caller.
        assert ask(modem.sim(), RANDOM) == (b"\x09", 0x9000)
        assert modem.sim("cgla") is modem.sim()

    on_modem(steps, body)


def test_csim_that_opens_channels_and_passes_nothing_on():
    # Refused at SELECT; the channel opened in vain is closed.
    steps = [
        OPEN_WITH_CSIM,
        csim("01A4040007" + AID, cme(0)),
        HAS,
        csim("0070800100", "9000"),
        SESSION,
        cgla("0084000001", "089000"),
    ]
    assert on_modem(steps, a_random_byte) == (b"\x08", "cgla")
    # Refused after SELECT, in other words; now the applet must be selected once more.
    steps = [
        OPEN_WITH_CSIM,
        SELECT_WITH_CSIM,
        csim(RANDOM, cme(13)),
        HAS,
        csim("0070800100", cme(13)),
        SESSION,
        cgla("0084000001", "089000"),
    ]
    assert on_modem(steps, a_random_byte) == (b"\x08", "cgla")


def test_a_channel_above_3_is_closed_by_its_number():
    steps = [csim("4484000001", cme(3)), HAS, csim("0070800800", "9000")]

    def body(modem):
        assert ask(modem.sim(), "4484000001") == (b"", 0x6881)

    on_modem(steps, body)


def test_csim_that_worked_once_is_kept():
    steps = [csim("0184000001", "079000"), csim("0184000001", cme(100))]

    def body(modem):
        assert ask(modem.sim(), RANDOM) == (b"\7", 0x9000)
        with raises(CommandError, text="AT+CSIM: +CME ERROR: 100"):
            ask(modem.sim(), RANDOM)
        assert modem.sim().name == "csim"

    on_modem(steps, body)


def test_a_sim_that_fails_is_no_reason_to_change():
    def body(modem):
        with raises(CommandError, text="AT+CSIM: +CME ERROR: 1"):
            ask(modem.sim(), "0070000001")
        assert modem.sim().name == "csim"

    for code in (10, 11, 14):
        on_modem([csim("0070000001", cme(code))], body)
    # SIM failure may mean anything; without AT+CCHO there is nothing to change to.
    on_modem([csim("0070000001", cme(13)), (b"AT+CCHO=?\r", cme(100))], body)
    # The modem has AT+CSIM, and refused this APDU.
    on_modem([NO_CSIM, (b"AT+CCHO=?\r", ERROR), (b"AT+CSIM=?\r", OK)], body)


def test_a_modem_with_neither():
    def body(modem):
        for _ in range(2):
            with raises(ModemError, text="no CSIM on this modem") as caught:
                iotsafe.Applet(modem.sim()).open()
            assert caught.error.reason == "no-csim"

    for answer in (ERROR, cme(100)):
        neither = [
            csim("0070000001", answer),
            (b"AT+CCHO=?\r", answer),
            (b"AT+CSIM=?\r", answer),
        ]
        on_modem(neither * 2, body)


def test_the_application_chooses():
    def by_csim(modem):
        assert modem.sim("csim") is modem.sim()
        with raises(CommandError, text="AT+CSIM: "):
            ask(modem.sim(), "0070000001")

    on_modem([NO_CSIM], by_csim)

    def by_cgla(modem):
        channel = modem.sim("cgla")
        assert modem.sim("cgla") is channel and modem.sim() is channel
        assert channel.name == "cgla"
        assert a_random_byte(modem) == (b"\x08", "cgla")
        assert modem.sim("csim").name == "csim"
        with raises(ValueError, text="no channel pcsc"):
            modem.sim("pcsc")

    on_modem([SESSION, cgla("0084000001", "089000")], by_cgla)
