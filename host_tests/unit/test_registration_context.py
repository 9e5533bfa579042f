"""The context with which the modem registers: what is stored is compared with what is wanted, and
what differs is written before the registration, off the air, by the drivers of all families."""

from expect import raises
from modem_script import AnsweringUART
from reference_modems import ask, play
from sim7080_script import ERROR, OK, REGISTERED, cme, defines
from virtual_time import Clock, TimedUART, running

import cellular
from cellular import CommandError, ModemTimeout, NetworkError

# Driver, the question for the login, its answer for: none, me and pass with CHAP, and with PAP.
_CGAUTH = b"+CGAUTH?"
_FAMILIES = (
    ("gm02s", _CGAUTH, b"+CGAUTH: 1,0", b'+CGAUTH: 1,2,"me","pass"', b'+CGAUTH: 1,1,"me","pass"'),
    ("tx62", _CGAUTH, b"+CGAUTH: 1,0", b'+CGAUTH: 1,2,"me","pass"', b'+CGAUTH: 1,1,"me","pass"'),
    (
        "sim7080",
        _CGAUTH,
        b"+CGAUTH: 1,0",
        b'+CGAUTH: 1,2,"pass","me"',
        b'+CGAUTH: 1,1,"pass","me"',
    ),
    (
        "sim7000",
        _CGAUTH,
        b"+CGAUTH: 1,0",
        b'+CGAUTH: 1,2,"pass","me"',
        b'+CGAUTH: 1,1,"pass","me"',
    ),
    (
        "bg95",
        b"+QICSGP=1",
        b'+QICSGP: 1,"internet","","",0',
        b'+QICSGP: 1,"internet","me","pass",2',
        b'+QICSGP: 1,"internet","me","pass",1',
    ),
    ("sara-r4", None, None, b'+UAUTHREQ: 1,2,"me","pass"', b'+UAUTHREQ: 1,1,"me","pass"'),
    ("sara-r5", None, None, b'+UAUTHREQ: 1,2,"me","pass"', b'+UAUTHREQ: 1,1,"me","pass"'),
)


def stored(apn=b"internet", kind=b"IP"):
    """Return the question for the context, with this answer."""
    return [
        ask(b"+CGDCONT?", b'+CGDCONT: 2,"IP","x"', b'+CGDCONT: 1,"%s","%s",,0,0' % (kind, apn))
    ]


def stores(answer):
    """Return the command that stores the login that `answer` tells."""
    name, _, values = answer.partition(b": ")
    if name == b"+QICSGP":
        values = b"1," + values
    return b"AT" + name + b"=" + values + b"\r"


def login(question, answer):
    """Return the question for the login, with this answer; nothing where the modem has none."""
    return [ask(question, answer)] if question else []


def test_what_an_earlier_user_left_is_replaced_before_the_registration():
    for name, question, none, chap, _ in _FAMILIES:
        other = stored(b"old.apn")
        no_login = stores(none or b"+UAUTHREQ: 1,0")
        play(
            name,
            other + defines(no_login) + REGISTERED,
            lambda modem: (modem.prepare("internet"), modem.register()),
        )
        # Its type, or its login only.
        play(
            name,
            stored(kind=b"IPV4V6") + defines(no_login),
            lambda modem: modem.prepare("internet"),
        )
        if question:
            left = stored() + login(question, chap) + defines(no_login)
            play(name, left, lambda modem: modem.prepare("internet"))


def test_what_is_stored_already_is_not_written():
    for name, question, none, chap, pap in _FAMILIES:
        again = lambda modem: (modem.prepare("internet"), modem.prepare("internet"))  # noqa: E731
        play(name, stored() + login(question, none), again)
        # The operator's part of the name is not ours.
        operator = stored(b"internet.mnc001.mcc001.gprs") + login(question, none)
        play(name, operator, lambda modem: modem.prepare("internet"))
        if question:
            for auth, answer in (("chap", chap), ("pap", pap)):
                play(
                    name,
                    stored() + login(question, answer),
                    lambda modem, auth=auth: modem.prepare("internet", "me", "pass", auth),
                )


def test_a_login_that_differs_or_is_not_told_is_written():
    for name, question, none, chap, pap in _FAMILIES:
        asked = stored() + login(question, none)
        for auth, answer in (("chap", chap), ("pap", pap)):
            play(
                name,
                asked + defines(stores(answer)),
                lambda modem, auth=auth: modem.prepare("internet", "me", "pass", auth),
            )
        # "none": user and password are not sent.
        play(name, asked, lambda modem: modem.prepare("internet", "me", "pass", "none"))
    hidden = stored() + [ask(_CGAUTH, b'+CGAUTH: 1,2,"me"')]
    login_me = b'AT+CGAUTH=1,2,"me","pass"\r'
    for asked in (hidden, stored() + [(b"AT+CGAUTH?\r", ERROR)]):
        play(
            "tx62",
            asked + defines(login_me),
            lambda modem: modem.prepare("internet", "me", "pass"),
        )
    unknown = stored() + [(b"AT+CGAUTH?\r", cme(4))]
    play("tx62", unknown, lambda modem: modem.prepare("internet"))


def test_the_number_for_auto():
    for name, command in (
        ("tx62", b'AT+CGAUTH=1,2,"me","pass"\r'),
        ("sim7080", b'AT+CGAUTH=1,3,"pass","me"\r'),
        ("bg95", b'AT+QICSGP=1,1,"internet","me","pass",3\r'),
        ("sara-r4", b'AT+UAUTHREQ=1,2,"me","pass"\r'),
    ):
        play(
            name,
            stored(b"x") + defines(command),
            lambda modem: modem.prepare("internet", "me", "pass"),
        )


def test_ip_versions():
    for ip, kind in (("ipv4", b"IP"), ("ipv6", b"IPV6"), ("both", b"IPV4V6")):
        for name, question, none, _, _ in _FAMILIES:
            good = login(question, none) if name != "bg95" else [ask(question, b"+QICSGP: ")]
            play(
                name,
                stored(kind=kind) + good,
                lambda modem, ip=ip: modem.prepare("internet", ip=ip),
            )
        play(
            "gm02s",
            stored(kind=b"X") + defines(kind=kind),
            lambda modem, ip=ip: modem.prepare("internet", ip=ip),
        )


def test_ip_versions_of_the_context_of_the_sockets():
    def attach(modem):
        modem.attach("internet", ip=version[0])

    sim7080 = ask(b"+CNACT?", b'+CNACT: 0,1,"2001:db8::1"')
    bg95 = ask(b"+QIACT?", b'+QIACT: 1,1,1,"2001:db8::1"')
    address = ask(b"+CGPADDR=1", b'+CGPADDR: 1,"0.0.0.0","2001:db8::1"')
    version = [None]
    for number, ip, kind in ((0, "ipv4", b"IP"), (1, "ipv6", b"IPV6"), (2, "both", b"IPV4V6")):
        version[0] = ip
        known = stored(kind=kind)
        on = (b"AT+CNACT=0,1\r", OK + b"\r\n+APP PDP: 0,ACTIVE\r\n")
        configured = (b'AT+CNCFG=0,%d,"internet"\r' % (1, 2, 0)[number], OK)
        auth = login(_CGAUTH, b"+CGAUTH: 1,0")
        play("sim7080", known + auth + [ask(b"+CNACT?"), configured, on, sim7080], attach)
        configured = (b'AT+QICSGP=1,%d,"internet","","",0\r' % (number + 1), OK)
        auth = login(b"+QICSGP=1", b'+QICSGP: 1,"","","",0')
        play("bg95", known + auth + [ask(b"+QIACT?"), configured, ask(b"+QIACT=1"), bg95], attach)
        profile = [ask(b"+UPSND=0,0", b'+UPSND: 0,0,""'), ask(b"+UPSD=0,100,1")]
        profile += [ask(b"+UPSD=0,0,%d" % number)]
        profile += [(b"AT+UPSDA=0,3\r", OK + b"\r\n+UUPSDA: 0\r\n")]
        profile += [ask(b"+UPSND=0,0", b'+UPSND: 0,0,"2001:db8::1"')]
        play("sara-r5", known + [address] + profile, attach)


def test_a_password_without_a_user_is_an_error():
    def body(modem):
        for call in (modem.prepare, modem.attach):
            with raises(
                NetworkError, text="a password of the access point, and no user"
            ) as caught:
                call("internet", "", "pass")
            assert caught.error.errno == 100 and "pass" not in caught.error.values

    play("sim7080", [], body)


# -- the radio is on again, whatever fails while it is off --------------------------------------


def _script(steps):
    return [(want, [(2, answer)] if answer else []) for want, answer in steps]


def lost(which):
    """Return the script of a change whose answer `which` is lost, and of the registration."""
    change = stored(b"old") + defines()
    on = (b"AT+CFUN=1\r", OK)
    sync = (b"AT\r", OK)
    before, (command, _) = change[: which + 1], change[which + 1]
    script = before + [(command, b""), sync]
    return script + [on] + REGISTERED  # in `register`, if it was that one


def test_a_lost_answer_leaves_no_modem_without_radio():
    for which in range(4):  # CFUN=4, CGDCONT, the login, CFUN=1
        clock = Clock(nap=100)
        with running(clock):
            uart = TimedUART(clock, _script([(b"AT\r", OK), (b"ATE0\r", OK)] + lost(which)))
            modem = cellular.GM02S(uart)
            modem.at.sync()
            with raises(ModemTimeout):
                modem.prepare("internet")
            assert modem.register() == 1
            uart.done()


def test_the_radio_is_switched_on_when_its_command_is_refused_at_first():
    off, context, auth, on = defines()

    def body(modem):
        with raises(CommandError):
            modem.prepare("internet")
        modem.register()

    play("gm02s", stored(b"x") + [off, context, auth, (on[0], cme(14)), on] + REGISTERED, body)
    refused = (context[0], cme(50))
    play("gm02s", stored(b"x") + [off, refused, (on[0], cme(14)), on] + REGISTERED, body)


def test_a_radio_that_an_earlier_program_left_off_is_switched_on():
    for name in ("sim7080", "sim7000", "bg95", "gm02s", "sara-r4", "tx62"):
        for level in (b"0", b"4"):
            steps = [(b"AT\r", OK), (b"ATE0\r", OK), ask(b"+CMEE=1")]
            steps += [ask(b"+CFUN?", b"+CFUN: " + level), ask(b"+CFUN=1")]
            with running(Clock(nap=100)):
                uart = AnsweringUART(steps, {})
                cellular.driver(name)(uart).power_up()
                uart.done()


def test_a_receiver_that_was_left_to_satellites_is_given_back():
    # SIM7080: GNSS and the network share it; its answer is lost, or the command.
    off = b"AT+CGNSPWR=0\r"

    def body(modem):
        assert modem.extras().position(timeout=0) is None

    searching = [ask(b"+CGNSPWR=1"), ask(b"+CGNSINF", b"+CGNSINF: 1,0,,,,,0")]
    play("sim7080", searching + [(off, ERROR), (off, OK)], body)
