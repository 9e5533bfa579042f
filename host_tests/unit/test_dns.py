"""Name resolution by the modem: in the answer, after it, refused, late and not at all."""

from expect import raises
from sim7080_script import OK, cme, started
from virtual_time import Clock, running

from cellular import ModemError, NetworkError

ASK = b'AT+CDNSGIP="mqtt.example.com"\r'
HOST = "mqtt.example.com"
GOOD = b'\r\n+CDNSGIP: 1,"mqtt.example.com","192.0.2.7"\r\n'


def ask(replies, command=ASK, dns=None, host=HOST):
    """Return the result of `resolve`, and its virtual time in ms."""
    clock = Clock()
    with running(clock):
        modem, uart = started([(command, replies)])
        if dns:
            modem.dns = dns
        handlers = len(modem.at.handlers)
        start = clock.ms
        try:
            return modem.resolve(host), clock.ms - start
        finally:
            assert len(modem.at.handlers) == handlers
            uart.done()


def test_an_address():
    for replies in (
        OK + GOOD,
        [OK, b"\r\n", GOOD],
        GOOD + OK,
        OK + b"\r\n+CADATAIND: 3\r\n" + GOOD,
        OK + b'\r\n+CDNSGIP: 1,"MQTT.example.com","192.0.2.7","192.0.2.8"\r\n',
        # The answer to an earlier question, or one without an address.
        OK + b'\r\n+CDNSGIP: 1,"other.example.com","192.0.2.9"\r\n' + GOOD,
        OK + b'\r\n+CDNSGIP: 1,"mqtt.example.com","1.2.3"\r\n' + GOOD,
        OK + b'\r\n+CDNSGIP: 1,"mqtt.example.com","1.2.3.999"\r\n' + GOOD,
        OK + b"\r\n+CDNSGIP: \r\n" + GOOD,
    ):
        assert ask(replies)[0] == "192.0.2.7", replies
    long = b'\r\n+CDNSGIP: 1,"mqtt.example.com","2001:db8::7"\r\n'
    assert ask(OK + long)[0] == "2001:db8::7"


def test_what_other_families_say():
    quectel = (b'+QIDNSGIP=1,"%s"', b'+QIURC: "dnsgip"')
    reply = b'\r\n+QIURC: "dnsgip",0,1,600\r\n\r\n+QIURC: "dnsgip","192.0.2.7"\r\n'
    question = b'AT+QIDNSGIP=1,"mqtt.example.com"\r'
    assert ask(OK + reply, question, quectel)[0] == "192.0.2.7"
    with raises(NetworkError):
        ask(OK + b'\r\n+QIURC: "dnsgip",565\r\n', question, quectel)
    ublox = (b'+UDNSRN=0,"%s"', b"+UDNSRN:")
    question = b'AT+UDNSRN=0,"mqtt.example.com"\r'
    assert ask(b'\r\n+UDNSRN: "192.0.2.7"\r\n' + OK, question, ublox)[0] == "192.0.2.7"
    sequans = (b'+SQNDNSLKUP="%s"', b"+SQNDNSLKUP:")
    question = b'AT+SQNDNSLKUP="mqtt.example.com"\r'
    reply = b'\r\n+SQNDNSLKUP: "mqtt.example.com","192.0.2.7"\r\n' + OK
    assert ask(reply, question, sequans)[0] == "192.0.2.7"


def test_no_such_name():
    for replies in (OK + b"\r\n+CDNSGIP: 0,8\r\n", cme(160), b"\r\nERROR\r\n"):
        text = "the name mqtt.example.com cannot be resolved"
        with raises(NetworkError, text=text) as caught:
            ask(replies)
        assert caught.error.errno == 113


def test_no_answer():
    with raises(NetworkError, text="no answer to the DNS query for") as caught:
        ask(OK)
    assert caught.error.errno == 110


def test_invalid_names():
    with running(Clock()):
        modem, _ = started([])
        for host in ('a"b', "a\rAT+CFUN=0", "x" * 65):
            with raises(NetworkError, text="no quotes"):
                modem.resolve(host)
        modem.dns = None
        with raises(ModemError, text="this modem does not report the address of a name"):
            modem.resolve(HOST)
